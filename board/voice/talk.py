"""Who speaks: voices and languages of espeak-ng, music, and noise. All of it from seeds."""
import functools
import io
import subprocess
import wave

import numpy as np

from sound import RATE, rms, shaped

SENTENCES = {
    "en-us": ["Good morning, this is the reception desk speaking.", "Please tell me your name and whom you would like to visit.",
              "I will open the door for you in a moment.", "The lift is on the left, and the rooms are on the second floor.",
              "Could you repeat the last part, please? I did not hear it well.", "Thank you very much, have a good day."],
    "en-gb": ["Hello, I have a parcel for the third floor.", "Could you open the door please? It is rather heavy.",
              "Six packets, seven letters, and a very large box that does not fit through the slot.",
              "I was told to ask for the caretaker.", "Yes, I can wait here for a while."],
    "de": ["Guten Tag, ich habe ein Paket für den dritten Stock.", "Können Sie mir bitte die Tür öffnen?",
           "Der Aufzug ist links, und die Räume sind im zweiten Stock.", "Sprechen Sie bitte etwas lauter, es ist windig."],
    "fr-fr": ["Bonjour, je suis devant la porte principale.", "Pouvez-vous ouvrir, s'il vous plaît ?",
              "L'ascenseur se trouve à gauche, au fond du couloir.", "Merci beaucoup et bonne journée."],
    "es": ["Buenos días, traigo un paquete para el segundo piso.", "¿Puede abrir la puerta, por favor?",
           "El ascensor está a la izquierda.", "Muchas gracias, hasta luego."],
    "it": ["Buongiorno, ho un appuntamento alle dieci.", "Può aprire la porta, per favore?",
           "L'ascensore è a sinistra, in fondo al corridoio.", "Grazie mille, buona giornata."],
    "pl": ["Dzień dobry, mam przesyłkę na trzecie piętro.", "Czy może pan otworzyć drzwi?", "Winda jest po lewej stronie."],
}
VARIANTS = ["", "+f3", "+m3", "+f2", "+m7", "+f4"]
NOISES = ("white", "fan", "street", "rain", "hum")


@functools.lru_cache(maxsize=256)
def sentence(language, variant, index, speed):
    """-> the sentence without the silence around it, at an RMS of 1 while it is loud."""
    done = subprocess.run(["espeak-ng", "-v", language + variant, "-s", str(speed), "--stdout",
                           SENTENCES[language][index]], check=True, capture_output=True)
    with wave.open(io.BytesIO(done.stdout)) as source:
        rate = source.getframerate()
        samples = np.frombuffer(source.readframes(1 << 24), dtype="<i2").astype(float)
    count = int(len(samples) * RATE / rate)
    samples = np.fft.irfft(np.fft.rfft(samples)[:count // 2 + 1], count) * count / len(samples)
    # espeak-ng has more below 100 Hz than a mouth has.
    samples = shaped(samples, lambda hertz: 1 / (1 + (70 / np.maximum(hertz, 1)) ** 4))
    loud = np.flatnonzero(np.abs(samples) > 0.03 * np.max(np.abs(samples)))
    samples = samples[loud[0]:loud[-1] + 1]
    return samples / active_rms(samples)


def active_rms(samples):
    """The level while something is said: pauses do not count."""
    blocks = samples[:len(samples) // 320 * 320].reshape(-1, 320)
    power = np.mean(blocks ** 2, axis=1)
    return float(np.sqrt(np.mean(power[power > np.max(power) / 1000]))) if len(power) else rms(samples)


def speech(random, seconds, pause=(0.1, 0.35), languages=tuple(SENTENCES)):
    """One talker, from the first sample on, at an active RMS of 1."""
    language = languages[random.integers(len(languages))]
    variant, speed = VARIANTS[random.integers(len(VARIANTS))], int(random.integers(140, 185))
    parts, count = [], 0
    order = random.permutation(len(SENTENCES[language]))
    while count < seconds * RATE:
        for index in order:
            parts += [sentence(language, variant, int(index), speed), np.zeros(int(random.uniform(*pause) * RATE))]
            count += len(parts[-1]) + len(parts[-2])
    return np.concatenate(parts)[:int(seconds * RATE)]


def dialogue(random, seconds, **options):
    """Two talkers in turn, as an agent that reads both: the far end changes its voice and its spectrum."""
    first, second = speech(random, seconds, **options), speech(random, seconds, **options)
    turn = (np.arange(len(first)) // (4 * RATE)) % 2 == 0
    return np.where(turn, first, second)


def music(random, seconds):
    """Chords of plucked strings over a bass and a beat, at an RMS of 1."""
    out = np.zeros(int(seconds * RATE))
    beat = int(RATE * 60 / random.uniform(90, 130))
    roots = 110 * 2 ** (random.integers(0, 12, 4) / 12)
    for number, start in enumerate(range(0, len(out), beat)):
        time = np.arange(min(2 * beat, len(out) - start)) / RATE
        root = roots[number // 4 % 4]
        for ratio in (0.5, 1, [1.25, 1.2][number // 4 % 2], 1.5, 2 * random.choice([1, 1.125, 1.25, 1.5])):
            tone = sum(np.sin(2 * np.pi * root * ratio * overtone * time) / overtone ** 1.3
                       for overtone in range(1, 9) if root * ratio * overtone < 7000)
            out[start:start + len(time)] += tone * np.exp(-3 * time)
        hit = random.normal(0, 1, min(1600, len(out) - start)) * np.exp(-np.arange(min(1600, len(out) - start)) / 250)
        out[start:start + len(hit)] += hit
    return out / rms(out)


def noise(kind, random, seconds):
    """At an RMS of 1."""
    count = int(seconds * RATE)
    white = random.normal(0, 1, count)
    time = np.arange(count) / RATE
    if kind == "white":
        out = white
    elif kind == "fan":
        blades = random.uniform(90, 140)
        out = shaped(white, lambda hertz: 1 / (1 + (hertz / 300) ** 1.2))
        out = out / rms(out) + sum(0.25 / n * np.sin(2 * np.pi * blades * n * time) for n in range(1, 6))
    elif kind == "street":
        # Cars come and go over a rumble.
        out = shaped(white, lambda hertz: 1 / (1 + (hertz / 150) ** 1.5))
        passing = np.zeros(count)
        for middle in np.arange(random.uniform(0, 4), seconds, random.uniform(3, 6)):
            passing += np.exp(-((time - middle) / random.uniform(0.8, 1.6)) ** 2)
        tyres = shaped(random.normal(0, 1, count), lambda hertz: 1 / (1 + ((hertz - 800) / 700) ** 4))
        out = out / rms(out) + 1.2 * passing * tyres / rms(tyres)
    elif kind == "rain":
        drops = np.where(random.random(count) < 200 / RATE, random.exponential(1, count), 0)
        drops = np.convolve(drops, np.exp(-np.arange(80) / 12) * random.normal(0, 1, 80), "same")
        out = shaped(white, lambda hertz: hertz / (hertz + 1500))
        out = out / rms(out) + 0.7 * drops / max(rms(drops), 1e-9)
    elif kind == "hum":
        out = 0.1 * white + sum(np.sin(2 * np.pi * 50 * n * time + n) / n for n in (1, 2, 3, 4, 5, 6, 8, 10))
    else:
        raise ValueError(kind)
    return out / rms(out)
