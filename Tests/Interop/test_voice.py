"""Sound between the device and the official client: tones both ways, on every kind of transport."""
import asyncio

import pytest

import analysis
from peers import Peer
from sound import MICROPHONE_HZ, PEER_HZ, assert_tone, both_ways, hum


async def test_tones_both_ways_for_ten_seconds(server, room, make_device):
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = make_device(server, room, microphone=hum())
        await both_ways(device, peer, 10)
        status = await device.status()
        assert status["call"]["state"] == "talking" and status["room"]["name"] == room
        assert status["audio"]["uplink"]["packets"] > 400 and status["audio"]["downlink"]["packets"] > 400
        assert status["room"]["failure"] is None and status["participant"]["identity"] == "door"


VARIANTS = {"ICE-lite": ["--ice-lite"], "we are the DTLS client": ["--answer-setup", "passive"],
            "subscriber offers setup:passive": ["--offer-setup", "passive"],
            "subscriber offers setup:active": ["--offer-setup", "active"],
            "ICE-lite and we are the DTLS client": ["--ice-lite", "--answer-setup", "passive"]}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_transports(own_server, room, make_device, variant):
    server = own_server(*VARIANTS[variant])
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = make_device(server, room, microphone=hum())
        await both_ways(device, peer, 4)
        state = (await server.state(room))["door"]
        assert (state["publisher"]["ice"] == "lite") == ("--ice-lite" in VARIANTS[variant])


async def test_a_peer_that_comes_after_us(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    await device.connected()
    await asyncio.sleep(1)
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        await both_ways(device, peer, 4)


@pytest.mark.parametrize("red", [True, False], ids=["red", "opus"])
async def test_a_peer_that_sends(server, room, make_device, red):
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ, red=red, dtx=not red)
        device = make_device(server, room, microphone=hum())
        await both_ways(device, peer, 3)


async def test_three_peers_at_once(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    frequencies = {"low": 620, "middle": 1000, "high": 1730}
    peers = [Peer(server, room, name) for name in frequencies]
    try:
        for peer in peers:
            await peer.connect()
            await peer.publish(frequencies[peer.identity])
        for frequency in frequencies.values():
            await device.plays(frequency)
        played, rate = await device.play_for(4)
        levels = {f: analysis.tone_level_db(played, rate, f) for f in (*frequencies.values(), 1350)}
        assert all(levels[f] > -40 for f in frequencies.values()) and levels[1350] < -55, levels
        assert max(levels[f] for f in frequencies.values()) - min(levels[f] for f in frequencies.values()) < 6
        shares = sum(analysis.power_share(played, rate, f) for f in frequencies.values())
        assert shares > 0.97, shares
        for heard in await asyncio.gather(*(peer.hear("door", 2) for peer in peers)):
            assert_tone(heard, 48000, MICROPHONE_HZ)
    finally:
        for peer in peers:
            await peer.disconnect()


async def test_a_peer_that_leaves_and_returns_twenty_times(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    await device.connected()
    for n in range(20):
        async with Peer(server, room, "peer") as peer:
            await peer.publish(PEER_HZ)
            heard, _ = await asyncio.gather(peer.hear("door", 0.6), device.plays(PEER_HZ))
            assert analysis.power_share(heard[-19200:], 48000, MICROPHONE_HZ) > 0.98, f"round {n}"
        await device.until(lambda s: not s["participants"], 6, f"alone again in round {n}")
    await device.falls_silent(PEER_HZ)
    status = await device.status()
    assert status["room"]["connection"] == "connected" and status["room"]["reconnects"] == 0


async def test_a_track_that_ends_and_begins_again(server, room, make_device):
    """The same section carries the next track, with another SSRC."""
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        for frequency in (1000, 1400, 800):
            await peer.publish(frequency)
            await device.plays(frequency)
            await peer.unpublish()
            await device.falls_silent(frequency)


@pytest.mark.parametrize("loss", [0.05])
async def test_packet_loss(server, room, make_device, loss):
    server.require_hooks()
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = make_device(server, room, microphone=hum())
        await device.hears("peer")
        await peer.hear("door", 0.5)
        await server.hook("network", room=room, identity="door", loss_up=loss, loss_down=loss)
        await both_ways(device, peer, 8, share=0.95, gap=0.080)
        state = (await server.state(room))["door"]
        assert state["dropped"] > 20


async def test_late_packets(server, room, make_device):
    server.require_hooks()
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = make_device(server, room, microphone=hum())
        await device.hears("peer")
        await peer.hear("door", 0.5)
        await server.hook("network", room=room, identity="door", late_up=0.1, late_down=0.1, late_by=0.030)
        await both_ways(device, peer, 5, share=0.95, gap=0.080)
