"""A participant of /rtc/v1: one peer connection for both directions, in which only the client offers."""
from livekit.protocol import rtc

from .data import LABELS, LOSSY, RELIABLE, DataLink
from .participant import Participant
from .pool import Pool
from .publisher import Publisher
from .subscriber import permission_updates


class SinglePublisher(Publisher):
    def __init__(self, participant, settings, faults, tcp):
        super().__init__(participant, settings, faults, tcp)
        self.pool = Pool(participant, self.transport, settings.timing)
        self.transport.dtls.on_rtcp = self._on_both_rtcp

    def _on_both_rtcp(self, data):
        self._on_rtcp(data)
        self.pool.on_rtcp(data)

    def offer(self, description):
        self.pool.answering()
        super().offer(description)
        self.pool.answered()

    def mid_to_track(self):
        return self.pool.mid_to_track()

    def _answer(self, section, seen):
        pool, mid = self.pool, section.mid
        if section.kind == "video":
            return self._video(section)
        if not self._usable(section):
            return self._rejected(section)
        if section.direction == "inactive":
            pool.close_section(mid)
            return super()._answer(section, seen)
        if section.direction == "recvonly":
            if any(track.mid == mid for track in self.tracks.values()):
                pool.retire(mid)
            if pool.ended(mid):
                return self.transport.audio_section(mid, *self._received(section, None, "inactive"))
            return self.transport.audio_section(mid, *self._received(section, pool.assign(section), "sendonly"))
        if pool.takes(mid) and self._mid_of_nobody(mid):
            # Who publishes where a remote track already lies is told nothing and never heard.
            return self.transport.audio_section(mid, *self._received(section, pool.mids[mid], "sendonly"))
        media, mid, lines = super()._answer(section, seen)
        if section.direction == "sendrecv" and not pool.ended(mid):
            downlink = pool.assign(section)
            lines = lines[:-1] + (downlink.description_lines() if downlink else []) + ["sendrecv"]
        return media, mid, lines

    def _mid_of_nobody(self, mid):
        return all(track.mid != mid for track in self.tracks.values())

    def _received(self, section, downlink, direction):
        formats, lines = self.pool.lines(section, downlink)
        return formats, lines + [direction]

    def _video(self, section):
        """Answered as if something could come: this server carries no video."""
        kept = [f"{name}:{value}" for name, value in section.attributes if name in ("rtpmap", "fmtp", "rtcp-fb")]
        direction = "sendonly" if section.direction == "recvonly" else "inactive"
        self.pool.video_sections += direction == "sendonly"
        return (f"video 9 {section.proto} {' '.join(section.formats)}", section.mid,
                [f"setup:{self.transport.setup}", f"mid:{section.mid}", *self.transport.ice_lines(), "rtcp-mux",
                 "rtcp-rsize", *kept, direction])


class SingleData(DataLink):
    """The client opens every channel. Nothing reliable comes down before `_reliable` and `_lossy` are both open."""

    def _make_channels(self, _):
        pass

    def _opened(self, channel):
        super()._opened(channel)
        kind = LABELS.get(channel.label)
        if kind is not None:
            self.channels[kind] = channel
            if self._open():
                self._flush()

    def _open(self):
        return all(kind in self.channels and self.channels[kind].readyState == "open" for kind in (RELIABLE, LOSSY))

    def send(self, kind, data):
        if kind == RELIABLE and not self._open():
            self._wait(data)
        elif kind in self.channels:
            super().send(kind, data)


class SingleParticipant(Participant):
    single = True

    def __init__(self, server, room, claims, query, request):
        self.request = request
        super().__init__(server, room, claims, query)

    def _connect(self, tcp):
        self.publisher = SinglePublisher(self, self.settings, self.faults, tcp)
        self.subscriber = self.publisher.pool
        self.data = SingleData(self, self.publisher.transport, self.publisher.transport)

    def _primary_connected(self):
        super()._primary_connected()
        self.publisher.announce()

    def begin(self):
        self.send_token()
        tracks = []
        if self.info.permission.can_subscribe and self.auto_subscribe:
            tracks = self.room.tracks_for(self)
        # What is in the room is in the first answer only if it was subscribed to in time, a matter of threads.
        early = self.server.random.random() < 1 - self.settings.timing.late_subscription ** len(tracks)
        if early:
            self._subscribe(tracks)
        for request in self.request.add_track_requests:
            self.publisher.add_track(request)
        if self.request.HasField("publisher_offer"):
            self._described(self.publisher.offer, self.request.publisher_offer)
        if not early:
            self._subscribe(tracks)

    def _subscribe(self, tracks):
        permission_updates(self, tracks)
        for track in tracks:
            self.subscriber.subscribe(track)

    def watch(self, now):
        super().watch(now)
        self.subscriber.complain(now)
