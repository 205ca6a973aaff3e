"""Hardware that a container has not: GPIO chips, lights, a keypad and a mixer, all of them files. See standins/."""
import os
import pathlib
import struct
import subprocess

import pytest

import analysis
from device import RATE, SOUNDCARD

SOURCES = pathlib.Path(__file__).parent / "standins"
EV_SYN, EV_KEY = 0, 1
KEYS = {**{str(d): 1 + (d or 10) for d in range(10)}, "*": 55, "#": 28, "button": 169, "call": 0x1bd, "hangup": 0x1be,
        "volume-up": 115, "volume-down": 114, "mute": 248}


def built(name, folder, *libraries):
    path = folder / f"{name}.so"
    # For programs of another release of Debian, with its headers and libraries.
    sysroot = os.environ.get("LINTEL_SYSROOT")
    done = subprocess.run(["gcc", *([f"--sysroot={sysroot}"] if sysroot else []), "-std=gnu11", "-O1", "-fPIC",
                           "-shared", "-o", path, SOURCES / f"{name}.c", *libraries],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


class Line:
    """One pin, by its level; what is pulled up and pressed is 0."""

    def __init__(self, folder, name):
        self.folder = folder
        folder.mkdir(parents=True)
        os.mkfifo(folder / "edge")
        (folder / "name").write_text(name + "\n")
        (folder / "value").write_text("1\n")
        self.edge = os.open(folder / "edge", os.O_RDWR | os.O_NONBLOCK)

    def put(self, level):
        fresh = self.folder / "fresh"
        fresh.write_text(f"{level}\n")
        fresh.rename(self.folder / "value")
        self.twitch()

    def twitch(self, count=1):
        os.write(self.edge, b"x" * count)

    @property
    def level(self):
        return int((self.folder / "value").read_text())

    @property
    def request(self):
        """How the line is held, or None."""
        path = self.folder / "request"
        return path.read_text().strip() if path.exists() else None

    def hold(self, consumer):
        """Somebody else has it."""
        (self.folder / "busy").write_text(consumer + "\n")

    def free(self):
        (self.folder / "busy").unlink()


class Board:
    """A board of its own for one test; `environment` is what linteld has to be started with."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "gpio").mkdir(parents=True)
        self.environment = {"LD_PRELOAD": str(built("gpiod", folder)), "LINTEL_GPIO": str(folder / "gpio")}

    # -- lines -------------------------------------------------------------------------------------------

    def chip(self, name="gpiochip0"):
        return self.folder / "gpio" / name

    def line(self, number, name="unnamed", chip="gpiochip0"):
        return Line(self.chip(chip) / str(number), name)

    def expander(self, chip, label):
        """A chip that has values, and no interrupts that tell of them."""
        self.chip(chip).mkdir(parents=True)
        (self.chip(chip) / "label").write_text(label + "\n")
        (self.chip(chip) / "silent").touch()

    def unplug(self, *lines):
        self.chip().rename(self.folder / "unplugged")
        for line in lines:
            line.twitch()

    def replug(self):
        (self.folder / "unplugged").rename(self.chip())

    # -- lights ------------------------------------------------------------------------------------------

    def light(self, name, greatest=255, colours=""):
        path = self.folder / "leds" / name
        path.mkdir(parents=True)
        (path / "max_brightness").write_text(f"{greatest}\n")
        (path / "brightness").write_text("7\n")
        (path / "trigger").write_text("mmc0\n")
        if colours:
            (path / "multi_index").write_text(colours + "\n")
            (path / "multi_intensity").write_text("0 0 0\n")
        return path

    # -- sound -------------------------------------------------------------------------------------------

    def sound(self, microphone, mixer=False):
        """A card of ALSA's own configuration, for a board that is not simulated; -> further settings."""
        analysis.write_wav(self.folder / "hum.wav", microphone, RATE)
        text = f"""pcm_type.lintel {{ lib "{SOUNDCARD}" }}
pcm.card {{ type asym
  capture.pcm {{ type plug slave.pcm {{ type lintel file "{self.folder}/hum.wav" loop 1 }} }}
  playback.pcm {{ type plug slave.pcm {{ type lintel file "{self.folder}/heard.wav" }} }} }}
"""
        if mixer:
            text += f"""ctl_type.standin {{ lib "{built("mixer", self.folder, "-lasound")}" }}
ctl.card {{ type standin file "{self.mixer_path}" }}
"""
        (self.folder / "asound.conf").write_text(text)
        self.environment["ALSA_CONFIG_PATH"] = str(self.folder / "asound.conf")
        return {"audio_capture": "card", "audio_playback": "card"}

    @property
    def mixer_path(self):
        return self.folder / "mixer"


class Keypad:
    """A named pipe into which somebody writes struct input_event."""

    def __init__(self, path):
        self.path = path
        self.plug()

    def plug(self):
        os.mkfifo(self.path)
        self.pipe = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def unplug(self):
        self.path.unlink()
        os.close(self.pipe)

    def record(self, kind, code, value):
        os.write(self.pipe, struct.pack("@llHHi", 0, 0, kind, code, value))

    def key(self, name, value):
        self.record(EV_KEY, KEYS[name], value)
        self.record(EV_SYN, 0, 0)

    def press(self, *names):
        for name in names:
            self.key(name, 1)
            self.key(name, 0)


@pytest.fixture
def board(tmp_path):
    return Board(tmp_path / "board")
