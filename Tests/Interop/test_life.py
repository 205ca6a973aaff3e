"""Coming, leaving, dying and coming back."""
import asyncio
import contextlib
import os
import signal
import time

from peers import Peer, wait_for
from sound import PEER_HZ, both_ways, hum


async def test_join_and_leave_by_hand(server, room, make_device):
    device = make_device(server, room, microphone=hum(), session_mode="on-demand")
    assert (await device.status())["call"]["state"] == "idle"
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        for _ in range(3):
            joined = await device.ask("join")
            assert joined.status == 0, joined
            assert (await device.status())["room"]["connection"] == "connected"
            await peer.hear("door", 0.5)
            start = time.time()
            left = await device.ask("leave")
            assert left.status == 0, left
            await wait_for(lambda: "door" not in peer.present(), 2, "the peer sees the device leave")
            await device.until(lambda s: s["room"]["connection"] == "disconnected", 3, "disconnected")
            assert time.time() - start < 4
        states = [e["state"] for e in device.events("room.connection")]
        assert states == ["connecting", "connected", "disconnected"] * 3, states


async def test_sigterm_leaves_within_a_second(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        await peer.hear("door", 0.5)
        start = time.monotonic()
        status = await asyncio.to_thread(device.stop, signal.SIGTERM)
        await wait_for(lambda: "door" in peer.left_at, 3, "the peer sees the device leave")
        assert peer.left_at["door"] - start < 1.0 and status == 0


@contextlib.asynccontextmanager
async def in_a_call(server, room, make_device):
    """The device and a peer that hear each other: (device, peer)."""
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        await both_ways(device, peer, 1)
        yield device, peer


async def test_a_log_that_nobody_reads_holds_up_nothing(server, room, make_device):
    device = make_device(server, room, start=False)
    os.mkfifo(device.log_path)
    log = os.open(device.log_path, os.O_RDWR | os.O_NONBLOCK)
    try:
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(log, b"." * 4096)
        device.start()
        await device.connected()
        with contextlib.suppress(BlockingIOError):
            while os.read(log, 1 << 20):
                pass
        assert (await device.ask("mute", "on")).status == 0
        assert device.stop() == 0
        assert b" lines are lost, as nobody took them\n" in os.read(log, 1 << 20)
    finally:
        device.stop()
        device.log_path.unlink()
        os.close(log)


async def test_sigkill_and_restart(server, room, make_device):
    async with in_a_call(server, room, make_device) as (device, peer):
        await asyncio.to_thread(device.kill)
        await asyncio.to_thread(device.start)
        start = time.monotonic()
        await device.connected()
        await peer.hear("door", 1)
        assert time.monotonic() - start < 10
        await both_ways(device, peer, 2)


async def test_server_killed_and_restarted(own_server, room, make_device):
    server = own_server()
    device = make_device(server, room, microphone=hum())
    await device.connected()
    server.kill()
    await device.until(lambda s: s["room"]["connection"] != "connected", 3, "noticing")
    await asyncio.sleep(2)
    failure = (await device.status())["room"]["failure"]
    assert failure and failure["retriable"] and failure["message"], failure
    server.start()
    await device.connected(30)
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        await both_ways(device, peer, 2)
    status = await device.status()
    assert status["room"]["reconnects"] >= 1 and status["room"]["failure"] is None


async def test_websocket_lost(server, room, make_device):
    server.require_hooks()
    async with in_a_call(server, room, make_device) as (device, peer):
        await server.hook("drop-websocket", room=room, identity="door")
        await device.until(lambda s: s["room"]["resumes"] >= 1, 5, "resumed")
        await device.connected()
        await both_ways(device, peer, 2)


async def test_server_asks_for_a_full_reconnect(server, room, make_device):
    server.require_hooks()
    async with in_a_call(server, room, make_device) as (device, peer):
        await server.hook("leave", room=room, identity="door", reason="STATE_MISMATCH", action="RECONNECT")
        await device.until(lambda s: s["room"]["reconnects"] >= 1, 10, "reconnected")
        await both_ways(device, peer, 2)


async def test_udp_silent_for_a_while(server, room, make_device):
    """Longer than any patience with media: 25 s, then the network returns."""
    server.require_hooks()
    async with in_a_call(server, room, make_device) as (device, peer):
        await server.hook("network", room=room, identity="door", silent=True)
        await device.until(lambda s: s["room"]["connection"] != "connected", 25, "noticing")
        await asyncio.sleep(2)
        if "door" in await server.state(room):
            await server.hook("network", room=room, identity="door", silent=False)
        await device.connected(40)
        await both_ways(device, peer, 2)


async def test_malformed_signalling_is_survived(server, room, make_device):
    server.require_hooks()
    async with in_a_call(server, room, make_device) as (device, peer):
        for data in ("ff" * 40, "0a", "1a0500", "", "1a0a0a056f66666572120176", "08ffffffffffffffffff01", "00" * 2000):
            await server.hook("send-raw", room=room, identity="door", hex=data)
        await asyncio.sleep(1)
        assert (await device.status())["room"]["connection"] == "connected"
        await both_ways(device, peer, 1)


async def test_two_clients_of_the_socket_and_no_daemon(server, room, make_device):
    device = make_device(server, room)
    await device.connected()
    results = await asyncio.gather(*(device.ask("--json", "status") for _ in range(8)))
    assert all(r.status == 0 and r.value["room"]["name"] == room for r in results)
    assert (await device.ask("participants")).status == 0
    assert (await device.ask("no-such-command")).status == 2
    await asyncio.to_thread(device.stop)
    gone = await device.ask("status")
    assert gone.status == 3 and gone.error.strip()
