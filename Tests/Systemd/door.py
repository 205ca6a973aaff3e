"""The device in the machine: installed, provisioned, asked, heard."""
import asyncio
import json
import time

import analysis
from endpoint import BEARER
from peers import Peer
from sound import MICROPHONE_HZ

ROOM = "lobby"
PEER_HZ = 880
STATUS_SECONDS = 30
# After the watchdog's ten seconds, the pause before the next start, and a busy machine.
BACK_SECONDS = 60
PROVISION = ["device.id=door", "device.board=simulated", "simulated.microphone=/mnt/share/microphone.wav",
             "simulated.speaker=/var/lib/lintel/speaker.wav", "simulated.control=/run/lintel/card", "simulated.loop=yes",
             "audio.tones=off", "audio.aec=off", "network.include-loopback=yes", f"session.room={ROOM}",
             # As the README names it: the file is root's, and the service is handed a copy.
             "token.source=endpoint", "token.bearer-file=/etc/lintel/token-bearer"]


def ctl(machine, *arguments):
    return machine.run("lintelctl", *arguments)


def status(machine):
    result = ctl(machine, "--json", "status")
    assert result.status == 0, result
    return json.loads(result.output)


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.2)


def connected(machine, seconds=STATUS_SECONDS):
    def is_connected():
        result = ctl(machine, "--json", "status")
        return result.status == 0 and json.loads(result.output)["room"]["connection"] == "connected"
    until(is_connected, seconds, "connected")


def apt(machine, *arguments):
    """As the README has it. No input, so that a question would be an error."""
    return machine.check("apt-get", "-y", "-q", *arguments, seconds=300)


def installed(machine):
    if machine.run("dpkg", "-s", "lintel").status:
        apt(machine, "install", "--no-install-recommends", "/mnt/share/lintel.deb")


def provision(machine, *keys):
    """As the installer does it; nothing runs anew by that."""
    machine.write("/root/bearer", BEARER + "\n", 0o600)
    return machine.check("lintelctl", "provision", *keys, "--bearer-file", "/root/bearer")


def heard(server):
    """The official client joins and hears the device's microphone."""
    async def listen():
        async with Peer(server, ROOM, "peer") as peer:
            samples = await peer.hear("door", 1, timeout=30)
        share = analysis.power_share(samples, 48000, MICROPHONE_HZ)
        assert share > 0.9, f"{share:.1%} of what is heard is the microphone's tone"
    asyncio.run(asyncio.wait_for(listen(), 90))


def talks(machine, server):
    """The official client and the visitor hear each other. -> the status line meanwhile"""
    async def talk():
        async with Peer(server, ROOM, "peer") as peer:
            await peer.publish(PEER_HZ)
            samples = await peer.hear("door", 2, timeout=30)
            assert analysis.power_share(samples, 48000, MICROPHONE_HZ) > 0.9
            deadline = time.monotonic() + STATUS_SECONDS
            while analysis.tone_level_db(*spoken(machine), PEER_HZ) < -45:
                assert time.monotonic() < deadline, "the speaker does not play what the peer says"
                await asyncio.sleep(0.3)
            return machine.show("linteld.service", "StatusText")
    return asyncio.run(asyncio.wait_for(talk(), 120))


def spoken(machine):
    """The last 0.3 s of what the speaker played. -> (samples, rate)"""
    samples, rate = analysis.read_wav(machine.root / "var/lib/lintel/speaker.wav")
    return samples[-int(0.3 * rate):], rate


def main_process(machine):
    return int(machine.show("linteld.service", "MainPID"))


def restarted(machine, before, seconds=BACK_SECONDS):
    """Until systemd has started another process."""
    until(lambda: main_process(machine) not in (0, before), seconds, "another process")
