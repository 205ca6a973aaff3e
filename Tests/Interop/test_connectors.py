"""Calls over the connectors: Twilio's and WhatsApp's, both ways, against the stand-ins of Twilio and Meta."""
import asyncio
import json
import pathlib
import tempfile
from xml.etree import ElementTree

from livekit import api
import pytest
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, VoiceResponse

from device import FAILED
from telephone import Telephone, duration
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


# -- WhatsApp --------------------------------------------------------------------------------------------------

PERSON, PORT = "15550105", 18090


def hook(path):
    return f"http://127.0.0.1:{PORT}/{path}"


def meta_door(make_device, server, room, **values):
    """A door with a number at Meta, whose webhooks come to it."""
    return door(make_device, server, room, directory_eva=f"whatsapp:{PERSON}", **{
        "phone_whatsapp_number_id": "436666719526789", "phone_whatsapp_key_file": secret("META_TOKEN"),
        "webhook_listen": f"127.0.0.1:{PORT}", "webhook_meta_secret_file": secret("meta-app-secret"),
        "webhook_meta_verify_file": secret("meta-verify-token"), **values})


async def methods(telephone):
    return [c["method"] for c in (await telephone.get("api-calls"))["calls"] if c["service"].endswith("Connector")]


async def out_of_the_room(device, server, room):
    await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
    assert not await server.participants(room)


@pytest.mark.parametrize("early", [False, True])
async def test_whatsapp_out_answered_and_hung_up_by_either(server, room, make_device, early):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"), early_sdp=early)
        await telephone.phones({PERSON: [{"answer": 0.6, "tone": PHONE_HZ, "hang_up": 3.0},
                                         {"answer": 0.2, "tone": PHONE_HZ}]})
        device = meta_door(make_device, server, room, call_plan="eva 15")
        await device.ask("press", "button")
        await telephone.state(PERSON, "active")
        await device.plays(PHONE_HZ)
        leg = await telephone.until(PERSON, lambda leg: leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5))
        assert PERSON not in leg["identity"]
        await telephone.state(PERSON, "over")
        await tells(device, "call.ended eva there", 4)
        assert told(device) == ["call.ringing eva", "call.answered eva", "call.ended eva there"]
        await out_of_the_room(device, server, room)
        assert await methods(telephone) == ["DialWhatsAppCall", "ConnectWhatsAppCall", "DisconnectWhatsAppCall"]
        assert (await device.ask("whatsapp", "dial", PERSON)).status == 0
        await device.plays(PHONE_HZ)
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        await out_of_the_room(device, server, room)
        assert all(d["status"] == 200 for d in (await telephone.get("meta"))["deliveries"])
        nothing_secret(device, PERSON, "v=0", "wacid")


@pytest.mark.parametrize("script, settings, code", [
    ({"status": 603, "after": 0.5}, {}, "refused"), ({"ring": 0.1}, {}, "unanswered"),
    ({}, {"phone_whatsapp_key_file": "wrong"}, "refused"), ({}, {"phone_whatsapp_number_id": None}, "not-configured")])
async def test_whatsapp_out_and_why_nobody_answers(server, room, make_device, script, settings, code):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        await telephone.phones({PERSON: script})
        if settings.get("phone_whatsapp_key_file"):
            settings = {"phone_whatsapp_key_file": secret("another key")}
        device = meta_door(make_device, server, room, **settings)
        done = await device.ask("dial", "eva", "--ring", "5")
        assert done.status == FAILED and PERSON not in done.error and "another key" not in done.error, done
        await tells(device, f"call.failed eva {code}")
        await nobody_rings_on(telephone)
        await out_of_the_room(device, server, room)


async def test_whatsapp_out_is_taken_back(server, room, make_device):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        await telephone.phones({PERSON: {}})
        device = meta_door(make_device, server, room)
        for pause in (0.5, 0, 0.03):
            await device.ask("dial", "eva", "--no-wait")
            if pause == 0.5:
                await telephone.state(PERSON, "ringing")
            await asyncio.sleep(pause)
            await device.ask("hangup")
            await nobody_rings_on(telephone)
            await out_of_the_room(device, server, room)


@pytest.mark.parametrize("standby", ["webhook", "room"])
async def test_whatsapp_in_answered_refused_given_up_and_unanswered(server, room, make_device, standby):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        device = meta_door(make_device, server, room, ring_standby=standby, ring_timeout="5")
        rung = lambda: device.until(lambda s: s["ring"]["state"] == "ringing", 2, what="rung")
        if standby == "room":
            await device.connected()

        async def quiet():
            await device.until(lambda s: s["ring"]["state"] == "idle" and s["call"]["state"] == "idle", what="quiet")
        # Answered by the button, hung up by the person.
        await server.hook("meta/call", **{"from": PERSON}, tone=PHONE_HZ)
        status = await rung()
        assert status["ring"]["from"] == "+" + PERSON and status["ring"]["kind"] == "connector"
        assert (await telephone.leg(PERSON))["state"] == "ringing"
        await device.ask("press", "button")
        await telephone.state(PERSON, "active", seconds=2)
        await device.plays(PHONE_HZ)
        await telephone.until(PERSON, lambda leg: leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5))
        await telephone.act(PERSON, "hang_up")
        await quiet()
        assert await methods(telephone) == ["AcceptWhatsAppCall", "DisconnectWhatsAppCall"]
        # Answered, and hung up here.
        await server.hook("meta/call", **{"from": PERSON}, tone=PHONE_HZ)
        await rung()
        await device.ask("answer")
        await device.plays(PHONE_HZ)
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        await quiet()
        # Refused, not answered in time, and given up by the person.
        await server.hook("meta/call", **{"from": PERSON})
        await rung()
        await device.ask("refuse")
        assert (await telephone.state(PERSON, "over", seconds=2))["final"] == 603
        await server.hook("meta/call", **{"from": PERSON})
        await rung()
        assert (await telephone.state(PERSON, "over", seconds=7))["final"] == 603
        await server.hook("meta/call", **{"from": PERSON}, gives_up=0.5)
        await rung()
        await quiet()
        endings = [e["reason"] for e in device.events("ring.ended")]
        assert endings == ["refused at the device", "nobody answered at the device", "hung up"]
        if standby == "webhook":
            await out_of_the_room(device, server, room)
        nothing_secret(device, "v=0", "wacid")
        assert PERSON not in device.log()


async def test_what_is_sent_over_whatsapp_equals_what_the_official_client_sends(server, room, make_device):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        await telephone.phones({PERSON: {"answer": 0.2}})
        device = meta_door(make_device, server, room, ring_standby="webhook", ring_answer="auto")
        done = await device.ask("--json", "dial", "eva", "--ring", "20")
        assert done.status == 0, done
        out = (await telephone.get("meta"))["calls"][-1]
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        await out_of_the_room(device, server, room)
        came = await server.hook("meta/call", **{"from": PERSON})
        await telephone.state(PERSON, "active")
        await telephone.act(PERSON, "hang_up")
        await out_of_the_room(device, server, room)

        async def messages():
            return [(c["method"], c["message"], c["claims"]["video"]) for c in (await telephone.get("api-calls"))["calls"]
                    if c["service"].endswith("Connector")]
        ours = await messages()
        await server.hook("api-calls")
        account = {"whatsapp_phone_number_id": "436666719526789", "whatsapp_api_key": "META_TOKEN",
                   "whatsapp_cloud_api_version": "24.0", "room_name": room}
        accept = api.AcceptWhatsAppCallRequest(
            **account, whatsapp_call_id=came["call_id"], participant_identity=ours[3][1]["participant_identity"])
        accept.sdp.type, accept.sdp.sdp = "offer", came["sdp"]
        connect = api.ConnectWhatsAppCallRequest(whatsapp_call_id=out["id"])
        connect.sdp.type, connect.sdp.sdp = "answer", out["sdp"]
        connector = telephone.api.connector
        for send, request in [
                (connector.dial_whatsapp_call, api.DialWhatsAppCallRequest(
                    **account, whatsapp_to_phone_number=PERSON, participant_identity=done.value["identity"],
                    participant_name="eva", ringing_timeout=duration(20))),
                (connector.connect_whatsapp_call, connect),
                (connector.disconnect_whatsapp_call, api.DisconnectWhatsAppCallRequest(
                    whatsapp_call_id=out["id"], whatsapp_api_key="META_TOKEN")),
                (connector.accept_whatsapp_call, accept),
                (connector.disconnect_whatsapp_call, api.DisconnectWhatsAppCallRequest(
                    whatsapp_call_id=came["call_id"], disconnect_reason="USER_INITIATED"))]:
            try:
                await send(request)
            except api.TwirpError:
                pass                                # The call is over; what was sent is what counts.
        theirs = await messages()
        assert [m[0] for m in ours] == [m[0] for m in theirs]
        for (method, mine, rights), (_, other, others) in zip(ours, theirs):
            assert mine == other, method
            assert {k: v for k, v in rights.items() if v} == {"roomCreate": True} and others["roomCreate"], method


async def test_the_connector_fails_in_the_middle_of_a_call_over_whatsapp(server, room, make_device):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        await telephone.phones({PERSON: {"answer": 0.3}})
        device = meta_door(make_device, server, room, ring_standby="webhook")
        broken = {"status": 400, "body": json.dumps({"code": "invalid_argument", "msg": "sdp is not good"})}
        await server.hook("api-answers", answers=[{**broken, "method": "ConnectWhatsAppCall"}])
        done = await device.ask("dial", "eva")
        assert done.status == FAILED and "sdp is not good" in done.error, done
        await nobody_rings_on(telephone)
        await out_of_the_room(device, server, room)
        await server.hook("api-answers", answers=[{**broken, "method": "AcceptWhatsAppCall"}])
        await server.hook("meta/call", **{"from": PERSON})
        await device.until(lambda s: s["ring"]["state"] == "ringing", 2, what="rung")
        await device.ask("press", "button")
        assert (await telephone.state(PERSON, "over", seconds=2))["final"] == 603
        await device.until(lambda s: s["ring"]["state"] == "idle" and s["call"]["state"] == "idle", what="quiet")
        await out_of_the_room(device, server, room)


async def test_meta_is_believed_when_it_is_meta(server, room, make_device):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        device = meta_door(make_device, server, room, ring_standby="webhook", ring_answer="auto")
        assert (await server.hook("meta/verify"))["accepted"]
        assert (await server.hook("meta/verify", token="x"))["status"] == 403
        await server.hook("meta/call", **{"from": PERSON})
        await telephone.state(PERSON, "active", seconds=3)
        delivery = (await telephone.get("meta"))["deliveries"][0]
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        # The same once more, with another body, unsigned, too large, and a hundred at once.
        for values, status in [
                ({"body": delivery["body"]}, 200), ({"body": delivery["body"] + " ", "signature": delivery["signature"]}, 401),
                ({"body": "{}", "signature": ""}, 401), ({"body": "[" * 5000}, 400), ({"body": "x" * 600_000}, 413),
                ({"body": "{}", "signature": "sha256=00", "times": 100}, 401)]:
            posts = await server.hook("meta/post", url=hook("meta"), **values)
            assert {d["status"] for d in posts["deliveries"]} <= {status, 503, None}, (values["body"][:20], posts)
        await server.hook("meta/post", url=hook("meta"), body="{}", times=200, together=True)
        assert (await device.status())["ring"]["state"] == "idle"
        assert not await telephone.legs() or all(leg["state"] == "over" for leg in await telephone.legs())
        assert len(device.events("ring.started")) == 1
        assert 1 <= len(device.events("webhook.refused")) <= 30
        nothing_secret(device, "meta-verify-token", "v=0")


# -- Twilio, in ------------------------------------------------------------------------------------------------

PUBLIC = "https://door.example.org/lintel"


async def twilio_calls(server, telephone, **script):
    await server.hook("twilio/call", **{"from": CARL, "to": "+15550188"}, **script)


async def rung_by_twilio(make_device, server, room, **values):
    await server.hook("twilio", voice_url=hook("twilio?door=1"), signed_url=PUBLIC + "/twilio?door=1")
    return twilio_door(make_device, server, room, **{
        "webhook_listen": f"127.0.0.1:{PORT}", "webhook_public_url": PUBLIC + "/", "ring_standby": "webhook", **values})


@pytest.mark.parametrize("standby", ["webhook", "room"])
async def test_twilio_in_answered_refused_and_given_up(server, room, make_device, standby):
    async with Telephone(server) as telephone:
        device = await rung_by_twilio(make_device, server, room, ring_standby=standby, ring_timeout="5")
        rung = lambda: device.until(lambda s: s["ring"]["state"] == "ringing", 2, what="rung")
        if standby == "room":
            await device.connected()

        async def quiet():
            await device.until(lambda s: s["ring"]["state"] == "idle" and s["call"]["state"] == "idle", what="quiet")
        await twilio_calls(server, telephone, tone=PHONE_HZ)
        status = await rung()
        assert status["ring"]["from"] == CARL and status["ring"]["kind"] == "connector"
        await device.ask("press", "button")
        await device.plays(PHONE_HZ)
        await telephone.until(CARL, lambda leg: leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5))
        webhook = (await telephone.get("twilio"))["webhooks"][0]
        document = ElementTree.fromstring(webhook["answer"])
        assert webhook["status"] == 200 and [e.tag for e in document.iter()] == ["Response", "Connect", "Stream"]
        # The same document as Twilio's own classes make.
        ours, connect = VoiceResponse(), Connect()
        connect.stream(url=document[0][0].get("url"))
        ours.append(connect)
        assert ElementTree.canonicalize(str(ours)) == ElementTree.canonicalize(webhook["answer"])
        assert RequestValidator(TOKEN).validate(PUBLIC + "/twilio?door=1", webhook["fields"], webhook["signature"])
        await telephone.act(CARL, "hang_up")
        await quiet()
        # Answered, and hung up here; refused; not answered in time.
        await twilio_calls(server, telephone, tone=PHONE_HZ)
        await rung()
        await device.ask("answer")
        await device.plays(PHONE_HZ)
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        for do in ("refuse", "status"):
            await twilio_calls(server, telephone)
            await rung()
            await device.ask(do)
            await telephone.state(CARL, "over", seconds=2 if do == "refuse" else 8)
            await quiet()
        endings = [e["reason"] for e in device.events("ring.ended")]
        assert endings == ["refused at the device", "nobody answered at the device"]
        if standby == "webhook":
            await out_of_the_room(device, server, room)
        nothing_secret(device)
        assert CARL not in device.log()


async def test_twilio_in_not_allowed_busy_and_no_connector(server, room, make_device):
    async with Telephone(server) as telephone:
        device = await rung_by_twilio(make_device, server, room, ring_from="sip")
        await twilio_calls(server, telephone)
        assert (await telephone.state(CARL, "over", seconds=2))["final"] == 603
        device.stop()
        device = await rung_by_twilio(make_device, server, room, ring_answer="auto")
        await server.hook("api", without=["connectors"])
        try:
            await twilio_calls(server, telephone)
            assert (await telephone.state(CARL, "over", seconds=3))["final"] == 500
            assert (await telephone.get("twilio"))["calls"][-1]["problem"].startswith("11200")
            await device.until(lambda s: s["ring"]["state"] == "idle" and s["call"]["state"] == "idle", what="quiet")
        finally:
            await server.hook("api", without=[])
        await twilio_calls(server, telephone)
        await telephone.state(CARL, "active", seconds=3)
        await device.until(lambda s: s["call"]["state"] == "talking", what="talking")
        await server.hook("twilio/call", **{"from": "+15550106", "to": "+15550188"})
        assert (await telephone.state("+15550106", "over", seconds=2))["final"] == 486
        assert (await telephone.leg(CARL))["state"] == "active"
        await device.ask("hangup")
        await nobody_rings_on(telephone)


async def test_twilio_is_believed_when_it_is_twilio(server, room, make_device):
    async with Telephone(server) as telephone:
        device = await rung_by_twilio(make_device, server, room)
        fields = {"CallSid": "CA" + "0" * 32, "From": CARL, "To": "+15550188", "Direction": "inbound",
                  "CallStatus": "ringing"}
        good = RequestValidator(TOKEN).compute_signature(PUBLIC + "/twilio?door=1", fields)
        for values, status in [
                ({"fields": {**fields, "From": "+1"}, "signature": good}, 401), ({"fields": fields, "signature": ""}, 401),
                ({"fields": fields, "signature": "x" * 3000}, 401), ({"fields": {**fields, "x": "y" * 20_000}}, 413),
                ({"fields": fields, "signature": good, "url": hook("twilio?door=2")}, 401),
                ({"fields": {f"f{i}": "x" for i in range(100)}}, 400),
                ({"fields": fields, "signature": "AAAA", "times": 100}, 401)]:
            answers = (await server.hook("twilio/post", **{"url": hook("twilio?door=1"), **values}))["answers"]
            assert {a[0] for a in answers} == {status}, (values, answers[:2])
        assert not device.events("ring.started")
        # What is signed rings once, however often it is sent.
        answers = (await server.hook("twilio/post", url=hook("twilio?door=1"), fields=fields, signature=good, times=20,
                                     together=True))["answers"]
        assert sum("<Stream" in (a[1] or "") for a in answers) == 1
        await device.until(lambda s: s["ring"]["state"] == "ringing", 2, what="rung")
        # And is told when the caller has gone.
        over = {**fields, "CallStatus": "completed"}
        await server.hook("twilio/post", url=hook("twilio?door=1"), fields=over,
                          signature=RequestValidator(TOKEN).compute_signature(PUBLIC + "/twilio?door=1", over))
        await device.until(lambda s: s["ring"]["state"] == "idle", 2, what="quiet")
        assert len(device.events("ring.started")) == 1
        assert 1 <= len(device.events("webhook.refused")) <= 30
        nothing_secret(device)


# -- By hand, or by a server of the owner's ----------------------------------------------------------------------

async def test_the_commands_of_the_connectors(server, room, make_device, tmp_path):
    async with Telephone(server) as telephone:
        await server.hook("meta")                   # Its webhooks go nowhere: somebody else hands them on.
        device = meta_door(make_device, server, room)

        def description(text):
            (tmp_path / "sdp").write_bytes(text.encode())
            return ["--sdp-file", tmp_path / "sdp"]
        call = await server.hook("meta/call", **{"from": PERSON})
        done = await device.ask("whatsapp", "accept", call["call_id"], *description(call["sdp"]), "--room", room)
        assert done.status == 0 and room in done.output, done
        await telephone.state(PERSON, "active")
        assert (await device.ask("whatsapp", "disconnect", call["call_id"])).status == 0
        await nobody_rings_on(telephone)
        again = await device.ask("whatsapp", "disconnect", call["call_id"])
        assert again.status == FAILED and "META_TOKEN" not in again.error, again
        await telephone.phones({PERSON: {"answer": 0.2, "tone": PHONE_HZ}})
        dialled = asyncio.ensure_future(device.ask("whatsapp", "dial", PERSON))
        await telephone.state(PERSON, "active")
        shown = (await telephone.get("meta"))["calls"][-1]
        assert not dialled.done()
        done = await device.ask("whatsapp", "connect", shown["id"], *description(shown["sdp"]))
        assert done.status == 0 and (await dialled).status == 0, done
        await device.plays(PHONE_HZ)
        # The person hangs up, which is told by hand, too.
        await telephone.act(PERSON, "hang_up")
        assert (await device.ask("whatsapp", "disconnect", shown["id"], "--by-user")).status == 0
        await out_of_the_room(device, server, room)
        # Twilio's part of it is somebody else's.
        done = await device.ask("twilio", "twiml", "--room", room, "--identity", "caller")
        document = ElementTree.fromstring(done.output.strip())
        assert done.status == 0 and document[0][0].get("url").startswith("wss://"), done
        done = await device.ask("--json", "twilio", "connect", "--room", room)
        assert done.status == 0 and done.value["connect_url"].startswith("wss://"), done
        nothing_secret(device, "v=0", "wacid")


async def test_the_end_of_the_daemon_ends_every_call(server, room, make_device):
    async with Telephone(server) as telephone:
        await server.hook("meta", webhook_url=hook("meta"))
        await server.hook("twilio", voice_url=hook("twilio"), signed_url=PUBLIC + "/twilio")
        await telephone.phones({CARL: {}})
        account = {"phone_twilio_account": "AC" + "0123456789abcdef" * 2, "phone_twilio_token_file": secret(TOKEN),
                   "phone_twilio_from": "+15550188", "phone_twilio_api": server.url.replace("ws", "http", 1),
                   "webhook_public_url": PUBLIC, "directory_carl": f"twilio:{CARL}", "ring_standby": "webhook"}

        async def out(device):
            await device.ask("dial", "carl", "--no-wait")
            await telephone.state(CARL, "ringing")

        async def in_and_answered(device):
            await server.hook("meta/call", **{"from": PERSON})
            await device.until(lambda s: s["ring"]["state"] == "ringing", 2, what="rung")
            await device.ask("answer")
            await telephone.state(PERSON, "active")

        async def in_and_ringing(device):
            await server.hook("meta/call", **{"from": PERSON})
            await device.until(lambda s: s["ring"]["state"] == "ringing", 2, what="rung")

        async def twilio_in(device):
            await twilio_calls(server, telephone)
            await telephone.state(CARL, "active")
        for begin in (out, in_and_answered, in_and_ringing, twilio_in):
            device = meta_door(make_device, server, room, **account)
            await begin(device)
            await asyncio.to_thread(device.stop)
            await nobody_rings_on(telephone)
            assert not await server.participants(room), begin
