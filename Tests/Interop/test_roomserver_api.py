"""The room server's API: rights, errors and encodings as livekit-server 1.13.5 has them, and what tests may change."""
import asyncio
import json
import time

import aiohttp
from livekit import api, rtc
import jwt
import pytest

from peers import Peer
from telephone import Telephone

NUMBER = "+15550123"
CALL = {"sip_trunk_id": "ST_test", "sip_call_to": NUMBER, "room_name": "r", "participant_identity": "callee"}
CREATE = "SIP/CreateSIPParticipant"


def access(server, **claims):
    now = int(time.time())
    return jwt.encode({"iss": server.key, "sub": "", "nbf": now, "exp": now + 600, **claims}, server.secret,
                      algorithm="HS256")


async def ask(server, path, body, headers=None, method="POST", **claims):
    """-> (status, JSON or text, content type)"""
    given = {"Content-Type": "application/json"}
    if claims:
        given["Authorization"] = f"Bearer {access(server, **claims)}"
    given.update(headers or {})
    url = f"{server.url.replace('ws', 'http', 1)}/twirp/livekit.{path}"
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    async with aiohttp.ClientSession() as http, http.request(method, url, data=data, headers=given) as reply:
        text = await reply.text()
        return reply.status, json.loads(text) if reply.content_type == "application/json" else text, reply.content_type


MAY = {"sip": {"call": True}}
DENIED = (401, "unauthenticated", "permissions denied")
REFUSED = [
    (CREATE, CALL, {"video": {"roomJoin": True, "room": "r"}}, DENIED),
    (CREATE, CALL, {"sip": {"admin": True}}, DENIED), (CREATE, CALL, {"sip": {"call": False}}, DENIED),
    (CREATE, CALL, {}, DENIED), ("SIP/ListSIPOutboundTrunk", {}, MAY, DENIED),
    ("SIP/TransferSIPParticipant", {"room_name": "r"}, {**MAY, "video": {"roomAdmin": True, "room": "s"}}, DENIED),
    ("RoomService/ListParticipants", {"room": "r"}, {"video": {"roomList": True}}, DENIED),
    ("RoomService/CreateRoom", {"name": "r"}, {"video": {"roomAdmin": True, "room": "r"}}, DENIED),
    ("AgentDispatchService/CreateDispatch", {"agent_name": "a"}, {"video": {"roomAdmin": True, "room": "r"}}, DENIED),
    ("Connector/ConnectTwilioCall", {}, {"video": {"roomAdmin": True, "room": "r"}}, DENIED),
    (CREATE, {**CALL, "sip_trunk_id": "ST_x"}, MAY, (404, "not_found", "requested sip trunk does not exist")),
    (CREATE, {"sip_call_to": "1", "room_name": "r"}, MAY,
     (400, "invalid_argument", "missing sip trunk id and sip number")),
    (CREATE, {"sip_number": "1", "sip_call_to": "1", "room_name": "r"}, MAY,
     (400, "invalid_argument", "twirp error unknown: invalid request URI: address must be set")),
    (CREATE, {**CALL, "sip_trunk_id": "", "trunk": {"hostname": "h"}}, MAY,
     (412, "failed_precondition", "twirp error unknown: no numbers on outbound trunk")),
    (CREATE, {**CALL, "sip_call_to": ""}, MAY, (400, "invalid_argument", "missing sip callee number")),
    (CREATE, {**CALL, "sip_call_to": "a@b"}, MAY,
     (400, "invalid_argument", "SipCallTo should be a phone number or SIP user, not a full SIP URI")),
    (CREATE, {**CALL, "room_name": ""}, MAY, (400, "invalid_argument", "missing room name")),
    (CREATE, {**CALL, "headers": {"Call-ID": "1"}}, MAY,
     (400, "invalid_argument", "invalid header name: header name Call-ID not supported")),
    (CREATE, {**CALL, "headers": {"X Y": "1"}}, MAY,
     (400, "invalid_argument", "invalid header name: header name X Y contains invalid characters: char 32 not allowed")),
    (CREATE, {**CALL, "headers": {"X-Y": "1\r\n"}}, MAY,
     (400, "invalid_argument", "invalid header value for X-Y: header X-Y: value: char 13 not allowed")),
    (CREATE, {**CALL, "headers": {"X-Y": "1" * 1025}}, MAY,
     (400, "invalid_argument", "invalid header value for X-Y: header X-Y: value too long (max 1024 characters)")),
    (CREATE, {**CALL, "displayName": "d" * 129}, MAY,
     (400, "invalid_argument", "DisplayName too long (max 128 characters)")),
    (CREATE, {**CALL, "display_name": 'a"b'}, MAY,
     (400, "invalid_argument", "DisplayName must be a valid quoted string: invalid syntax")),
    (CREATE, {**CALL, "destination": {"city": "Paris"}}, MAY,
     (400, "invalid_argument", "if city is specified, country or region must also be specified")),
    (CREATE, {**CALL, "ringing_timeout": 3}, MAY, (400, "malformed", "the json request could not be decoded")),
    (CREATE, {**CALL, "ringing_timeout": {"seconds": 3}}, MAY, (400, "malformed", "the json request could not be decoded")),
    (CREATE, "{", MAY, (400, "malformed", "the json request could not be decoded")),
    ("SIP/CreateSIPTrunk", {}, MAY, (404, "bad_route", 'no handler for path "/twirp/livekit.SIP/CreateSIPTrunk"')),
    ("RoomService/GetParticipant", {"room": "none", "identity": "n"}, {"video": {"roomAdmin": True, "room": "none"}},
     (404, "not_found", "twirp error unknown: participant does not exist")),
    ("RoomService/DeleteRoom", {"room": "none"}, {"video": {"roomCreate": True}},
     (404, "not_found", "requested room does not exist")),
    ("RoomService/MoveParticipant", {"room": "r"}, {"video": {"roomAdmin": True, "room": "r"}},
     (500, "unknown", "twirp error unknown: not implemented")),
    ("Connector/DialWhatsAppCall", {}, {"video": {"roomCreate": True}},
     (400, "invalid_argument", "missing required field: whatsapp_phone_number_id"))]


async def test_refusals(server):
    server.require_hooks()
    for path, body, claims, (status, code, words) in REFUSED:
        assert await ask(server, path, body, **claims) == (
            status, {"code": code, "msg": words, **({"meta": {"twirp_invalid_route": f"POST /twirp/livekit.{path}"}}
                                                    if code == "bad_route" else {})}, "application/json"), (path, body)


async def test_refusals_of_the_transport(server):
    server.require_hooks()
    route = {"twirp_invalid_route": f"POST /twirp/livekit.{CREATE}"}
    assert await ask(server, CREATE, "x", {"Content-Type": "text/plain"}, **MAY) == (
        404, {"code": "bad_route", "msg": 'unexpected Content-Type: "text/plain"', "meta": route}, "application/json")
    status, answer, _ = await ask(server, CREATE, "", method="GET", **MAY)
    assert (status, answer["msg"]) == (404, 'unsupported method "GET" (only POST is allowed)')
    status, answer, _ = await ask(server, CREATE, b"\xff", {"Content-Type": "application/protobuf"}, **MAY)
    assert (status, answer["msg"]) == (400, "the protobuf request could not be decoded")
    assert (await ask(server, "PhoneNumberService/ListPhoneNumbers", {}, **MAY))[:2] == (404, "404 page not found\n")
    status, text, kind = await ask(server, CREATE, CALL, {"Authorization": "Bearer " + access(server, exp=1)})
    assert status == 401 and text.startswith("invalid token: ") and text.endswith("token is expired")
    assert kind == "text/plain"
    assert (await ask(server, CREATE, b" " * (10 << 20) + b"{}", **MAY))[0] == 413


async def test_both_spellings_and_the_record_of_it(server, room):
    async with Telephone(server) as telephone:
        await telephone.phones({NUMBER: {"answer": 0.2}})
        status, answer, _ = await ask(
            server, CREATE, {"sipTrunkId": "ST_test", "sip_call_to": NUMBER, "roomName": room, "unknownField": [1],
                             "participantIdentity": "callee", "ringingTimeout": "1.5s", "includeHeaders": 1,
                             "displayName": "", "headers": {"X-A": "b"}},
            {"X-Livekit-Request-Id": "one"}, sub="door", **MAY)
        assert status == 200 and list(answer) == ["participant_id", "participant_identity", "room_name", "sip_call_id"]
        leg = await telephone.state(NUMBER, "active")
        assert (leg["from"], leg["display_name"], leg["headers"]) == ("+15550199", None, {"X-A": "b"})
        call = (await telephone.get("api-calls?method=CreateSIPParticipant"))["calls"][-1]
        assert call["message"] == {
            "sip_trunk_id": "ST_test", "sip_call_to": NUMBER, "room_name": room, "participant_identity": "callee",
            "ringing_timeout": "1.500s", "include_headers": "SIP_X_HEADERS", "display_name": "", "headers": {"X-A": "b"}}
        assert (call["encoding"], call["status"], call["claims"]["sub"]) == ("json", 200, "door")
        assert call["headers"]["x-livekit-request-id"] == "one" and "authorization" not in call["headers"]
        # An answer with messages that are not there, int64 and defaults.
        _, answer, _ = await ask(server, "RoomService/MutePublishedTrack", {"room": room, "identity": "callee"},
                                 video={"roomAdmin": True, "room": room})
        assert answer == {"track": None}
        _, answer, _ = await ask(server, "RoomService/GetParticipant", {"room": room, "identity": "callee"},
                                 video={"roomAdmin": True, "room": room})
        assert (answer["kind"], answer["region"], answer["kind_details"]) == ("SIP", "", [])
        assert isinstance(answer["joined_at"], str) and answer["permission"]["can_update_metadata"]
        # Who waits is told by the deadline of his own, and the ringing ends with it.
        await telephone.phones({NUMBER: {}})
        begin = time.monotonic()
        _, answer, _ = await ask(server, CREATE, {**CALL, "room_name": room, "wait_until_answered": True},
                                 {"X-Twirp-Timeout-Ms": "400"}, **MAY)
        assert answer == {"code": "deadline_exceeded", "msg": "twirp error unknown: request timed out"}
        assert 0.35 < time.monotonic() - begin < 0.8
        assert (await telephone.state(NUMBER, "over"))["ended"] == {"how": "cancel", "by": "bridge"}


async def test_a_server_that_lacks_something(own_server):
    server = own_server()
    await server.hook("api", without=["bridge"], unavailable_after=0.2)
    begin = time.monotonic()
    assert (await ask(server, CREATE, CALL, **MAY))[1] == {
        "code": "unavailable", "msg": "twirp error unknown: no response from servers"}
    assert 0.9 < time.monotonic() - begin < 1.5
    await server.hook("api", without=["redis", "connectors"])
    assert (await ask(server, CREATE, CALL, **MAY))[:2] == (
        500, {"code": "internal", "msg": "twirp error unknown: sip not connected (redis required)"})
    assert (await ask(server, "Connector/ConnectTwilioCall", {}))[:2] == (404, "404 page not found\n")
    for path, body in (("RoomService/SendData", {"room": "none"}), ("AgentDispatchService/ListDispatch", {"room": "none"}),
                       ("RoomService/PerformRpc", {"room": "none", "destination_identity": "x", "method": "y"})):
        status, answer, _ = await ask(server, path, body, video={"roomAdmin": True, "room": "none"})
        assert (status, answer["msg"]) == (503, "twirp error unknown: no response from servers")
    assert (await ask(server, "RoomService/ListParticipants", {"room": "none"},
                      video={"roomAdmin": True, "room": "none"}))[1] == {"participants": []}


async def test_answers_that_no_server_gives(own_server):
    server = own_server()
    await server.hook("api-answers", answers=[
        {"status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html"},
        {"body": '{"participant_id": "PA', "cut": True}, {"status": 500, "body": "x", "pad_to": 10 << 20},
        {"hang": True}])
    assert (await ask(server, CREATE, CALL, **MAY))[:2] == (502, "<html>bad gateway</html>")
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(server, CREATE, CALL, **MAY)
    url, long = f"{server.url.replace('ws', 'http', 1)}/twirp/livekit.{CREATE}", 10 << 20
    async with aiohttp.ClientSession() as http, http.post(url) as reply:
        assert reply.status == 500 and len(await reply.read()) == long
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(ask(server, "SIP/Nothing", CALL, **MAY), 0.5)


async def test_rooms_that_the_api_makes(server, room):
    async with Telephone(server) as telephone:
        made = await telephone.api.room.create_room(api.CreateRoomRequest(name=room, empty_timeout=30, metadata="md"))
        again = await telephone.api.room.create_room(api.CreateRoomRequest(name=room, metadata="other"))
        assert made.sid == again.sid and (again.metadata, again.empty_timeout) == ("md", 30)
        listed = await telephone.api.room.list_rooms(api.ListRoomsRequest(names=[room, "none"]))
        assert [r.sid for r in listed.rooms] == [made.sid]
        await telephone.api.room.delete_room(api.DeleteRoomRequest(room=room))
        assert not (await telephone.api.room.list_rooms(api.ListRoomsRequest(names=[room]))).rooms


async def test_trunks_and_rules_are_kept(server):
    async with Telephone(server) as telephone:
        sip = telephone.api.sip
        trunk = await sip.create_outbound_trunk(api.CreateSIPOutboundTrunkRequest(trunk=api.SIPOutboundTrunkInfo(
            name="carrier", address="sip.example.net", numbers=["+1555"], auth_password="secret")))
        await sip.update_outbound_trunk_fields(trunk.sip_trunk_id, numbers=["+1556", "+1557"], name="other")
        listed = {t.sip_trunk_id: t for t in (await sip.list_outbound_trunk(api.ListSIPOutboundTrunkRequest())).items}
        found = listed[trunk.sip_trunk_id]
        assert (found.name, list(found.numbers), found.auth_password) == ("other", ["+1556", "+1557"], "secret")
        assert "ST_test" in listed
        await sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id))
        with pytest.raises(api.TwirpError) as error:
            await sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id))
        assert error.value.code == "not_found"
        inbound, rule = await telephone.rule("+15550700", rule=api.SIPDispatchRule(
            dispatch_rule_direct=api.SIPDispatchRuleDirect(room_name="r")), name="to the door")
        listed = (await sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest(trunk_ids=[inbound.sip_trunk_id]))).items
        assert [r.name for r in listed] == ["to the door"]
        await sip.delete_dispatch_rule(api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id))


async def test_dispatch_taken_and_not_taken(server, room):
    async with Telephone(server) as telephone:
        await server.hook("workers", concierge={"after": 0.1, "identity": "agent-7", "attributes": {"a": "b"}})
        dispatches = telephone.api.agent_dispatch
        request = api.CreateAgentDispatchRequest(agent_name="concierge", room=room, metadata='{"l":"de"}')
        request.attributes["k"] = "v"
        taken = await dispatches.create_dispatch(request)
        nobody = await dispatches.create_dispatch(api.CreateAgentDispatchRequest(agent_name="other", room=room))
        assert taken.id.startswith("AD_") and taken.attributes["k"] == "v" and taken.state.created_at > 1e18
        async with Peer(server, room, "door") as door:
            await door.sees("agent-7")
            agent = door.room.remote_participants["agent-7"]
            assert (agent.kind, agent.attributes["a"]) == (rtc.ParticipantKind.PARTICIPANT_KIND_AGENT, "b")
            listed = {d.id: d for d in await dispatches.list_dispatch(room)}
            assert listed[taken.id].state.jobs[0].state.participant_identity == "agent-7"
            assert not listed[nobody.id].state.jobs
            await dispatches.delete_dispatch(taken.id, room)
            with pytest.raises(api.TwirpError) as error:
                await dispatches.delete_dispatch(taken.id, room)
            assert (error.value.code, error.value.message) == (
                "not_found", "twirp error unknown: dispatch ID not found")
            for _ in range(100):
                if "agent-7" not in await server.participants(room):
                    break
                await asyncio.sleep(0.03)
            assert "agent-7" not in await server.participants(room)
