"""Speech for the hot loop: two voices of espeak-ng with pauses, as 16-bit samples at 16 kHz."""
import pathlib
import subprocess
import sys
import tempfile
import wave

import numpy as np

RATE = 16000
SENTENCES = [("en-gb", "Good evening, this is the front door. I have a parcel for the second floor."),
             ("en-us+f3", "Thank you. Please leave it with the neighbour, the one on the left; I will open the door now."),
             ("en-gb+m7", "Six packets, seven letters, and a very large box that does not fit through the slot.")]


def spoken(voice, text):
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", file.name, text], check=True)
        with wave.open(file.name) as source:
            rate = source.getframerate()
            return np.frombuffer(source.readframes(source.getnframes()), dtype="<i2").astype(float), rate


def resampled(samples, rate):
    """Band-limited by leaving out the spectrum above half of the new rate."""
    count = int(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)[:count // 2 + 1]
    return np.fft.irfft(spectrum, count) * count / len(samples)


def speech():
    pause = np.zeros(RATE * 6 // 10)
    parts = []
    for voice, text in SENTENCES:
        parts += [resampled(*spoken(voice, text)), pause]
    loudest = np.max(np.abs(np.concatenate(parts)))
    noise = np.random.default_rng(1).normal(0, 20, sum(map(len, parts)))
    return np.clip(np.concatenate(parts) / loudest * 16000 + noise, -32768, 32767).astype("<i2")


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_bytes(speech().tobytes())
