"""What is left of the echo, and what became of the near talker."""
import numpy as np

from sound import RATE, decibels
from talk import active_rms

TAPS = 160                                  # what a path of fixed filters may do to a voice and still be the same voice
DELAY_MAX = 1600
DEPTH = 1e-4                                # 40 dB below the voice nothing is compared
FLOOR = 32768 * 10 ** (-64 / 20)


def cut(samples, window):
    return np.asarray(samples[int(window[0] * RATE):int(window[1] * RATE)], float)


def power(samples):
    return float(np.mean(np.square(samples))) if len(samples) else 0.0


def quietest(scene, window):
    """The power under which nobody hears an echo: that of the quietest room, or 6 dB below the noise."""
    return max(FLOOR ** 2, power(cut(scene.noise, window)) / 4)


def enhancement(scene, out, window):
    """Echo return loss enhancement: how much of the echo's power is gone. Noise is no echo, and to be quieter than the
    quietest room is worth nothing: whoever fills up with noise as loud as the room's loses nothing by it."""
    left = max(power(cut(out, window)) - power(cut(scene.noise, window)), 0)
    return decibels(power(cut(scene.echo, window)) / (left + quietest(scene, window)))


def ceiling(scene, window):
    """The most that can be reached."""
    return decibels(power(cut(scene.echo, window)) / quietest(scene, window))


def by_second(scene, out):
    return [round(enhancement(scene, out, (second, second + 1)), 1) for second in range(int(len(out) / RATE))]


def delay_of(out, near):
    """Samples by which the output is late, by what fits best."""
    size = 1 << int(np.ceil(np.log2(len(near) * 2)))
    across = np.fft.irfft(np.fft.rfft(out, size) * np.conj(np.fft.rfft(near, size)), size)
    return int(np.argmax(np.abs(across[:DELAY_MAX])))


def fitted(out, near, window):
    """-> (the near talker as he is in the output, what else there is, the near talker as he was). A fixed filter of TAPS
    around the delay stands for everything that is not distortion; what changes in time does not fit it."""
    heard, clean = cut(out, window), cut(near, window)
    delay = delay_of(heard, clean) - TAPS // 4
    lead = np.roll(clean, delay)
    if delay > 0:
        lead[:delay] = 0
    elif delay < 0:
        lead[delay:] = 0
    size = 1 << int(np.ceil(np.log2(len(lead) * 2)))
    spectrum = np.fft.rfft(lead, size)
    own = np.fft.irfft(np.abs(spectrum) ** 2, size)[:TAPS]
    across = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(spectrum), size)[:TAPS]
    index = np.abs(np.subtract.outer(np.arange(TAPS), np.arange(TAPS)))
    taps = np.linalg.solve(own[index] + np.eye(TAPS) * own[0] * 1e-4, across)
    fit = np.convolve(lead, taps)[:len(lead)]
    return fit, heard - fit, clean


def near_figures(scene, out, window):
    """The near talker in the window: level, SDR and log-spectral distance in dB, and the share of the time in which he speaks
    and is turned down by more than 6 dB, in percent."""
    fit, rest, clean = fitted(out, scene.near, window)
    heard = cut(out, window)
    aligned = np.roll(clean, delay_of(heard, clean))
    return {"level": decibels(power(fit) / power(clean)), "sdr": decibels(power(fit) / max(power(rest), 1e-9)),
            "lsd": spectral_distance(aligned, heard), "cut": share_cut(aligned, heard)}


def share_cut(clean, heard, block=480):
    clean, heard = (np.mean(s[:len(s) // block * block].reshape(-1, block) ** 2, axis=1) for s in (clean, heard))
    speaking = clean > np.max(clean) / 1000
    return 100 * float(np.mean(heard[speaking] < clean[speaking] / 4))


def spectra(samples, size=512, hop=256):
    count = (len(samples) - size) // hop + 1
    frames = np.lib.stride_tricks.as_strided(samples, (count, size), (samples.strides[0] * hop, samples.strides[0]))
    return np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2


def bands_of(samples, size=512, hop=256):
    """The power in bands of 125 Hz up to 7 kHz, a row a frame."""
    found = spectra(np.ascontiguousarray(samples), size, hop)
    return np.stack([np.sum(found[:, edge:edge + 4], axis=1) for edge in range(4, 224, 4)], 1)


def spectral_distance(clean, heard):
    """Mean over the frames in which somebody speaks, 40 dB deep."""
    one, other = bands_of(clean), bands_of(heard)
    loud = np.sum(one, axis=1)
    speaking = loud > np.max(loud) / 1000
    floor = DEPTH * np.mean(loud[speaking]) / one.shape[1]
    distance = 10 * np.log10((one + floor) / (other + floor))[speaking]
    return float(np.mean(np.sqrt(np.mean(distance ** 2, axis=1))))


# -- a talker alone, in noise and from afar --------------------------------------------------------------------------

def noise_figures(scene, out, spoken, pauses):
    """What became of the noise in the pauses, and of the talker between them."""
    before = sum(power(cut(scene.microphone, pause)) for pause in pauses)
    after = sum(power(cut(out, pause)) for pause in pauses)
    unprocessed, processed = (near_figures(scene, samples, spoken) for samples in (scene.microphone, out))
    return {"reduction": decibels(before / max(after, 1)), "level": processed["level"],
            "sdr": processed["sdr"], "sdr gained": processed["sdr"] - unprocessed["sdr"],
            "lsd": processed["lsd"], "lsd before": unprocessed["lsd"], "cut": processed["cut"]}


def loudness(samples):
    """dB of full scale, while something is said."""
    return decibels((active_rms(samples) / 32768) ** 2)


def gain_figures(scene, out, distances, seconds, settled):
    """How loud the talker is from each distance, once he was heard for a while; how the gain moves from word to word; and what
    of the echo comes through after him."""
    row, swings = {}, []
    for index, metres in enumerate(distances):
        window = (index * seconds + settled, (index + 1) * seconds)
        row[f"{metres:g} m"] = loudness(cut(out, window))
        gains = [decibels(power(cut(out, (at, at + 1))) / power(cut(scene.near, (at, at + 1))))
                 for at in np.arange(window[0], window[1] - 1, 0.5)]
        swings.append(float(np.std(gains)))
    levels = list(row.values())
    row["spread"], row["pumping"] = max(levels) - min(levels), max(swings)
    end = len(out) / RATE
    row["echo"] = enhancement(scene, out, (end - seconds + settled, end))
    return row
