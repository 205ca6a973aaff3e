"""Mute from both sides, and from the server."""
import asyncio
import json
import time

import analysis
from peers import Peer, wait_for
from sound import MICROPHONE_HZ, PEER_HZ, hum


async def silent(peer, identity, seconds=1.0):
    """The peer hears nothing of the participant for that long, within 4 s."""
    deadline = time.monotonic() + 4
    while True:
        since = time.monotonic()
        await asyncio.sleep(seconds)
        if analysis.level_db(peer.heard(identity).samples(since)) < -70:
            return
        assert time.monotonic() < deadline, f"{identity} is still heard"


async def test_the_device_mutes(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        await peer.hear("door", 1)
        for _ in range(3):
            result = await device.ask("--json", "mute", "on")
            assert result.status == 0 and result.value["muted"] is True
            await wait_for(lambda: peer.muted.get("door"), 2, "the peer sees the mute")
            await silent(peer, "door")
            assert (await device.status())["audio"]["muted"] is True
            start = time.monotonic()
            assert (await device.ask("mute", "off")).status == 0
            await wait_for(lambda: not peer.muted.get("door"), 2, "the peer sees the unmute")
            heard = await peer.hear("door", 1, timeout=3)
            assert analysis.power_share(heard[9600:], 48000, MICROPHONE_HZ) > 0.98
            assert peer.heard("door").first_sound_at(start) - start < 1.0
        assert [e["muted"] for e in device.events("audio.muted")] == [True, False] * 3


async def test_the_level_of_a_closed_microphone_is_known_to_nobody(server, room, make_device):
    """Not to commands, not to the metrics, not to an agent that asks again and again; nor afterwards what it was."""
    device = make_device(server, room, microphone=hum(), device_board="simulated")

    async def told(agent):
        answer = json.loads(await agent.room.local_participant.perform_rpc(
            destination_identity="door", method="lintel.status", payload="", response_timeout=5))
        metrics = (await device.ask("metrics")).output
        return [(await device.status())["audio"]["capture"]["level_db"], answer["audio"]["capture"]["level_db"],
                next((line for line in metrics.splitlines()
                      if line.startswith("lintel_sound_level_decibels") and "capture" in line), None)]
    async with Peer(server, room, "agent", kind="agent") as agent:
        await device.connected()
        await device.until(lambda s: s["agent"], 6, "in sight of the agent")
        await wait_for(lambda: agent.heard("door").seconds > 0.5, 5, "heard")
        assert all(await told(agent)), await told(agent)
        for close, opens in ((("mute", "on"), ("mute", "off")), (("press", "mute", "--on"), ("press", "mute", "--off"))):
            assert (await device.ask(*close)).status == 0
            for _ in range(5):
                assert await told(agent) == [None] * 3
                await asyncio.sleep(0.1)
            assert (await device.ask(*opens)).status == 0
            await device.until(lambda s: s["audio"]["capture"]["level_db"] is not None, 3, "known again")


async def test_muted_before_joining(server, room, make_device):
    device = make_device(server, room, microphone=hum(), session_mode="on-demand")
    assert (await device.ask("mute", "on")).status == 0
    assert (await device.ask("join")).status == 0
    async with Peer(server, room, "peer") as peer:
        await peer.sees_track_of("door")
        await wait_for(lambda: peer.muted.get("door"), 4, "the peer sees the mute")
        await silent(peer, "door")
        assert (await device.ask("mute", "off")).status == 0
        await peer.hear("door", 1, timeout=4)


async def test_the_peer_mutes(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        await device.plays(PEER_HZ)
        for _ in range(3):
            peer.mute(True)
            await device.until(lambda s: s["participants"][0]["tracks"][0]["muted"], 3, "seeing the mute")
            await device.falls_silent(PEER_HZ, 3)
            peer.mute(False)
            await device.until(lambda s: not s["participants"][0]["tracks"][0]["muted"], 3, "seeing the unmute")
            await device.plays(PEER_HZ, 3)
        assert len(device.events("track.muted")) == 6


async def test_the_server_mutes_us(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        await peer.hear("door", 0.5)
        info = (await server.participants(room))["door"]
        await server.mute(room, "door", info.tracks[0].sid)
        await device.until(lambda s: s["audio"]["muted"], 3, "muted")
        await silent(peer, "door")
        assert (await device.ask("mute", "off")).status == 0
        await peer.hear("door", 0.5, timeout=4)


async def test_volume(server, room, make_device):
    device = make_device(server, room)
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        levels = []
        for volume in (100, 50, 0):
            result = await device.ask("--json", "volume", str(volume))
            assert result.status == 0 and result.value["volume"] == volume
            if volume:
                await device.plays(PEER_HZ)
            else:
                await device.falls_silent(PEER_HZ, below_db=-80)
            played, rate = await device.play_for(1)
            levels.append(analysis.tone_level_db(played[rate // 3:], rate, PEER_HZ))
        assert levels[0] > levels[1] + 3 and levels[1] > levels[2] + 20, levels
