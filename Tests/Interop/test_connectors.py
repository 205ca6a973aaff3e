"""Calls over the connectors: Twilio's and WhatsApp's, both ways, against the stand-ins of Twilio and Meta."""
import asyncio
import json
import pathlib
import tempfile

import pytest

from device import FAILED
from telephone import Telephone
from test_phones import DOOR_HZ, PHONE_HZ, door, nobody_rings_on, tells, told

CARL = "+15550104"
TOKEN = "twilio-auth-token"


def secret(text):
    path = pathlib.Path(tempfile.mkdtemp()) / "secret"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def twilio_door(make_device, server, room, **values):
    """A door with an account at Twilio, whose API is the stand-in's."""
    return door(make_device, server, room, directory_carl=f"twilio:{CARL}", **{
        "phone_twilio_account": "AC" + "0123456789abcdef" * 2, "phone_twilio_token_file": secret(TOKEN),
        "phone_twilio_from": "+15550188", "phone_twilio_api": server.url.replace("ws", "http", 1), **values})


async def requests(telephone):
    return [(r["method"], r["fields"].get("Status"), r["status"]) for r in (await telephone.get("twilio"))["requests"]]


def nothing_secret(device, *more):
    said = device.log() + json.dumps([e for e in device.events() if not e["event"].startswith("ring.")])
    for word in ("eyJ", "wss://127.0.0.1", TOKEN, "META_TOKEN", "meta-app-secret", "Basic ", *more):
        assert word not in said, word


# -- Twilio, out -----------------------------------------------------------------------------------------------

async def test_a_phone_is_rung_over_twilio_and_hangs_up(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({CARL: {"answer": 1.6, "tone": PHONE_HZ, "hang_up": 3.0}})
        device = twilio_door(make_device, server, room, call_plan="carl 15", phone_dtmf_after_answer="1w2")
        await device.ask("press", "button")
        leg = await telephone.state(CARL, "active")
        await device.plays(PHONE_HZ)
        assert (await telephone.leg(CARL))["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5)
        assert CARL not in leg["identity"] and leg["from"] == "+15550188"
        await telephone.state(CARL, "over")
        await device.until(lambda s: s["call"]["state"] == "idle", what="idle")
        await tells(device, "call.ended carl there")
        assert told(device) == ["call.ringing carl", "call.answered carl", "call.ended carl there"]
        asked = (await telephone.get("twilio"))["requests"]
        assert {"To": CARL, "From": "+15550188", "Timeout": "15", "SendDigits": "1w2"}.items() <= asked[0]["fields"].items()
        assert asked[0]["fields"]["Url"].startswith("https://") and asked[0]["path"].endswith("/Calls.json")
        connect = [c for c in (await telephone.get("api-calls"))["calls"] if c["method"] == "ConnectTwilioCall"]
        assert connect[0]["message"]["twilio_call_direction"] == "TWILIO_CALL_DIRECTION_OUTBOUND"
        assert connect[0]["message"]["participant_name"] == "carl"
        nothing_secret(device, CARL, "5550104", "1w2")


@pytest.mark.parametrize("script, settings, code", [
    ({"status": 486, "after": 0.5}, {}, "busy"), ({"status": 404, "after": 0.3}, {}, "unreachable"),
    ({"ring": 0.1}, {}, "unanswered"), ({}, {"phone_twilio_from": "+15550000"}, "trunk"),
    ({}, {"phone_twilio_token_file": None}, "not-allowed"), ({}, {"phone_twilio_account": None}, "not-configured")])
async def test_why_nobody_answers_over_twilio(server, room, make_device, script, settings, code):
    async with Telephone(server) as telephone:
        await telephone.phones({CARL: script})
        if "phone_twilio_token_file" in settings:
            settings = {"phone_twilio_token_file": secret("another token")}
        device = twilio_door(make_device, server, room, **settings)
        done = await device.ask("dial", "carl", "--ring", "5")
        assert done.status == FAILED and TOKEN not in done.error and CARL not in done.error, done
        await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
        await tells(device, f"call.failed carl {code}")
        await nobody_rings_on(telephone)
        assert not await server.participants(room), "somebody waits in the room for a call that does not come"
        nothing_secret(device, CARL, "5550104", "another token")


async def test_a_call_over_twilio_is_taken_back_and_hung_up(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({CARL: [{}, {"answer": 0.2, "tone": PHONE_HZ}]})
        device = twilio_door(make_device, server, room)
        await device.ask("twilio", "call", CARL, "--no-wait")
        await telephone.state(CARL, "ringing")
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        assert (await telephone.leg(CARL))["ended"] == {"how": "cancel", "by": "bridge"}
        assert ("POST", "canceled", 200) in await requests(telephone)
        await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
        assert (await device.ask("dial", "carl")).status == 0
        await device.plays(PHONE_HZ)
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        assert (await requests(telephone))[-1] == ("POST", "completed", 200)
        # Taken back while it is on its way: whatever Twilio was asked by then is undone.
        for pause in (0, 0.02, 0.05, 0.1, 0.2):
            await telephone.phones({CARL: {"answer": 0.3}})
            await device.ask("dial", "carl", "--no-wait")
            await asyncio.sleep(pause)
            await device.ask("hangup")
            await nobody_rings_on(telephone, 2)
            await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
            assert not await server.participants(room)


async def test_twilio_is_not_there_or_says_nonsense(server, room, make_device):
    async with Telephone(server) as telephone:
        await server.hook("api", without=["connectors"])
        try:
            device = twilio_door(make_device, server, room)
            done = await device.ask("dial", "carl")
            assert done.status == FAILED and "connectors" in done.error, done
        finally:
            await server.hook("api", without=[])
        lost = twilio_door(make_device, server, room, phone_twilio_api="http://127.0.0.1:9")
        done = await lost.ask("dial", "carl")
        assert done.status == FAILED and "refuses the connection" in done.error, done
        assert not await telephone.legs()
