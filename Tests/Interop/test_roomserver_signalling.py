"""The room server's messages: what comes when, and how sessions end."""
import asyncio
import time

from livekit.protocol import models, rtc
import pytest

from peers import Peer, wait_for
from rawclient import RawClient, pair
from roomserver import sdp

LEAVE = rtc.LeaveRequest


async def test_join_order(server, room):
    server.require_hooks()
    async with RawClient(server, room, "door") as door:
        await door.expect("trickle", where=lambda t: t.final)
        assert [m.WhichOneof("message") for _, m in door.messages[:5]] == \
            ["join", "refresh_token", "offer", "trickle", "trickle"]
        join = door.all("join")[0][1]
        assert join.subscriber_primary and join.fast_publish and (join.ping_interval, join.ping_timeout) == (5, 15)
        assert join.server_version == "1.13.5" and join.room.sid.startswith("RM_") and not join.other_participants
        assert join.participant.state == models.ParticipantInfo.JOINING
        _, offer, description = door.offers()[0]
        assert [s.kind for s in description.sections] == ["application"] and 1 <= offer.id <= 256
        await door.send(ping_req=rtc.Ping(timestamp=42))
        _, pong = await door.expect("pong_resp")
        assert pong.last_ping_timestamp == 42 and pong.timestamp > 0


async def test_offer_ids_start_at_random(server, room):
    server.require_hooks()
    seen = set()
    for n in range(4):
        async with RawClient(server, room, f"door{n}") as door:
            seen.add((await door.expect("offer"))[1].id)
    assert len(seen) > 1


async def test_grants_shape_the_join(server, room):
    server.require_hooks()
    async with RawClient(server, room, "mute", can_publish=False) as mute, \
            RawClient(server, room, "deaf", can_subscribe=False) as deaf:
        await mute.expect("join"), await deaf.expect("join")
        assert not mute.all("join")[0][1].fast_publish and mute.all("join")[0][1].subscriber_primary
        assert deaf.all("join")[0][1].fast_publish and not deaf.all("join")[0][1].subscriber_primary
        await asyncio.sleep(0.3)
        assert not deaf.all("offer")
        await mute.publish()
        _, refused = await mute.expect("request_response")
        assert refused.reason == rtc.RequestResponse.NOT_ALLOWED and refused.add_track.cid


async def test_leave_is_answered_and_closed(server, room):
    server.require_hooks()
    async with RawClient(server, room, "door") as door:
        await door.expect("offer")
        await door.send(leave=LEAVE(reason=models.CLIENT_INITIATED))
        _, leave = await door.expect("leave")
        assert (leave.reason, leave.action) == (models.CLIENT_INITIATED, LEAVE.DISCONNECT)
        await wait_for(lambda: door.closed_with == 1000, 2, "closed with 1000")


async def test_duplicate_identity(server, room):
    server.require_hooks()
    async with RawClient(server, room, "watcher") as watcher, RawClient(server, room, "door") as first:
        await first.publish()
        await watcher.expect("update", where=lambda u: u.participants[0].identity == "door")
        old = first.all("join")[0][1].participant.sid
        async with RawClient(server, room, "door") as second:
            _, leave = await first.expect("leave")
            assert (leave.reason, leave.action) == (models.DUPLICATE_IDENTITY, LEAVE.DISCONNECT)
            new = (await second.expect("join"))[1].participant.sid
            _, update = await watcher.expect("update", 4, where=lambda u: any(p.sid == new for p in u.participants))
            gone = models.ParticipantInfo.DISCONNECTED
            assert not any(p.sid == old and p.state == gone for _, u in watcher.all("update") for p in u.participants)


async def test_removed_and_deleted_by_the_api(server, room):
    server.require_hooks()
    async with RawClient(server, room, "a") as a, RawClient(server, room, "b") as b:
        await server.remove(room, "a")
        assert (await a.expect("leave"))[1].reason == models.PARTICIPANT_REMOVED
        await server.delete_room(room)
        assert (await b.expect("leave"))[1].reason == models.ROOM_DELETED
        await wait_for(lambda: a.closed_with == b.closed_with == 1000, 2, "both closed")


@pytest.mark.parametrize("signs", [["reset", "alert", "word"], ["alert", "word"], ["word", "reset", "alert"]], ids="-".join)
async def test_dismissals_come_in_any_order(server, room, signs):
    server.require_hooks()
    await server.hook("dismissals", signs=signs, spread=0.4)
    try:
        async with RawClient(server, room, "a") as a:
            await a.publish()
            await a.published()
            await wait_for(lambda: a.channels, 3, "its channels")
            seen = {}

            def watch():
                for sign, there in (("word", a.all("leave")), ("alert", not a.subscriber.dtls.connected),
                                    ("reset", any(c.readyState == "closed" for c in a.channels))):
                    if there:
                        seen.setdefault(sign, time.monotonic())
                return set(signs) <= set(seen)

            await server.remove(room, "a")
            await wait_for(watch, 3, lambda: f"all of {signs}, only {seen}")
            assert sorted(signs, key=seen.get) == signs
            assert 0.3 < seen[signs[-1]] - seen[signs[0]] < 0.8
            assert a.all("leave")[0][1].reason == models.PARTICIPANT_REMOVED
    finally:
        await server.hook("dismissals")


async def test_who_comes_and_goes_between_two_batches_is_told_by_the_farewell(server, room):
    server.require_hooks()

    def gone(update):
        return any(p.sid == sid and p.state == models.ParticipantInfo.DISCONNECTED for p in update.participants)

    async with RawClient(server, room, "watcher") as watcher:
        async with RawClient(server, room, "agent-1", kind="agent") as agent:
            sid = (await agent.expect("join"))[1].participant.sid
            await agent.expect("offer")
            await agent.send(leave=LEAVE(reason=models.CLIENT_INITIATED))
            await agent.expect("leave")
        _, update = await watcher.expect("update", 4, where=gone)
        farewell = next(p for p in update.participants if p.sid == sid)
        assert (farewell.identity, farewell.kind) == ("agent-1", models.ParticipantInfo.AGENT)


async def test_hidden_ones_are_nowhere_but_in_the_sids_of_their_packets(server, room):
    server.require_hooks()
    async with RawClient(server, room, "watcher") as watcher:
        await wait_for(lambda: watcher.channels, 3, "its channels")
        async with Peer(server, room, "ghost", hidden=True) as ghost:
            sid = ghost.room.local_participant.sid
            await ghost.room.local_participant.publish_data(b"boo", reliable=True)
            await wait_for(lambda: watcher.data, 3, "the packet")
            await asyncio.sleep(3.2)
            packet = watcher.data[0][1]
            assert (packet.participant_identity, packet.participant_sid) == ("", sid)
            assert (packet.user.participant_identity, packet.user.participant_sid) == ("", "")
            assert not any(p.sid == sid for _, u in watcher.all("update") for p in u.participants)
            async with RawClient(server, room, "later") as later:
                assert [p.identity for p in (await later.expect("join"))[1].other_participants] == ["watcher"]


async def test_metadata_of_the_real_size(server, room):
    server.require_hooks()
    most = 512 << 10
    async with RawClient(server, room, "a", can_update_own_metadata=True) as a, RawClient(server, room, "b") as b:
        for size in (most, most + 1):
            await a.send(update_metadata=rtc.UpdateParticipantMetadata(metadata="m" * size, request_id=size))
        _, refused = await a.expect("request_response", where=lambda r: r.request_id == most + 1)
        assert (refused.reason, refused.message) == (rtc.RequestResponse.LIMIT_EXCEEDED, "exceeds metadata size limit")
        await b.expect("update", where=lambda u: len(u.participants[0].metadata) == most)


@pytest.mark.timing
async def test_who_does_not_publish_is_seen_late(server, room):
    """Batched every 3 s; publishing and attributes are seen at once."""
    server.require_hooks()

    def about(identity):
        return lambda u: any(p.identity == identity for p in u.participants)

    async with RawClient(server, room, "watcher") as watcher:
        waits = []
        for n in range(3):
            start = time.monotonic()
            async with RawClient(server, room, f"quiet{n}"):
                at, _ = await watcher.expect("update", 4, where=about(f"quiet{n}"))
                waits.append(at - start)
            await asyncio.sleep(0.5)
        assert max(waits) < 3.1 and max(waits) > 0.3, waits
        async with RawClient(server, room, "loud") as loud, RawClient(server, room, "agent",
                                                                      can_update_own_metadata=True) as agent:
            start = time.monotonic()
            await loud.publish()
            at, _ = await watcher.expect("update", 4, where=about("loud"))
            assert at - start < 0.5
            start = time.monotonic()
            await agent.send(update_metadata=rtc.UpdateParticipantMetadata(attributes={"state": "ready"}, request_id=7))
            at, update = await watcher.expect("update", 1, start, about("agent"))
            assert at - start < 0.2 and update.participants[0].attributes == {"state": "ready"}
            assert (await agent.expect("request_response"))[1].request_id == 7


async def test_track_subscribed_once(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, _):
        async with RawClient(server, room, "second") as second:
            await second.expect("offer", where=lambda o: "m=audio" in o.sdp)
            await asyncio.sleep(0.3)
            assert len(speaker.all("track_subscribed")) == 1


async def test_bad_descriptions_and_candidates(server, room):
    server.require_hooks()
    async with RawClient(server, room, "a") as door:
        await door.open_publisher()
        await door.offer("this is no SDP", candidates=False)
        await door.offer("v=0\r\nrubbish\r\n", candidates=False)
        await door.send(trickle=rtc.TrickleRequest(candidateInit="", target=rtc.PUBLISHER))
        _, refused = await door.expect("request_response")
        assert refused.message == "unexpected end of JSON input"
        assert refused.reason == rtc.RequestResponse.UNCLASSIFIED_ERROR
        await door.send(trickle=rtc.TrickleRequest(candidateInit='{"candidate":""}', target=rtc.PUBLISHER))
        await asyncio.sleep(0.5)
        assert not door.all("answer") and not door.all("leave")
        await door.publish()
        await door.expect("answer")
        await door.send(trickle=rtc.TrickleRequest(candidateInit='{"candidate":"rubbish"}', target=rtc.PUBLISHER))
        _, leave = await door.expect("leave")
        assert (leave.reason, leave.action) == (models.STATE_MISMATCH, LEAVE.RECONNECT)
    # It answers nothing: what it wrote to a server that is closing would come back as a reset, which takes with it
    # the leave that was not read yet.
    async with RawClient(server, room, "b", answers=False) as door:
        await door.publish(offer=False)
        text = "".join(line for line in door.offer_text().splitlines(True) if "fingerprint" not in line)
        await door.offer(text, candidates=False)
        _, leave = await door.expect("leave")
        assert (leave.reason, leave.action) == (models.STATE_MISMATCH, LEAVE.RECONNECT) and not door.all("answer")


async def test_sections_rejected_alone(server, room):
    server.require_hooks()
    async with RawClient(server, room, "a") as door:
        await door.publish(drop=("rtpmap:111",))
        await door.expect("answer")
        assert [(s.kind, s.port) for s in door.last_answer.sections] == [("application", 9), ("audio", 0)]
    async with RawClient(server, room, "b") as door:
        await door.publish(offer=False)
        await door.offer(door.offer_text().replace("BUNDLE 0 1", "BUNDLE 0"))
        await door.expect("answer")
        assert [(s.kind, s.port) for s in door.last_answer.sections] == [("application", 9), ("audio", 0)]


async def test_times_that_run_out(server, room):
    """Side by side, because they take 21 s: an unanswered offer, dead UDP with and without a WebSocket."""
    server.require_hooks()

    async def unanswered():
        async with RawClient(server, room, "rude", answers=False) as rude:
            at, leave = await rude.expect("leave", 17)
            assert 14.5 < at - rude.connected_at < 16 and leave.action == LEAVE.RECONNECT
            await wait_for(lambda: rude.closed_with == 1000, 2, "closed")

    async def dead(identity, with_websocket):
        async with RawClient(server, room, identity) as door:
            await door.publish()
            await door.published()
            _, seen = await watcher.expect("update", where=lambda u: u.participants[0].identity == identity)
            start = time.monotonic()
            await door.vanish()
            if with_websocket:
                at, leave = await door.expect("leave", 18)
                assert 14 < at - start < 17
                assert (leave.reason, leave.action) == (models.CONNECTION_TIMEOUT, LEAVE.RESUME)
            else:
                door.abort()
            at, _ = await watcher.expect("update", 23, start, lambda u: any(
                p.identity == identity and p.state == models.ParticipantInfo.DISCONNECTED for p in u.participants))
            assert 19 < at - start < 22.5

    async with RawClient(server, room, "watcher") as watcher:
        await asyncio.gather(unanswered(), dead("dead", True), dead("vanished", False))


async def test_signal_lost_with_media_alive_then_resumed(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        sid = speaker.all("join")[0][1].participant.sid
        speaker.abort()
        await asyncio.sleep(1)
        await speaker.stream(ssrc, 25)
        assert len(listener.packets) == 25 and "speaker" in await server.state(room)
        start = time.monotonic()
        await speaker.connect(reconnect="1", sid=sid, reconnect_reason="1")
        await speaker.expect("refresh_token", since=start)
        order = [m.WhichOneof("message") for at, m in speaker.messages if at >= start]
        assert order[:4] == ["reconnect", "update", "room_update", "refresh_token"]
        _, offer = await speaker.expect("offer", since=start)
        assert sdp.parse(offer.sdp).transport("ice-ufrag") != speaker.offers()[0][2].transport("ice-ufrag")
        await asyncio.sleep(0.5)
        await speaker.stream(ssrc, 25, first=1025, timestamp=50000 + 25 * 960)
        assert len(listener.packets) == 50
        assert not any(u.participants[0].state == models.ParticipantInfo.DISCONNECTED for _, u in listener.all("update"))


async def test_resume_refused(server, room):
    server.require_hooks()
    door = RawClient(server, room, "stranger", query={"reconnect": "1", "sid": "PA_none"})
    async with door:
        _, leave = await door.expect("leave")
        assert (leave.reason, leave.action) == (models.STATE_MISMATCH, LEAVE.RECONNECT)
        assert door.messages[0][1].WhichOneof("message") == "leave"
    async with pair(server, room) as (speaker, listener, _):
        await speaker.send(sync_state=rtc.SyncState(publish_tracks=[rtc.TrackPublishedResponse(
            cid="x", track=models.TrackInfo(sid="TR_unknown"))]))
        assert (await speaker.expect("leave"))[1].action == LEAVE.RECONNECT


async def test_signal_lost_before_media_ends_the_participant(server, room):
    server.require_hooks()
    async with RawClient(server, room, "door", answers=False) as door:
        await door.expect("offer")
        door.abort()
        await asyncio.sleep(0.3)
        assert "door" not in await server.state(room)


async def test_status_messages(server, room):
    server.require_hooks()
    async with RawClient(server, room, "door") as door:
        await door.expect("room_update", 6)
        _, quality = await door.expect("connection_quality", 6)
        assert quality.updates[0].quality == models.EXCELLENT
        await server.hook("send-raw", room=room, identity="door", hex=rtc.SignalResponse(pong=7).SerializeToString().hex())
        assert (await door.expect("pong"))[1] == 7


async def test_official_clients_survive_a_dropped_websocket(server, room):
    server.require_hooks()
    async with Peer(server, room, "a") as a, Peer(server, room, "b") as b:
        await a.publish(500)
        await b.hear("a", 1)
        await server.hook("drop-websocket", room=room, identity="a")
        await asyncio.sleep(3)
        assert a.disconnected is None and (await server.state(room))["a"]["signal"]
        assert b.heard("a").first_sound_at(time.monotonic() - 0.2)


async def test_a_call_of_the_servers_own(server, room):
    """It names its caller by the call's id; somebody who calls himself so has a sid."""
    server.require_hooks()
    async with Peer(server, room, "a") as a, RawClient(server, room, "watcher") as watcher:
        a.room.local_participant.register_rpc_method("echo", lambda call: f"{len(call.caller_identity)} {call.payload}")
        await a.sees("watcher")
        assert await server.call(room, "a", "echo", "hello") == (200, {"payload": "36 hello"})
        status, refused = await server.call(room, "a", "nothing")
        assert status >= 400 and "not supported" in refused["msg"]
        await wait_for(lambda: watcher.channels, 3, "its channels")
        call = asyncio.ensure_future(server.call(room, "watcher", "silence"))
        await wait_for(lambda: watcher.data, 3, "the request")
        packet = watcher.data[0][1]
        assert packet.participant_identity == packet.rpc_request.id and not packet.participant_sid
        call.cancel()
