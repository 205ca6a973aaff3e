"""Networks of the tests' own. This process enters its namespace before anything starts a thread; where it may not, every
test is skipped with the reason."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import namespaces  # noqa: E402

try:
    namespaces.enter_home()
    REASON = None
except namespaces.CannotRun as why:
    REASON = f"no networks here: {why}"

import coroutines  # noqa: E402
import device as devices  # noqa: E402
import realserver  # noqa: E402
import servers  # noqa: E402
import services  # noqa: E402
from sound import hum  # noqa: E402

TEST_SECONDS_MAX = 60


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return coroutines.run(pyfuncitem, TEST_SECONDS_MAX, None) or None


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(most): what the test may take, instead of the usual")


def pytest_collection_modifyitems(items):
    if REASON:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("network")
    made.chmod(0o755)
    return made


@pytest.fixture(scope="session")
def tls(folder):
    """The relay's certificate, which the devices trust."""
    return services.certificate(folder, services.TURN_NAME)


@pytest.fixture(scope="session")
def relay(folder, tls):
    made = services.turn_server(folder, tls)
    yield made
    made.close()


@pytest.fixture(scope="session")
def proxies(folder, server):
    """One that connects to every port, one to signalling and the relay only."""
    made = [services.proxy(folder, services.PROXY_PORT),
            services.proxy(folder, services.NARROW_PROXY_PORT, server.port, services.TURN_TLS_PORT)]
    yield made
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def server(folder, relay):
    """The room server at its address behind the wire; it tells its clients of the relay."""
    if realserver.PROGRAM:
        real = realserver.RealServer(folder)
        yield real
        real.stop()
        return
    ours = servers.RoomServer("--host", namespaces.ROOMS, "--node-ip", namespaces.ROOMS, *services.ice_servers(),
                              log_path=folder / "roomserver.log")
    yield ours
    ours.stop()


@pytest.fixture
def make_network():
    made = []

    def make(**options):
        made.append(namespaces.Network(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def make_device(tmp_path, server, tls):
    """A function that starts a humming device in the namespace of a network; it joins when told to."""
    devices.require_built()
    made = []

    def make(network, room, **values):
        values = {"session_mode": "on-demand", "network_include_loopback": "no", "server_ca_file": tls[0], **values}
        device = devices.Device(tmp_path / f"device{len(made)}", server, room, microphone=hum(),
                                runner=network.device.prefix, **values)
        made.append(device)
        device.start()
        return device

    yield make
    for one in made:
        one.stop()
        print(f"--- {one.log_path}\n{one.log()[-6000:]}")
