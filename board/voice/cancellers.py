"""Scenes through Lintel and through the official client's processing."""
import pathlib
import resource
import subprocess
import tempfile
import time

import numpy as np

PERIOD = 160


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Front:
    """Lintel: board/voice/build's program."""

    def __init__(self, program):
        self.program = pathlib.Path(program).resolve()

    def command(self, scene, folder, **options):
        for name in ("microphone", "far"):
            getattr(scene, name).tofile(folder / name)
        values = dict(ahead=scene.ahead, delay=scene.told, ppm=scene.parts_per_million, **{**scene.options, **options})
        return [self.program, "microphone", folder / "microphone", folder / "far", folder / "out",
                *(f"{key}={int(value)}" for key, value in values.items())]

    def process(self, scene, **options):
        """-> (what is left, the program's figures)."""
        with tempfile.TemporaryDirectory(prefix="lintel-voice-") as name:
            folder = pathlib.Path(name)
            begin = children_seconds()
            done = subprocess.run(self.command(scene, folder, **options), capture_output=True, text=True, timeout=120)
            if done.returncode:
                raise SystemExit(f"{self.program} failed:\n{done.stdout}{done.stderr}")
            figures = {key: int(value) for key, value in (line.split() for line in done.stdout.splitlines())}
            figures["seconds"] = children_seconds() - begin
            return np.fromfile(folder / "out", "<i2"), figures

    def instructions(self, scene, seconds, **options):
        """Of 20 ms, by callgrind."""
        with tempfile.TemporaryDirectory(prefix="lintel-voice-") as name:
            folder = pathlib.Path(name)
            command = self.command(scene, folder, **options)
            scene.microphone[:seconds * 16000].tofile(folder / "microphone")
            done = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=*voicePeriod*",
                                   f"--callgrind-out-file={folder / 'callgrind'}", *command],
                                  capture_output=True, text=True, timeout=600)
            collected = [line.split()[-1] for line in done.stderr.splitlines() if "Collected" in line]
            if done.returncode or not collected:
                raise SystemExit(f"valgrind failed:\n{done.stderr}")
            return round(int(collected[0]) / (seconds * 50))


class Official:
    """rtc.AudioProcessingModule: WebRTC's AEC3, high-pass filter, noise suppression and gain."""

    def __init__(self):
        from livekit import rtc
        self.rtc = rtc

    def process(self, scene, aec=True, ns=False, agc=False, hpf=True, **options):
        module = self.rtc.AudioProcessingModule(echo_cancellation=aec, noise_suppression=ns, high_pass_filter=hpf,
                                                auto_gain_control=agc)
        near, far = scene.microphone, scene.far
        out = np.zeros(len(near) // PERIOD * PERIOD, "<i2")
        random = np.random.default_rng(99)
        given = 0
        begin = time.process_time()
        for start in range(0, len(out), PERIOD):
            captured = start + PERIOD
            due = scene.ahead + captured + captured * scene.parts_per_million // 1_000_000
            while aec and given + PERIOD <= min(due, len(far)):
                module.process_reverse_stream(self.frame(far[given:given + PERIOD]))
                given += PERIOD
            frame = self.frame(near[start:start + PERIOD])
            if aec:
                module.set_stream_delay_ms(max(0, int(scene.told + random.integers(-32, 33)) // 16))
            module.process_stream(frame)
            out[start:start + PERIOD] = np.frombuffer(frame.data, "<i2")
        return out, {"seconds": time.process_time() - begin}

    def frame(self, samples):
        return self.rtc.AudioFrame(bytearray(samples.tobytes()), 16000, 1, PERIOD)
