"""Arithmetic on samples: 16 kHz, floats in units of a 16-bit sample."""
import wave

import numpy as np

RATE = 16000


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples, dtype=float)))) if len(samples) else 0.0


def decibels(power_ratio):
    return 10 * float(np.log10(max(power_ratio, 1e-12)))


def convolved(samples, response):
    """As long as the samples; what comes after them is left out."""
    size = 1 << int(np.ceil(np.log2(len(samples) + len(response))))
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[:len(samples)]


def shaped(samples, gain_of_hertz):
    """Through a filter without phase, given as a function of the frequency."""
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(spectrum * gain_of_hertz(np.fft.rfftfreq(len(samples), 1 / RATE)), len(samples))


def at_positions(samples, positions):
    """The samples between the samples: a windowed sinc of 32 taps."""
    whole = np.floor(positions).astype(int)
    part = positions - whole
    out = np.zeros(len(positions))
    padded = np.concatenate([np.zeros(32), samples, np.zeros(64)])
    for tap in range(-15, 17):
        distance = part - tap
        weight = np.sinc(distance) * np.cos(np.pi * distance / 34) ** 2
        out += padded[np.clip(whole + tap + 32, 0, len(padded) - 1)] * weight
    return out


def clipped(samples):
    return np.clip(np.round(samples), -32768, 32767).astype("<i2")


def written(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(clipped(samples).tobytes())
