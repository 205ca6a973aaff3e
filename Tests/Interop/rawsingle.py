"""A client of /rtc/v1 without manners: like RawClient, with one peer connection in which it alone offers."""
import asyncio
import base64
import gzip
import secrets
import time

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from livekit.protocol import models, rtc

import peers
from rawclient import LEVEL_ID, MID_ID, OPUS_LINES, RED_LINES, RawClient
from roomserver import rtp


def wrapped(request, compression=1):
    data = request.SerializeToString()
    data = gzip.compress(data) if compression == 1 else data
    return base64.urlsafe_b64encode(rtc.WrappedJoinRequest(compression=compression, join_request=data).SerializeToString()).decode()


class RawSingle(RawClient):
    """`pool`: how many recvonly sections; `early`: whether offer and track travel in the join request; `reoffers`:
    whether it offers when the server asks for it."""

    def __init__(self, server, room, identity, pool=3, publishes=False, early=True, reoffers=True, auto_subscribe=True,
                 channels=("_reliable", "_lossy"), path="/rtc/v1", **options):
        super().__init__(server, room, identity, **options)
        self.pool, self.publishes, self.early, self.reoffers = pool, publishes, early, reoffers
        self.auto_subscribe, self.labels, self.path = auto_subscribe, channels, path
        self.cid, self.ssrc = secrets.token_hex(8), secrets.randbits(31) | 1
        self.answers = []                   # (time, SessionDescription, parsed)

    async def connect(self, **changes):
        self.token = self.token or peers.token(self.server, self.room, self.identity, **self.grants)
        request = rtc.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.CPP, protocol=17),
                                  connection_settings=rtc.ConnectionSettings(auto_subscribe=self.auto_subscribe), **changes)
        if self.publisher is None:
            await self.open_publisher()
            self.publisher.dtls.on_rtp = lambda d: self.packets.append((time.monotonic(), rtp.parse(d)))
            self.publisher.dtls.on_rtcp = lambda d: self.rtcp.append((time.monotonic(), d))
            self.subscriber = self.publisher
            if self.publishes:
                self.add_own(self.cid, self.ssrc)
            self.grow(self.pool)
        if self.early and not request.reconnect:
            self.offer_id += 1
            request.publisher_offer.CopyFrom(rtc.SessionDescription(type="offer", sdp=self.offer_text(), id=self.offer_id))
            if self.publishes:
                request.add_track_requests.append(self.track_request(self.cid))
        self.began_at = time.monotonic()
        self.websocket = await self.http.ws_connect(
            f"{self.server.url}{self.path}?join_request={wrapped(request)}", max_msg_size=0,
            headers={"Authorization": f"Bearer {self.token}"})
        self.connected_at = time.monotonic()
        self.reader = asyncio.ensure_future(self._read(self.websocket))
        if self.early and not request.reconnect:
            await self.trickle_own()

    @staticmethod
    def track_request(cid):
        return rtc.AddTrackRequest(cid=cid, name="mic", type=models.AUDIO, source=models.MICROPHONE)

    def add_own(self, cid, ssrc):
        self.sections.append([str(len(self.sections)), [111], OPUS_LINES + [
            f"extmap:{LEVEL_ID} {rtp.AUDIO_LEVEL}", f"extmap:{MID_ID} {rtp.MID}", "sendonly", f"msid:- {cid}",
            f"ssrc:{ssrc} cname:raw"]])

    def grow(self, count):
        """Further recvonly sections, in the next offer."""
        for _ in range(count):
            lines = [line for pt in self.payload_types for line in (OPUS_LINES if pt == 111 else RED_LINES)]
            self.sections.append([str(len(self.sections)), list(self.payload_types), lines + ["recvonly"]])

    async def trickle_own(self):
        for candidate, final in self.publisher.trickled():
            await self.send(trickle=rtc.TrickleRequest(candidateInit=candidate, target=rtc.PUBLISHER, final=final))

    async def _react(self, response):
        what = response.WhichOneof("message")
        if what == "media_sections_requirement" and self.reoffers:
            need = response.media_sections_requirement
            self.grow(need.num_audios)
            if need.num_audios or not need.num_videos:
                await self.offer(candidates=False)
            return
        await super()._react(response)
        if what == "answer":
            self.answers.append((time.monotonic(), response.answer, self.last_answer))
            if not self.channels and self.labels:
                for label in self.labels:
                    self.open_channel(label)

    def open_channel(self, label):
        lossy = label == "_lossy"
        channel = RTCDataChannel(self.publisher.sctp, RTCDataChannelParameters(
            label=label, ordered=not lossy, maxRetransmits=0 if lossy else None))
        self._channel(channel)

    def mids(self):
        """mid -> track sid of the last answer."""
        return dict(self.answers[-1][1].mid_to_track_id) if self.answers else {}

    async def hears(self, count=1, seconds=3):
        await peers.wait_for(lambda: len({p.ssrc for _, p in self.packets}) >= count, seconds,
                             lambda: f"{self.identity} gets RTP of {count} tracks; {self.mids()}")
