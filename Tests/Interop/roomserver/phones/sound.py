"""What a phone plays, and what it heard."""
import wave

import numpy as np

from ..opus import FRAME, RATE

PHONE_RATE = 8000
HEARD_SECONDS_MAX = 120
AMPLITUDE = 8000
RINGBACK_HZ, RINGBACK_AMPLITUDE, RINGBACK_ON, RINGBACK_CYCLE = 425, 16500, 1.0, 5.0


def tone(frequency, amplitude, first, count):
    angle = 2 * np.pi * frequency * np.arange(first, first + count) / RATE
    return np.round(amplitude * np.sin(angle)).astype(np.int16)


class Tone:
    def __init__(self, frequency, amplitude=AMPLITUDE):
        self.frequency, self.amplitude, self.position = float(frequency), float(amplitude), 0

    def next(self):
        samples = tone(self.frequency, self.amplitude, self.position, FRAME)
        self.position += FRAME
        return samples


class Ringback(Tone):
    """What the room hears while the phone rings, if it asked for it: 1 s of tone, 4 s of silence."""

    def __init__(self):
        super().__init__(RINGBACK_HZ, RINGBACK_AMPLITUDE)

    def next(self):
        sounds = self.position / RATE % RINGBACK_CYCLE < RINGBACK_ON
        samples = super().next()
        return samples if sounds else None


class Wav:
    def __init__(self, path):
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise ValueError("a phone plays WAV files of 16 bits")
            rate, channels = file.getframerate(), file.getnchannels()
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")[::channels]
        times = np.arange(0, len(samples) / rate, 1 / RATE)
        self.samples = np.interp(times, np.arange(len(samples)) / rate, samples).astype(np.int16)
        self.position = 0

    def next(self):
        part = self.samples[self.position:self.position + FRAME]
        self.position += FRAME
        return np.pad(part, (0, FRAME - len(part))) if len(part) else None


def of(script):
    """The sound of {"tone": hertz, "level": amplitude} or {"wav": path}, or None."""
    if script.get("wav"):
        return Wav(script["wav"])
    return Tone(script["tone"], script.get("level", AMPLITUDE)) if script.get("tone") else None


class Heard:
    """A recording at the telephone's rate. Its clock begins with the answer."""

    def __init__(self):
        self.frames = []

    def add(self, samples):
        if len(self.frames) * FRAME < HEARD_SECONDS_MAX * RATE:
            step = RATE // PHONE_RATE
            self.frames.append(np.zeros(FRAME // step, np.int16) if samples is None
                               else samples.reshape(-1, step).mean(axis=1).astype(np.int16))

    @property
    def seconds(self):
        return len(self.frames) * FRAME / RATE

    def samples(self, since=0.0, seconds=None):
        """`since` below 0 counts from the end."""
        first = max(0, round((since if since >= 0 else self.seconds + since) * RATE / FRAME))
        last = None if seconds is None else first + round(seconds * RATE / FRAME)
        parts = self.frames[first:last]
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def measure(self, since=0.0, seconds=None):
        samples = self.samples(since, seconds).astype(float)
        if not len(samples) or not np.any(samples):
            return {"seconds": len(samples) / PHONE_RATE, "level_db": None, "peak": 0, "frequency": None, "share": None}
        power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
        hertz = np.fft.rfftfreq(len(samples), 1 / PHONE_RATE)
        peak = int(np.argmax(power))
        near = np.abs(hertz - hertz[peak]) <= 10
        return {"seconds": len(samples) / PHONE_RATE, "peak": int(np.max(np.abs(samples))),
                "level_db": round(float(10 * np.log10(np.mean(samples ** 2)) - 20 * np.log10(32768)), 1),
                "frequency": round(float(hertz[peak]), 1), "share": round(float(power[near].sum() / power.sum()), 3)}

    def write(self, file):
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(PHONE_RATE)
            out.writeframes(self.samples().astype("<i2").tobytes())
