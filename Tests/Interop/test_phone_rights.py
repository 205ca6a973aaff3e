"""Who may dial: with a key, with a room token that carries the right, and through an endpoint of the owner's; and what
is sent, against what the official API client sends."""
import asyncio
import json
import time

import aiohttp
from aiohttp import web
from livekit import api
import pytest

from device import FAILED
from peers import wait_for
from sound import hum
from telephone import Telephone, duration, individual
from test_phones import ANNA, DIRECTORY, DOOR_HZ, PHONE_HZ, door, nobody_rings_on, told
from webserver import WebServer


def room_token(server, room, call=True, admin=True):
    video = api.VideoGrants(room_join=True, room=room, room_admin=admin or None)
    token = api.AccessToken(server.key, server.secret).with_identity("door").with_grants(video)
    return (token.with_sip_grants(api.SIPGrants(call=True)) if call else token).to_jwt()


async def test_a_room_token_with_the_right_dials_and_one_without_says_which(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "tone": PHONE_HZ}})
        device = make_device(server, room, token=room_token(server, room), microphone=hum(DOOR_HZ),
                             session_mode="on-demand", phone_trunk="ST_test", **DIRECTORY)
        done = await device.ask("dial", "anna")
        assert done.status == 0, done
        await device.plays(PHONE_HZ)
        await device.ask("hangup")
        await nobody_rings_on(telephone)
        unable = make_device(server, room, token=room_token(server, room, call=False, admin=False),
                             session_mode="on-demand", phone_trunk="ST_test", **DIRECTORY)
        done = await unable.ask("dial", "anna")
        assert done.status == FAILED and "sip.call" in done.error, done


async def test_an_endpoint_dials_and_no_key_lies_on_the_door(server, room, make_device, tmp_path):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.3, "tone": PHONE_HZ}})

        async def answer(request, body):
            if request.headers.get("Authorization") != "Bearer door-secret":
                return web.Response(status=401, text="who are you?")
            method = request.path.rsplit("/", 1)[1]
            token = api.AccessToken(server.key, server.secret)
            if method == "CreateSIPParticipant":
                token = token.with_sip_grants(api.SIPGrants(call=True))
            token = token.with_grants(api.VideoGrants(room_admin=True, room=room))
            path = request.path.removeprefix("/phone")
            async with aiohttp.ClientSession() as http, http.post(
                    server.url.replace("ws", "http", 1) + path, data=body,
                    headers={"Authorization": f"Bearer {token.to_jwt()}", "Content-Type": "application/json"}) as reply:
                return web.Response(status=reply.status, body=await reply.read(), content_type=reply.content_type)

        async with WebServer(answer) as owner:
            secret = tmp_path / "bearer"
            secret.write_text("door-secret\n")
            secret.chmod(0o600)
            device = make_device(server, room, microphone=hum(DOOR_HZ), session_mode="on-demand", phone_via="endpoint",
                                 phone_endpoint=owner.url + "/phone", phone_bearer_file=secret, phone_trunk="ST_test",
                                 **DIRECTORY)
            assert (await device.ask("dial", "anna")).status == 0
            await device.plays(PHONE_HZ)
            await device.ask("hangup")
            await nobody_rings_on(telephone)
            assert {r[1] for r in owner.requests} == {f"/phone/twirp/livekit.{m}" for m in (
                "SIP/CreateSIPParticipant", "RoomService/RemoveParticipant")}
            secret.write_text("wrong\n")
            done = await device.ask("dial", "anna")
            assert done.status == FAILED and "wrong" not in done.error, done


async def test_nothing_secret_is_told(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"status": 486}})
        device = door(make_device, server, room)
        await device.ask("dial", "anna")
        await device.ask("dial", "+15550104")
        said = device.log() + json.dumps([e for e in device.events()])
        for secret in (server.secret, "eyJ", ANNA, "5550104"):
            assert secret not in said, secret


# Grants that the SDK sets by default, and its own fields.
IGNORED = {"canPublish", "canSubscribe", "canPublishData"}


def grants(call):
    video = {k: v for k, v in call["claims"].get("video", {}).items() if v and k not in IGNORED}
    return {"video": video, "sip": {k: v for k, v in (call["claims"].get("sip") or {}).items() if v}}


async def calls(telephone, method):
    return [c for c in (await telephone.get("api-calls"))["calls"] if c["method"] == method]


async def test_what_is_sent_equals_what_the_official_client_sends(server, room, make_device, capsys):
    """Field by field, as the server decoded it, and the rights of the token."""
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.2}})
        device = door(make_device, server, room, phone_number="+15550199")
        done = await device.ask(
            "--json", "dial", "anna", "--dtmf", "1w2", "--display-name", "Front door", "--ring", "20", "--max", "60",
            "--dial-tone", "--header", "X-Door=north", "--hide-number", "--encryption", "allow")
        assert done.status == 0, done
        identity = done.value["identity"]
        await device.ask("transfer", identity, "tel:+15550109", "--ring", "10", "--header", "X-A=b", "--dial-tone")
        await device.ask("hangup")
        await nobody_rings_on(telephone, 3)
        for command in (
                ["api", "AgentDispatchService/CreateDispatch",
                 json.dumps({"agent_name": "concierge", "room": room, "metadata": "m"})],
                ["api", "AgentDispatchService/ListDispatch", json.dumps({"room": room})],
                ["api", "RoomService/CreateRoom", json.dumps({"name": room, "empty_timeout": 60})],
                ["api", "RoomService/ListRooms", "{}"],
                ["api", "RoomService/ListParticipants", json.dumps({"room": room})],
                ["api", "Connector/ConnectTwilioCall",
                 json.dumps({"twilio_call_direction": "TWILIO_CALL_DIRECTION_OUTBOUND", "room_name": room,
                             "participant_identity": "t"})]):
            done = await device.ask(*command)
            assert done.status == 0, (command, done)
        ours = {c["method"]: c for c in (await telephone.get("api-calls"))["calls"]}
        await server.hook("api-calls")
        await telephone.phones({ANNA: {"answer": 0.1}})
        sip, dispatch, rooms = telephone.api.sip, telephone.api.agent_dispatch, telephone.api.room
        request = api.CreateSIPParticipantRequest(
            sip_trunk_id="ST_test", sip_number="+15550199", sip_call_to=ANNA, room_name=room,
            participant_identity=identity, participant_name="anna", dtmf="1w2", play_dialtone=True,
            hide_phone_number=True, display_name="Front door", ringing_timeout=duration(20),
            max_call_duration=duration(80), headers={"X-Door": "north"}, wait_until_answered=True)
        request.media.encryption = api.SIPMediaEncryption.SIP_MEDIA_ENCRYPT_ALLOW
        await sip.create_sip_participant(request)
        await sip.transfer_sip_participant(api.TransferSIPParticipantRequest(
            participant_identity=identity, room_name=room, transfer_to="tel:+15550109", play_dialtone=True,
            headers={"X-A": "b"}, ringing_timeout=duration(10)))
        try:
            await rooms.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity))
        except api.TwirpError:
            pass
        await dispatch.create_dispatch(api.CreateAgentDispatchRequest(agent_name="concierge", room=room, metadata="m"))
        await dispatch.list_dispatch(room)
        await rooms.create_room(api.CreateRoomRequest(name=room, empty_timeout=60))
        await rooms.list_rooms(api.ListRoomsRequest())
        await rooms.list_participants(api.ListParticipantsRequest(room=room))
        await telephone.api.connector.connect_twilio_call(api.ConnectTwilioCallRequest(
            twilio_call_direction=api.ConnectTwilioCallRequest.TWILIO_CALL_DIRECTION_OUTBOUND, room_name=room,
            participant_identity="t"))
        theirs = {c["method"]: c for c in (await telephone.get("api-calls"))["calls"]}
        lines = []
        for method, call in theirs.items():
            same = ours[method]["message"] == call["message"]
            lines.append(f"{method:24} {'equal' if same else 'DIFFERS'}  {grants(ours[method])}")
            assert same, (method, ours[method]["message"], call["message"])
            assert grants(ours[method]) == grants(call), method
        with capsys.disabled():
            print("\n" + "\n".join(lines))


async def test_rung_while_idle_by_webhook(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.rule("+15550777", rule=individual("call"))
        device = door(make_device, server, room, ring_standby="webhook", webhook_listen="127.0.0.1:18089")
        await server.hook("webhooks", urls=["http://127.0.0.1:18089/livekit"])
        try:
            await telephone.rings_us(ANNA, "+15550777", tone=PHONE_HZ)
            status = await device.until(lambda s: s["ring"]["state"] == "ringing", 1.5, what="rung")
            assert status["room"]["connection"] == "disconnected" and status["ring"]["from"] == ANNA
            assert (await telephone.leg(ANNA))["state"] == "ringing"
            await device.ask("press", "button")
            await telephone.state(ANNA, "active", seconds=3)
            await device.plays(PHONE_HZ)
            await telephone.until(ANNA, lambda leg: leg["heard"]["frequency"] == pytest.approx(DOOR_HZ, abs=5))
            await device.ask("hangup")
            await telephone.state(ANNA, "over", seconds=2)
            await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
            await telephone.rings_us(ANNA, "+15550777")
            await device.until(lambda s: s["ring"]["state"] == "ringing", what="rung")
            await asyncio.sleep(0.3)                            # the bridge has connected: it hears of it at once
            await device.ask("refuse")
            leg = await telephone.state(ANNA, "over", seconds=2)
            assert leg["final"] in (486, 603)
            # Who forges one is refused, and told once in a while, whatever he sends.
            begin = time.monotonic()
            async with aiohttp.ClientSession() as http:
                for _ in range(100):
                    async with http.post("http://127.0.0.1:18089/livekit", data=b"{}",
                                         headers={"Authorization": "a.b.c"}) as reply:
                        assert reply.status == 401
            # Twenty, and one more each half second.
            assert len(device.events("webhook.refused")) <= 21 + (time.monotonic() - begin) / 0.5
            assert device.log().count("a webhook of livekit is refused") == 1
            figures = (await device.ask("--json", "stats")).value
            assert figures["lintel_webhook_refusals_total"] == 100
            assert figures["lintel_rings_total"] == 2 and figures["lintel_rings_answered_total"] == 1
        finally:
            await server.hook("webhooks", urls=[])
