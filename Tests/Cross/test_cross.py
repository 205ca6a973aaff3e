"""The package of another architecture: what it installs, what its programs say, and a call."""
import asyncio
import json
import time
import uuid

import analysis
import device as devices
from peers import Peer
from sound import MICROPHONE_HZ, PEER_HZ, hum

PATIENCE_SECONDS = 90
# A tone through gaps is still that tone, and another tone or noise has next to nothing at its frequency.
TONE_SHARE = 0.7


def test_the_package_is_installed(root):
    assert root.run("dpkg", "--print-architecture").stdout.strip() == root.architecture
    known = root.run("dpkg-query", "-W", "-f", "${Architecture} ${db:Status-Status}", "lintel")
    assert known.stdout == f"{root.architecture} installed", known
    assert root.run("dpkg", "--audit").stdout == "" and root.run("dpkg", "--verify", "lintel").stdout == ""
    assert root.run("id", "-un", "lintel").stdout.strip() == "lintel"
    for unit in ("linteld.service", "linteld.socket"):
        assert root.run("systemctl", "is-enabled", unit).stdout.strip() == "enabled"
    for name in ("man1/lintelctl.1.gz", "man5/lintel.conf.5.gz", "man8/linteld.8.gz"):
        assert (root.folder / "usr/share/man" / name).stat().st_size > 300


def test_what_the_programs_say(root):
    said = root.run("linteld", "--version")
    assert said.returncode == 0 and said.stdout.startswith("linteld "), said
    for program in ("linteld", "lintelctl"):
        help_text = root.run(program, "--help")
        assert help_text.returncode == 0 and "usage: " + program in help_text.stdout.lower(), help_text
    # The same words as on the machine that made the package.
    assert root.run("linteld", "--print-config").stdout == (root.folder / "usr/share/doc/lintel/lintel.conf").read_text()
    good = root.run("linteld", "--check-config")
    assert good.returncode == 0, good
    drop_in = root.folder / "etc/lintel/lintel.conf.d/wrong.conf"
    drop_in.write_text("[session]\nmax-duration = 99999999999\nidle-timeout = 4294967297\n")
    wrong = root.run("linteld", "--check-config")
    drop_in.unlink()
    words = wrong.stdout + wrong.stderr
    assert wrong.returncode == 1 and "wrong.conf:2" in words and "wrong.conf:3" in words, wrong
    assert words.count("is out of range") == 2, words


async def speaker_plays(device, frequency):
    """Until a second of what the speaker plays is that tone."""
    deadline, heard = time.monotonic() + PATIENCE_SECONDS, []
    while time.monotonic() < deadline:
        await asyncio.sleep(1)
        samples, rate = device.speaker()
        if len(samples) > rate:
            heard.append(analysis.power_share(samples[-rate:], rate, frequency))
            if heard[-1] > TONE_SHARE:
                return
    raise AssertionError(f"no {frequency} Hz at the speaker: {heard}\n{device.log()[-3000:]}")


async def peer_hears(peer, identity, frequency):
    deadline, heard = time.monotonic() + PATIENCE_SECONDS, []
    while time.monotonic() < deadline:
        heard.append(analysis.power_share(await peer.hear(identity, 1), 48000, frequency))
        if heard[-1] > TONE_SHARE:
            return
    raise AssertionError(f"the client hears no {frequency} Hz: {heard}")


def test_a_call(root, server, tmp_path):
    asyncio.run(asyncio.wait_for(call(server, "room-" + uuid.uuid4().hex[:10], tmp_path), 8 * PATIENCE_SECONDS))


async def call(server, room, folder):
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = devices.Device(folder / "device", server, room, microphone=hum(), session_mode="on-demand")
        device.start(seconds=PATIENCE_SECONDS)
        try:
            idle = await device.status()
            assert idle["call"]["state"] == "idle", idle
            begun = await device.ask("call", "--wait", str(PATIENCE_SECONDS), seconds=2 * PATIENCE_SECONDS)
            assert begun.status == devices.DONE, begun
            await device.until(lambda s: s["call"]["state"] == "talking", PATIENCE_SECONDS, "talking")
            await asyncio.gather(speaker_plays(device, PEER_HZ), peer_hears(peer, "door", MICROPHONE_HZ))
            status = await device.status()
            assert status["room"]["connection"] == "connected" and status["room"]["name"] == room
            assert status["audio"]["uplink"]["packets"] > 50 and status["audio"]["downlink"]["packets"] > 50
            for question in ("stats", "metrics", "participants"):
                answer = await device.ask(question, seconds=PATIENCE_SECONDS)
                assert answer.status == devices.DONE and answer.output, answer
            ended = await device.ask("hangup", seconds=PATIENCE_SECONDS)
            assert ended.status == devices.DONE, ended
            await device.until(lambda s: s["call"]["state"] == "idle", PATIENCE_SECONDS, "idle")
            examined = await device.ask("--json", "doctor", seconds=2 * PATIENCE_SECONDS)
            assert examined.status == devices.DONE, examined
            rows = {row["name"]: row for row in json.loads(examined.output)["rows"]}
            for name in ("microphone", "speaker", "level", "token", "server", "room", "udp"):
                assert rows[name]["verdict"] == "pass", rows[name]
            assert "crashed" not in device.log(), device.log()
        finally:
            status = device.stop(seconds=PATIENCE_SECONDS)
        assert status == 0, status
