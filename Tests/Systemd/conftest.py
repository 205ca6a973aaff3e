"""The machine with the package installed, and the peers of Tests/Interop."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import analysis  # noqa: E402
import endpoint as endpoints  # noqa: E402
import machine as machines  # noqa: E402
import servers  # noqa: E402
from sound import hum  # noqa: E402


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    tree, package = os.environ.get("LINTEL_TREE"), os.environ.get("LINTEL_PACKAGE")
    if not tree or not package:
        pytest.skip("board/test systemd names the Debian tree and the package")
    share = tmp_path_factory.mktemp("share")
    share.chmod(0o755)
    analysis.write_wav(share / "microphone.wav", hum(), 16000)
    os.link(package, share / "lintel.deb") if os.stat(package).st_dev == os.stat(share).st_dev else \
        (share / "lintel.deb").write_bytes(pathlib.Path(package).read_bytes())
    try:
        booted = machines.Machine(tree, share)
    except machines.CannotRun as why:
        pytest.skip(f"no container here: {why}")
    yield booted
    print(booted.run("journalctl", "-u", "linteld*", "--no-pager", "-n", "80").output)
    booted.stop()


@pytest.fixture(scope="session")
def endpoint(server):
    ours = endpoints.TokenEndpoint(server, endpoints.BEARER)
    yield ours
    ours.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with servers.running(tmp_path_factory.mktemp("logs")) as ours:
        yield ours
