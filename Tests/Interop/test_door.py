"""Who opens the door, and who does not: an agent by RPC, a telephone by its keys."""
import asyncio
import json

import pytest
from livekit import rtc

from device import DONE
from peers import Peer, wait_for

CODE = "2580"


def door(make_device, server, room, **values):
    return make_device(server, room, **{"door_output": "lock", "door_pulse_ms": "600", "door_dtmf_code": CODE,
                                        "door_dtmf_when": "always", "door_rpc_when": "always", **values})


async def joined(server, room, identity, **options):
    peer = Peer(server, room, identity, **options)
    await peer.connect()
    await peer.sees("door")
    return peer


async def type_keys(peer, digits):
    for digit in digits:
        await peer.room.local_participant.publish_dtmf(code="0123456789*#ABCD".index(digit), digit=digit)


def openings(device):
    return [(event["by"], event["how"]) for event in device.events("door.opened")]


def refusals(device):
    return [(event["by"], event["how"]) for event in device.events("door.refused")]


async def pulse(device, count):
    await wait_for(lambda: len(openings(device)) == count, 5, f"{count} openings")
    state = await device.until(lambda s: s["door"]["state"] == "open", 2, "open")
    assert state["door"]["last_opened_by"] == openings(device)[-1][0]
    await device.until(lambda s: s["door"]["state"] == "closed", 3, "closed again")
    await wait_for(lambda: len(device.events("door.closed")) == count, 2, "closed")


async def test_who_opens_it(server, room, make_device):
    device = door(make_device, server, room)
    await device.connected()
    agent = await joined(server, room, "agent", kind="agent")
    phone = await joined(server, room, "sip_1", kind="sip")
    person = await joined(server, room, "person")
    await device.until(lambda s: len(s["participants"]) == 3, 6, "in sight of all three")
    try:
        answer = await agent.room.local_participant.perform_rpc(
            destination_identity="door", method="lintel.door.open", payload="")
        assert json.loads(answer)["state"] == "open"
        await pulse(device, 1)
        await type_keys(phone, CODE + "#")
        await pulse(device, 2)
        assert openings(device) == [("agent", "rpc"), ("sip_1", "dtmf")]
        await type_keys(person, CODE + "#")
        await wait_for(lambda: refusals(device) == [("person", "dtmf")], 5, "the refusal of the person")
        with pytest.raises(rtc.RpcError) as caught:
            await person.room.local_participant.perform_rpc(
                destination_identity="door", method="lintel.door.open", payload="")
        assert caught.value.code in (403, 409)
        await type_keys(phone, "1111#")
        await wait_for(lambda: ("sip_1", "dtmf") in refusals(device), 5, "the refusal of the wrong code")
        assert len(openings(device)) == 2
        done = await device.ask("door", "open")
        assert done.status == DONE, done
        await pulse(device, 3)
        assert openings(device)[-1][1] == "local"
    finally:
        await asyncio.gather(agent.disconnect(), phone.disconnect(), person.disconnect())


async def test_wrong_codes_lock_it_even_over_a_restart(server, room, make_device, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    device = door(make_device, server, room, door_wrong_codes="3", device_state_directory=state)
    await device.connected()
    phone = await joined(server, room, "sip_1", kind="sip")
    try:
        await device.until(lambda s: any(p["kind"] == "sip" for p in s["participants"]), 6, "in sight of the phone")
        for _ in range(1000):
            await type_keys(phone, "0000#")
        await wait_for(lambda: device.events("door.locked_out"), 5, "the lock-out")
        await type_keys(phone, CODE + "#")
        await asyncio.sleep(1)
        assert not openings(device)
        assert len(device.events("door.refused")) < 200, "the events of a thousand wrong codes are held back"
        device.kill()
        before = len(device.events("door.refused"))
        device.start()
        await device.until(lambda s: any(p["kind"] == "sip" for p in s["participants"]), 10, "in sight of the phone")
        await type_keys(phone, CODE + "#")
        await wait_for(lambda: len(device.events("door.refused")) > before, 5, "refused again")
        assert device.events("door.refused")[-1]["reason"].startswith("too many")
        assert not openings(device)
    finally:
        await phone.disconnect()
