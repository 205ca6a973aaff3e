"""The foreign root with the package installed, and the peers of Tests/Interop."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import device as devices  # noqa: E402
import foreign  # noqa: E402
import servers  # noqa: E402

EMULATED_SECONDS_MAX = 600


class Root:
    """A Debian of another architecture."""

    def __init__(self, architecture, folder):
        self.architecture, self.folder = architecture, folder

    def run(self, *command):
        """Runs a command in it, as root."""
        return subprocess.run([sys.executable, HERE / "foreign.py", self.architecture, self.folder, *command],
                              capture_output=True, text=True, timeout=EMULATED_SECONDS_MAX, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    architecture, tree, package = (os.environ.get(f"LINTEL_{name}") for name in ("ARCHITECTURE", "TREE", "PACKAGE"))
    if not tree or not package:
        pytest.skip("board/test cross names the architecture, its Debian tree and the package")
    folder = tmp_path_factory.mktemp("machine") / "root"
    subprocess.run(["cp", "-a", tree, folder], check=True)
    shutil.copy(package, folder / "lintel.deb")
    root = Root(architecture, folder)
    # With nothing of the daemon's there yet, so that what is tested is what the package brings.
    assert not (folder / "usr/bin/linteld").exists()
    installed = root.run("dpkg", "--install", "/lintel.deb")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    devices.RUNNER[:] = [foreign.emulator(architecture), "-L", str(folder)]
    devices.BINARIES = folder / "usr/bin"
    devices.SOUNDCARD = str(folder / "usr/lib/lintel/libasound_module_pcm_lintel.so")
    yield root
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with servers.running(tmp_path_factory.mktemp("logs")) as ours:
        yield ours
