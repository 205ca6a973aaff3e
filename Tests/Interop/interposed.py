"""Reads what board/hotloop/interpose.c counted in a program that it was loaded into."""
import dataclasses
import mmap
import os
import pathlib
import struct

import numpy as np

CALLERS_MAX, CALLER_BYTES, PACKETS_MAX = 16, 96, 16384
CALLERS_AT = 40
PACKETS_NOTED_AT = CALLERS_AT + CALLERS_MAX * CALLER_BYTES
PACKETS_AT = PACKETS_NOTED_AT + 8
PACKET = struct.Struct("<qII48s")
BYTES = PACKETS_AT + PACKETS_MAX * PACKET.size


@dataclasses.dataclass
class Counts:
    """On the audio thread, since it started or between two moments."""
    allocations: int
    frees: int
    locks: int
    system: int

    def __sub__(self, other):
        return Counts(self.allocations - other.allocations, self.frees - other.frees, self.locks - other.locks,
                      self.system - other.system)

    @property
    def total(self):
        return self.allocations + self.frees + self.locks + self.system


class Interposed:
    """`environment` is what a program has to be started with."""

    def __init__(self, library, path):
        self.path = pathlib.Path(path)
        with open(self.path, "w+b") as file:
            os.ftruncate(file.fileno(), BYTES)
            self.memory = mmap.mmap(file.fileno(), BYTES)
        self.environment = {"LD_PRELOAD": str(library), "LINTEL_INTERPOSED": str(self.path)}

    def counts(self):
        return Counts(*struct.unpack_from("<4Q", self.memory, 0))

    def callers(self):
        """The last ones that were counted, as "library function"."""
        texts = (self.memory[CALLERS_AT + n * CALLER_BYTES:CALLERS_AT + (n + 1) * CALLER_BYTES] for n in range(CALLERS_MAX))
        return sorted({text.split(b"\0")[0].decode() for text in texts} - {""})

    def packets(self):
        """-> the RTP packets that left and came, oldest first."""
        noted, = struct.unpack_from("<Q", self.memory, PACKETS_NOTED_AT)
        first = max(0, noted - PACKETS_MAX)
        return [NotedPacket(*PACKET.unpack_from(self.memory, PACKETS_AT + n % PACKETS_MAX * PACKET.size))
                for n in range(first, noted)]


@dataclasses.dataclass
class NotedPacket:
    nanoseconds: int                        # CLOCK_MONOTONIC
    sent: int
    bytes: int
    head: bytes

    @property
    def timestamp(self):
        return int.from_bytes(self.head[4:8])

    @property
    def ssrc(self):
        return int.from_bytes(self.head[8:12])

    def extensions(self):
        """The one-byte header extensions (RFC 8285 §4.2): {id: bytes}."""
        at = 12 + 4 * (self.head[0] & 15)
        found = {}
        if not self.head[0] & 0x10 or self.head[at:at + 2] != b"\xbe\xde":
            return found
        end = at + 4 + 4 * int.from_bytes(self.head[at + 2:at + 4])
        at += 4
        while at < min(end, len(self.head)):
            number, length = self.head[at] >> 4, (self.head[at] & 15) + 1
            if number in (0, 15):
                at += 1
                continue
            found[number] = self.head[at + 1:at + 1 + length]
            at += 1 + length
        return found


def audio_levels(packets):
    """-> for each packet what the extension for the level says in -dBov (RFC 6464): the one of a byte that varies."""
    seen = [packet.extensions() for packet in packets]
    for number in range(1, 15):
        values = [e[number][0] & 127 for e in seen if len(e.get(number, b"")) == 1]
        if len(values) == len(packets) and len(set(values)) > 1:
            return np.array(values)
    raise AssertionError("no packet tells its level")
