"""The stand-ins of Meta and Twilio: judged by livekit-api, by Twilio's own client, validator and TwiML classes."""
import asyncio
import hashlib
import hmac
import json

from aiohttp import web
from livekit import api, rtc
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Connect, VoiceResponse
from urllib.parse import parse_qsl

import analysis
from peers import Peer, wait_for
from telephone import Telephone
from webserver import WebServer

PERSON, BUSINESS, SECRET = "15550123", "436666719526789", "meta-app-secret"
CONNECTOR = rtc.ParticipantKind.PARTICIPANT_KIND_CONNECTOR


# -- WhatsApp --------------------------------------------------------------------------------------------------

class MetaHook(WebServer):
    """An end point for Meta's webhooks: checks every signature, keeps the events."""

    def __init__(self):
        super().__init__(self._check)
        self.events = []

    def _check(self, request, body):
        if request.method == "GET":
            query = request.query
            fits = query.get("hub.mode") == "subscribe" and query.get("hub.verify_token") == "meta-verify-token"
            return web.Response(text=query["hub.challenge"]) if fits else web.Response(status=403)
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if request.headers.get("X-Hub-Signature-256") != expected:
            return web.Response(status=401)
        value = json.loads(body)["entry"][0]["changes"][0]["value"]
        assert value["metadata"]["phone_number_id"] == BUSINESS
        self.events += value.get("calls", []) + value.get("statuses", [])

    async def event(self, what, seconds=3):
        def found():
            return next((e for e in self.events if what in (e.get("event"), e.get("status"))), None)
        return await wait_for(found, seconds, lambda: f"{what} among {self.events}")


def dial(room, **values):
    return api.DialWhatsAppCallRequest(**{
        "whatsapp_phone_number_id": BUSINESS, "whatsapp_to_phone_number": PERSON, "whatsapp_api_key": "META_TOKEN",
        "whatsapp_cloud_api_version": "24.0", "room_name": room, "participant_identity": "person",
        "participant_name": "Person", **values})


async def test_whatsapp_out(server, room):
    async with Telephone(server) as telephone, MetaHook() as hook, Peer(server, room, "door") as door:
        await server.hook("meta", webhook_url=hook.url)
        await telephone.phones({f"+{PERSON}": {"answer": 0.4, "tone": 440}})
        await door.publish(600)
        connector = telephone.api.connector
        reply = await connector.dial_whatsapp_call(dial(room, whatsapp_biz_opaque_callback_data="mine"))
        assert reply.whatsapp_call_id.startswith("wacid.") and reply.room_name == room
        await hook.event("RINGING")
        connected = await hook.event("connect")
        assert {"id": reply.whatsapp_call_id, "direction": "BUSINESS_INITIATED", "to": PERSON, "from": "13175551399",
                "biz_opaque_callback_data": "mine"}.items() <= connected.items()
        assert connected["session"]["sdp_type"] == "answer" and "person" not in door.present()
        request = api.ConnectWhatsAppCallRequest(whatsapp_call_id=reply.whatsapp_call_id)
        request.sdp.type, request.sdp.sdp = "answer", connected["session"]["sdp"]
        await connector.connect_whatsapp_call(request)
        await door.sees("person")
        person = door.room.remote_participants["person"]
        assert (person.kind, person.name) == (CONNECTOR, "Person")
        info = (await server.participants(room))["person"]
        assert list(info.kind_details) == [api.ParticipantInfo.CONNECTOR_WHATSAPP]
        assert analysis.power_share(await door.hear("person", 0.5), 48000, 440) > 0.95
        assert (await telephone.leg(PERSON))["heard"]["frequency"] == pytest.approx(600, abs=5)
        end = api.DisconnectWhatsAppCallRequest(whatsapp_call_id=reply.whatsapp_call_id, whatsapp_api_key="META_TOKEN")
        await connector.disconnect_whatsapp_call(end)
        assert (await telephone.state(PERSON, "over"))["ended"] == {"how": "bye", "by": "bridge"}
        ended = await hook.event("terminate")
        assert ended["status"] == "COMPLETED" and ended["duration"] >= 0
        await wait_for(lambda: "person" not in door.present(), 2, "the person has left")
        with pytest.raises(api.TwirpError) as error:
            await connector.disconnect_whatsapp_call(end)
        assert error.value.code == "not_found"


async def test_whatsapp_out_refused_in_every_way(server, room):
    async with Telephone(server) as telephone, MetaHook() as hook:
        await server.hook("meta", webhook_url=hook.url, no_permission=["15550199"])
        await telephone.phones({PERSON: {"status": 603, "after": 0.2}, "15550124": {}})
        connector = telephone.api.connector
        for values, code, words in [
                ({"whatsapp_api_key": "no"}, "permission_denied", "190"),
                ({"whatsapp_to_phone_number": "15550199"}, "permission_denied", "138006"),
                ({"whatsapp_to_phone_number": "+" + PERSON}, "invalid_argument", "100"),
                ({"whatsapp_cloud_api_version": ""}, "invalid_argument", "whatsapp_cloud_api_version")]:
            with pytest.raises(api.TwirpError) as error:
                await connector.dial_whatsapp_call(dial(room, **values))
            assert error.value.code == code and words in error.value.message
        await connector.dial_whatsapp_call(dial(room))
        await hook.event("REJECTED")
        assert "duration" not in await hook.event("terminate")
        reply = await connector.dial_whatsapp_call(dial(room, whatsapp_to_phone_number="15550124"))
        await telephone.state("15550124", "ringing")
        await connector.disconnect_whatsapp_call(api.DisconnectWhatsAppCallRequest(
            whatsapp_call_id=reply.whatsapp_call_id, whatsapp_api_key="META_TOKEN"))
        assert (await telephone.leg("15550124"))["ended"] == {"how": "cancel", "by": "bridge"}


async def test_whatsapp_in(server, room):
    async with Telephone(server) as telephone, MetaHook() as hook:
        await server.hook("meta", webhook_url=hook.url)
        call = await server.hook("meta/call", **{"from": PERSON}, tone=440)
        offered = await hook.event("connect")
        assert (offered["id"], offered["direction"]) == (call["call_id"], "USER_INITIATED")
        assert offered["session"] == {"sdp_type": "offer", "sdp": call["sdp"]}
        request = api.AcceptWhatsAppCallRequest(
            whatsapp_phone_number_id=BUSINESS, whatsapp_api_key="META_TOKEN", whatsapp_cloud_api_version="24.0",
            whatsapp_call_id=call["call_id"], room_name=room, participant_identity="person")
        request.sdp.type, request.sdp.sdp = "offer", call["sdp"]
        async with Peer(server, room, "door") as door:
            assert (await telephone.api.connector.accept_whatsapp_call(request)).room_name == room
            await telephone.state(PERSON, "active")
            assert analysis.power_share(await door.hear("person", 0.3), 48000, 440) > 0.9
            # The person hangs up: Meta says so, and the participant goes when the connector is told, too.
            await telephone.act(PERSON, "hang_up")
            assert (await hook.event("terminate"))["status"] == "COMPLETED" and "person" in door.present()
            await telephone.api.connector.disconnect_whatsapp_call(api.DisconnectWhatsAppCallRequest(
                whatsapp_call_id=call["call_id"], disconnect_reason="USER_INITIATED"))
            await wait_for(lambda: "person" not in door.present(), 2, "the person has left")


async def test_metas_end_point_is_verified_and_lied_to(server):
    server.require_hooks()
    async with MetaHook() as hook:
        await server.hook("meta", webhook_url=hook.url)
        assert (await server.hook("meta/verify"))["accepted"]
        assert await server.hook("meta/verify", token="x") == {"status": 403, "answer": "", "accepted": False}
        body = json.dumps({"entry": [{"changes": [{"value": {"metadata": {"phone_number_id": BUSINESS}}}]}]})
        for signature, status in ((None, 200), ("", 401), ("sha256=00", 401)):
            posts = await server.hook("meta/post", body=body, signature=signature, times=20, together=True)
            assert [d["status"] for d in posts["deliveries"]] == [status] * 20


# -- Twilio ----------------------------------------------------------------------------------------------------

class Elsewhere(TwilioHttpClient):
    """Twilio's own client, led to the room server."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def request(self, method, url, **values):
        return super().request(method, url.replace("https://api.twilio.com", self.base), **values)


async def account(server, telephone, **settings):
    """-> (what the stand-in is set to, Twilio's client of that account)"""
    set_to = await server.hook("twilio", **settings)
    return set_to, Client(set_to["account_sid"], set_to["auth_token"], http_client=Elsewhere(telephone.base))


async def test_twilio_out(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door, WebServer() as callbacks:
        _, client = await account(server, telephone)
        await telephone.phones({"+15550123": {"answer": 0.5, "tone": 440}})
        await door.publish(600)
        reply = await telephone.api.connector.connect_twilio_call(api.ConnectTwilioCallRequest(
            twilio_call_direction="TWILIO_CALL_DIRECTION_OUTBOUND", room_name=room, participant_identity="person"))
        assert reply.connect_url.startswith("wss://127.0.0.1:") and "&" in reply.connect_url
        call = await asyncio.to_thread(lambda: client.calls.create(
            to="+15550123", from_="+15550188", url=reply.connect_url.replace("wss", "https", 1),
            status_callback=callbacks.url, status_callback_event=["ringing", "answered", "completed"]))
        assert call.sid.startswith("CA") and call.direction == "outbound-api"
        await telephone.state("+15550123", "ringing")
        assert "person" not in door.present()
        assert analysis.power_share(await door.hear("person", 0.5), 48000, 440) > 0.95
        person = door.room.remote_participants["person"]
        info = (await server.participants(room))["person"]
        assert person.kind == CONNECTOR and list(info.kind_details) == [api.ParticipantInfo.CONNECTOR_TWILIO]
        assert (await telephone.leg("+15550123"))["heard"]["frequency"] == pytest.approx(600, abs=5)
        assert (await asyncio.to_thread(lambda: client.calls(call.sid).fetch())).status == "in-progress"
        await asyncio.to_thread(lambda: client.calls(call.sid).update(status="completed"))
        await wait_for(lambda: "person" not in door.present(), 2, "the person has left")
        assert (await telephone.leg("+15550123"))["ended"] == {"how": "bye", "by": "bridge"}
        await wait_for(lambda: len(callbacks.requests) == 3, 2, "three callbacks")
        assert [dict(parse_qsl(r[3].decode()))["CallStatus"] for r in callbacks.requests] == [
            "ringing", "in-progress", "completed"]


async def test_twilio_refuses_and_a_phone_is_busy(server):
    async with Telephone(server) as telephone:
        _, client = await account(server, telephone)
        await telephone.phones({"+15550123": {"status": 486, "after": 0.1}, "+15550124": {}})
        good = {"to": "+15550123", "from_": "+15550188", "twiml": "<Response/>"}
        for values, code, status in [({"to": "0123"}, 21211, 400), ({"from_": "+1999"}, 21210, 400),
                                     ({"twiml": ""}, 21205, 400)]:
            with pytest.raises(TwilioRestException) as error:
                await asyncio.to_thread(lambda: client.calls.create(**{**good, **values}))
            assert (error.value.code, error.value.status) == (code, status)
        stranger = Client(client.account_sid, "wrong", http_client=Elsewhere(telephone.base))
        with pytest.raises(TwilioRestException) as error:
            await asyncio.to_thread(lambda: stranger.calls.create(**good))
        assert (error.value.code, error.value.status) == (20003, 401)
        busy = await asyncio.to_thread(lambda: client.calls.create(**good))
        await telephone.state("+15550123", "over")
        assert (await asyncio.to_thread(lambda: client.calls(busy.sid).fetch())).status == "busy"
        rings = await asyncio.to_thread(lambda: client.calls.create(**{**good, "to": "+15550124"}))
        await telephone.state("+15550124", "ringing")
        await asyncio.to_thread(lambda: client.calls(rings.sid).update(status="canceled"))
        assert (await telephone.leg("+15550124"))["ended"] == {"how": "cancel", "by": "bridge"}


async def test_twilio_in(server, room):
    async with Telephone(server) as telephone:
        validator, seen = RequestValidator("twilio-auth-token"), []

        async def voice(request, body):
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            assert validator.validate(str(request.url), form, request.headers["X-Twilio-Signature"])
            assert not validator.validate(str(request.url), {**form, "From": "+1"}, request.headers["X-Twilio-Signature"])
            seen.append(form)
            reply = await telephone.api.connector.connect_twilio_call(api.ConnectTwilioCallRequest(
                twilio_call_direction="TWILIO_CALL_DIRECTION_INBOUND", room_name=room, participant_identity="person"))
            answer, connect = VoiceResponse(), Connect()
            connect.stream(url=reply.connect_url).parameter(name="door", value="front")
            answer.append(connect)
            return web.Response(text=str(answer), content_type="text/xml")

        async with WebServer(voice) as end_point, Peer(server, room, "door") as door:
            await account(server, telephone, voice_url=end_point.url + "/voice?door=1")
            call = await server.hook("twilio/call", **{"from": "+15550100", "to": "+15550188"}, tone=440)
            assert analysis.power_share(await door.hear("person", 0.4), 48000, 440) > 0.9
            assert {"CallSid": call["sid"], "From": "+15550100", "To": "+15550188", "Direction": "inbound",
                    "CallStatus": "ringing"}.items() <= seen[0].items()
            shown = (await telephone.get("twilio"))["calls"][0]
            assert (shown["status"], shown["parameters"]) == ("in-progress", {"door": "front"})
            await server.remove(room, "person")
            leg = await telephone.state("+15550100", "over")
            assert leg["ended"] == {"how": "bye", "by": "bridge"}


async def test_twilio_in_refused_failed_and_nonsense(server):
    async with Telephone(server) as telephone:
        reject = VoiceResponse()
        reject.reject(reason="busy")
        for answer, final, problem in [
                (web.Response(text=str(reject)), 486, None), (web.Response(status=500), 500, "11200"),
                (web.Response(text="<Response><Connect>"), 500, "12100"), (web.Response(text="<Answer/>"), 500, "12102")]:
            async with WebServer(lambda request, body, answer=answer: answer) as end_point:
                await account(server, telephone, voice_url=end_point.url)
                await server.hook("twilio/call", **{"from": "+15550100", "to": "+15550188"})
                assert (await telephone.state("+15550100", "over"))["final"] == final
                shown = (await telephone.get("twilio"))["calls"][0]
                assert (shown["problem"] or "").startswith(problem or "")
