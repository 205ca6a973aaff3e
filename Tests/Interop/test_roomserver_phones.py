"""The room server's bridge, outbound: judged by the official API client, the official client as a witness in the room."""
import asyncio
import time

from livekit import api, rtc
from livekit.rtc import DisconnectReason as Reason
import pytest

import analysis
from peers import Peer
from telephone import Notes, Telephone, duration

NUMBER, SECOND = "+15550123", "+15550124"
ENDED = ["dialing", "ringing", "active", "hangup"]


async def end_call(peer, identity="callee", payload="{}"):
    return await peer.room.local_participant.perform_rpc(
        destination_identity=identity, method="lk.sip.EndCall", payload=payload)


async def test_answered_talked_and_hung_up_by_the_phone(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.6, "tone": 440, "hang_up": 2.0, "keys": [[0.2, "1A#"]],
                                         "headers": {"X-Carrier": "abc"}}})
        await door.publish(600)
        begin = time.time()
        reply = await telephone.dial(room, NUMBER, include_headers="SIP_X_HEADERS", participant_name="Callee",
                                     participant_attributes={"k": "v", "none": "", "sip.phoneNumber": "mine"})
        assert time.time() - begin < 0.3 and reply.participant_identity == "callee" and reply.room_name == room
        assert reply.sip_call_id.startswith("SCL_") and reply.participant_id.startswith("PA_")
        heard = await door.hear("callee", 1.0)
        attributes = notes.participant.attributes
        assert (notes.participant.kind, notes.participant.name) == (rtc.ParticipantKind.PARTICIPANT_KIND_SIP, "Callee")
        assert {"sip.trunkID": "ST_test", "sip.phoneNumber": NUMBER, "sip.trunkPhoneNumber": "+15550199", "k": "v",
                "sip.h.x-carrier": "abc", "sip.callID": reply.sip_call_id}.items() <= attributes.items()
        assert "none" not in attributes and {"sip.callIDFull", "sip.callTag"} <= set(attributes)
        leg = await telephone.leg(NUMBER)
        assert leg["heard"]["frequency"] == pytest.approx(600, abs=3) and leg["heard"]["share"] > 0.9
        assert await notes.left() == Reason.CLIENT_INITIATED and notes.statuses == ENDED
        assert 0.6 < notes.at["active"] - begin < 1.0
        assert analysis.power_share(heard, 48000, 440) > 0.95 and notes.keys == ["1", "a", "#"]
        assert (await telephone.leg(NUMBER))["ended"] == {"how": "bye", "by": "phone"}


REFUSALS = {
    486: ("resource_exhausted", 429, "INVITE failed: sip status: 486: Busy Here", Reason.USER_REJECTED),
    603: ("permission_denied", 403, "sip status: 603: Decline", Reason.USER_REJECTED),
    403: ("permission_denied", 403, "unexpected status from INVITE response: sip status: 403: Forbidden",
          Reason.USER_REJECTED),
    404: ("not_found", 404, "INVITE failed: sip status: 404: Not Found", Reason.USER_UNAVAILABLE),
    480: ("resource_exhausted", 429, "INVITE failed: sip status: 480: Temporarily Unavailable", Reason.USER_UNAVAILABLE),
    487: ("aborted", 409, "unexpected status from INVITE response: sip status: 487: Request Terminated",
          Reason.USER_REJECTED),
    503: ("failed_precondition", 412, "unexpected status from INVITE response: sip status: 503: Service Unavailable",
          Reason.CLIENT_INITIATED)}


async def test_refused(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.phones({f"+1{status}": {"status": status, "after": 0.4} for status in REFUSALS})

        async def refused_with(status):
            code, http, words, reason = REFUSALS[status]
            notes = Notes(door, f"callee-{status}")
            with pytest.raises(api.SipCallError) as refused:
                await telephone.dial(room, f"+1{status}", notes.identity, wait=True)
            error = refused.value
            assert (error.code, error.status, error.message) == (code, http, f"twirp error unknown: {words}")
            assert error.metadata["sip_status_code"] == str(status) and error.metadata["error_details"]
            assert await notes.left() == reason and notes.statuses == ["dialing", "ringing"], status
            leg = await telephone.leg(f"+1{status}")
            assert (leg["state"], leg["final"], leg["ended"]) == ("over", status, {"how": "refused", "by": "phone"})

        await asyncio.gather(*map(refused_with, REFUSALS))


async def test_a_number_that_nobody_has_and_a_phone_that_does_not_ring(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        unknown, silent = Notes(door, "unknown"), Notes(door, "silent")
        await telephone.phones({NUMBER: {"ring": None}})
        await telephone.dial(room, "+15550000", "unknown")
        await telephone.dial(room, NUMBER, "silent", ringing=0.5)
        assert await unknown.left() == Reason.USER_UNAVAILABLE and await silent.left() == Reason.USER_UNAVAILABLE
        assert unknown.statuses == silent.statuses == ["dialing"]


async def test_not_answered_and_the_deadline_of_the_request(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {}})
        with pytest.raises(api.TwirpError) as error:
            await telephone.dial(room, NUMBER, wait=True, ringing=0.5)
        assert (error.value.code, error.value.message) == ("canceled", "twirp error unknown: sip request timed out")
        assert await notes.left() == Reason.USER_UNAVAILABLE
        leg = await telephone.leg(NUMBER)
        assert leg["ended"] == {"how": "cancel", "by": "bridge"} and 0.4 < leg["over_at"] - leg["invited_at"] < 0.8


async def test_not_reached(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        for fails, code, reason in [("refused", "failed_precondition", Reason.CLIENT_INITIATED),
                                    ("unresolved", "invalid_argument", Reason.CLIENT_INITIATED),
                                    ("encryption", "failed_precondition", Reason.USER_REJECTED)]:
            notes = Notes(door, fails)
            await telephone.phones({NUMBER: {"fails": fails}})
            with pytest.raises(api.TwirpError) as error:
                await telephone.dial(room, NUMBER, fails, wait=True)
            assert error.value.code == code and "sip_status_code" not in error.value.metadata
            assert await notes.left() == reason and notes.statuses == ["dialing"]


async def test_only_removal_stops_the_ringing(server, room):
    """Not the RPC, not the request's end, not our leaving; and removal does it at once."""
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {}})
        waiting = asyncio.ensure_future(telephone.dial(room, NUMBER, wait=True))
        await notes.reaches("ringing")
        ending = asyncio.ensure_future(end_call(door))
        await asyncio.sleep(0.5)
        assert (await telephone.leg(NUMBER))["state"] == "ringing" and not ending.done()
        begin = time.time()
        await server.remove(room, "callee")
        leg = await telephone.state(NUMBER, "over")
        assert leg["ended"] == {"how": "cancel", "by": "bridge"} and leg["over_at"] - begin < 0.2
        assert await notes.left() == Reason.PARTICIPANT_REMOVED and notes.statuses == ["dialing", "ringing"]
        with pytest.raises(api.TwirpError) as error:
            await waiting
        assert (error.value.code, error.value.message) == ("canceled", "twirp error unknown: sip request timed out")
        with pytest.raises(rtc.RpcError) as error:
            await ending
        assert error.value.code == 1503


async def test_a_call_that_nobody_waits_for_rings_on_and_comes_up(server, room):
    async with Telephone(server) as telephone:
        async with Peer(server, room, "door"):
            await telephone.phones({NUMBER: {"answer": 0.8}})
            waiting = asyncio.ensure_future(telephone.dial(room, NUMBER, wait=True))
            await telephone.state(NUMBER, "ringing")
            waiting.cancel()
        await telephone.state(NUMBER, "active")
        await asyncio.sleep(0.2)
        assert set(await server.participants(room)) == {"callee"}
        await server.delete_room(room)
        assert (await telephone.state(NUMBER, "over"))["ended"] == {"how": "bye", "by": "bridge"}


async def test_end_call_waits_for_the_answer_and_then_cuts_the_callee_off(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.8}})
        await telephone.dial(room, NUMBER)
        await notes.reaches("ringing")
        with pytest.raises(rtc.RpcError) as error:
            await end_call(door, payload='{"headers": {"X-Reason": "opened"}}')
        leg = await telephone.state(NUMBER, "over")
        assert error.value.code == 1503 and leg["bye_headers"] == {"X-Reason": "opened"}
        assert leg["ended"] == {"how": "bye", "by": "bridge"} and leg["over_at"] - leg["answered_at"] < 0.2
        assert await notes.left() == Reason.CLIENT_INITIATED and notes.statuses == ENDED


async def test_rpcs_of_a_phone(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2, "headers": {"X-Carrier": "abc"}}})
        await telephone.dial(room, NUMBER)
        await notes.reaches("active")
        call = door.room.local_participant.perform_rpc
        assert await call(destination_identity="callee", method="lk.sip.GetRemoteHeaders",
                          payload='{"include": ["x-carrier"]}') == '{"headers": {"X-Carrier": "abc"}}'
        with pytest.raises(rtc.RpcError) as error:
            await call(destination_identity="callee", method="lk.sip.Nope", payload="")
        assert (error.value.code, error.value.message) == (1400, "Method not supported at destination")
        begin = time.time()
        status, answer = await server.call(room, "callee", "lk.sip.EndCall", "{}")
        assert (status, answer["code"]) == (503, "unavailable") and 1.8 < time.time() - begin < 2.5
        assert await notes.left() == Reason.CLIENT_INITIATED


async def test_keys_after_the_answer(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2}})
        await telephone.dial(room, NUMBER, dtmf="1w2#", play_dialtone=True)
        await notes.reaches("active")
        leg = await telephone.leg(NUMBER)
        assert notes.statuses == ["dialing", "ringing", "automation", "active"]
        assert [key["key"] for key in leg["keys"]] == ["1", "2", "#"]
        first, second, last = (key["at"] - leg["answered_at"] for key in leg["keys"])
        assert first < 0.15 and 1.0 < second - first < 1.15 and 0.5 < last - second < 0.62
        assert 0.5 < notes.at["active"] - leg["keys"][-1]["at"] < 0.65


async def test_a_removal_during_the_keys_of_the_request_is_heard_after_the_last(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2}})
        dialled = asyncio.ensure_future(telephone.dial(room, NUMBER, dtmf="1ww2", wait=True))
        await notes.reaches("automation")
        await door.sees_track_of("callee")
        begin = time.time()
        await server.remove(room, "callee")
        # It is gone from the room, and 404 from now on; the phone knows nothing of it, and the dialling one neither.
        assert await notes.left(1) == Reason.PARTICIPANT_REMOVED and time.time() - begin < 0.5
        with pytest.raises(api.TwirpError) as error:
            await server.remove(room, "callee")
        assert error.value.code == "not_found" and not dialled.done()
        assert (await telephone.leg(NUMBER))["state"] == "active"
        leg = await telephone.state(NUMBER, "over")
        assert [key["key"] for key in leg["keys"]] == ["1", "2"] and leg["ended"] == {"how": "bye", "by": "bridge"}
        assert leg["over_at"] - leg["keys"][-1]["at"] > 0.45
        assert (await dialled).participant_identity == "callee" and "active" not in notes.statuses


async def test_queued_keys_hold_up_end_call_but_not_removal(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2}})
        await telephone.dial(room, NUMBER)
        await notes.reaches("active")
        for key in "12345678":
            await door.room.local_participant.publish_dtmf(code=int(key), digit=key)
        ending = asyncio.ensure_future(end_call(door))
        await asyncio.sleep(1.5)
        leg = await telephone.leg(NUMBER)
        assert leg["state"] == "active" and [k["key"] for k in leg["keys"]] == ["1", "2", "3"]
        assert 0.5 < leg["keys"][1]["at"] - leg["keys"][0]["at"] < 0.62
        await server.remove(room, "callee")
        assert (await telephone.leg(NUMBER))["state"] == "over" and await notes.left() == Reason.PARTICIPANT_REMOVED
        ending.cancel()


async def test_the_removal_of_one_who_has_just_gone_meets_the_next_of_that_name(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.phones({NUMBER: {"answer": 0.2}})
        for held, gap, hit in ((0.6, 0.0, True), (0.3, 0.6, False)):
            notes = Notes(door, "callee")
            await server.hook("phones/bridge", removal_seconds=held)
            await telephone.dial(room, NUMBER, wait=True)
            await notes.reaches("active")
            await telephone.act(NUMBER, "hang_up")
            begin = time.time()
            removal = asyncio.ensure_future(server.remove(room, "callee"))
            await notes.left()
            await asyncio.sleep(gap)
            await telephone.dial(room, NUMBER, wait=True)
            await removal
            assert time.time() - begin > held - 0.05
            await asyncio.sleep(0.3)
            assert (await telephone.leg(NUMBER))["state"] == ("over" if hit else "active")
        # Who went some time ago is not there, and who was removed himself is so at once.
        await server.remove(room, "callee")
        with pytest.raises(api.TwirpError) as error:
            await server.remove(room, "callee")
        assert error.value.code == "not_found"
        assert await telephone.state(NUMBER, "over", 1)


async def test_a_dial_tone_is_heard_while_it_rings_and_nothing_else(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "toned")
        await telephone.phones({NUMBER: {"answer": 1.2}, SECOND: {"tone": 440}})
        await telephone.dial(room, NUMBER, "toned", play_dialtone=True)
        await telephone.dial(room, SECOND, "silent")
        tone = await door.hear("toned", 0.5)
        assert analysis.power_share(tone, 48000, 425) > 0.9 and max(abs(tone)) > 12000
        await notes.reaches("active")
        await asyncio.sleep(0.3)
        later = door.heard("toned").samples(time.monotonic() - 0.2)
        assert len(later) and not later.any() and not door.heard("silent").samples().any()


async def test_several_talk_to_the_phone_and_a_twin_throws_it_out(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door, Peer(server, room, "desk") as desk:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2}, SECOND: {"answer": 0.1}})
        await door.publish(600)
        await desk.publish(1000)
        await telephone.dial(room, NUMBER)
        await notes.reaches("active")
        await asyncio.sleep(1.5)
        wav = await asyncio.to_thread(_download, f"{telephone.base}/test/phones/heard.wav?leg=%2B15550123")
        samples = wav[-8000:]
        assert analysis.power_share(samples, 8000, 600) > 0.3 and analysis.power_share(samples, 8000, 1000) > 0.3
        await telephone.dial(room, SECOND)
        assert (await telephone.state(NUMBER, "over"))["ended"] == {"how": "bye", "by": "bridge"}
        await telephone.state(SECOND, "active")


def _download(url):
    import io
    import urllib.request
    import wave

    import numpy as np
    with urllib.request.urlopen(url, timeout=5) as reply, wave.open(io.BytesIO(reply.read())) as file:
        assert file.getframerate() == 8000
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def test_the_longest_call_is_counted_from_the_request(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        talked, rang = Notes(door, "talked"), Notes(door, "rang")
        await telephone.phones({NUMBER: {"answer": 0.3}, SECOND: {}})
        begin = time.time()
        await telephone.dial(room, NUMBER, "talked", longest=1)
        await telephone.dial(room, SECOND, "rang", longest=1)
        assert await talked.left() == Reason.CLIENT_INITIATED and talked.statuses == ENDED
        assert await rang.left() == Reason.USER_UNAVAILABLE and rang.statuses == ["dialing", "ringing"]
        assert all(0.9 < notes.at["left"] - begin < 1.3 for notes in (talked, rang))


TRANSFERS = {
    "taken": ({}, None, {"how": "bye", "by": "bridge"}),
    "busy": ({"notify": 486}, ("resource_exhausted", "call transfer failed: sip status: 486: Busy Here"), None),
    "refused": ({"status": 403}, ("permission_denied", "sip status: 403: Forbidden"), None),
    "no answer": ({"notify": None}, ("deadline_exceeded", "request timed out"), None)}


@pytest.mark.parametrize("case", TRANSFERS)
async def test_transfer(server, room, case):
    refer, error, ended = TRANSFERS[case]
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2, "refer": {"notify_after": 0.3, **refer}}})
        await telephone.dial(room, NUMBER)
        await notes.reaches("active")
        request = api.TransferSIPParticipantRequest(participant_identity="callee", room_name=room,
                                                    transfer_to="tel:+15550999", headers={"X-Why": "door"})
        request.ringing_timeout.FromSeconds(1)
        if error:
            with pytest.raises(api.TwirpError) as refused:
                await telephone.api.sip.transfer_sip_participant(request)
            assert (refused.value.code, refused.value.message) == (error[0], f"twirp error unknown: {error[1]}")
            assert (await telephone.leg(NUMBER))["state"] == "active"
        else:
            await telephone.api.sip.transfer_sip_participant(request)
            assert (await telephone.leg(NUMBER))["state"] == "active"
            assert await notes.left() == Reason.CLIENT_INITIATED and notes.statuses == ENDED
            assert (await telephone.leg(NUMBER))["ended"] == ended
        refers = (await telephone.leg(NUMBER))["refers"]
        assert [(r["to"], r["headers"]) for r in refers] == [("tel:+15550999", {"X-Why": "door"})]


async def test_one_phone_behaves_differently_with_every_call(server, room):
    async with Telephone(server) as telephone:
        await telephone.phones({NUMBER: [{"status": 486}, {"answer": 0.2}]})
        with pytest.raises(api.SipCallError):
            await telephone.dial(room, NUMBER, wait=True)
        await telephone.dial(room, NUMBER, wait=True)
        assert [leg["state"] for leg in await telephone.legs(NUMBER)] == ["over", "active"]
        await telephone.act(NUMBER, "hang_up")
        await telephone.state(NUMBER, "over")


async def test_a_phone_that_holds_or_falls_silent(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        notes = Notes(door, "callee")
        await telephone.phones({NUMBER: {"answer": 0.2, "silent_after": 0.5}})
        await telephone.dial(room, NUMBER, media=api.SIPMediaConfig(media_timeout=duration(0.4)))
        await notes.reaches("active")
        await telephone.act(NUMBER, "hold")
        # Nobody is told of the hold; the silence ends the call, without the word that somebody hung up.
        assert await notes.left() == Reason.CLIENT_INITIATED and notes.statuses == ["dialing", "ringing", "active"]
        leg = await telephone.leg(NUMBER)
        assert leg["ended"] == {"how": "bye", "by": "bridge"} and leg["over_at"] - leg["answered_at"] > 0.8


async def test_a_bridge_that_stops_and_one_that_dies(server, room):
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.phones({NUMBER: {"answer": 0.2}})
        for how, reason in (({"stop": True}, Reason.CLIENT_INITIATED), ({"kill": 0.6}, Reason.CONNECTION_TIMEOUT)):
            notes = Notes(door, "callee")
            await telephone.dial(room, NUMBER)
            await notes.reaches("active")
            begin = time.time()
            await server.hook("phones/bridge", **how)
            assert await notes.left() == reason and notes.statuses == ["dialing", "ringing", "active"]
            assert (await telephone.leg(NUMBER))["state"] == ("over" if "stop" in how else "active")
            assert "stop" in how or time.time() - begin > 0.5
