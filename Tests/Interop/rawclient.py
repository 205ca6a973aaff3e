"""A LiveKit client without manners: every message, SDP line and RTP packet is the test's own choice."""
import asyncio
import contextlib
import json
import secrets
import time

import aiohttp
from aiortc.rtp import RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket
from livekit.protocol import models, rtc

import peers
from roomserver import rtp, sdp
from roomserver.faults import Faults
from roomserver.settings import Settings
from roomserver.transport import Transport

QUERY = {"protocol": "16", "sdk": "cpp", "version": "1.0.0", "client_protocol": "0", "auto_subscribe": "1"}
OPUS_LINES = ["rtpmap:111 opus/48000/2", "rtcp-fb:111 nack", "fmtp:111 minptime=10;useinbandfec=1"]
RED_LINES = ["rtpmap:63 red/48000/2", "fmtp:63 111/111"]
LEVEL_ID, MID_ID = 1, 4


class RawClient:
    """`async with RawClient(server, room, identity) as client`; messages is [(monotonic time, SignalResponse)]."""

    def __init__(self, server, room, identity, answers=True, payload_types=(111,), setup="active", sctp=True,
                 query=None, **grants):
        self.server, self.room, self.identity, self.grants = server, room, identity, grants
        self.answers, self.payload_types, self.setup, self.sctp = answers, payload_types, setup, sctp
        self.query = dict(QUERY, **(query or {}))
        self.messages, self.closed_with = [], None
        self.packets, self.rtcp = [], []            # (time, Packet) and (time, RTCP packet) from the subscriber PC
        self.publisher_rtcp = []
        self.data, self.channels = [], []           # (time, DataPacket) from the subscriber PC; what the server opened
        self.publisher = self.subscriber = None
        self.last_answer = None
        self.offer_id = 0
        self.sections = []                          # our publisher sections: [mid, media line, lines]
        self.token = None

    async def __aenter__(self):
        self.http = aiohttp.ClientSession()
        await self.connect()
        return self

    async def __aexit__(self, *_):
        await self.close()

    async def connect(self, **query):
        self.token = self.token or peers.token(self.server, self.room, self.identity, **self.grants)
        self.websocket = await self.http.ws_connect(
            f"{self.server.url}/rtc", params=dict(self.query, **query), max_msg_size=0,
            headers={"Authorization": f"Bearer {self.token}"})
        self.connected_at = time.monotonic()
        self.reader = asyncio.ensure_future(self._read(self.websocket))

    async def close(self):
        self.reader.cancel()
        await self.websocket.close()
        await self.vanish()
        await self.http.close()

    async def vanish(self):
        """Stops both transports without a word."""
        for transport in (self.publisher, self.subscriber):
            if transport:
                transport.ice.close()

    def abort(self):
        self.reader.cancel()
        self.websocket._writer.transport.abort()

    # -- signalling --------------------------------------------------------------------------------------

    async def _read(self, websocket):
        async for message in websocket:
            if message.type == aiohttp.WSMsgType.BINARY:
                response = rtc.SignalResponse.FromString(message.data)
                self.messages.append((time.monotonic(), response))
                try:
                    await self._react(response)
                except (aiohttp.ClientError, ConnectionError):
                    pass                            # the server closes while we answer: its leave is still read
        self.closed_with = websocket.close_code

    async def _react(self, response):
        what = response.WhichOneof("message")
        if what == "offer" and self.answers:
            await self.answer(response.offer)
        elif what == "answer" and self.publisher:
            self.last_answer = sdp.parse(response.answer.sdp)
            self.publisher.apply(self.last_answer)
        elif what == "refresh_token":
            self.token = response.refresh_token
        elif what == "trickle":
            transport = self.publisher if response.trickle.target == rtc.PUBLISHER else self.subscriber
            if transport:
                transport.add_candidate(json.loads(response.trickle.candidateInit)["candidate"])

    async def send(self, **message):
        await self.websocket.send_bytes(rtc.SignalRequest(**message).SerializeToString())

    def all(self, what, since=0.0):
        return [(at, getattr(m, what)) for at, m in self.messages if m.WhichOneof("message") == what and at >= since]

    async def expect(self, what, seconds=3, since=0.0, where=lambda m: True):
        """-> (time, message) of the first such message."""
        def found():
            return next(((at, m) for at, m in self.all(what, since) if where(m)), None)
        return await peers.wait_for(found, seconds, f"{self.identity} receives {what}")

    def offers(self):
        return [(at, o, sdp.parse(o.sdp)) for at, o in self.all("offer")]

    # -- subscriber --------------------------------------------------------------------------------------

    def _transport(self, name, offerer):
        settings = Settings(answer_setup=self.setup)
        return Transport(f"{self.identity}/{name}", offerer, settings, Faults(0))

    def _channel(self, channel):
        self.channels.append(channel)
        channel.on("message", self._data)

    def _data(self, data):
        self.data.append((time.monotonic(), models.DataPacket.FromString(data)))

    async def answer(self, offer, identifier=None):
        if self.subscriber is None:
            self.subscriber = self._transport("sub", False)
            self.subscriber.dtls.on_rtp = lambda d: self.packets.append((time.monotonic(), rtp.parse(d)))
            self.subscriber.dtls.on_rtcp = lambda d: self.rtcp.append((time.monotonic(), d))
            self.subscriber.sctp.on("datachannel", self._channel)
            await self.subscriber.open()
        description = sdp.parse(offer.sdp)
        if self.subscriber.ice.remote_ufrag not in (None, description.transport("ice-ufrag")):
            self.subscriber.ice.restart()
        self.subscriber.apply(description)
        if not self.sctp:
            self.subscriber.sctp_wanted = False
        sections = []
        for section in description.sections:
            if section.kind == "application":
                sections.append(self.subscriber.application_section(section.mid))
                continue
            receives = section.direction == "sendrecv"
            formats = [pt for pt in self.payload_types if str(pt) in section.formats]
            lines = [line for pt in formats for line in (OPUS_LINES if pt == 111 else RED_LINES)]
            sections.append(self.subscriber.audio_section(section.mid, formats,
                                                          lines + ["recvonly" if receives else "inactive"]))
        text = self.subscriber.describe(sections, True)
        self.answer_text = text
        await self.send(answer=rtc.SessionDescription(type="answer", sdp=text,
                                                      id=offer.id if identifier is None else identifier))
        for candidate, final in self.subscriber.trickled():
            await self.send(trickle=rtc.TrickleRequest(candidateInit=candidate, target=rtc.SUBSCRIBER, final=final))

    async def report(self, ssrc, highest, lsr=0, dlsr=0):
        info = RtcpReceiverInfo(ssrc=ssrc, fraction_lost=0, packets_lost=0, highest_sequence=highest, jitter=0, lsr=lsr,
                                dlsr=dlsr)
        self.subscriber.dtls.send_media(bytes(RtcpRrPacket(ssrc=1, reports=[info])))

    def nack(self, ssrc, sequences):
        self.subscriber.dtls.send_media(bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=ssrc, lost=sequences)))

    # -- publisher ---------------------------------------------------------------------------------------

    async def open_publisher(self):
        if self.publisher is None:
            self.publisher = self._transport("pub", True)
            self.publisher.dtls.on_rtcp = lambda d: self.publisher_rtcp.append((time.monotonic(), d))
            await self.publisher.open()
            self.sections.append(["0", "application", []])

    async def publish(self, ssrc=True, red=False, disable_red=False, mid_extension=True, level=True, name="mic",
                      features=(), extra=(), drop=(), offer=True, muted=False, msid=True):
        """AddTrack and an offer with a further section. `drop` removes lines that begin so. -> (cid, SSRC)"""
        await self.open_publisher()
        cid, number = secrets.token_hex(8), secrets.randbits(31) | 1
        mid = str(len(self.sections))
        lines = OPUS_LINES + (RED_LINES if red else [])
        lines += [f"extmap:{LEVEL_ID} {rtp.AUDIO_LEVEL}"] if level else []
        lines += [f"extmap:{MID_ID} {rtp.MID}"] if mid_extension else []
        lines += ["sendonly"] + ([f"msid:- {cid}"] if msid else [])
        lines += [f"ssrc:{number} cname:raw"] if ssrc else []
        lines = [line for line in [*lines, *extra] if not line.startswith(tuple(drop) or ("\0",))]
        self.sections.append([mid, [111, 63] if red else [111], lines])
        await self.send(add_track=rtc.AddTrackRequest(
            cid=cid, name=name, type=models.AUDIO, source=models.MICROPHONE, disable_red=disable_red, muted=muted,
            audio_features=features))
        if offer:
            await self.offer()
        return cid, number

    def offer_text(self, setup=None):
        sections = []
        for mid, formats, lines in self.sections:
            sections.append(self.publisher.application_section(mid) if formats == "application"
                            else self.publisher.audio_section(mid, formats, lines))
        text = self.publisher.describe(sections, True)
        return text.replace("a=setup:actpass", f"a=setup:{setup}") if setup else text

    async def offer(self, text=None, setup=None, candidates=True):
        self.offer_id += 1
        await self.send(offer=rtc.SessionDescription(type="offer", sdp=text or self.offer_text(setup), id=self.offer_id))
        if candidates:
            for candidate, final in self.publisher.trickled():
                await self.send(trickle=rtc.TrickleRequest(candidateInit=candidate, target=rtc.PUBLISHER, final=final))

    async def unpublish(self, index=-1, direction="inactive"):
        lines = self.sections[index][2]
        self.sections[index][2] = [line for line in lines if not line.startswith(("ssrc", "msid", "sendonly"))] + [direction]
        await self.offer()

    async def published(self, seconds=3):
        """Until the publisher transport is up and our own track came back in an update. -> TrackInfo"""
        _, update = await self.expect("update", seconds, where=lambda u: any(
            p.identity == self.identity and p.tracks for p in u.participants))
        return next(p for p in update.participants if p.identity == self.identity).tracks[-1]

    async def is_bound(self, tracks=1):
        """Until the server forwards so many tracks to us."""
        found = 0
        for _ in range(150):
            state = (await self.server.state(self.room))[self.identity]
            found = len([d for d in state["downlinks"].values() if d["bound"]])
            if found >= tracks and state["subscriber"]["connected"]:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{self.identity} is bound to {found} of {tracks} tracks")

    def send_rtp(self, ssrc, sequence, timestamp, payload=b"\x78raw", payload_type=111, level=None):
        extensions = {LEVEL_ID: bytes([level])} if level is not None else None
        return self.publisher.dtls.send_media(rtp.build(payload_type, sequence, timestamp, ssrc, payload,
                                                        extensions=extensions))

    async def stream(self, ssrc, count, first=1000, timestamp=50000, skip=(), settle=0.1, **options):
        """`count` packets 20 ms apart, then `settle` s to arrive; sequence numbers in `skip` are not sent."""
        start = time.monotonic()
        for n in range(count):
            if (first + n) & 0xFFFF not in skip:
                self.send_rtp(ssrc, first + n, timestamp + n * 960, **options)
            await asyncio.sleep(max(0, start + (n + 1) * 0.020 - time.monotonic()))
        await asyncio.sleep(settle)

    def parsed_rtcp(self, which, kind):
        """[(time, packet)] of one RTCP class; packets that aiortc does not know are left out."""
        found = []
        for at, data in which:
            try:
                found += [(at, p) for p in RtcpPacket.parse(data) if isinstance(p, kind)]
            except ValueError:
                pass
        return found


@contextlib.asynccontextmanager
async def pair(server, room, **options):
    """A raw publisher and a raw subscriber that is bound to it: (publisher, subscriber, SSRC)."""
    async with RawClient(server, room, "speaker") as speaker, RawClient(server, room, "listener", **options) as listener:
        _, ssrc = await speaker.publish()
        await speaker.expect("track_subscribed")
        yield speaker, listener, ssrc
