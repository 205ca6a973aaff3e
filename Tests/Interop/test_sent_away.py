"""Removed, room deleted, replaced by a twin: out, staying out, and saying why."""
import asyncio

from peers import Peer, token
from sound import hum


async def sent_away(device, code):
    """The device is out and stays out, and says why."""
    status = await device.until(lambda s: s["room"]["connection"] == "disconnected", 5, "out of the room")
    failure = status["room"]["failure"]
    assert failure["code"] == code and failure["retriable"] is False and status["call"]["state"] == "failed"
    await asyncio.sleep(4)
    assert (await device.status())["room"]["connection"] == "disconnected"
    assert failure["message"] in device.log()
    assert any(e["code"] == code for e in device.events("room.failure"))


async def test_removed(server, room, make_device):
    async with Peer(server, room, "peer"):
        device = make_device(server, room, microphone=hum())
        await device.connected()
        await server.remove(room, "door")
        await sent_away(device, "dismissed-participant-removed")
        assert (await device.ask("join")).status == 0       # a hand may try again


async def test_room_deleted(server, room, make_device):
    async with Peer(server, room, "peer"):
        device = make_device(server, room, microphone=hum())
        await device.connected()
        await server.delete_room(room)
        await sent_away(device, "dismissed-room-deleted")


async def test_duplicate_identity(server, room, make_device):
    device = make_device(server, room, microphone=hum())
    await device.connected()
    async with Peer(server, room, "door") as twin:
        await sent_away(device, "dismissed-duplicate-identity")
        assert twin.disconnected is None


async def test_not_allowed_to_publish(server, room, make_device):
    device = make_device(server, room, token=token(server, room, "door", can_publish=False))
    async with Peer(server, room, "peer") as peer:
        await peer.publish(1000)
        await device.plays(1000, 15)
        status = await device.status()
        assert status["room"]["connection"] == "connected"
