"""The simulated sound card's control files: its plug, its faults, what it counts. See board/soundcard/README.md."""
import asyncio
import pathlib
import struct
import time

import numpy as np

NONE, UNPLUGGED, STALLED, XRUN = range(4)
SLOW = 6                                    # 300 ms to be opened
FAULT_AT, PPM_AT, STARTS_AT, XRUNS_AT = 4, 8, 16, 20
ECHO_AT, PATH_AT = 40, 64
ECHO_TAPS_MAX = 1600
MICROPHONE, SPEAKER = 0, 1
BACK_SECONDS_MAX = 2.0


class Card:
    """Both halves of the simulated card, through their control files."""

    def __init__(self, path):
        self.files = [pathlib.Path(f"{path}.{half}") for half in ("microphone", "speaker")]

    def _write(self, file, at, value):
        with open(file, "r+b") as control:
            control.seek(at)
            control.write(struct.pack("<i", value))

    def fault(self, kind, halves=(0, 1)):
        for half in halves:
            self._write(self.files[half], FAULT_AT, kind)

    def counter(self, half, at):
        return struct.unpack_from("<I", self.files[half].read_bytes(), at)[0]

    def drift(self, microphone_ppm, speaker_ppm):
        for file, ppm in zip(self.files, (microphone_ppm, speaker_ppm)):
            self._write(file, PPM_AT, ppm)

    def hears_itself(self, path, delay=0, bends=True):
        """The microphone hears the speaker: `path` in samples of the card, 1 as loud; a loudspeaker that is driven too
        hard, or a good one."""
        path = np.round(np.clip(np.asarray(path) * 32768, -32767, 32767)).astype("<i2")
        assert 0 < len(path) <= ECHO_TAPS_MAX
        with open(self.files[MICROPHONE], "r+b") as control:
            control.seek(PATH_AT)
            control.write(path.tobytes())
            control.seek(ECHO_AT)
            control.write(struct.pack("<iii", len(path), delay, int(bends)))


async def replug(card, half):
    """One half of the card is pulled and comes back, and takes 300 ms to be opened."""
    starts = card.counter(half, STARTS_AT)
    card.fault(UNPLUGGED, [half])
    await asyncio.sleep(0.2)
    card.fault(SLOW, [half])
    begin = time.monotonic()
    while card.counter(half, STARTS_AT) == starts:
        assert time.monotonic() - begin < BACK_SECONDS_MAX, "it was not opened again"
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
