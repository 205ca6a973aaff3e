"""The SUBSCRIBER peer connection of a participant: we offer, tracks come and go in its sections."""
import asyncio
import logging
import secrets
import time

from aiortc.rtp import RtcpPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket
from livekit.protocol import models, rtc

from . import sdp
from .downlink import Downlink, compound
from .transport import Transport

log = logging.getLogger("roomserver.subscriber")
ABS_CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
CODECS = {111: ["rtpmap:111 opus/48000/2", "fmtp:111 minptime=10;useinbandfec=1"],
          63: ["rtpmap:63 red/48000/2", "fmtp:63 111/111"],
          0: ["rtpmap:0 PCMU/8000"],
          8: ["rtpmap:8 PCMA/8000"]}
NACK_LINE = "rtcp-fb:{} nack"


class Subscriber:
    def __init__(self, participant, settings, faults, tcp):
        self.participant, self.timing = participant, settings.timing
        self.transport = Transport(f"{participant.identity}/subscriber", True, settings, faults, tcp)
        self.transport.dtls.on_rtcp = self.on_rtcp
        self.sections = []                  # Downlink, or None when its track ended; section 0 is the data one
        self.negotiated = None              # payload types after the first answer with audio
        self.nack_negotiated = True
        self.offer_id = secrets.randbelow(256) + 1
        self.offered = None                 # sections of the offer that waits for its answer
        self.offered_at = self.last_offer_at = None
        self.timer = None
        self.again = False
        self.fresh = True                   # the next offer is the first, or the first of an ICE restart
        self.offers = 0

    # -- tracks ------------------------------------------------------------------------------------------

    def subscribe(self, track):
        if self.downlink(track) or track.info.type != models.AUDIO:
            return                          # this server carries no video
        free = next((i for i, d in enumerate(self.sections) if d is None), None)
        index = len(self.sections) if free is None else free
        downlink = Downlink(track, str(index + 1), self.transport, self.timing)
        if free is None:
            self.sections.append(downlink)
        else:
            self.sections[index] = downlink
        track.downlinks.append(downlink)
        self.negotiate(self.timing.negotiation_delay)

    def unsubscribe(self, track):
        downlink = self.downlink(track)
        if downlink is None:
            return
        downlink.end()
        track.downlinks.remove(downlink)
        self.sections[self.sections.index(downlink)] = None
        self.negotiate(self.timing.removal_delay)

    def downlink(self, track):
        return next((d for d in self.sections if d and d.track is track), None)

    # -- offers ------------------------------------------------------------------------------------------

    def start(self):
        self._offer()

    def restart(self):
        """An ICE restart: at once, over an offer that may be waiting."""
        self.transport.ice.restart()
        self.fresh, self.offered = True, None
        self._cancel()
        self._offer()

    def negotiate(self, delay):
        if self.participant.gone or self.last_offer_at is None:
            return
        if self.offered is not None:
            self.again = True
            return
        due = max(time.monotonic() + delay, self.last_offer_at + self.timing.negotiation_debounce)
        if self.timer:
            if self.timer.when() <= asyncio.get_running_loop().time() + due - time.monotonic():
                return
            self._cancel()
        self.timer = asyncio.get_running_loop().call_later(due - time.monotonic(), self._offer)

    def _cancel(self):
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def _offer(self):
        self.timer = None
        if self.participant.gone:
            return
        now = time.monotonic()
        self.last_offer_at = self.offered_at = now
        self.offered, self.again = list(self.sections) if self.offers else [], False
        sections = [self.transport.application_section("0")]
        sections += [self._section(i, d) for i, d in enumerate(self.offered)]
        mids = {d.mid: d.track.info.sid for d in self.offered if d}
        text = self.transport.describe(sections, self.fresh)
        self.participant.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=self.offer_id, mid_to_track_id=mids))
        if self.fresh:
            self.participant.trickle(rtc.SUBSCRIBER, self.transport)
        self.fresh = False
        self.offers += 1
        self.offer_id += 1

    def _section(self, index, downlink):
        formats = [pt for pt in CODECS if self.negotiated is None or pt in self.negotiated]
        lines = []
        for pt in formats:
            lines += CODECS[pt]
            red = downlink is not None and downlink.track.red
            if pt != 63 and not (pt == 111 and (red or not self.nack_negotiated)):
                lines.append(NACK_LINE.format(pt))
        if self.negotiated is None:
            lines.append(f"extmap:2 {ABS_CAPTURE_TIME}")
        if downlink is None:
            return self.transport.audio_section(str(index + 1), formats, lines + ["recvonly"])
        return self.transport.audio_section(downlink.mid, formats,
                                            lines + downlink.description_lines() + ["sendrecv"])

    # -- answers -----------------------------------------------------------------------------------------

    def answer(self, description):
        """Unparsable: raises SdpError (silence). Unusable: raises ValueError (the session ends)."""
        answer = sdp.parse(description.sdp)
        self.transport.apply(answer)
        if self.offered is None:
            return
        by_mid = {s.mid: s for s in answer.sections}
        for downlink in [d for d in self.offered if d]:
            section = by_mid.get(downlink.mid)
            if section and section.port and section.direction in ("recvonly", "sendrecv"):
                codecs = section.codecs()
                downlink.red = 63 in codecs
                downlink.answered = 111 in codecs or 63 in codecs
                if self.negotiated is None and codecs:
                    self.negotiated = [pt for pt in CODECS if pt in codecs]
                    self.nack_negotiated = any(v.startswith("111 nack") for v in section.all("rtcp-fb"))
        self.offered = self.offered_at = None
        self.bind()
        if self.again:
            self.negotiate(self.timing.negotiation_delay)

    def bind(self):
        """What is answered is forwarded as soon as the transport can carry it."""
        bind(self.transport, self.sections)

    def overdue(self, now):
        return self.offered_at is not None and now - self.offered_at > self.timing.answer_timeout

    # -- RTCP --------------------------------------------------------------------------------------------

    def on_rtcp(self, data):
        now = time.monotonic()
        by_ssrc = {d.ssrc: d for d in self.sections if d}
        try:
            packets = RtcpPacket.parse(data)
        except ValueError:
            return
        for packet in packets:
            if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == 1 and packet.media_ssrc in by_ssrc:
                by_ssrc[packet.media_ssrc].nack(packet.lost, now)
            elif isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
                for report in packet.reports:
                    if report.ssrc in by_ssrc:
                        by_ssrc[report.ssrc].receiver_report(report)

    def send_reports(self, now):
        reports = [r for r in (d.sender_report(now) for d in self.sections if d and d.bound) if r]
        if reports:
            self.transport.dtls.send_media(compound(reports))

    async def close(self):
        self._cancel()
        for downlink in self.sections:
            if downlink:
                downlink.ended = True
                if downlink in downlink.track.downlinks:
                    downlink.track.downlinks.remove(downlink)
        await self.transport.close()


def bind(transport, downlinks):
    """What is answered is forwarded from now on; who published it hears of the first one who receives it."""
    if not transport.connected:
        return
    for downlink in downlinks:
        if downlink and downlink.answered and not downlink.bound:
            downlink.bound = True
            if not downlink.track.subscribed_once:
                downlink.track.subscribed_once = True
                downlink.track.owner.send(track_subscribed=rtc.TrackSubscribed(track_sid=downlink.track.info.sid))


def codec_lines(payload_type):
    return CODECS[payload_type]


def permission_updates(participant, tracks):
    for track in tracks:
        participant.send(subscription_permission_update=rtc.SubscriptionPermissionUpdate(
            participant_sid=track.owner.info.sid, track_sid=track.info.sid, allowed=True))

