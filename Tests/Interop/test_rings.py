"""The device is rung: by telephones that a dispatch rule puts into its room, and by others in the room."""
import asyncio
import json
import time

from livekit import rtc
import pytest

from device import FAILED
from peers import Peer
from sound import hum
from telephone import Telephone, direct
from test_phones import ANNA, DOOR_HZ, PHONE_HZ, door, nobody_rings_on, tells

CALLED = "+15550777"


def rings(device, *kinds):
    kinds = kinds or ("ring.started", "ring.answered", "ring.ended")
    return [e["event"] + (f" {e['by']}" if "by" in e else f" {e['reason']}" if "reason" in e else "")
            for e in device.events() if e["event"] in kinds]


async def standing_by(make_device, server, room, **values):
    device = door(make_device, server, room, ring_standby="room", **values)
    status = await device.connected()
    assert status["call"]["state"] == "idle" and status["ring"]["standby"] == "room"
    return device


async def test_a_phone_rings_it_and_the_button_answers(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        device = await standing_by(make_device, server, room)
        begin = time.time()
        await telephone.rings_us(ANNA, CALLED, tone=PHONE_HZ, hang_up=6.0)
        status = await device.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
        assert status["ring"]["from"] == ANNA and status["ring"]["kind"] == "sip" and time.time() - begin < 2
        await asyncio.sleep(1.0)
        assert (await telephone.leg(ANNA))["state"] == "ringing", "it answered by itself"
        await device.ask("press", "button")
        await telephone.state(ANNA, "active", seconds=2)
        await device.plays(PHONE_HZ)
        leg = await telephone.until(ANNA, lambda leg: leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5))
        assert rings(device) == ["ring.started", "ring.answered button"]
        await telephone.state(ANNA, "over", seconds=8)
        assert leg["number"] == ANNA
        status = await device.until(lambda s: s["call"]["state"] == "idle", what="standing by again")
        assert status["room"]["connection"] == "connected"
        # It is as closed as before: the next caller rings, too.
        await telephone.rings_us(ANNA, CALLED, tone=PHONE_HZ)
        await device.until(lambda s: s["ring"]["state"] == "ringing", what="rung again")
        await asyncio.sleep(0.5)
        assert (await telephone.leg(ANNA))["state"] == "ringing"
        await device.ask("press", "button")
        await telephone.state(ANNA, "active", seconds=2)
        await device.ask("hangup")
        await telephone.state(ANNA, "over", seconds=2)
        await device.connected()


async def test_refused_given_up_and_nobody_there(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        device = await standing_by(make_device, server, room, ring_timeout="5")
        await telephone.rings_us(ANNA, CALLED)
        await device.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
        assert (await device.ask("refuse")).status == 0
        leg = await telephone.state(ANNA, "over", seconds=2)
        assert leg["final"] in (486, 603), leg
        await telephone.rings_us(ANNA, CALLED, gives_up=1.0)
        await device.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
        await device.until(lambda s: s["ring"]["state"] == "idle", what="quiet again")
        await telephone.rings_us(ANNA, CALLED)
        await device.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
        leg = await telephone.state(ANNA, "over", seconds=8)
        assert leg["final"] == 486
        await asyncio.sleep(0.2)
        assert rings(device) == ["ring.started", "ring.ended refused at the device", "ring.started",
                                 "ring.ended hung up", "ring.started", "ring.ended nobody answered at the device"]


async def test_who_may_not_ring_is_refused_at_once_and_who_may_is_answered(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        device = await standing_by(make_device, server, room, ring_from="trunk:ST_other, agent")
        await telephone.rings_us(ANNA, CALLED)
        leg = await telephone.state(ANNA, "over", seconds=3)
        assert leg["final"] == 486 and not rings(device)
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room + "2"))
        device = await standing_by(make_device, server, room + "2", ring_answer="auto")
        await telephone.rings_us(ANNA, CALLED, tone=PHONE_HZ)
        await telephone.state(ANNA, "active", seconds=3)
        await device.plays(PHONE_HZ)
        assert rings(device) == ["ring.started", "ring.answered auto"]


async def test_a_press_calls_from_where_it_stands_by(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "tone": PHONE_HZ}})
        device = await standing_by(make_device, server, room, call_plan="anna 15")
        async with Peer(server, room, "listener") as listener:
            await asyncio.sleep(1.0)
            door_there = listener.room.remote_participants["door"]
            assert not door_there.track_publications, "it publishes while it only stands by"
            await device.ask("press", "button")
            await telephone.state(ANNA, "active")
            await device.plays(PHONE_HZ)
            await device.ask("hangup")
            await nobody_rings_on(telephone)
            status = await device.until(lambda s: s["call"]["state"] == "idle", what="standing by again")
            assert status["room"]["connection"] == "connected"
            await asyncio.sleep(0.5)
            assert not door_there.track_publications


async def test_one_lintel_rings_another(server, room, make_device):
    desk = make_device(server, room, identity="desk", microphone=hum(PHONE_HZ), device_id="desk", ring_from="device:door",
                       ring_standby="room", session_mode="on-demand")
    await desk.connected()
    device = make_device(server, room, microphone=hum(DOOR_HZ), session_mode="on-demand", directory_desk="device:desk")
    ringing = asyncio.ensure_future(device.ask("dial", "desk", "--ring", "20"))
    await desk.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
    assert not ringing.done()
    await desk.ask("answer")
    assert (await ringing).status == 0
    await desk.plays(DOOR_HZ)
    await device.plays(PHONE_HZ)
    await desk.ask("hangup")
    await device.until(lambda s: s["call"]["state"] == "idle", what="idle")
    await desk.until(lambda s: s["call"]["state"] == "idle", what="idle")
    # Refused, and taken back.
    ringing = asyncio.ensure_future(device.ask("dial", "desk"))
    await desk.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
    await desk.ask("refuse")
    done = await ringing
    assert done.status == FAILED and "603" in done.error, done
    await device.ask("dial", "desk", "--no-wait")
    await desk.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
    await device.ask("hangup")
    await desk.until(lambda s: s["ring"]["state"] == "idle", what="quiet again")


async def test_an_agent_calls_by_name_and_a_stranger_does_not(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3}})
        device = await standing_by(make_device, server, room, rpc_allow="standard:boss")
        async with Peer(server, room, "boss") as boss, Peer(server, room, "stranger") as stranger:
            async def call(peer, method, **payload):
                return json.loads(await peer.room.local_participant.perform_rpc(
                    destination_identity="door", method=method, payload=json.dumps(payload)))
            for method in ("lintel.call", "lintel.hangup", "lintel.answer"):
                with pytest.raises(rtc.RpcError) as refused:
                    await call(stranger, method)
                assert refused.value.code == 403, method
            with pytest.raises(rtc.RpcError) as refused:
                await call(stranger, "lintel.ring")
            assert refused.value.code == 403
            with pytest.raises(rtc.RpcError) as unlisted:
                await call(boss, "lintel.call", target="sip:+15559999")
            assert "not in [directory]" in unlisted.value.message
            assert (await call(boss, "lintel.call", target="anna"))["state"] == "dialling"
            await tells(device, "call.answered anna", 5)        # 20 ms after the phone's own answer
            await call(boss, "lintel.hangup")
            await nobody_rings_on(telephone)
