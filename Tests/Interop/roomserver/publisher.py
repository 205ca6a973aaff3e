"""The PUBLISHER peer connection of a participant: it offers, we answer as livekit-server does."""
import logging
import time

from aiortc.rtp import RtcpPacket, RtcpSrPacket
from livekit.protocol import models, rtc

from . import rtp, sdp
from .settings import new_sid
from .transport import Transport
from .uplink import PublishedTrack

log = logging.getLogger("roomserver.publisher")
SOURCE_STREAMS = {models.CAMERA: "camera", models.MICROPHONE: "camera", models.SCREEN_SHARE: "screen",
                  models.SCREEN_SHARE_AUDIO: "screen"}
SOURCE_LETTERS = {models.MICROPHONE: "M", models.SCREEN_SHARE_AUDIO: "S", models.CAMERA: "C", models.SCREEN_SHARE: "S"}
PENDING_TRACKS_MAX = 20


class Publisher:
    def __init__(self, participant, settings, faults, tcp):
        self.participant = participant
        self.transport = Transport(f"{participant.identity}/publisher", False, settings, faults, tcp)
        self.transport.dtls.on_rtp, self.transport.dtls.on_rtcp = self._on_rtp, self._on_rtcp
        self.transport.on_connected = self.announce
        self.pending = {}                   # cid -> PublishedTrack
        self.tracks = {}                    # sid -> PublishedTrack, in an accepted section
        self.by_ssrc = {}
        self.unknown_packets = 0

    # -- requests ----------------------------------------------------------------------------------------

    def add_track(self, request):
        refuse = rtc.RequestResponse(add_track=request)
        if not self.participant.info.permission.can_publish:
            refuse.reason, refuse.message = rtc.RequestResponse.NOT_ALLOWED, "does not have permission to publish"
        elif request.type != models.AUDIO:
            refuse.reason, refuse.message = rtc.RequestResponse.UNSUPPORTED_TYPE, "this server carries audio only"
        elif len(self.pending) >= PENDING_TRACKS_MAX:
            refuse.reason = rtc.RequestResponse.LIMIT_EXCEEDED
        elif any(t.cid == request.cid for t in self.tracks.values()):
            refuse.reason = rtc.RequestResponse.QUEUED
        if refuse.reason:
            self.participant.send(request_response=refuse)
            return
        info = models.TrackInfo(
            sid=new_sid("TR_A" + SOURCE_LETTERS.get(request.source, "")), type=request.type, name=request.name,
            muted=request.muted, source=request.source, disable_red=request.disable_red,
            encryption=request.encryption, stream=request.stream or SOURCE_STREAMS.get(request.source, "unknown"),
            audio_features=request.audio_features, backup_codec_policy=models.BackupCodecPolicy.SIMULCAST)
        if request.stereo and models.TF_STEREO not in info.audio_features:
            info.audio_features.append(models.TF_STEREO)
        info.codecs.add(cid=request.cid)
        info.version.unix_micro = int(time.time() * 1e6)
        self.pending[request.cid] = PublishedTrack(self.participant, info, request.cid)
        self.participant.send(track_published=rtc.TrackPublishedResponse(cid=request.cid, track=info))

    def mute(self, request):
        track = self.find(request.sid)
        if track is None:
            self.participant.send(request_response=rtc.RequestResponse(
                reason=rtc.RequestResponse.NOT_FOUND, message="track not found", mute=request))
            return
        self.set_muted(track, request.muted)

    def find(self, sid):
        return self.tracks.get(sid) or next((t for t in self.pending.values() if t.info.sid == sid), None)

    def set_muted(self, track, muted):
        if track.info.muted == muted:
            return
        track.info.muted = muted
        for downlink in track.downlinks:
            if muted:
                downlink.mute()
        if track.announced:
            self.participant.changed()

    # -- negotiation -------------------------------------------------------------------------------------

    def offer(self, description):
        """Unparsable: raises SdpError (silence). Unusable: raises ValueError (the session ends)."""
        offer = sdp.parse(description.sdp)
        transport = self.transport
        ufrag = offer.transport("ice-ufrag")
        first = transport.ice.remote_ufrag is None
        restart = not first and ufrag != transport.ice.remote_ufrag
        if restart:
            transport.ice.restart()
        transport.apply(offer)
        bundled, seen, sections = offer.bundled(), set(), []
        for section in offer.sections:
            mid = section.mid
            rejected = section.port == 0 or mid is None or (bundled is not None and mid not in bundled)
            if section.kind == "application" and not rejected:
                sections.append(transport.application_section(mid))
            else:
                sections.append(self._rejected(section) if rejected else self._answer(section, seen))
        text = transport.describe(sections, first or restart)
        self.participant.send(answer=rtc.SessionDescription(type="answer", sdp=text, id=description.id,
                                                            mid_to_track_id=self.mid_to_track()))
        if first or restart:
            self.participant.trickle(rtc.PUBLISHER, transport, offer.sections[0].mid or "0")
        for track in [t for t in self.tracks.values() if t not in seen]:
            self.unpublish(track)
        self.announce()

    @staticmethod
    def _usable(section):
        known = {int(f) for f in section.formats if f.isdigit()}
        return 111 in section.codecs() and all(f in section.codecs() or f in (0, 8, 9, 13) for f in known)

    def mid_to_track(self):
        """What of others lies in our answer: with a connection of its own for what is received, nothing."""
        return {}

    @staticmethod
    def _rejected(section):
        return f"{section.kind} 0 {section.proto} 0", None, [f"mid:{section.mid}", "inactive"]

    def _answer(self, section, seen):
        if section.kind != "audio" or not self._usable(section):
            return self._rejected(section)
        codecs = section.codecs()
        extensions = rtp.extensions_of(section)
        sends = section.direction in ("sendonly", "sendrecv")
        track = self._track_of(section) if sends else None
        red = (codecs.get(63) == "red/48000/2" and "111" in (section.fmtp(63) or "")
               and (track is None or not track.info.disable_red))
        opus = ["rtpmap:111 opus/48000/2", "fmtp:111 " + self._fmtp(section, track, sends), "rtcp-fb:111 nack"]
        lines = (["rtpmap:63 red/48000/2", "fmtp:63 111/111"] if red else []) + opus
        formats = [63, 111] if red else [111]
        if codecs.get(63) == "red/48000/2" and not red:
            formats, lines = [111, 63], lines + ["rtpmap:63 red/48000/2", "fmtp:63 111/111"]
        lines += [f"extmap:{ident} {uri}" for uri, ident in extensions.items()]
        if track:
            self._adopt(track, section, extensions, red, seen)
        return self.transport.audio_section(section.mid, formats, lines + ["recvonly" if sends else "inactive"])

    @staticmethod
    def _fmtp(section, track, sends):
        text = section.fmtp(111) or "minptime=10;useinbandfec=1"
        features = track.info.audio_features if track else []
        if sends and models.TF_NO_DTX not in features:
            text += ";usedtx=1"
        if models.TF_STEREO in features:
            text += ";stereo=1;maxaveragebitrate=510000"
        return text

    def _track_of(self, section):
        """By cid, else the first pending track; a section that already carries a track keeps it."""
        cid = (section.get("msid") or "").split(" ")[-1]
        known = next((t for t in self.tracks.values() if t.mid == section.mid and (not cid or cid in
                     (t.cid, t.info.codecs[0].sdp_cid))), None)
        if known:
            return known
        track = self.pending.get(cid) or next(iter(self.pending.values()), None)
        if track and cid and cid != track.cid:
            track.info.codecs[0].sdp_cid = cid
        return track

    def _adopt(self, track, section, extensions, red, seen):
        ssrcs = [int(v.split()[0]) for v in section.all("ssrc") if v.split()[0].isdigit()]
        if not ssrcs:
            # Without a=ssrc livekit-server never binds media to the track: not announced, not forwarded.
            log.warning("%s: section %s has no a=ssrc, its track stays silent", self.participant.identity, section.mid)
            return
        self.pending.pop(track.cid, None)
        self.tracks[track.info.sid] = track
        seen.add(track)
        track.mid, track.extensions, track.red = section.mid, extensions, red
        if track.ssrc != ssrcs[0]:
            self.by_ssrc.pop(track.ssrc, None)
            track.ssrc = ssrcs[0]
        self.by_ssrc[track.ssrc] = track
        mime = "audio/red" if red else "audio/opus"
        track.info.mime_type, track.info.mid = mime, section.mid
        track.info.codecs[0].mime_type, track.info.codecs[0].mid = mime, section.mid

    def announce(self):
        """Others hear of tracks when the transport is up; no RTP is needed for that."""
        if not self.transport.connected:
            return
        fresh = [t for t in self.tracks.values() if not t.announced]
        for track in fresh:
            track.announced = True
        if fresh:
            self.participant.changed()
            self.participant.changed()
            for track in fresh:
                self.participant.room.published(track)

    def unpublish(self, track):
        del self.tracks[track.info.sid]
        self.by_ssrc.pop(track.ssrc, None)
        self.participant.room.unpublished(track)
        if track.announced:
            self.participant.later(self.participant.settings.timing.removal_delay, self.participant.changed)

    # -- media -------------------------------------------------------------------------------------------

    def _on_rtp(self, data):
        track = self.by_ssrc.get(int.from_bytes(data[8:12], "big"))
        if track is None or not track.announced:
            self.unknown_packets += 1
        else:
            track.receive(data, time.monotonic())

    def _on_rtcp(self, data):
        try:
            packets = RtcpPacket.parse(data)
        except ValueError:
            return
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and packet.ssrc in self.by_ssrc:
                self.by_ssrc[packet.ssrc].sender_report(packet, time.monotonic())

    def send_nacks(self, now):
        for track in self.tracks.values():
            packet = track.negative_acknowledgement(now) if track.nacks.missing else None
            if packet:
                self.transport.dtls.send_media(packet)

    def send_reports(self, now):
        for track in self.tracks.values():
            packet = track.receiver_report(now)
            if packet:
                self.transport.dtls.send_media(packet)
                self.transport.dtls.send_media(extended_report(now))

    async def close(self):
        for track in list(self.tracks.values()):
            self.participant.room.unpublished(track)
        self.tracks, self.by_ssrc = {}, {}
        await self.transport.close()


def extended_report(now):
    """RFC 3611 §4.4: a receiver reference time, as a packet of its own. Clients need not know it."""
    ntp = int((time.time() + 2208988800) * 2 ** 32) & (2 ** 64 - 1)
    body = (0x52535256).to_bytes(4, "big") + bytes([4, 0, 0, 2]) + ntp.to_bytes(8, "big")
    return bytes([0x80, 207, 0, len(body) // 4]) + body
