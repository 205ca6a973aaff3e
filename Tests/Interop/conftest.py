"""Options and fixtures. Tests may be coroutines; each runs in a loop of its own."""
import contextlib
import pathlib
import subprocess
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import coroutines  # noqa: E402
import servers  # noqa: E402

TEST_SECONDS_MAX = 180


def new_room():
    return "room-" + uuid.uuid4().hex[:10]


def pytest_addoption(parser):
    parser.addoption("--url", help="run against this LiveKit server instead of our room server (ws:// or wss://)")
    parser.addoption("--api-key", help="its API key")
    parser.addoption("--api-secret", help="its API secret")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return coroutines.run(pyfuncitem, TEST_SECONDS_MAX, lambda: {"room": new_room()}) or None


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(most): what the test may take, instead of the usual")
    config.addinivalue_line("markers", "timing: asserts milliseconds, which a machine that stands still spoils: asked up to three times then, not two")


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def server(request, logs):
    """The server of all scenarios that do not need one of their own."""
    if request.config.getoption("--url"):
        yield servers.from_environment(*(request.config.getoption(f"--{n}") for n in ("url", "api-key", "api-secret")))
        return
    with servers.running(logs) as ours:
        yield ours


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

    def stop():
        for one in made:
            one.stop()

    make.between_rounds = stop
    yield make
    stop()
    for one in made:
        print(f"--- {one.log_path}\n{one.log()[-6000:]}")


class SmallDisk:
    """A file system of its own with room for a few small files; `folder` lies on it."""

    def __init__(self, folder):
        self.mount = folder
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", folder], capture_output=True)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a file system: {done.stderr.decode().strip()}")
        self.folder = folder / "state"
        self.folder.mkdir(mode=0o700)

    def fill(self):
        with open(self.mount / "filler", "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))

    def read_only(self):
        subprocess.run(["mount", "-o", "remount,ro", self.mount], check=True)

    def close(self):
        subprocess.run(["umount", "--lazy", self.mount], check=False)


@pytest.fixture
def small_disk(tmp_path):
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.close()
