"""A participant for whom the server itself speaks: no client, no transports. Its sound goes in and out as samples."""
from collections import deque
import asyncio
import secrets
import time
import uuid

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from . import opus, rtp
from .data import RELIABLE
from .faults import Faults
from .participant import Participant
from .settings import new_sid
from .uplink import PublishedTrack

EARLY_FRAMES = 3                            # that wait before the first is heard, so that none comes too late
LATE_FRAMES_MAX = 15


class Insider(Participant):
    """`info`: identity, kind, attributes and so on. The callbacks: what the call behind it does with it."""

    def __init__(self, server, room, info, track_name=None, hidden=False):
        self.server, self.room, self.settings, self.info = server, room, server.settings, info
        now = time.time()
        info.sid, info.joined_at, info.joined_at_ms = new_sid("PA_"), int(now), int(now * 1000)
        info.state = models.ParticipantInfo.ACTIVE
        for grant in ("can_subscribe", "can_publish", "can_publish_data", "can_update_metadata"):
            setattr(info.permission, grant, True)
        info.permission.hidden = hidden
        self.track_name = track_name or info.identity
        self.auto_subscribe, self.gone, self.told, self.session, self.quality = True, False, False, None, None
        self.failed_at = None
        self.faults = Faults(f"{self.settings.seed}/{info.identity}")
        self.publisher, self.subscriber, self.data = Mouth(self), Ears(self), Inbox(self)
        self.on_packet = lambda packet: None
        self.on_end = lambda reason: None

    def join(self):
        self.server.admit(self)
        if not self.info.permission.hidden:
            self.show()

    def show(self):
        self.info.permission.hidden = False
        self.room.count()
        self.changed(immediately=True)
        self.tell_joined()

    def send(self, **message):
        pass

    def send_token(self):
        pass

    def watch(self, now):
        pass

    def put_attributes(self, values):
        if not self.gone:
            self.update_info("", "", values)

    def end(self, reason, action=rtc.LeaveRequest.DISCONNECT, shown=None, signs=None):
        if not self.gone:
            self.data.gone()
            super().end(reason, action, shown, (("alert",), 0))
            self.on_end(reason)

    def leave(self, shown=models.CLIENT_INITIATED):
        """By itself, with the reason that the room shall see."""
        self.on_end = lambda reason: None
        self.end(models.CLIENT_INITIATED, shown=shown)


class Mouth:
    """Its one track."""

    def __init__(self, participant):
        self.participant = participant
        self.tracks, self.pending = {}, {}
        self.unknown_packets = 0
        self.encoder = opus.Encoder()
        self.sequence, self.timestamp = secrets.randbits(15), secrets.randbits(31)

    def publish(self):
        me = self.participant
        if me.gone or self.tracks:
            return
        info = models.TrackInfo(
            sid=new_sid("TR_AM"), type=models.AUDIO, name=me.track_name, source=models.MICROPHONE, stream="camera",
            mime_type="audio/opus", mid="0", backup_codec_policy=models.BackupCodecPolicy.SIMULCAST)
        info.codecs.add(mime_type="audio/opus", mid="0", cid="audio")
        info.version.unix_micro = int(time.time() * 1e6)
        track = PublishedTrack(me, info, "audio")
        track.mid, track.ssrc, track.extensions = "0", secrets.randbits(31) | 1, {rtp.AUDIO_LEVEL: 1}
        track.announced = True
        self.tracks[info.sid] = track
        me.changed()
        me.room.published(track)

    def speak(self, samples):
        """20 ms of int16 at 48 kHz, or None for silence."""
        payload = opus.SILENCE if samples is None else self.encoder.encode(samples)
        level = bytes([opus.level(samples)])
        for track in self.tracks.values():
            data = rtp.build(rtp.OPUS_PAYLOAD_TYPE, self.sequence, self.timestamp, track.ssrc, payload,
                             extensions={1: level})
            track.receive(data, time.monotonic())
        self.sequence, self.timestamp = self.sequence + 1 & 0xFFFF, self.timestamp + opus.FRAME & 0xFFFFFFFF

    def find(self, sid):
        return self.tracks.get(sid)

    def set_muted(self, track, muted):
        if track.info.muted != muted:
            track.info.muted = muted
            for downlink in track.downlinks:
                if muted:
                    downlink.mute()
            self.participant.changed()

    def send_nacks(self, now):
        pass

    def send_reports(self, now):
        pass

    async def close(self):
        self.tracks = {}


class Ear:
    """One track as it hears it."""
    bound = True

    def __init__(self, track):
        self.track, self.decoder = track, opus.Decoder()
        self.frames, self.started = deque(), False

    def forward(self, packet, now):
        payload = packet.payload
        if self.track.red:
            try:
                payload = rtp.red_primary(payload)
            except ValueError:
                return
        self.frames.extend(self.decoder.decode(payload))
        while len(self.frames) > LATE_FRAMES_MAX:
            self.frames.popleft()

    def mute(self):
        pass

    def take(self):
        self.started = bool(self.frames) and (self.started or len(self.frames) >= EARLY_FRAMES)
        return self.frames.popleft() if self.started else None


class Ears:
    """What it hears of the room: nothing until it listens, then everybody, mixed."""

    def __init__(self, participant):
        self.participant = participant
        self.listening, self.sections = False, []

    def listen(self):
        self.listening = True
        for track in self.participant.room.tracks_for(self.participant):
            self.subscribe(track)

    def subscribe(self, track):
        if not self.listening or any(ear.track is track for ear in self.sections):
            return
        ear = Ear(track)
        self.sections.append(ear)
        track.downlinks.append(ear)
        if not track.subscribed_once:
            track.subscribed_once = True
            track.owner.send(track_subscribed=rtc.TrackSubscribed(track_sid=track.info.sid))

    def unsubscribe(self, track):
        for ear in [e for e in self.sections if e.track is track]:
            self.sections.remove(ear)
            track.downlinks.remove(ear)

    def take(self):
        """20 ms of everybody, or None."""
        return opus.mixed([frame for frame in (ear.take() for ear in self.sections) if frame is not None])

    def send_reports(self, now):
        pass

    async def close(self):
        self.listening = False
        for ear in list(self.sections):
            self.unsubscribe(ear.track)


class Inbox:
    """The data packets that reach it, and its own."""

    def __init__(self, participant):
        self.participant = participant
        self.calls = {}                     # of the server API: id -> its answer

    def send(self, kind, data):
        try:
            packet = models.DataPacket.FromString(data)
        except DecodeError:
            return
        if not self.participant.gone:
            self.participant.on_packet(packet)

    def publish(self, packet, to=None):
        """To everybody, or to one; `to` may be a call of the server API."""
        me = self.participant
        packet.kind, packet.participant_sid, packet.participant_identity = RELIABLE, me.info.sid, me.identity
        if to in self.calls:
            if packet.WhichOneof("value") == "rpc_response" and not self.calls[to].done():
                self.calls[to].set_result(packet.rpc_response)
            return
        if to:
            packet.destination_identities.append(to)
        me.room.send_data(me, RELIABLE, packet)

    async def call(self, method, payload, seconds):
        number = str(uuid.uuid4())
        answer = self.calls[number] = asyncio.get_running_loop().create_future()
        packet = models.DataPacket(kind=RELIABLE, participant_identity=number)
        packet.rpc_request.id, packet.rpc_request.method, packet.rpc_request.payload = number, method, payload
        packet.rpc_request.version = 1
        self.participant.on_packet(packet)
        try:
            return await asyncio.wait_for(answer, seconds)
        finally:
            del self.calls[number]

    def gone(self):
        for answer in self.calls.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError())

    def reset(self):
        pass
