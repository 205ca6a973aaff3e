"""The room server's media: what is forwarded, what is not, and with which numbers."""
import asyncio
import time

from aiortc.rtp import RtcpRrPacket, RtcpRtpfbPacket, RtcpSdesPacket, RtcpSrPacket
from livekit.protocol import models, rtc
import pytest

from rawclient import RawClient, pair

BLANK = bytes([0xF8, 0xFF, 0xFE]) + bytes(77)


def ours(listener):
    return [p for _, p in listener.packets]


async def test_no_ssrc_no_track(server, room):
    server.require_hooks()
    async with RawClient(server, room, "listener") as listener, RawClient(server, room, "speaker") as speaker:
        _, ssrc = await speaker.publish(ssrc=False)
        await speaker.expect("track_published")
        await speaker.expect("answer")
        await asyncio.sleep(0.3)
        await speaker.stream(ssrc, 50)
        assert not listener.packets and not speaker.all("track_subscribed")
        assert not any("m=audio" in o.sdp for _, o in listener.all("offer"))
        assert not any(p.tracks for _, u in listener.all("update") for p in u.participants)


@pytest.mark.parametrize("missing", ["mid extension", "msid", "audio level"])
async def test_what_a_track_does_without(server, room, missing):
    server.require_hooks()
    async with RawClient(server, room, "listener") as listener, RawClient(server, room, "speaker") as speaker:
        _, ssrc = await speaker.publish(mid_extension=missing != "mid extension", msid=missing != "msid",
                                        level=missing != "audio level")
        await speaker.expect("track_subscribed")
        await speaker.stream(ssrc, 10)
        assert len(listener.packets) == 10


async def test_published_before_any_rtp(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, _):
        published, answered = speaker.all("track_published")[0], speaker.all("answer")[0]
        assert published[0] <= answered[0] and not published[1].track.mime_type
        info = await speaker.published()
        assert (info.mime_type, info.mid, info.stream) == ("audio/opus", "1", "camera") and info.sid.startswith("TR_AM")
        own = [p.version for _, u in speaker.all("update") for p in u.participants if p.identity == "speaker" and p.tracks]
        # Twice for the track, and once more if a batch with the joining falls in between.
        assert len(own) in (2, 3) and own == list(range(own[0], own[0] + len(own)))


async def test_red_offered_then_plain_opus_is_silence(server, room):
    server.require_hooks()
    async with RawClient(server, room, "listener") as listener, RawClient(server, room, "speaker") as speaker:
        _, ssrc = await speaker.publish(red=True)
        await speaker.expect("track_subscribed")
        assert speaker.last_answer.sections[1].formats == ["63", "111"]
        assert (await speaker.published()).mime_type == "audio/red"
        await speaker.stream(ssrc, 25)
        assert not listener.packets
        await speaker.stream(ssrc, 25, first=1025, payload=b"\x6f\x78primary", payload_type=63)
        assert [p.payload for p in ours(listener)] == [b"\x78primary"] * 25
        assert {p.payload_type for p in ours(listener)} == {111}


async def test_red_with_a_redundant_block_and_a_red_listener(server, room):
    server.require_hooks()
    red = bytes([0x80 | 111, 960 >> 6, (960 & 63) << 2, 3, 111]) + b"old" + b"\x78new"
    async with RawClient(server, room, "plain") as plain, RawClient(server, room, "red", payload_types=(63, 111)) as both, \
            RawClient(server, room, "speaker") as speaker:
        _, ssrc = await speaker.publish(red=True)
        await plain.is_bound()
        await both.is_bound()
        await speaker.stream(ssrc, 10, payload=red, payload_type=63)
        assert {(p.payload_type, p.payload) for p in ours(plain)} == {(111, b"\x78new")}
        assert {(p.payload_type, p.payload) for p in ours(both)} == {(63, red)}


async def test_red_disabled_or_not_offered(server, room):
    server.require_hooks()
    async with RawClient(server, room, "listener") as listener, RawClient(server, room, "speaker") as speaker:
        _, ssrc = await speaker.publish(red=True, disable_red=True)
        await speaker.expect("track_subscribed")
        assert speaker.last_answer.sections[1].formats == ["111", "63"]
        await speaker.stream(ssrc, 10)
        assert len(listener.packets) == 10


async def test_answer_asks_for_dtx_unless_told_not_to(server, room):
    server.require_hooks()
    async with RawClient(server, room, "a") as a, RawClient(server, room, "b") as b:
        await a.publish()
        await b.publish(features=[models.TF_NO_DTX, models.TF_STEREO])
        await a.expect("answer"), await b.expect("answer")
        assert a.last_answer.sections[1].fmtp(111) == "minptime=10;useinbandfec=1;usedtx=1"
        assert b.last_answer.sections[1].fmtp(111) == "minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=510000"


@pytest.mark.parametrize("first", [1000, 65500])
async def test_numbers_are_kept_and_extensions_removed(server, room, first):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        await speaker.stream(ssrc, 60, first=first, timestamp=2 ** 32 - 9600, level=20, skip=((first + 50) & 0xFFFF,))
        await asyncio.sleep(0.1)
        got = ours(listener)
        assert [p.sequence for p in got] == [first + n & 0xFFFF for n in range(60) if n != 50]
        assert [p.timestamp for p in got] == [2 ** 32 - 9600 + n * 960 & 0xFFFFFFFF for n in range(60) if n != 50]
        offered = int(listener.offers()[-1][2].sections[1].get("ssrc").split()[0])
        assert {p.ssrc for p in got} == {offered} != {ssrc} and not any(p.extensions or p.marker for p in got)


@pytest.mark.timing
async def test_mute_blanks_then_nothing_then_continues(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        sid = (await speaker.published()).sid
        await speaker.stream(ssrc, 20)
        await speaker.send(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
        await listener.expect("update", where=lambda u: any(t.muted for p in u.participants for t in p.tracks))
        await speaker.stream(ssrc, 75, first=1020, timestamp=50000 + 20 * 960)      # not forwarded
        blanks = listener.packets[20:]
        assert len(blanks) == 51 and {p.payload for _, p in blanks} == {BLANK}
        assert 0.9 < blanks[-1][0] - blanks[0][0] < 1.1
        got = ours(listener)
        assert [p.sequence for p in got] == list(range(1000, 1071))
        steps = [b.timestamp - a.timestamp for a, b in zip(got[19:], got[20:])]
        assert steps[0] == 1171 and set(steps[1:]) == {961}
        last = listener.packets[-1]
        await speaker.send(mute=rtc.MuteTrackRequest(sid=sid, muted=False))
        await listener.expect("update", since=time.monotonic() - 0.1, where=lambda u: any(
            not t.muted for p in u.participants for t in p.tracks))
        await speaker.stream(ssrc, 5, first=1095, timestamp=50000 + 95 * 960)
        await asyncio.sleep(0.1)
        at, packet = listener.packets[71]
        assert packet.sequence == 1071
        assert abs((packet.timestamp - last[1].timestamp) / 48000 - (at - last[0])) < 0.02
        assert [p.timestamp - packet.timestamp for p in ours(listener)[71:]] == [n * 960 for n in range(5)]


async def test_mute_of_an_unknown_track(server, room):
    server.require_hooks()
    async with RawClient(server, room, "door") as door:
        await door.send(mute=rtc.MuteTrackRequest(sid="TR_none", muted=True))
        assert (await door.expect("request_response"))[1].reason == rtc.RequestResponse.NOT_FOUND


async def test_server_mutes(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, _):
        sid = (await speaker.published()).sid
        await server.mute(room, "speaker", sid)
        _, mute = await speaker.expect("mute")
        assert (mute.sid, mute.muted) == (sid, True)
        await listener.expect("update", where=lambda u: any(t.muted for p in u.participants for t in p.tracks))


@pytest.mark.timing
async def test_unpublish_and_reuse_of_the_section(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        await speaker.stream(ssrc, 20)
        start = time.monotonic()
        await speaker.unpublish()
        at, offer = await listener.expect("offer", since=start)
        assert 0.19 < at - start < 0.26
        ended = listener.offers()[-1][2].sections[1]
        assert ended.direction == "recvonly" and ended.port == 9 and not ended.get("ssrc") and not ended.get("msid")
        assert speaker.last_answer.sections[1].direction == "inactive"
        at, update = await listener.expect("update", since=start, where=lambda u: not u.participants[0].tracks)
        assert 0.19 < at - start < 0.26
        await asyncio.sleep(0.5)
        blanks = [(at, p) for at, p in listener.packets if p.payload == BLANK]
        assert len(blanks) == 11 and 0.2 < blanks[0][0] - start < 0.28
        old = listener.offers()[-2][2].sections[1].get("ssrc").split()[0]
        start = time.monotonic()
        await speaker.publish()
        at, _ = await listener.expect("offer", since=start)
        again = listener.offers()[-1][2].sections
        assert at - start < 0.12 and len(again) == 2 and again[1].direction == "sendrecv"
        assert again[1].get("ssrc").split()[0] != old


@pytest.mark.timing
async def test_subscriber_offers_like_the_captures(server, room):
    server.require_hooks()
    async with RawClient(server, room, "speaker") as speaker:
        await speaker.publish()
        sid = (await speaker.published()).sid
        async with RawClient(server, room, "listener") as listener:
            await listener.expect("offer", where=lambda o: "m=audio" in o.sdp)
            (first_at, first, _), (second_at, second, description) = listener.offers()
            assert second.id == first.id + 1 and 0.140 < second_at - first_at < 0.190
            assert not first.mid_to_track_id and dict(second.mid_to_track_id) == {"1": sid}
            pa = speaker.all("join")[0][1].participant.sid
            audio = description.sections[1]
            number, stream = audio.get("ssrc").split()[0], f"{pa}|{sid}"
            assert audio.formats == ["111", "63", "0", "8"]
            pattern = [("setup", "actpass"), ("mid", "1"), ("ice-ufrag", None), ("ice-pwd", None), ("rtcp-mux", ""),
                       ("rtcp-rsize", ""), ("rtpmap", "111 opus/48000/2"), ("fmtp", "111 minptime=10;useinbandfec=1"),
                       ("rtcp-fb", "111 nack"), ("rtpmap", "63 red/48000/2"), ("fmtp", "63 111/111"),
                       ("rtpmap", "0 PCMU/8000"), ("rtcp-fb", "0 nack"), ("rtpmap", "8 PCMA/8000"), ("rtcp-fb", "8 nack"),
                       ("extmap", "2 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
                       ("ssrc", f"{number} cname:{stream}"), ("ssrc", f"{number} msid:{stream} {sid}"),
                       ("ssrc", f"{number} mslabel:{stream}"), ("ssrc", f"{number} label:{sid}"),
                       ("msid", f"{stream} {sid}"), ("sendrecv", "")]
            assert [(n, None if n.startswith("ice-") else v) for n, v in audio.attributes] == pattern
            data = description.sections[0]
            assert [n for n, _ in data.attributes if n != "candidate"] == \
                ["setup", "mid", "sendrecv", "sctp-port", "max-message-size", "ice-ufrag", "ice-pwd", "end-of-candidates"]
            assert len(data.all("candidate")) == 4 and description.session("ice-lite") is None
            await speaker.publish()                 # a further track: only what was answered is offered now
            await listener.expect("offer", where=lambda o: o.sdp.count("m=audio") == 2)
            assert [s.formats for s in listener.offers()[-1][2].sections[1:]] == [["111"], ["111"]]


@pytest.mark.timing
async def test_rtcp_towards_the_publisher(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        lost = {1030, 1031, 1060}
        await speaker.stream(ssrc, 160, skip=lost)
        reports = speaker.parsed_rtcp(speaker.publisher_rtcp, RtcpRrPacket)
        assert 3 <= len(reports) <= 5 and reports[-1][1].reports[0].ssrc == ssrc
        assert reports[-1][1].reports[0].packets_lost == 3 and 1100 < reports[-1][1].reports[0].highest_sequence <= 1159
        nacks = speaker.parsed_rtcp(speaker.publisher_rtcp, RtcpRtpfbPacket)
        asked = {s: [at for at, n in nacks if s in n.lost] for s in lost}
        assert all(len(times) == 5 for times in asked.values()), asked
        assert 0.4 < asked[1060][-1] - asked[1060][0] < 0.6
        start = time.monotonic()
        await speaker.stream(ssrc, 10, first=1160, timestamp=50000 + 160 * 960, skip={1165})
        at, nack = next((at, n) for at, n in speaker.parsed_rtcp(speaker.publisher_rtcp, RtcpRtpfbPacket) if 1165 in n.lost)
        assert 0.02 <= at - start - 0.120 < 0.06
        speaker.send_rtp(ssrc, 1165, 50000 + 165 * 960, payload=b"\x78late")
        await asyncio.sleep(0.1)
        late = next(p for p in ours(listener) if p.payload == b"\x78late")
        assert (late.sequence, late.timestamp) == (1165, 50000 + 165 * 960)


@pytest.mark.timing
async def test_rtcp_towards_the_subscriber(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        await speaker.stream(ssrc, 320)
        reports = listener.parsed_rtcp(listener.rtcp, RtcpSrPacket)
        names = listener.parsed_rtcp(listener.rtcp, RtcpSdesPacket)
        assert 2 <= len(reports) <= 3 and len(names) == len(reports)
        assert 2.9 < reports[1][0] - reports[0][0] < 3.2
        items = dict(names[0][1].chunks[0].items)
        assert items[1].decode().startswith("PA_") and items[15] == b"1"
        assert reports[0][1].ssrc == ours(listener)[0].ssrc


@pytest.mark.timing
async def test_nacks_are_honoured_only_late(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):

        async def ask(first, delay):
            """Loses one packet on its way down, asks for it after `delay`; -> whether it came."""
            await server.hook("network", room=room, identity="listener", loss_down=1)
            sent, before = time.monotonic(), len(listener.packets)
            speaker.send_rtp(ssrc, first, first * 960)
            await asyncio.sleep(0.003)
            await server.hook("network", room=room, identity="listener", loss_down=0)
            await asyncio.sleep(max(0, sent + delay - time.monotonic()))
            listener.nack(offered, [first])
            await asyncio.sleep(0.05)
            return [p.sequence for _, p in listener.packets[before:]] == [first]

        offered = int(listener.offers()[-1][2].sections[1].get("ssrc").split()[0])
        await speaker.stream(ssrc, 5, first=1990, timestamp=1990 * 960)
        assert not any([await ask(2000 + n, 0.025) for n in range(5)])
        assert all([await ask(2010 + n, 0.125) for n in range(5)])
        for n in range(150):                            # until a sender report came, then report with LSR and DLSR
            await speaker.stream(ssrc, 1, first=2100 + n, timestamp=(2100 + n) * 960, settle=0)
            reports = listener.parsed_rtcp(listener.rtcp, RtcpSrPacket)
            if reports and time.monotonic() - reports[-1][0] < 0.1:
                at, sr = reports[-1]
                await listener.report(sr.ssrc, 2100 + n, sr.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF,
                                      int((time.monotonic() - at) * 65536))
                break
        await asyncio.sleep(0.05)
        assert all([await ask(2300 + n, 0.025) for n in range(5)])


@pytest.mark.timing
async def test_speakers_need_the_level_extension(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        await speaker.stream(ssrc, 50)
        assert not listener.all("speakers_changed")
        start = time.monotonic()
        await speaker.stream(ssrc, 60, first=1050, level=20)
        at, changed = await listener.expect("speakers_changed")
        assert changed.speakers[0].active and 0.4 < at - start < 1.1
        await listener.expect("speakers_changed", 2, where=lambda c: not c.speakers[0].active)
