"""The scenes: who speaks when, in what room, over which loudspeaker. Each is made from its name and a seed."""
import dataclasses
import zlib

import numpy as np

import rooms
import talk
from sound import RATE, clipped, convolved, rms


def level(decibels):
    """Of full scale."""
    return 32768 * 10 ** (decibels / 20)


FAR_LEVEL, NEAR_LEVEL, FLOOR_LEVEL = level(-18), level(-24), level(-64)
SECONDS = 26
# What happens when, in seconds. The far end speaks from the first sample on until FAR_END.
DOUBLE_TALK, CHANGE, FAR_END, ALONE = (10, 14), 16, 21, (21.7, 25.5)
WINDOWS = {"first": (0, 1), "next": (1, 3), "steady": (5, 10), "change": (16, 17), "changed": (17, 19)}


@dataclasses.dataclass
class Scene:
    name: str
    seed: int
    microphone: np.ndarray                  # int16, what is processed
    far: np.ndarray                         # int16, what the speaker was given, by the speaker's clock
    near: np.ndarray                        # float, the near talker alone as the microphone hears him
    echo: np.ndarray                        # float, what of the microphone is echo
    noise: np.ndarray                       # float, what of it is noise
    ahead: int = 640                        # samples that the speaker holds
    told: int = 640                         # what the cards say about that
    parts_per_million: int = 0
    double_talk: tuple = DOUBLE_TALK
    options: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Plan:
    """What a scene is made of; the seed decides what is left open."""
    path: callable                          # random -> impulse response
    speaker: str = "linear"
    loss: float = 6                         # echo return loss, dB
    change_seconds: float | None = 0.0      # how long the path takes to become another one; None: it stays
    parts_per_million: int = 0              # between the two cards
    noise: str = "white"
    noise_level: float = FLOOR_LEVEL
    far: str = "speech"
    far_level: float = FAR_LEVEL
    told_error: int = 0                     # how wrong the cards are about their delay, in samples
    double_talk: tuple = DOUBLE_TALK


def short(random):
    return rooms.response(random, 100, 0.2)


def box(rt60):
    return lambda random: rooms.image_source(random, rt60)


def mixed(random):
    """Everything by the seed."""
    return Plan(box(random.uniform(0.1, 0.8)) if random.random() < 0.5 else
                lambda r: rooms.response(r, 200, r.uniform(0.1, 0.5), bulk_ms=r.uniform(0, 60)),
                speaker=str(random.choice(rooms.LOUDSPEAKERS)), loss=random.uniform(-2, 15),
                change_seconds=float(random.choice([0, 0.5])), parts_per_million=int(random.choice([0, 0, 50])),
                noise=str(random.choice(talk.NOISES)), noise_level=level(random.uniform(-64, -50)), far_level=level(-22),
                told_error=int(random.integers(-320, 321)))


PLANS = {
    # The rooms of the finding that this bench grew from.
    "door": Plan(lambda r: rooms.response(r, 60)),
    "hall": Plan(lambda r: rooms.response(r, 250, 0.45)),
    "cheap speaker": Plan(lambda r: rooms.response(r, 120), speaker="both"),
    "late": Plan(lambda r: rooms.response(r, 120, bulk_ms=80)),
    # Rooms by mirror images, with their RT60.
    "box 0.1 s": Plan(box(0.1)),
    "box 0.3 s": Plan(box(0.3)),
    "box 0.5 s": Plan(box(0.5)),
    "box 0.8 s": Plan(box(0.8)),
    "loud echo": Plan(short, loss=-6, far_level=level(-28)),
    "faint echo": Plan(short, loss=20),
    "saturating": Plan(short, speaker="saturating"),
    "crossover": Plan(short, speaker="crossover"),
    "resonance": Plan(short, speaker="resonance"),
    "200 ms late": Plan(lambda r: rooms.response(r, 60, bulk_ms=200)),
    "40 ms too early": Plan(short, told_error=-640),
    "40 ms too late": Plan(short, told_error=640),
    "50 ppm": Plan(short, parts_per_million=50),
    "200 ppm": Plan(short, parts_per_million=200),
    "slow move": Plan(short, change_seconds=4.0),
    "music": Plan(short, far="music"),
    "both at once": Plan(short, double_talk=(0.0, 4.0)),
    "in a fan": Plan(short, noise="fan", noise_level=level(-46)),
    "in the street": Plan(short, noise="street", noise_level=level(-46)),
    "mixed": mixed,
}
BENT = ("cheap speaker", "saturating", "crossover", "resonance", "mixed")


def made(name, seed):
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    plan = PLANS[name]
    plan = plan(random) if callable(plan) else plan
    far = (talk.music(random, SECONDS) * 0.7 if plan.far == "music" else talk.dialogue(random, SECONDS)) * plan.far_level
    far[int(FAR_END * RATE):] = 0
    far = clipped(far)
    paths = [(0, 0, plan.path(random))]
    if plan.change_seconds is not None:
        paths.append((CHANGE, plan.change_seconds, plan.path(random)))
    echo = rooms.heard(rooms.loudspeaker(far.astype(float), plan.speaker), paths, plan.parts_per_million)
    echo *= 10 ** (-plan.loss / 20) * rms(far) / rms(echo)
    near = near_talker(random, SECONDS, [plan.double_talk, ALONE])
    noise = talk.noise(plan.noise, random, SECONDS) * plan.noise_level
    return Scene(name, seed, clipped(near + echo + noise), far, near, echo, noise, told=640 + plan.told_error,
                 parts_per_million=plan.parts_per_million, double_talk=plan.double_talk)


def near_talker(random, seconds, spans):
    near = np.zeros(int(seconds * RATE))
    said = talk.speech(random, sum(end - start for start, end in spans))
    for start, end in spans:
        count = int((end - start) * RATE)
        near[int(start * RATE):int(start * RATE) + count] = said[:count]
        said = said[count:]
    path = rooms.response(random, 200, random.uniform(0.1, 0.4), direct=0.9)
    return convolved(near, path) * NEAR_LEVEL


# -- who speaks alone, in noise and from afar -----------------------------------------------------------------------

NOISE_SECONDS, SPOKEN, NOISE_ALONE = 16, (5, 12), ((3, 5), (13.5, 16))
DISTANCES = (0.3, 1.0, 3.0, 5.0)            # metres
DISTANCE_SECONDS, SETTLED = 7, 3


def in_noise(kind, seed):
    """A talker between two pauses, 15 dB above the noise; nobody speaks at the far end."""
    random = np.random.default_rng([seed, zlib.crc32(kind.encode()), 1])
    near = near_talker(random, NOISE_SECONDS, [SPOKEN])
    noise = talk.noise(kind, random, NOISE_SECONDS) * level(-39)
    nothing = np.zeros(len(near))
    return Scene(kind, seed, clipped(near + noise), nothing.astype("<i2"), near, nothing, noise, options={"ns": 1})


def from_afar(seed):
    """The same talker from 0.3, 1, 3 and 5 m: by 10 dB louder than at one metre, 9 and 13 dB fainter, and with more and more
    of the room. After him the far end speaks alone."""
    random = np.random.default_rng([seed, 2])
    seconds = (len(DISTANCES) + 1) * DISTANCE_SECONDS
    near = np.zeros(seconds * RATE)
    for index, metres in enumerate(DISTANCES):
        begin = index * DISTANCE_SECONDS * RATE
        said = talk.speech(np.random.default_rng([seed, 3]), DISTANCE_SECONDS)
        path = rooms.response(random, 300, 0.4, direct=1 / np.sqrt(1 + (metres / 2) ** 2))
        said = convolved(said, path) * level(-27) / np.sqrt(metres ** 2 / (1 + (metres / 4) ** 2))
        near[begin:begin + len(said)] = said
    far = np.zeros(len(near))
    spoken = talk.dialogue(random, DISTANCE_SECONDS) * FAR_LEVEL
    far[-len(spoken):] = spoken
    far = clipped(far)
    echo = convolved(far.astype(float), rooms.response(random, 100, 0.2))
    echo *= 10 ** (-6 / 20) * rms(far) / rms(echo)
    noise = random.normal(0, FLOOR_LEVEL, len(near))
    return Scene("0.3 to 5 m", seed, clipped(near + echo + noise), far, near, echo, noise, options={"agc": 1, "ns": 1})
