"""A sound server in place of a card, PulseAudio or PipeWire: it dies during a call with the official client, and comes
back. PipeWire's plugin is taken from where LINTEL_PIPEWIRE_PLUGIN says (board/test does), as its package replaces
PulseAudio."""
import asyncio
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

import analysis
from peers import Peer
from sound import PEER_HZ

# A new server's null sink takes its first two seconds of sound in one go, and moves nothing meanwhile.
NULL_SINK_SECONDS = 2.0


class SoundServer:
    """PulseAudio with one speaker and nothing behind it; the microphone hears what the speaker plays."""
    name = "pulse"
    BACK_SECONDS_MAX = 2.0

    @staticmethod
    def missing():
        return not shutil.which("pulseaudio")

    def __init__(self, folder):
        self.folder, self.process = folder, None
        folder.mkdir(mode=0o700)
        self.socket = folder / "socket"
        self.environment = {"PULSE_SERVER": f"unix:{self.socket}", "PULSE_RUNTIME_PATH": str(folder),
                            "PULSE_STATE_PATH": str(folder), "HOME": str(folder)}

    def start(self):
        self.socket.unlink(missing_ok=True)
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                   "--disable-shm=yes", "-L", "module-null-sink sink_name=room rate=16000 channels=1",
                   "-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"]
        self.process = subprocess.Popen(["env", *(f"{k}={v}" for k, v in self.environment.items()), *command],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=(self.folder / "log").open("ab"))
        deadline = time.monotonic() + 10
        while not self.socket.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()


class PipeWire:
    """PipeWire with the same room."""
    name = "pipewire"
    # Three programs have to start and to find each other first, on a machine that may be busy.
    BACK_SECONDS_MAX = 10.0
    PLUGIN = pathlib.Path(os.environ.get("LINTEL_PIPEWIRE_PLUGIN") or "/nowhere")
    ROOM = """context.objects = [ { factory = adapter args = {
      factory.name = support.null-audio-sink node.name = room media.class = Audio/Sink object.linger = true
      audio.position = [ MONO ] audio.rate = 16000 } } ]
"""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        (folder / "pipewire/pipewire.conf.d").mkdir(parents=True)
        folder.chmod(0o700)
        (folder / "pipewire/pipewire.conf.d/room.conf").write_text(self.ROOM)
        (folder / "asound.conf").write_text(f"""</usr/share/alsa/alsa.conf>
pcm_type.pipewire {{ lib "{self.PLUGIN}" }}
pcm.pipewire {{ type pipewire }}
""")
        self.environment = {"XDG_RUNTIME_DIR": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder),
                            "XDG_STATE_HOME": str(folder), "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
                            "PIPEWIRE_ALSA": "{ stream.capture.sink=true }"}

    @classmethod
    def missing(cls):
        return not cls.PLUGIN.exists() or not all(map(shutil.which, ("pipewire", "wireplumber", "dbus-run-session")))

    def start(self):
        self.process = subprocess.Popen(["dbus-run-session", "sh", "-c", "pipewire & until [ -e $XDG_RUNTIME_DIR/pipewire-0 ]; do sleep 0.1; done; exec wireplumber"],
                                        env={**os.environ, **self.environment}, start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=(self.folder / "log").open("ab"))
        deadline = time.monotonic() + 10
        while not (self.folder / "pipewire-0").exists():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for left in self.folder.glob("pipewire-0*"):
            left.unlink()


@pytest.fixture(params=[SoundServer, PipeWire], ids=lambda kind: kind.name)
def sound_server(request, tmp_path):
    if request.param.missing():
        pytest.skip(f"{request.param.name} is not installed")
    started = request.param(tmp_path / "server")
    started.start()
    yield started
    started.kill()


async def echo_within(peer, since, seconds):
    """-> the seconds from `since` until the peer hears its own tone, played and captured again by the device."""
    while True:
        now = time.monotonic() - since
        samples = peer.heard("door").samples(since)
        if len(samples) > 9600 and analysis.tone_level_db(samples[-9600:], 48000, PEER_HZ) > -45:
            return now
        assert now < seconds, f"no sound {now:.1f} s later"
        await asyncio.sleep(0.03)


async def test_a_sound_server_that_dies_and_returns(server, room, make_device, sound_server):
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = make_device(server, room, environment=sound_server.environment, device_board="linux",
                             audio_capture=sound_server.name, audio_playback=sound_server.name)
        await device.hears("peer")
        await peer.hear("door", 0.5)
        await echo_within(peer, time.monotonic(), 10)
        for _ in range(3):
            sound_server.kill()
            await device.until(lambda s: s["audio"]["capture"]["state"] != "running" and
                               s["audio"]["playback"]["state"] != "running", 6, "without sound")
            await asyncio.sleep(1)
            sound_server.start()
            begin = time.monotonic()
            await device.until(lambda s: s["audio"]["capture"]["state"] == "running" and
                               s["audio"]["playback"]["state"] == "running", sound_server.BACK_SECONDS_MAX, "open again")
            opened = time.monotonic() - begin
            heard = await echo_within(peer, begin, NULL_SINK_SECONDS + sound_server.BACK_SECONDS_MAX)
            print(f"after the sound server came back: open {opened:.2f} s later, sound both ways {heard:.2f} s later")
        status = await device.status()
        assert status["room"]["reconnects"] == 0 and status["call"]["state"] == "talking"
        assert peer.disconnected is None and "door" not in peer.left_at
