"""Options and fixtures. Tests may be coroutines; each runs in a loop of its own."""
import asyncio
import inspect
import pathlib
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import servers  # noqa: E402

TEST_SECONDS_MAX = 180
TIMING_TRIES = 3


def new_room():
    return "room-" + uuid.uuid4().hex[:10]


def pytest_addoption(parser):
    parser.addoption("--url", help="run against this LiveKit server instead of our room server (ws:// or wss://)")
    parser.addoption("--api-key", help="its API key")
    parser.addoption("--api-secret", help="its API secret")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if inspect.iscoroutinefunction(pyfuncitem.obj):
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        own = pyfuncitem.get_closest_marker("seconds")
        seconds = own.args[0] if own else TEST_SECONDS_MAX
        tries = TIMING_TRIES if pyfuncitem.get_closest_marker("timing") else 1
        while True:
            tries -= 1
            try:
                asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), seconds))
                return True
            except AssertionError as error:
                if not tries:
                    raise
                print(f"again, in another room: {error}")
                arguments["room"] = new_room()
    return None


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(most): what the test may take, instead of the usual")
    config.addinivalue_line("markers", "timing: asserts milliseconds, so a busy machine earns it two more tries")


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def server(request, logs):
    """The server of all scenarios that do not need one of their own."""
    if request.config.getoption("--url"):
        yield servers.from_environment(*(request.config.getoption(f"--{n}") for n in ("url", "api-key", "api-secret")))
        return
    ours = servers.RoomServer(log_path=logs / "roomserver.log")
    yield ours
    ours.stop()


@pytest.fixture
def own_server(request, logs):
    """A function that starts another room server of ours; skipped when a foreign one is given."""
    started = []

    def start(*arguments, **options):
        if request.config.getoption("--url"):
            pytest.skip("needs a room server of our own")
        started.append(servers.RoomServer(*arguments, log_path=logs / f"roomserver-{uuid.uuid4().hex[:6]}.log", **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def room():
    """A room name that no other test uses."""
    return new_room()


@pytest.fixture
def make_device(tmp_path):
    """A function that starts devices and stops them at the end; their logs are shown when a test fails."""
    import device

    device.require_built()
    made = []

    def make(*arguments, start=True, **options):
        made.append(device.Device(tmp_path / f"device{len(made)}", *arguments, **options))
        if start:
            made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()
        print(f"--- {one.log_path}\n{one.log()[-6000:]}")
