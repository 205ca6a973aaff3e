"""The machine with the package installed, and the peers of Tests/Interop. Tests may be coroutines."""
import asyncio
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import coroutines  # noqa: E402
import machine as machines  # noqa: E402
import servers  # noqa: E402
from peers import token  # noqa: E402

TEST_SECONDS_MAX = 3600
READY_SECONDS = 300
# How this machine is called from inside the other.
OUTSIDE = "10.0.2.2"
ROOM = "lobby"
MEMORY_MAX = "24M"
# Sound is of this moment; whatever else this machine calculates can wait. Server, clients and QEMU inherit it.
if os.geteuid() == 0:
    os.nice(-10)
CONFIGURATION = """
[device]
id = door
board = linux
[session]
mode = on-demand
connect-timeout = 60
[token]
url = {url}
[audio]
playback = plughw:CARD=Audio,DEV=0
complexity = 0
tones = off
aec = off
"""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return coroutines.run(pyfuncitem, TEST_SECONDS_MAX, None) or None


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with servers.running(tmp_path_factory.mktemp("logs"), "--announce", OUTSIDE) as ours:
        yield ours


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """The machine as the package left it."""
    package, release = os.environ.get("LINTEL_PACKAGE"), os.environ.get("LINTEL_RELEASE")
    if not package or not release:
        pytest.skip("board/test vm names the package and its release")
    try:
        booted = machines.Machine(tmp_path_factory.mktemp("vm"), release, package, MEMORY_MAX)
    except machines.CannotRun as why:
        pytest.skip(f"no machine here: {why}")
    yield booted
    booted.stop()


@pytest.fixture(scope="session")
def provisioned(fresh, server):
    """It has a configuration and a token; the service may not run yet."""
    assert not fresh.run("systemctl", "is-active", "linteld.service").output.startswith("active"), "idle until provisioned"
    url = server.url.replace("127.0.0.1", OUTSIDE)
    fresh.write("/etc/lintel/lintel.conf.d/door.conf", CONFIGURATION.format(url=url))
    fresh.write("/etc/lintel/token", token(server, ROOM, "door", lifetime_seconds=24 * 3600), 0o600)
    fresh.check("sync")
    return fresh


def is_ready(status):
    """Idle, and both kernel cards move."""
    audio = status["audio"]
    return status["call"]["state"] == "idle" and audio["capture"]["state"] == audio["playback"]["state"] == "running"


@pytest.fixture
def told(provisioned):
    """What the journal got meanwhile is shown when the test fails."""
    cursor = provisioned.check("journalctl", "-n", "1", "-o", "export", "--output-fields=MESSAGE").split("__CURSOR=")[1].split()[0]
    yield
    try:
        journal = provisioned.run("journalctl", "--no-pager", f"--after-cursor={cursor}").output
        print("\n".join(line for line in journal.splitlines() if "dropouts" not in line))
    except machines.remote.NoMachine as why:
        print(f"{why}; {provisioned.console()[-2000:]}")


@pytest.fixture
def machine(provisioned, told):
    """It is ready for a call."""
    provisioned.check("systemctl", "start", "linteld.service")
    provisioned.ctl("hangup")
    asyncio.run(provisioned.until(is_ready, READY_SECONDS, "ready for a call"))
    return provisioned
