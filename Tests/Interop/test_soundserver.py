"""A sound server in place of a card: it dies during a call with the official client, and comes back."""
import asyncio
import shutil
import subprocess
import time

import pytest

import analysis
from peers import Peer
from sound import PEER_HZ

BACK_SECONDS_MAX = 2.0
# A new server's null sink takes its first two seconds of sound in one go, and moves nothing meanwhile.
NULL_SINK_SECONDS = 2.0


class SoundServer:
    """PulseAudio with one speaker and nothing behind it; the microphone hears what the speaker plays."""

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


@pytest.fixture
def sound_server(tmp_path):
    if not shutil.which("pulseaudio"):
        pytest.skip("pulseaudio is not installed")
    started = SoundServer(tmp_path / "pulse")
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
                             audio_capture="pulse", audio_playback="pulse")
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
                               s["audio"]["playback"]["state"] == "running", BACK_SECONDS_MAX, "open again")
            opened = time.monotonic() - begin
            heard = await echo_within(peer, begin, NULL_SINK_SECONDS + BACK_SECONDS_MAX)
            print(f"after the sound server came back: open {opened:.2f} s later, sound both ways {heard:.2f} s later")
        status = await device.status()
        assert status["room"]["reconnects"] == 0 and status["call"]["state"] == "talking"
        assert peer.disconnected is None and "door" not in peer.left_at
