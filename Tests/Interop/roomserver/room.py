"""One room: who is in it, who hears what about whom, and when."""
import time

from livekit.protocol import models, rtc

from .data import RELIABLE
from .settings import new_sid

CODEC_MIMES = ("audio/PCMU", "audio/PCMA", "audio/opus", "audio/red", "video/VP8", "video/H264", "video/VP9",
               "video/AV1", "video/H265", "video/rtx")


class Room:
    def __init__(self, server, name):
        self.server = server
        now = time.time()
        self.info = models.Room(
            sid=new_sid("RM_"), name=name, empty_timeout=300, departure_timeout=20, creation_time=int(now),
            creation_time_ms=int(now * 1000), turn_password=new_sid(""),
            enabled_codecs=[models.Codec(mime=mime) for mime in CODEC_MIMES])
        self.participants = {}              # identity -> Participant
        self.batch = {}                     # sid -> Participant, told to everybody with the next batch
        self.speaking = {}                  # participant sid -> level
        self.shown_counts = None
        self.dispatches = {}                # id -> AgentDispatch
        server.happened("room_started", self)

    # -- participants ------------------------------------------------------------------------------------

    def add(self, participant):
        self.participants[participant.identity] = participant
        self.count()
        self.batch[participant.info.sid] = participant

    def left(self, participant):
        if self.participants.get(participant.identity) is participant:
            del self.participants[participant.identity]
        for track in list(participant.publisher.tracks.values()):
            self.unpublished(track)
        self.count()
        participant.changed()
        if participant.told:
            self.server.happened("participant_left", self, participant)
        self.server.room_changed(self)

    def count(self):
        self.info.num_participants = sum(not p.info.permission.hidden for p in self.participants.values())
        self.info.num_publishers = sum(p.is_publisher for p in self.participants.values())

    def others(self, participant):
        return [p for p in self.participants.values() if p is not participant]

    def visible(self, viewer):
        """Infos for a complete snapshot, the viewer's own included."""
        return [p.info for p in self.participants.values() if p is viewer or not p.info.permission.hidden]

    def participant_changed(self, participant, immediately):
        self.batch[participant.info.sid] = participant
        if immediately:
            self._tell([self.batch.pop(participant.info.sid)])

    def flush(self):
        """Every three seconds: what concerns participants who do not publish."""
        waiting, self.batch = list(self.batch.values()), {}
        self._tell(waiting)

    def _tell(self, changed):
        # An identity that is here again under a new sid is told by its new sid only.
        changed = [p for p in changed if not (p.gone and p.identity in self.participants)]
        for viewer in self.participants.values():
            infos = [p.info for p in changed if p is viewer or not p.info.permission.hidden]
            if infos:
                viewer.send(update=rtc.ParticipantUpdate(participants=infos))

    # -- tracks ------------------------------------------------------------------------------------------

    def tracks_for(self, participant):
        return [t for p in self.others(participant) for t in p.published()]

    def published(self, track):
        track.told = True
        self.server.happened("track_published", self, track.owner, track)
        for other in self.others(track.owner):
            if other.auto_subscribe and other.info.permission.can_subscribe:
                other.subscriber.subscribe(track)

    def unpublished(self, track):
        if track.told:
            track.told = False
            self.server.happened("track_unpublished", self, track.owner, track)
        for other in self.participants.values():
            other.subscriber.unsubscribe(track)

    def find_track(self, sid):
        return next((t for p in self.participants.values() for t in p.publisher.tracks.values()
                     if t.info.sid == sid), None)

    # -- data --------------------------------------------------------------------------------------------

    def send_data(self, sender, kind, packet):
        targets = set(packet.destination_identities)
        sids = set(packet.user.destination_sids) if packet.WhichOneof("value") == "user" else set()
        data = packet.SerializeToString()
        for other in self.others(sender):
            if not (targets or sids) or other.identity in targets or other.info.sid in sids:
                other.data.send(RELIABLE if kind == RELIABLE else kind, data)

    # -- ticks -------------------------------------------------------------------------------------------

    def tick_speakers(self, seconds):
        changes = []
        for participant in self.participants.values():
            level, active = 0.0, False
            for track in participant.published():
                track_level, speaks = track.speaking(seconds)
                level, active = max(level, track_level), active or speaks
            sid = participant.info.sid
            if active != (sid in self.speaking) or (active and abs(level - self.speaking[sid]) > 0.1):
                changes.append(models.SpeakerInfo(sid=sid, level=level if active else 0.0, active=active))
                if active:
                    self.speaking[sid] = level
                else:
                    del self.speaking[sid]
        if changes:
            for participant in self.participants.values():
                participant.send(speakers_changed=rtc.SpeakersChanged(speakers=changes))

    def tick_status(self, now):
        self.count()
        counts = (self.info.num_participants, self.info.num_publishers)
        if counts != self.shown_counts:
            self.shown_counts = counts
            for participant in self.participants.values():
                participant.send(room_update=rtc.RoomUpdate(room=self.info))
        for participant in self.participants.values():
            quality = self._quality(participant, now)
            if quality.quality != participant.quality:
                participant.quality = quality.quality
                for viewer in self.participants.values():
                    viewer.send(connection_quality=rtc.ConnectionQualityUpdate(updates=[quality]))

    def _quality(self, participant, now):
        info = rtc.ConnectionQualityInfo(participant_sid=participant.info.sid, quality=models.EXCELLENT, score=5.0)
        silent = [t for t in participant.published()
                  if not t.info.muted and now - t.last_packet_at > self.server.settings.timing.quality_lost]
        if silent:
            info.quality, info.score = models.LOST, 1.25
        return info
