"""The device under test: linteld on the simulated board, and lintelctl to ask it."""
import asyncio
import json
import os
import pathlib
import signal
import subprocess
import time

import numpy as np
import pytest

import analysis
import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("LINTEL_BIN", ROOT / ".build/embedded/release"))
# What runs programs that are not this machine's, such as "qemu-aarch64-static -L ROOT".
RUNNER = os.environ.get("LINTEL_RUNNER", "").split()
SOUNDCARD = os.environ.get("LINTEL_SOUNDCARD", str(ROOT / ".build/soundcard/libasound_module_pcm_lintel.so"))
RATE = 16000                                # of the microphone file, and so of the simulated card
DONE, FAILED, USAGE, UNREACHABLE, NOT_ALLOWED = range(5)


def missing():
    """What is not built, or None."""
    for path in (BINARIES / "linteld", BINARIES / "lintelctl", SOUNDCARD):
        if not pathlib.Path(path).exists():
            return str(path)
    return None


def require_built():
    lacking = missing()
    if lacking and os.environ.get("LINTEL_REQUIRED") == "1":
        pytest.fail(f"{lacking} is not built")
    if lacking:
        pytest.skip(f"{lacking} is not built")


def configuration(folder, **values):
    """The text of lintel.conf for the simulated board; values override, as section_key or section__a_key."""
    text = {
        ("device", "id"): "door", ("device", "board"): "simulated",
        ("simulated", "microphone"): folder / "microphone.wav", ("simulated", "speaker"): folder / "speaker.wav",
        ("simulated", "soundcard"): SOUNDCARD, ("simulated", "loop"): "yes",
        ("session", "mode"): "always-on",
        ("token", "source"): "file", ("token", "file"): folder / "token.jwt",
        # Sounds of the device's own would be among those that are listened for, and the simulated card has no echo.
        ("audio", "tones"): "off", ("audio", "aec"): "off",
        ("network", "include-loopback"): "yes",
        ("control", "socket"): folder / "control.sock",
        # What an emulator needs counts as the program's own.
        **({("watch", "memory-mb"): 0} if RUNNER else {}),
    }
    for name, value in values.items():
        section, key = name.split("_", 1)
        text[section, key.replace("_", "-")] = value
    lines = []
    for section in dict.fromkeys(section for section, _ in text):
        lines.append(f"[{section}]")
        lines += [f"{key} = {value}" for (s, key), value in text.items() if s == section and value is not None]
    return "\n".join(lines) + "\n"


class Result:
    """What one lintelctl command came to."""

    def __init__(self, status, output, error):
        self.status, self.output, self.error = status, output, error

    @property
    def value(self):
        return json.loads(self.output)

    def __repr__(self):
        return f"<exit {self.status}: {self.output.strip()[:300]} {self.error.strip()[:300]}>"


class Device:
    """One linteld. `with Device(...) as device` starts and stops it."""

    def __init__(self, folder, server=None, room=None, identity="door", microphone=None, token=None, url=None,
                 environment=None, runner=None, **values):
        """`runner`: what its programs are started by, instead of LINTEL_RUNNER."""
        self.runner = RUNNER if runner is None else runner
        self.folder, self.identity = pathlib.Path(folder), identity
        self.environment = {**os.environ, **(environment or {})}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.token = token if token is not None else peers.token(server, room, identity) if server else ""
        if self.token:
            self.write_token(self.token)
        sound = microphone if microphone is not None else np.zeros(RATE, dtype=np.int16)
        analysis.write_wav(self.folder / "microphone.wav", sound, RATE)
        values.setdefault("token_url", url or (server.url if server else None))
        (self.folder / "lintel.conf").write_text(configuration(self.folder, **values))
        self.log_path = self.folder / "linteld.log"
        self.process = self.follower = None

    def write_token(self, text):
        path = self.folder / "token.jwt"
        path.write_text(text)
        path.chmod(0o600)

    # -- life --------------------------------------------------------------------------------------------

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, seconds=10):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self.runner, BINARIES / "linteld", "--config", self.folder / "lintel.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        deadline = time.monotonic() + seconds
        while self.ctl("status").status == UNREACHABLE:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"linteld did not start (exit {self.process.poll()}):\n{self.log()[-3000:]}")
            time.sleep(0.05)
        self.events_path = self.folder / "events.ndjson"
        with open(self.events_path, "ab") as events:
            self.follower = subprocess.Popen(self._command("--json", "events", "--follow"), stdout=events,
                                             stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """-> the exit status, negative for a signal; a daemon that does not end is killed and reported."""
        if self.process is None:
            return None
        self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"linteld did not end within {seconds} s:\n{self.log()[-3000:]}") from None
        finally:
            self.process = None
            if self.follower:
                self.follower.kill()
                self.follower.wait()
                self.follower = None
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    # -- questions ---------------------------------------------------------------------------------------

    def _command(self, *arguments):
        return [*self.runner, BINARIES / "lintelctl", "--socket", self.folder / "control.sock", *arguments]

    def ctl(self, *arguments, seconds=40, text=None):
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True, timeout=seconds, input=text,
                              stdin=None if text else subprocess.DEVNULL)
        return Result(done.returncode, done.stdout, done.stderr)

    async def ask(self, *arguments, **options):
        """A lintelctl command without stopping the peers of the test."""
        return await asyncio.to_thread(self.ctl, *arguments, **options)

    async def status(self):
        result = await self.ask("--json", "status")
        assert result.status == DONE, result
        return result.value

    async def until(self, condition, seconds=15, what="the device's status"):
        """Polls the status until condition(status); -> the status."""
        deadline = time.monotonic() + seconds
        while True:
            status = await self.status()
            if condition(status):
                return status
            if time.monotonic() > deadline:
                raise AssertionError(f"after {seconds} s still not {what}: {json.dumps(status)}\n{self.log()[-3000:]}")
            await asyncio.sleep(0.05)

    async def connected(self, seconds=15):
        return await self.until(lambda s: s["room"]["connection"] == "connected", seconds, "connected")

    async def hears(self, identity, seconds=10):
        """Until the device is subscribed to a track of the participant."""
        return await self.until(lambda s: any(
            p["identity"] == identity and any(t["subscribed"] for t in p["tracks"]) for p in s["participants"]),
            seconds, f"subscribed to {identity}")

    def events(self, name=None):
        if not self.events_path.exists():
            return []
        lines = [line for line in self.events_path.read_text().splitlines() if line.endswith("}")]
        found = [json.loads(line) for line in lines]
        return [e for e in found if name is None or e.get("event") == name]

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # -- sound -------------------------------------------------------------------------------------------

    @property
    def speaker_path(self):
        return self.folder / "speaker.wav"

    def speaker(self, since=0, until=None):
        """-> (samples, rate) that the speaker played, between two positions."""
        if not self.speaker_path.exists():
            return np.zeros(0, dtype=np.int16), RATE
        samples, rate = analysis.read_wav(self.speaker_path)
        return samples[since:until], rate

    def speaker_position(self):
        return len(self.speaker()[0])

    async def play_for(self, seconds):
        """What the speaker plays in the next seconds: (samples, rate)."""
        start = self.speaker_position()
        deadline = time.monotonic() + seconds + 5
        while time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            samples, rate = self.speaker(start)
            if len(samples) >= seconds * rate:
                return samples[:int(seconds * rate)], rate
        raise AssertionError(f"the speaker played {len(samples) / rate:.1f} s of {seconds} s")

    async def plays(self, frequency, seconds=6, above_db=-45):
        """Until the tone is in what the speaker plays."""
        return await self._level(frequency, lambda level: level > above_db, seconds, "no")

    async def falls_silent(self, frequency, seconds=6, below_db=-60):
        return await self._level(frequency, lambda level: level < below_db, seconds, "still")

    async def _level(self, frequency, fits, seconds, complaint):
        deadline = time.monotonic() + seconds
        while True:
            samples, rate = await self.play_for(0.3)
            level = analysis.tone_level_db(samples, rate, frequency)
            if fits(level):
                return level
            if time.monotonic() > deadline:
                raise AssertionError(f"{complaint} {frequency} Hz at the speaker within {seconds} s ({level:.0f} dB)")
