"""Telephones on a bridge that is as unkind as the real one: what is asked of it comes late, meets the wrong one, or is
not heard; people ring twice, and hang up in the wrong moment."""
import asyncio
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from control import Control
from sound import hum
from telephone import Telephone, direct, individual
from test_phone_rights import room_token
from test_phones import ANNA, BERT, DIRECTORY, DOOR_HZ, PHONE_HZ, door, nobody_rings_on, tells, told
from test_rings import CALLED, rings, standing_by

OTHER_HZ = 900


async def is_rung(device, by=ANNA):
    status = await device.until(lambda s: s["ring"]["state"] == "ringing" and s["ring"]["from"] == by, what="rung")
    await asyncio.sleep(0.3)                    # nobody is quicker, and the bridge has connected meanwhile
    return status


async def hears_the_door(telephone, number):
    return await telephone.until(number, lambda leg: leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5))


def cpu_seconds(device):
    """What the daemon has burnt so far."""
    fields = pathlib.Path(f"/proc/{device.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("who", ["there", "here"])
async def test_a_device_that_stands_by_is_alive_after_its_first_call(server, room, make_device, who):
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        device = await standing_by(make_device, server, room)
        await telephone.rings_us(ANNA, CALLED, tone=PHONE_HZ)
        await is_rung(device)
        await device.ask("press", "button")
        await telephone.state(ANNA, "active", seconds=3)
        await device.plays(PHONE_HZ)
        if who == "here":
            assert (await device.ask("hangup")).status == 0
        else:
            await telephone.act(ANNA, "hang_up")
        await telephone.state(ANNA, "over", seconds=2)
        await asyncio.sleep(3.0)
        before = cpu_seconds(device)
        await asyncio.sleep(1.5)
        assert cpu_seconds(device) - before < 0.7, "it does nothing, and cannot stop doing it"
        assert (await device.ask("status", seconds=10)).status == 0
        await telephone.rings_us(ANNA, CALLED)
        await is_rung(device)
        assert await asyncio.to_thread(device.stop) == 0


@pytest.mark.parametrize("how, held", [("refuse", 1.0), ("refuse", 3.0), ("hangup", 1.0)])
async def test_who_was_refused_and_rings_again_at_once_rings_until_he_is_answered(server, room, make_device, how, held):
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        await server.hook("phones/bridge", removal_seconds=held)
        device = await standing_by(make_device, server, room)
        await telephone.rings_us(ANNA, CALLED)
        await is_rung(device)
        assert (await device.ask(how)).status == 0
        assert (await telephone.state(ANNA, "over", seconds=2))["final"] in (486, 603)
        await asyncio.sleep(0.5)
        again = await telephone.rings_us(ANNA, CALLED, tone=PHONE_HZ)
        await telephone.until(ANNA, lambda leg: leg["id"] == again and leg["identity"])
        await is_rung(device)
        await asyncio.sleep(held + 0.5)
        assert (await telephone.leg(ANNA))["state"] == "ringing", "the refusal of his first call ended his second"
        assert (await device.ask("answer")).status == 0
        await telephone.state(ANNA, "active", seconds=2)
        await device.plays(PHONE_HZ)
        await hears_the_door(telephone, ANNA)


async def dials_again(device, control, telephone, gap):
    """The second dial, `gap` seconds after the first was over: it rings, is answered, and heard."""
    await asyncio.sleep(gap)
    if gap:
        done = await device.ask("dial", "anna", seconds=20)
        assert done.status == 0, done
    else:
        await control.ask("dial", target="anna", seconds=20)
    first, second = await telephone.legs(ANNA)
    assert (first["state"], second["state"]) == ("over", "active") and second["ringing_at"]
    await device.plays(PHONE_HZ)
    assert told(device)[-1] == "call.answered anna"
    await device.ask("hangup")
    await nobody_rings_on(telephone)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.3])
async def test_dialled_taken_back_and_dialled_again_at_once(server, room, make_device, gap):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: [{}, {"answer": 1.0, "tone": PHONE_HZ}]})
        device = door(make_device, server, room)
        async with Control(device) as control:
            await device.ask("dial", "anna", "--no-wait")
            await telephone.state(ANNA, "ringing")
            await control.ask("hangup")
            await dials_again(device, control, telephone, gap)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.3])
async def test_hung_up_and_dialled_again_at_once(server, room, make_device, gap):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: [{"answer": 0.3}, {"answer": 1.0, "tone": PHONE_HZ}]})
        device = door(make_device, server, room)
        async with Control(device) as control:
            assert (await device.ask("dial", "anna")).status == 0
            await control.ask("hangup")
            await dials_again(device, control, telephone, gap)


async def test_the_far_end_hangs_up_and_is_dialled_again_at_once(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: [{"answer": 0.3}, {"answer": 1.0, "tone": PHONE_HZ}]})
        device = door(make_device, server, room)
        async with Control(device) as control:
            assert (await device.ask("dial", "anna")).status == 0
            await telephone.act(ANNA, "hang_up")
            await dials_again(device, control, telephone, 0.0)


@pytest.mark.parametrize("gap", [0.0, 0.3])
async def test_taken_back_while_keys_are_typed_and_dialled_again_at_once(server, room, make_device, gap):
    """The first call cannot be ended before its last key; the second is not ended with it."""
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: [{"answer": 0.3}, {"answer": 4.0, "tone": PHONE_HZ}]})
        device = door(make_device, server, room)
        async with Control(device) as control:
            await device.ask("dial", "anna", "--no-wait", "--dtmf", "1wwww2")
            await telephone.until(ANNA, lambda leg: leg["keys"])
            await control.ask("hangup")
            await dials_again(device, control, telephone, gap)


@pytest.mark.parametrize("gap", [0.03, 0.06, 0.1, 0.15])
async def test_taken_back_slowly_and_dialled_again_at_once(server, room, make_device, gap):
    """The server needs a second attempt to remove the first: its end comes while the device joins for the second."""
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: [{}, {"answer": 2.0, "tone": PHONE_HZ}]})
        device = door(make_device, server, room)
        async with Control(device) as control:
            await device.ask("dial", "anna", "--no-wait")
            await telephone.state(ANNA, "ringing")
            await server.hook("api-answers", answers=[
                {"method": "RemoveParticipant", "status": 503, "times": 1,
                 "body": '{"code": "unavailable", "msg": "twirp error unknown: no response from servers"}'}])
            try:
                await control.ask("hangup")
                await asyncio.sleep(gap)
                await dials_again(device, control, telephone, 0.0)
            finally:
                await server.hook("api-answers", answers=[])


async def test_who_may_not_remove_hangs_up_all_the_same(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "tone": PHONE_HZ}})
        device = make_device(server, room, token=room_token(server, room, admin=False), microphone=hum(DOOR_HZ),
                             session_mode="on-demand", phone_trunk="ST_test", **DIRECTORY)
        for _ in range(2):
            assert (await device.ask("dial", "anna")).status == 0
            await device.plays(PHONE_HZ)
            begin = time.time()
            done = await device.ask("hangup")
            assert done.status == 0, done
            leg = await telephone.state(ANNA, "over", seconds=3)
            assert leg["over_at"] - begin < 1.0 and leg["ended"] == {"how": "bye", "by": "bridge"}
            await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
        assert "could not be ended" not in device.log()


@pytest.mark.parametrize("retries", [0, 1])
async def test_nobody_is_missed_while_a_phone_rings(server, room, make_device, retries):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 4.0, "tone": PHONE_HZ}})
        device = door(make_device, server, room, session_agent_wait=1, session_agent_retries=retries)
        done = await device.ask("dial", "anna", "--ring", "15")
        assert done.status == 0, (done, (await telephone.leg(ANNA))["ended"])
        assert not device.events("agent.missing")
        await device.plays(PHONE_HZ)


@pytest.mark.parametrize("answer, keys", [(2.5, "1wwwww2"), (4.0, "1wwwwwwww2#")])
async def test_keys_that_are_typed_after_the_answer_do_not_ring(server, room, make_device, answer, keys):
    """3.5 s and 5.6 s of keys: typed to their end after 6 s and 9.6 s, of which it may ring 5 s."""
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": answer, "tone": PHONE_HZ}})
        device = door(make_device, server, room)
        done = await device.ask("dial", "anna", "--ring", "5", "--dtmf", keys)
        leg = await telephone.leg(ANNA)
        assert done.status == 0, (done, leg["ended"], told(device))
        assert leg["state"] == "active" and "".join(key["key"] for key in leg["keys"]) == keys.replace("w", "")
        assert told(device) == ["call.ringing anna", "call.answered anna"]
        await device.plays(PHONE_HZ)


async def test_the_longest_call_is_counted_from_the_answer(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 2.0, "tone": PHONE_HZ}})
        device = door(make_device, server, room)
        done = await device.ask("dial", "anna", "--max", "4", "--ring", "5")
        assert done.status == 0, done
        leg = await telephone.state(ANNA, "over", seconds=10)
        assert 3.3 < leg["over_at"] - leg["answered_at"] < 4.7
        await tells(device, "call.ended anna here")
        status = await device.until(lambda s: s["call"]["state"] == "idle", what="idle")
        assert "as long as" in status["call"]["reason"], status["call"]
        assert not any("hung up" in (e["reason"] or "") for e in device.events("call.state"))


async def test_the_first_caller_rings_on_when_another_was_turned_away(server, room, make_device):
    """Although the bridge takes both for answered: nobody at the door has heard of either."""
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        device = await standing_by(make_device, server, room)
        await telephone.rings_us(ANNA, CALLED, tone=PHONE_HZ)
        await is_rung(device)
        await asyncio.sleep(0.5)
        await telephone.rings_us(BERT, CALLED, tone=OTHER_HZ)
        await telephone.state(BERT, "over", seconds=3)
        await telephone.state(ANNA, "active", seconds=2)
        await asyncio.sleep(1.0)
        await is_rung(device)
        assert rings(device) == ["ring.started"]
        done = await device.ask("answer")
        assert done.status == 0, done
        await device.plays(PHONE_HZ)
        await hears_the_door(telephone, ANNA)
        # And a third, in the call, changes nothing.
        await telephone.rings_us(BERT, CALLED, tone=OTHER_HZ)
        await telephone.state(BERT, "over", seconds=3)
        await device.plays(PHONE_HZ)
        await device.falls_silent(OTHER_HZ)
        assert (await telephone.leg(ANNA))["state"] == "active"
        await device.ask("hangup")
        await telephone.state(ANNA, "over", seconds=2)


@pytest.mark.parametrize("when", ["ringing", "at once"])
async def test_who_stops_waiting_for_an_answer_takes_the_call_back(server, room, make_device, when):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 4.0}})
        device = door(make_device, server, room)
        waiting = subprocess.Popen(device._command("dial", "anna"), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if when == "ringing":
                await telephone.state(ANNA, "ringing")
            else:
                await device.until(lambda s: s["room"]["connection"] != "disconnected", what="on its way to the room")
            waiting.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(waiting.wait, 5) != 0
        finally:
            waiting.kill()
        await asyncio.sleep(1.0)
        await nobody_rings_on(telephone, 0.1)
        await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
        await asyncio.sleep(3.0)
        await nobody_rings_on(telephone, 0.1)
        assert "call.answered anna" not in told(device)
        # It is free for the next.
        await telephone.phones({ANNA: {"answer": 0.3}})
        assert (await device.ask("dial", "anna")).status == 0


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize("standby", ["room", "webhook"])
async def test_the_daemon_ends_and_who_rings_it_is_refused(server, room, make_device, standby):
    async with Telephone(server) as telephone:
        if standby == "room":
            await telephone.rule(CALLED, rule=direct(room))
            device = await standing_by(make_device, server, room)
        else:
            address = f"127.0.0.1:{free_port()}"
            await telephone.rule(CALLED, rule=individual("call"))
            device = door(make_device, server, room, ring_standby="webhook", webhook_listen=address)
            await server.hook("webhooks", urls=[f"http://{address}/livekit"])
        try:
            await telephone.rings_us(ANNA, CALLED)
            await is_rung(device)
            assert await asyncio.to_thread(device.stop) == 0
            leg = await telephone.state(ANNA, "over", seconds=2)
            assert leg["final"] in (486, 603) and leg["ended"]["by"] == "bridge"
        finally:
            await server.hook("webhooks", urls=[])


async def test_a_hangup_that_refuses_says_whom(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.rule(CALLED, rule=direct(room))
        device = await standing_by(make_device, server, room)
        await telephone.rings_us(ANNA, CALLED)
        await is_rung(device)
        done = await device.ask("hangup")
        assert done.status == 0 and done.output == f"{ANNA} was refused\n", done
        await telephone.state(ANNA, "over", seconds=2)
        done = await device.ask("hangup")
        assert "there was no call" in done.output, done


async def test_who_was_put_through_did_not_hang_up(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "tone": PHONE_HZ, "refer": {"notify_after": 0.3}}})
        device = door(make_device, server, room)
        done = await device.ask("--json", "dial", "anna")
        assert done.status == 0, done
        assert (await device.ask("transfer", done.value["identity"], f"tel:{BERT}")).status == 0
        await telephone.state(ANNA, "over")
        await device.until(lambda s: s["call"]["state"] == "idle", what="idle")
        reasons = [e["reason"] for e in device.events("call.state") if e["reason"]]
        assert reasons and set(reasons) == {"anna was put through"} and "hung up" not in device.log()
