"""How much what was played is like what was said, whatever a jitter buffer did to the time between them."""
import numpy as np

from measures import DEPTH, bands_of
from sound import RATE

BLOCK, REACH = RATE // 2, RATE // 4          # where the delay is looked for anew, and how far around the usual one
HOP, FRAME = 256, 512
NUDGES = (-160, -80, 0, 80, 160)
DELAY_SECONDS_MAX = 1.0


def correlated(part, longer):
    """-> (offset of the part in the longer one, how alike they are there, 0 to 1)."""
    size = 1 << int(np.ceil(np.log2(len(part) + len(longer))))
    across = np.fft.irfft(np.fft.rfft(longer, size) * np.conj(np.fft.rfft(part, size)), size)[:len(longer) - len(part) + 1]
    energy = np.concatenate([[0], np.cumsum(longer ** 2)])
    energy = energy[len(part):] - energy[:-len(part)]
    alike = across / np.sqrt(np.maximum(energy, 1) * max(np.sum(part ** 2), 1))
    best = int(np.argmax(alike))
    return best, float(alike[best])


def compared(speech, heard, first_second):
    """-> (log-spectral distance in dB while something is said, mean delay in ms, of the blocks from that second on)."""
    speech, heard = np.asarray(speech, float), np.concatenate([heard, np.zeros(2 * RATE)])
    begin = int(first_second * RATE)
    usual, _ = correlated(speech[begin:begin + 4 * RATE], heard[begin:begin + 4 * RATE + int(DELAY_SECONDS_MAX * RATE)])
    active = np.max(bands_of(speech, FRAME, HOP).sum(axis=1)) / 1000
    distances, delays = [], []
    for start in range(begin, len(speech) - BLOCK, BLOCK):
        part = speech[start:start + BLOCK]
        low = max(0, start + usual - REACH)
        found, alike = correlated(part, heard[low:start + usual + REACH + BLOCK])
        place = low + found if alike > 0.5 else start + usual
        if alike > 0.5:
            delays.append(place - start)
            usual = place - start
        clean = bands_of(part, FRAME, HOP)
        speaking = clean.sum(axis=1) > active
        if not np.any(speaking):
            continue
        floor = DEPTH * np.mean(clean.sum(axis=1)[speaking]) / clean.shape[1]
        candidates = []
        for nudge in NUDGES:
            begin_at = max(0, place + nudge)
            other = bands_of(heard[begin_at:begin_at + BLOCK], FRAME, HOP)
            difference = 10 * np.log10((clean + floor) / (other + floor))
            candidates.append(np.sqrt(np.mean(difference ** 2, axis=1)))
        distances.append(np.min(candidates, axis=0)[speaking])
    # Nothing that is alike: it came later than anybody looked, or not at all.
    delay = float(np.mean(delays)) / RATE if delays else DELAY_SECONDS_MAX
    return float(np.mean(np.concatenate(distances))), 1000 * delay
