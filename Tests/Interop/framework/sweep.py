"""A sound that says at every moment which part of it is heard: a tone that sweeps evenly through the band of speech,
again and again. Its "words" are the quarters of a second."""
import numpy as np

SECONDS = 8.0
LOWEST_HZ, HIGHEST_HZ = 300.0, 3500.0
HZ_PER_SECOND = (HIGHEST_HZ - LOWEST_HZ) / SECONDS
WORD_SECONDS = 0.25
WORDS = int(SECONDS / WORD_SECONDS)
STEP_SECONDS, WINDOW_SECONDS = 0.010, 0.040


def sound(rate, amplitude=8000):
    """One sweep."""
    time = np.arange(int(SECONDS * rate)) / rate
    phase = 2 * np.pi * (LOWEST_HZ * time + HZ_PER_SECOND / 2 * time ** 2)
    return np.round(amplitude * np.sin(phase)).astype(np.int16)


def places(samples, rate):
    """-> (times, places): for each window that holds the sweep, its middle in the recording and the place in the
    sweep that is heard there, both in seconds. Windows of silence, noise, or across a cut are left out."""
    length, step = int(WINDOW_SECONDS * rate), int(STEP_SECONDS * rate)
    size = 8192
    weights = np.hanning(length)
    times, found = [], []
    for begin in range(0, len(samples) - length, step):
        block = np.asarray(samples[begin:begin + length], dtype=float)
        if np.sqrt(np.mean(block ** 2)) < 200:
            continue
        power = np.abs(np.fft.rfft(block * weights, size)) ** 2
        top = int(np.argmax(power))
        near = slice(max(0, top - 3 * size // length), top + 3 * size // length + 1)
        if not 0 < top < len(power) - 1 or power[near].sum() < 0.8 * power.sum():
            continue
        # The vertex of the parabola through the logarithms of the three highest bins.
        low, middle, high = np.log(power[top - 1:top + 2] + 1e-9)
        hertz = (top + 0.5 * (low - high) / (low - 2 * middle + high)) * rate / size
        times.append((begin + length / 2) / rate)
        found.append((hertz - LOWEST_HZ) / HZ_PER_SECOND)
    return np.array(times), np.array(found)


def words(found):
    """The words heard, in order: those of which three windows in a row were heard."""
    heard = []
    numbers = np.floor(np.asarray(found) / WORD_SECONDS).astype(int)
    for one, two, three in zip(numbers, numbers[1:], numbers[2:]):
        if one == two == three and 0 <= one < WORDS and (not heard or heard[-1] != one):
            heard.append(int(one))
    return heard
