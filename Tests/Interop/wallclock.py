"""The wall clock of one program, put wrong and right while it runs. See standins/clock.c."""
import mmap
import os
import struct
import time

import pytest

from hardware import built


class WallClock:
    """`environment` is what a program has to be started with; `set` moves its clock against the true one."""

    def __init__(self, folder):
        path = folder / "clock"
        with open(path, "w+b") as file:
            os.ftruncate(file.fileno(), 8)
            self.memory = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(built("clock", folder, "-ldl")), "LINTEL_CLOCK": str(path)}

    def set(self, ahead_seconds):
        struct.pack_into("<q", self.memory, 0, int(ahead_seconds))

    def never_set(self):
        """As a board without a battery starts: in the first hours of 1970."""
        self.set(3600 - time.time())


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path)
