"""What is in a recording: tones, gaps, likeness to what was said; WAV files and waveform pictures.

Samples are numpy int16 or float arrays of one channel; rates are in hertz, times in seconds.
"""
import struct
import wave
import zlib

import numpy as np

ENVELOPE_RATE = 100                         # values per second


# -- files ---------------------------------------------------------------------------------------------------

def read_wav(path):
    """-> (int16 mono samples, rate). Also reads a file whose writer was killed and left no length behind."""
    with open(path, "rb") as file:
        data = file.read()
    position, rate, channels = 12, None, None
    while position + 8 <= len(data):
        name, size = data[position:position + 4], struct.unpack_from("<I", data, position + 4)[0]
        if name == b"fmt ":
            _, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, position + 8)
            if bits != 16:
                raise ValueError(f"{path}: {bits} bits per sample, expected 16")
        if name == b"data":
            if rate is None:
                raise ValueError(f"{path}: data before format")
            body = data[position + 8:]
            if 0 < size < len(body):
                body = body[:size]
            samples = np.frombuffer(body[:len(body) // (2 * channels) * 2 * channels], dtype="<i2")
            return samples.reshape(-1, channels)[:, 0].copy(), rate
        position += 8 + size + (size & 1)
    raise ValueError(f"{path}: not a WAV file with data")


def write_wav(path, samples, rate):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples, dtype="<i2").tobytes())


def tone(frequency, seconds, rate, amplitude=8000):
    return np.round(amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def resample(samples, rate, to_rate):
    """By the spectrum: exact for what both rates can hold."""
    if rate == to_rate:
        return np.asarray(samples, dtype=float)
    count = int(round(len(samples) * to_rate / rate))
    spectrum = np.fft.rfft(np.asarray(samples, dtype=float))
    wanted = np.zeros(count // 2 + 1, dtype=complex)
    keep = min(len(spectrum), len(wanted))
    wanted[:keep] = spectrum[:keep]
    return np.fft.irfft(wanted, count) * (to_rate / rate)


# -- tones ---------------------------------------------------------------------------------------------------

def power_share(samples, rate, frequency, width=10.0):
    """The share of the power within +-width Hz of the frequency, 0..1, of the alternating part."""
    samples = np.asarray(samples, dtype=float)
    if len(samples) < rate // 10:
        return 0.0
    spectrum = np.abs(np.fft.rfft((samples - samples.mean()) * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
    total = spectrum.sum()
    return float(spectrum[np.abs(frequencies - frequency) <= width].sum() / total) if total > 0 else 0.0


def level_db(samples):
    """RMS in dB below full scale; silence is -120."""
    samples = np.asarray(samples, dtype=float)
    rms = np.sqrt(np.mean(samples ** 2)) if len(samples) else 0.0
    return 20 * np.log10(max(rms, 0.032768) / 32768)


def tone_level_db(samples, rate, frequency, window=0.2):
    """The level of one tone among others, in dB below full scale.

    The power of short windows is averaged: a jitter buffer that moves shifts the phase, and one long window would
    take two halves in opposite phase for silence.
    """
    samples = np.asarray(samples, dtype=float)
    length = min(len(samples), int(rate * window))
    if length < rate // 10:
        return -120.0
    weights = np.hanning(length) * np.exp(-2j * np.pi * frequency * np.arange(length) / rate)
    blocks = samples[:len(samples) // length * length].reshape(-1, length)
    amplitudes = 2 * abs(blocks @ weights) / np.hanning(length).sum()
    return 20 * np.log10(max(np.sqrt(np.mean(amplitudes ** 2) / 2), 0.032768) / 32768)


def gaps(samples, rate, longer_than=0.040, below_db=-50, window=0.005):
    """[(start, length)] of stretches over `longer_than` seconds in which the level stays under `below_db`."""
    step = max(1, int(rate * window))
    blocks = np.asarray(samples[:len(samples) // step * step], dtype=float).reshape(-1, step)
    quiet = 20 * np.log10(np.maximum(np.sqrt((blocks ** 2).mean(axis=1)), 0.032768) / 32768) < below_db
    found, start = [], None
    for index, silent in enumerate(np.append(quiet, False)):
        if silent and start is None:
            start = index
        elif not silent and start is not None:
            if (index - start) * window > longer_than:
                found.append((start * window, (index - start) * window))
            start = None
    return found


def heard_share(samples, rate, below_db=-50, window=0.020):
    """The share of 20 ms windows that are not silent."""
    step = int(rate * window)
    blocks = np.asarray(samples[:len(samples) // step * step], dtype=float).reshape(-1, step)
    if not len(blocks):
        return 0.0
    return float((20 * np.log10(np.maximum(np.sqrt((blocks ** 2).mean(axis=1)), 0.032768) / 32768) >= below_db).mean())


def first_sound(samples, rate, above_db=-45, window=0.010):
    """When the first window above the level begins, in seconds, or None."""
    step = int(rate * window)
    for index in range(len(samples) // step):
        if level_db(samples[index * step:(index + 1) * step]) > above_db:
            return index * window
    return None


def trim_silence(samples, rate, above_db=-45, margin=0.05):
    """Without what is silent before the first and after the last sound."""
    start, back = first_sound(samples, rate, above_db), first_sound(samples[::-1], rate, above_db)
    if start is None:
        return samples[:0]
    begin, end = int(max(0, start - margin) * rate), len(samples) - int(max(0, back - margin) * rate)
    return samples[begin:end]


# -- speech --------------------------------------------------------------------------------------------------

BANDS_HZ = (100, 250, 400, 600, 850, 1150, 1500, 2000, 2600, 3300)


def envelopes(samples, rate):
    """Log energy in ten speech bands, 100 times a second: shape (bands, time)."""
    samples = np.asarray(samples, dtype=float)
    size, hop = int(rate * 0.025), rate // ENVELOPE_RATE
    if len(samples) < size + hop:
        return np.zeros((len(BANDS_HZ) - 1, 0))
    count = (len(samples) - size) // hop
    frames = np.stack([samples[i * hop:i * hop + size] for i in range(count)]) * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    bands = [power[:, (frequencies >= low) & (frequencies < high)].sum(axis=1)
             for low, high in zip(BANDS_HZ, BANDS_HZ[1:])]
    return np.log10(np.stack(bands) + 1e5)


SEGMENT_SECONDS, WANDER_SECONDS = 0.5, 0.2


def likeness(said, said_rate, heard, heard_rate, delay_max=None):
    """-> (likeness 0..1, delay in seconds) of the best match of `said` anywhere in `heard`.

    It correlates band envelopes; first as a whole, which gives the delay, then in half-second pieces that may each
    lie 0.2 s aside. So it is robust to delay, level, codec, clock drift, and to a jitter buffer that stretches.
    Unrelated speech stays under 0.7, the same sentence through Opus is over 0.9.
    """
    a, b = envelopes(said, said_rate), envelopes(heard, heard_rate)
    length = a.shape[1]
    if length == 0 or b.shape[1] == 0:
        return 0.0, 0.0
    wander = int(WANDER_SECONDS * ENVELOPE_RATE)
    lacking = max(0, length - b.shape[1])
    b = np.pad(b, ((0, 0), (wander, wander + lacking)), constant_values=5.0)
    last = b.shape[1] - 2 * wander - length
    if delay_max is not None:
        last = min(last, int(delay_max * ENVELOPE_RATE))
    shift = max(range(last + 1), key=lambda n: _correlation(a, b[:, wander + n:wander + n + length]))
    size = int(SEGMENT_SECONDS * ENVELOPE_RATE)
    scores, weights = [], []
    for start in range(0, max(1, length - size // 2), size):
        piece = a[:, start:start + size]
        weight = float(((piece - a.mean()) ** 2).sum())
        offsets = range(shift + start, shift + start + 2 * wander + 1, 1)
        scores.append(max(_correlation(piece, b[:, n:n + piece.shape[1]]) for n in offsets
                          if n + piece.shape[1] <= b.shape[1]))
        weights.append(weight)
    return max(0.0, float(np.average(scores, weights=weights))), shift / ENVELOPE_RATE


def _correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a ** 2).sum() * (b ** 2).sum())
    return float((a * b).sum() / norm) if norm > 0 else 0.0


# -- pictures ------------------------------------------------------------------------------------------------

GLYPHS = {  # 3x5 letters, a row an octal digit
    "a": "75755", "b": "65656", "c": "34443", "d": "65556", "e": "74647", "f": "74644", "g": "34553",
    "h": "55755", "i": "72227", "j": "11152", "k": "55655", "l": "44447", "m": "57755", "n": "57555", "o": "25552",
    "p": "65644", "q": "25563", "r": "65655", "s": "34216", "t": "72222", "u": "55557", "v": "55552", "w": "55775",
    "x": "55255", "y": "55222", "z": "71247", "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711",
    "5": "74717", "6": "74757", "7": "71122", "8": "75757", "9": "75717", ".": "00002", "-": "00700", ":": "02020",
    ",": "00024", "%": "51245", " ": "00000"}
BACKGROUND, WAVE, AXIS, TEXT = (252, 252, 250), (38, 92, 148), (210, 210, 205), (60, 60, 60)


def _text(picture, x, y, words, scale=2):
    for letter in words.lower():
        for row, digit in enumerate(GLYPHS.get(letter, "00000")):
            for column in range(3):
                if int(digit) >> (2 - column) & 1:
                    picture[y + row * scale:y + (row + 1) * scale,
                            x + column * scale:x + (column + 1) * scale] = TEXT
        x += 4 * scale


def draw_waveforms(path, waveforms, width=1200, height=110):
    """A PNG of [(title, samples, rate)], one under another, on one common time axis."""
    seconds = max([len(s) / r for _, s, r in waveforms] + [0.1])
    picture = np.empty((height * len(waveforms), width, 3), dtype=np.uint8)
    picture[:] = BACKGROUND
    for index, (title, samples, rate) in enumerate(waveforms):
        top, middle = index * height, index * height + height // 2 + 8
        for second in range(int(seconds) + 1):
            x = min(width - 1, int(second / seconds * width))
            picture[top:top + height, x] = AXIS
        picture[middle] = AXIS
        reach = height // 2 - 12
        per_column = seconds * rate / width
        for x in range(width):
            part = samples[int(x * per_column):int((x + 1) * per_column) + 1]
            if len(part):
                high, low = (int(float(v) / 32768 * reach) for v in (part.max(), part.min()))
                picture[middle - high:middle - low + 1, x] = WAVE
        _text(picture, 6, top + 4, title)
    write_png(path, picture)


def write_png(path, picture):
    height, width, _ = picture.shape
    rows = b"".join(b"\0" + picture[y].tobytes() for y in range(height))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))
