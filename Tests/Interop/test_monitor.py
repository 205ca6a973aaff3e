"""lintelctl monitor on a terminal (a pty)."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import numpy as np
import pytest

import device as device_module
from device import DONE, FAILED, RATE, UNREACHABLE, Device

NOISE = (np.random.default_rng(7).standard_normal(RATE) * 1000).astype(np.int16)


@pytest.fixture(autouse=True)
def built():
    device_module.require_built()


class Screen:
    """The monitor on a terminal of its own; `frame()` is the last whole picture, as lines."""

    def __init__(self, device, columns, rows):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(columns, rows)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(device._command("monitor"), stdin=slave, stdout=slave,
                                        stderr=subprocess.PIPE, text=True)
        self.text = ""

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0.05)[0]:
            self.text += os.read(self.master, 65536).decode(errors="replace")

    def frame(self):
        self.read()
        whole = self.text.rpartition("\x1b[J")[0].rpartition("\x1b[H")[2]
        return [re.sub(r"\x1b\[[0-9?]*[a-zA-Z]", "", line) for line in whole.split("\r\n")]

    def until(self, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while not condition(lines := self.frame()):
            assert time.monotonic() < deadline and self.process.poll() is None, "\n".join(lines)
        return lines

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def idle(tmp_path):
    with Device(tmp_path / "device", url="ws://127.0.0.1:1", session_mode="on-demand", microphone=NOISE,
                door_output="lock") as device:
        yield device


@pytest.fixture
def screen(idle):
    screen = Screen(idle, 100, 30)
    yield screen
    screen.close()


async def test_the_screen_lives(idle, screen):
    # How loud it is at a door is nobody's business while nobody calls.
    lines = screen.until(lambda lines: any(line.startswith("Microphone  running") for line in lines))
    assert lines[0].startswith("door, simulated board") and lines[0].endswith("q: quit")
    assert any(line.startswith("Call        idle") for line in lines) and any(line.startswith("Door") for line in lines)
    with subprocess.Popen(idle._command("doctor"), stdout=subprocess.DEVNULL):
        screen.until(lambda lines: any(line.startswith("Microphone  [#") for line in lines))
    await idle.ask("mute", "on")
    screen.until(lambda lines: any(line.startswith("Muted") for line in lines))
    await idle.ask("door", "open")
    screen.until(lambda lines: any("door.opened" in line for line in lines))


async def test_it_follows_the_size_of_the_terminal(screen):
    screen.until(lambda lines: any(line.startswith("Sound") or line.startswith("Microphone") for line in lines))
    for columns, rows in ((40, 10), (120, 40), (1, 1)):
        screen.resize(columns, rows)
        screen.frame()
        screen.text = ""
        lines = screen.until(lambda lines: lines != [""])
        assert len(lines) <= rows and all(len(line) <= columns for line in lines), (columns, rows, lines)


@pytest.mark.parametrize("key", [b"q", b"\x03"])
async def test_it_ends_and_leaves_the_terminal_as_it_was(screen, key):
    screen.until(lambda lines: any(line.startswith("Call") for line in lines))
    assert termios.tcgetattr(screen.slave) != screen.before
    os.write(screen.master, b"x\x1b[A" + key)
    assert screen.process.wait(5) == DONE
    screen.read()
    assert screen.text.endswith("\x1b[?25h\x1b[?1049l")
    assert termios.tcgetattr(screen.slave) == screen.before


async def test_the_daemon_ends_meanwhile(idle, screen):
    screen.until(lambda lines: any(line.startswith("Call") for line in lines))
    idle.stop()
    assert screen.process.wait(5) == UNREACHABLE and "closed the connection" in screen.process.stderr.read()
    assert termios.tcgetattr(screen.slave) == screen.before


async def test_without_a_terminal(idle):
    result = await idle.ask("monitor")
    assert result.status == FAILED and "terminal" in result.error
