"""What lies between the speaker's samples and the microphone's: loudspeaker, room, change, and two clocks."""
import numpy as np

from sound import RATE, at_positions, convolved

LOUDSPEAKERS = ("linear", "saturating", "crossover", "both", "resonance")


def loudspeaker(samples, kind):
    """Full scale is 32 768. Saturating: a small amplifier at its end; crossover: a class-B stage without bias."""
    level = samples / 32768
    if kind in ("saturating", "both"):
        level = np.tanh(5 * level) / 5
    if kind in ("crossover", "both"):
        level = level - 0.01 * np.tanh(level / 0.01)
    if kind == "resonance":
        # A cone in a small box: 12 dB at 450 Hz, and what it adds there bends with the level.
        level = resonated(level + 0.3 * level ** 2 * np.sign(level), 450, 0.985, 3)
    return level * 32768


def resonated(samples, hertz, pole, gain):
    angle = 2 * np.pi * hertz / RATE
    count = np.arange(2000)
    ringing = pole ** count * np.sin(angle * (count + 1)) / np.sin(angle)
    ringing -= np.concatenate([[0, 0], ringing[:-2]])
    response = gain * (1 - pole) * ringing
    response[0] += 1
    return convolved(samples, response)


def response(random, milliseconds, rt60=None, bulk_ms=0.0, direct=0.8):
    """A direct sound after a few centimetres, a dozen early reflections, and a tail of noise that fades by 60 dB in rt60
    (the length, if none is named). Its energy is 1."""
    count = int(milliseconds * RATE / 1000)
    rt60 = rt60 or milliseconds / 1000
    time = np.arange(count) / RATE
    tail = random.normal(0, 1, count) * np.exp(-6.9 * time / rt60)
    tail[:20] = 0
    tail /= np.sqrt(np.sum(tail ** 2))
    early = np.zeros(count)
    for _ in range(12):
        at = int(random.uniform(10, min(count, RATE * 0.025)))
        early[at] += random.uniform(-0.4, 0.4) * np.exp(-at / 250)
    early[0] = 1
    early /= np.sqrt(np.sum(early ** 2))
    # A loudspeaker of a door has a bass and a treble end: the path is not white.
    path = np.convolve(direct * early + np.sqrt(1 - direct ** 2) * tail, [0.25, 0.6, 0.25])
    path = np.concatenate([np.zeros(int((bulk_ms + random.uniform(0.5, 6)) * RATE / 1000)), path])
    return path / np.sqrt(np.sum(path ** 2))


def image_source(random, rt60, size=None, distance=0.3, order_seconds=0.12):
    """A box of six walls: loudspeaker and microphone `distance` metres apart on one of them. Reflections by mirror images;
    behind them a tail of noise with the same decay."""
    size = np.array(size if size is not None else random.uniform([2, 2, 2.2], [5, 7, 3.2]))
    volume, surface = np.prod(size), 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    absorbed = min(0.95, 0.161 * volume / (surface * rt60))
    reflected = np.sqrt(1 - absorbed)
    microphone = np.array([0.05, size[1] * random.uniform(0.3, 0.7), 1.4])
    source = microphone + [0.02, 0, -distance]
    path = np.zeros(int(min(max(rt60, order_seconds), 0.6) * RATE))
    reach = [int(343 * order_seconds / (2 * side)) + 1 for side in size]
    images = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), -1).reshape(-1, 3)
    for mirror in np.ndindex(2, 2, 2):
        place = (1 - 2 * np.array(mirror)) * source + 2 * images * size
        away = np.linalg.norm(place - microphone, axis=1)
        bounces = np.sum(np.abs(images - mirror) + np.abs(images), axis=1)
        at = np.round(away / 343 * RATE).astype(int)
        inside = at < order_seconds * RATE
        np.add.at(path, at[inside], (reflected ** bounces / np.maximum(away, 0.05))[inside])
    late = int(order_seconds * RATE)
    if len(path) > late:
        fade = np.exp(-6.9 * np.arange(len(path)) / (rt60 * RATE))
        level = np.sqrt(np.mean(path[late // 2:late] ** 2)) / np.sqrt(np.mean(fade[late // 2:late] ** 2))
        path[late:] = random.normal(0, level, len(path) - late) * fade[late:]
    return path / np.sqrt(np.sum(path ** 2))


def heard(played, paths, parts_per_million=0):
    """What of the speaker's samples is heard at the microphone, for `paths` as (second from which it holds, seconds that it
    takes to come, response). The speaker's clock runs that much faster than the microphone's."""
    if parts_per_million:
        positions = np.arange(len(played)) * (1 + parts_per_million * 1e-6)
        played = at_positions(played, positions[positions < len(played) - 1])
        played = np.concatenate([played, np.zeros(len(positions) - len(played))])
    out = np.zeros(len(played))
    time = np.arange(len(played)) / RATE
    for index, (start, fade, path) in enumerate(paths):
        weight = np.ones(len(played)) if index == 0 else np.clip((time - start) / max(fade, 1e-9), 0, 1)
        if index + 1 < len(paths):
            following = paths[index + 1]
            weight = weight * (1 - np.clip((time - following[0]) / max(following[1], 1e-9), 0, 1))
        out += weight * convolved(played, path)
    return out

