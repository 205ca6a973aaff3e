"""Removed, room deleted, replaced by a twin, in whatever order its signs come: out, and back only as the table says."""
import asyncio
import itertools
import time

from livekit.protocol import models
import pytest

from peers import Peer, token, wait_for
from sound import hum

ROUNDS = 20
OUT_SECONDS = 1.2                           # longer than a lost connection takes to be made anew
COMES_BACK_SECONDS = {"dismissed-room-deleted": 30}         # always-on; the others not for an hour

# The others are the server's own troubles.
FINAL = {"CLIENT_INITIATED", "DUPLICATE_IDENTITY", "PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED", "USER_UNAVAILABLE",
         "USER_REJECTED", "SIP_TRUNK_FAILURE"}


async def remove(server, room):
    await server.remove(room, "door")


async def delete(server, room):
    await server.delete_room(room)


async def twin(server, room):
    async with Peer(server, room, "door") as other:
        await asyncio.sleep(OUT_SECONDS)
        assert other.disconnected is None, "the device threw its twin out"


CAUSES = {"dismissed-participant-removed": remove, "dismissed-room-deleted": delete,
          "dismissed-duplicate-identity": twin}


async def joined(device):
    """Until it is in the room and has said so. -> how many changes of the connection it has told of"""
    await device.connected()

    def told():
        states = [e["state"] for e in device.events("room.connection")]
        return len(states) if states and states[-1] == "connected" else 0

    return await wait_for(told, 3, "told of the connection")


async def sent_away(device, server, room, code):
    """One round: in the room, thrown out, out and staying out, and saying why."""
    result = await device.ask("join")
    assert result.status == 0, result
    before = await joined(device)
    begin = time.monotonic()
    await CAUSES[code](server, room)
    status = await device.until(lambda s: s["room"]["connection"] == "disconnected", 5, "out of the room")
    failure = status["room"]["failure"]
    assert failure["code"] == code and status["call"]["state"] == "failed", status
    assert failure["message"] and failure["message"] in device.log()
    await asyncio.sleep(max(0, begin + OUT_SECONDS + 0.4 - time.monotonic()))
    assert (await device.status())["room"]["connection"] == "disconnected"
    states = [e["state"] for e in device.events("room.connection")[before:]]
    assert states == ["disconnected"], f"the dismissal was taken for a loss: {states}"
    assert [e for e in device.events("room.failure") if e["code"] == code]


@pytest.mark.seconds(300)
@pytest.mark.parametrize("mode", ["on-demand", "always-on"])
async def test_sent_away_twenty_times(server, room, make_device, mode):
    """Each cause, in rooms of their own side by side."""
    async def rounds(code):
        own = f"{room}-{code}"
        device = make_device(server, own, microphone=hum(), session_mode=mode)
        if mode == "always-on":
            await device.connected()
        for n in range(ROUNDS):
            try:
                await sent_away(device, server, own, code)
            except AssertionError as error:
                raise AssertionError(f"{code}, round {n}: {error}") from None
        return device

    devices = dict(zip(CAUSES, await asyncio.gather(*map(rounds, CAUSES))))
    if mode == "always-on":
        await devices["dismissed-room-deleted"].connected(COMES_BACK_SECONDS["dismissed-room-deleted"] + 5)
    else:
        await asyncio.sleep(3)
    for code, device in devices.items():
        if mode == "on-demand" or code not in COMES_BACK_SECONDS:
            status = await device.status()
            assert status["room"]["connection"] == "disconnected", (code, status)
            assert status["room"]["failure"]["code"] == code


@pytest.mark.seconds(300)
async def test_every_reason_in_every_order(server, room, make_device):
    """Who is told to be out is out and can come again; what the server may have to mend is tried again."""
    server.require_hooks()
    orders = [order for length in (1, 2, 3) for order in itertools.permutations(("reset", "alert", "word"), length)
              if "word" in order]
    reasons = [*models.DisconnectReason.keys(), *["ROOM_CLOSED"] * len(orders)]
    device = make_device(server, room, session_mode="on-demand")
    for n, reason in enumerate(reasons):
        order = orders[n % len(orders)]
        what = f"{reason}, {'-'.join(order)}"
        assert (await device.ask("join")).status == 0, what
        before, told = await joined(device), len(device.events("room.failure"))
        await server.hook("leave", room=room, identity="door", reason=reason, signs=order, gap=0.15)
        await device.until(lambda s: s["room"]["connection"] != "connected", 5, f"out: {what}")
        await asyncio.sleep(0.8)
        states = [e["state"] for e in device.events("room.connection")[before:]]
        codes = {e["code"] for e in device.events("room.failure")[told:]}
        assert all(code.startswith("dismissed-") for code in codes) and codes, f"{what}: {codes}"
        if reason in FINAL:
            assert states == ["disconnected"], f"{what}: {states}"
        else:
            assert states[0] == "reconnecting", f"{what}: {states}"
            await device.connected()


async def test_not_allowed_to_publish(server, room, make_device):
    device = make_device(server, room, token=token(server, room, "door", can_publish=False))
    async with Peer(server, room, "peer") as peer:
        await peer.publish(1000)
        await device.plays(1000, 15)
        status = await device.status()
        assert status["room"]["connection"] == "connected"
