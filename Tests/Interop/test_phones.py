"""The door rings telephones: through the room server's bridge, whose phones do what each scenario says."""
import asyncio
import pathlib
import tempfile
import time

import pytest

from device import FAILED
from peers import Peer
from sound import hum
from telephone import Telephone

ANNA, BERT, CARL = "+15550101", "+15550102", "+15550103"
DIRECTORY = {"directory_anna": f"sip:{ANNA}", "directory_bert": f"sip:{BERT}", "directory_carl": f"sip:{CARL}",
             "directory_all": "anna + bert + carl"}
PHONE_HZ, DOOR_HZ = 480, 700


def door(make_device, server, room, **values):
    """A door that holds the server's API key."""
    secret = pathlib.Path(tempfile.mkdtemp()) / "api-secret"
    secret.write_text(server.secret + "\n")
    secret.chmod(0o600)
    return make_device(server, room, token="", microphone=hum(DOOR_HZ), token_source="api-key",
                       token_api_key=server.key, token_api_secret_file=secret, session_room=room,
                       session_mode="on-demand", **{"phone_trunk": "ST_test", **DIRECTORY, **values})


def told(device, *kinds):
    """The events of calls, in order, as `name who`."""
    kinds = kinds or ("call.ringing", "call.answered", "call.failed", "call.ended")
    return [f"{e['event']} {e['target']}" + (f" {e['code']}" if "code" in e else f" {e['by']}" if "by" in e else "")
            for e in device.events() if e["event"] in kinds]


async def tells(device, last, seconds=2):
    """Until that is what was told last of calls; the events come over a socket of their own."""
    deadline = time.monotonic() + seconds
    while told(device)[-1:] != [last]:
        assert time.monotonic() < deadline, f"not {last}: {told(device)}"
        await asyncio.sleep(0.03)


async def nobody_rings_on(telephone, seconds=2.0):
    deadline = time.monotonic() + seconds
    while alive := [leg for leg in await telephone.legs() if leg["state"] != "over"]:
        assert time.monotonic() < deadline, f"after {seconds} s still there: {alive}"
        await asyncio.sleep(0.03)


async def test_a_press_rings_anna_who_answers_and_hangs_up(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.8, "tone": PHONE_HZ, "hang_up": 3.0}})
        device = door(make_device, server, room, call_plan="anna 15")
        await device.ask("press", "button")
        leg = await telephone.state(ANNA, "active")
        await device.plays(PHONE_HZ)
        leg = await telephone.leg(ANNA)
        assert leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5)
        await telephone.state(ANNA, "over")
        await device.until(lambda s: s["call"]["state"] == "idle", what="idle")
        await tells(device, "call.ended anna there")
        assert told(device) == ["call.ringing anna", "call.answered anna", "call.ended anna there"]
        assert ANNA not in leg["identity"], "the identity tells the number to the room"


@pytest.mark.parametrize("script, code", [
    ({"status": 486, "after": 0.5}, "busy"), ({"status": 603, "after": 0.5}, "refused"),
    ({"status": 404}, "no-such-number"), ({"status": 503}, "unreachable"), ({"fails": "unresolved"}, "unreachable")])
async def test_why_nobody_is_there(server, room, make_device, script, code):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: script})
        device = door(make_device, server, room)
        done = await device.ask("dial", "anna")
        assert done.status == FAILED, done
        await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
        await tells(device, f"call.failed anna {code}")
        await nobody_rings_on(telephone)


async def test_nobody_answers_and_the_next_of_the_plan_does(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {}, BERT: {"answer": 0.3, "tone": PHONE_HZ}})
        device = door(make_device, server, room, call_plan="anna 5, bert 15")
        await device.ask("press", "button")
        await telephone.state(BERT, "active", seconds=10)
        await device.plays(PHONE_HZ)
        assert (await telephone.leg(ANNA))["ended"] == {"how": "cancel", "by": "bridge"}
        assert told(device) == ["call.ringing anna", "call.failed anna unanswered", "call.ringing bert",
                                "call.answered bert"]
        assert (await device.ask("hangup")).status == 0
        await nobody_rings_on(telephone)
        assert (await telephone.leg(BERT))["ended"] == {"how": "bye", "by": "bridge"}
        await tells(device, "call.ended bert here")


async def test_three_are_rung_and_the_second_answers(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {}, BERT: {"answer": 1.0, "tone": PHONE_HZ}, CARL: {}})
        device = door(make_device, server, room, call_plan="all 20")
        await device.ask("press", "button")
        leg = await telephone.state(BERT, "active")
        await device.plays(PHONE_HZ)
        for number in (ANNA, CARL):
            other = await telephone.state(number, "over", seconds=1)
            assert other["ended"] == {"how": "cancel", "by": "bridge"}
            assert other["over_at"] - leg["answered_at"] < 1.0
        assert told(device, "call.answered") == ["call.answered bert"]
        assert sorted(told(device, "call.ended")) == ["call.ended anna here", "call.ended carl here"]


@pytest.mark.parametrize("after", [0.0, 0.05, 0.3, 1.0])
async def test_taken_back_while_it_rings(server, room, make_device, after):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 3.0}})
        device = door(make_device, server, room)
        await device.ask("dial", "anna", "--no-wait")
        await asyncio.sleep(after)
        assert (await device.ask("hangup")).status == 0
        await asyncio.sleep(1.0)
        await nobody_rings_on(telephone, 0.1)
        await asyncio.sleep(2.5)
        await nobody_rings_on(telephone, 0.1)
        assert "call.answered anna" not in told(device)


async def test_keys_after_the_answer_and_a_code_from_there(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "keys": [[4.0, "1234#"]]}})
        device = door(make_device, server, room, door_output="lock", door_dtmf_code="1234", door_dtmf_allow="called",
                      phone_dtmf_after_answer="1ww2#")
        assert (await device.ask("dial", "anna")).status == 0
        leg = await telephone.until(ANNA, lambda leg: len(leg["keys"]) == 3, seconds=8)
        assert [key["key"] for key in leg["keys"]] == ["1", "2", "#"]
        await device.until(lambda s: s["door"]["state"] == "open", what="open")


async def test_keys_in_a_call_to_one_and_a_transfer(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.2, "tone": PHONE_HZ}})
        device = door(make_device, server, room)
        done = await device.ask("--json", "dial", "anna")
        assert done.status == 0, done
        identity = done.value["identity"]
        assert (await device.ask("dtmf", "42#", "--to", identity)).status == 0
        await telephone.until(ANNA, lambda leg: [k["key"] for k in leg["keys"]] == ["4", "2", "#"])
        moved = await device.ask("transfer", identity, f"tel:{BERT}")
        assert moved.status == 0, moved
        assert (await telephone.leg(ANNA))["refers"], "the bridge was not asked"
        await telephone.state(ANNA, "over")
        await device.until(lambda s: s["call"]["state"] == "idle", what="idle")


async def test_dialled_at_the_keypad(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "tone": PHONE_HZ}})
        device = door(make_device, server, room, directory_101="anna", call_keypad="directory")
        for key in "101#":
            await device.ask("press", key)
        await telephone.state(ANNA, "active")
        assert [e["digits"] for e in device.events("keypad.dialled")][:3] == ["1", "10", "101"]


async def test_somebody_else_in_the_room_cannot_pose_as_the_phone(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {}})
        device = door(make_device, server, room)
        await device.ask("dial", "anna", "--no-wait")
        leg = await telephone.state(ANNA, "ringing")
        async with Peer(server, room, "stranger") as stranger:
            await stranger.room.local_participant.set_attributes({"sip.callStatus": "active"})
            await asyncio.sleep(1.0)
            assert "call.answered anna" not in told(device)
            assert (await telephone.leg(ANNA))["state"] == "ringing"
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        assert leg["number"] == ANNA


async def test_the_daemon_ends_and_no_phone_rings_on(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {}})
        device = door(make_device, server, room)
        await device.ask("dial", "anna", "--no-wait")
        await telephone.state(ANNA, "ringing")
        assert await asyncio.to_thread(device.stop) == 0
        await nobody_rings_on(telephone, 0.5)
