"""tinyproxy of Debian, as a company's firewall has it."""
import os
import shutil
import socket
import subprocess
import time

import pytest

USER, PASSWORD = "door", "b4-the-Door"


class Proxy:
    """On a port of loopback, for whoever has user and password."""

    def __init__(self, folder, environment=None, *lines):
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log_path = folder / "log"
        text = [f"Port {self.port}", "Listen 127.0.0.1", "Timeout 600", f"BasicAuth {USER} {PASSWORD}", "LogLevel Connect",
                f'LogFile "{self.log_path}"', *lines]
        (folder / "conf").write_text("\n".join(text) + "\n")
        (folder / "password").write_text(PASSWORD + "\n")
        (folder / "password").chmod(0o600)
        self.process = subprocess.Popen(["tinyproxy", "-d", "-c", folder / "conf"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.options = {"network_proxy": f"http://{USER}@127.0.0.1:{self.port}", "network_no_proxy": "none",
                        "network_proxy_password_file": folder / "password"}
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "tinyproxy did not start"
                time.sleep(0.05)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def proxy(tmp_path):
    """A function that starts proxies with further lines of their configuration."""
    if not shutil.which("tinyproxy"):
        pytest.skip("needs tinyproxy (Debian package)")
    started = []

    def start(*lines, environment=None):
        started.append(Proxy(tmp_path / f"proxy{len(started)}", environment, *lines))
        return started[-1]

    yield start
    for one in started:
        one.stop()
