"""One participant: its signalling session, its two peer connections, and its life."""
import asyncio
import json
import logging
import time

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from . import sdp, tokens
from .data import DataLink
from .faults import Faults
from .publisher import Publisher
from .settings import ATTRIBUTES_BYTES_MAX, METADATA_BYTES_MAX, NAME_BYTES_MAX, new_sid
from .subscriber import Subscriber, permission_updates

log = logging.getLogger("roomserver.participant")
DISCONNECT, RESUME, RECONNECT = rtc.LeaveRequest.DISCONNECT, rtc.LeaveRequest.RESUME, rtc.LeaveRequest.RECONNECT
QUEUE_MESSAGES_MAX = 500
# What a participant is told when somebody else ended it: its media connections and its signalling are ended by
# different threads of livekit-server, so that a client sees the signs of it in any order.
DISMISSALS = (models.PARTICIPANT_REMOVED, models.ROOM_DELETED, models.DUPLICATE_IDENTITY)
SIGNS = ("reset", "alert", "word")


def too_large_of(request):
    """-> (what, how large it may be) of a change of name, metadata or attributes, or None."""
    attributes = sum(len(key.encode()) + len(value.encode()) for key, value in request.attributes.items())
    for what, size, most in (("name length", len(request.name.encode()), NAME_BYTES_MAX),
                             ("metadata size", len(request.metadata.encode()), METADATA_BYTES_MAX),
                             ("attributes size", attributes, ATTRIBUTES_BYTES_MAX)):
        if size > most:
            return what, most
    return None


class Session:
    """One WebSocket: messages out in order, then at most one close."""

    def __init__(self, websocket, request):
        self.websocket, self.request = websocket, request
        self.queue = asyncio.Queue(maxsize=QUEUE_MESSAGES_MAX)
        self.ended = False
        self.task = asyncio.ensure_future(self._write())

    def send(self, data):
        if not self.ended and not self.queue.full():
            self.queue.put_nowait(data)

    def close(self):
        if not self.ended:
            self.send(None)
            self.ended = True

    def abort(self):
        """As a broken network does it: no close frame."""
        self.ended = True
        self.task.cancel()
        if self.request.transport:
            self.request.transport.abort()

    async def _write(self):
        try:
            while (data := await self.queue.get()) is not None:
                await self.websocket.send_bytes(data)
            await self.websocket.close(code=1000)
        except (ConnectionError, RuntimeError):
            self.ended = True


class Participant:
    single = False                          # whether it has one peer connection for both directions

    def __init__(self, server, room, claims, query):
        self.server, self.room, self.claims, self.settings = server, room, claims, server.settings
        now = time.time()
        self.info = models.ParticipantInfo(
            sid=new_sid("PA_"), identity=claims.identity, name=claims.name, metadata=claims.metadata,
            attributes=claims.attributes, joined_at=int(now), joined_at_ms=int(now * 1000),
            client_protocol=int(query.get("client_protocol") or 0) if query.get("client_protocol", "0").isdigit() else 0)
        for name in query.get("capabilities", "").split(","):
            if name in models.ClientInfo.Capability.keys():
                self.info.capabilities.append(models.ClientInfo.Capability.Value(name))
        if claims.kind.upper() in models.ParticipantInfo.Kind.keys():
            self.info.kind = models.ParticipantInfo.Kind.Value(claims.kind.upper())
        permission = self.info.permission
        permission.can_subscribe, permission.can_publish = claims.may("canSubscribe"), claims.may("canPublish")
        permission.can_publish_data = claims.may("canPublishData")
        permission.can_update_metadata = claims.may("canUpdateOwnMetadata", False)
        permission.hidden, permission.agent = claims.may("hidden", False), claims.may("agent", False)
        self.auto_subscribe = query.get("auto_subscribe", "1") in ("1", "true")
        self.faults = Faults(f"{self.settings.seed}/{self.identity}")
        self.faults.set(server.joining_faults.get(room.info.name) or server.joining_faults.get(None) or {})
        self.session = None
        self.gone = False
        self.told = False                   # webhooks told that it joined
        self.joined_at = time.monotonic()
        self.failed_at = None               # when a transport failed
        self.quality = None
        self._connect(server.tcp)
        self.subscriber.transport.on_connected = self._primary_connected
        self.publisher.transport.on_failed = self.subscriber.transport.on_failed = lambda why: self.transport_failed()
        self.handlers = {
            "offer": lambda m: self._described(self.publisher.offer, m.offer),
            "answer": lambda m: self._described(self.subscriber.answer, m.answer),
            "trickle": lambda m: self._trickled(m.trickle), "add_track": lambda m: self.publisher.add_track(m.add_track),
            "update_audio_track": lambda m: self._update_audio_track(m.update_audio_track),
            "mute": lambda m: self.publisher.mute(m.mute), "subscription": lambda m: self._subscription(m.subscription),
            "track_setting": lambda m: self._track_setting(m.track_setting), "leave": lambda m: self._left(m.leave),
            "ping_req": lambda m: self.send(pong_resp=rtc.Pong(
                last_ping_timestamp=m.ping_req.timestamp, timestamp=int(time.time() * 1000))),
            "ping": lambda m: self.send(pong=int(time.time() * 1000)),
            "update_metadata": lambda m: self._update_metadata(m.update_metadata),
            "sync_state": lambda m: self._sync_state(m.sync_state)}

    def _connect(self, tcp):
        self.publisher = Publisher(self, self.settings, self.faults, tcp)
        self.subscriber = Subscriber(self, self.settings, self.faults, tcp)
        self.data = DataLink(self, self.publisher.transport, self.subscriber.transport)

    @property
    def identity(self):
        return self.info.identity

    @property
    def is_publisher(self):
        return any(t.announced for t in self.publisher.tracks.values())

    def published(self):
        return [t for t in self.publisher.tracks.values() if t.announced]

    # -- out ---------------------------------------------------------------------------------------------

    def send(self, **message):
        if self.session:
            log.debug("%s <- %s", self.identity, next(iter(message)))
            self.session.send(rtc.SignalResponse(**message).SerializeToString())

    def trickle(self, target, transport, mid="0"):
        for candidate, final in transport.trickled(mid):
            self.send(trickle=rtc.TrickleRequest(candidateInit=candidate, target=target, final=final))

    def send_token(self):
        self.send(refresh_token=tokens.refreshed(self.claims, self.info, self.settings))

    def changed(self, immediately=None):
        """Others (and we) hear of it: at once from a publisher, with the next batch otherwise."""
        del self.info.tracks[:]
        self.info.tracks.extend(t.info for t in self.published())
        was_publisher, self.info.is_publisher = self.info.is_publisher, self.is_publisher
        self.info.version += 1
        if immediately is None:
            immediately = was_publisher or self.info.is_publisher
        self.room.participant_changed(self, immediately)

    def later(self, delay, action):
        asyncio.get_running_loop().call_later(delay, lambda: None if self.gone else action())

    # -- in ----------------------------------------------------------------------------------------------

    def handle(self, data):
        try:
            message = rtc.SignalRequest.FromString(data)
        except DecodeError:
            return
        what = message.WhichOneof("message")
        log.debug("%s -> %s", self.identity, what)
        if what in self.handlers:
            self.handlers[what](message)

    def _described(self, take, description):
        try:
            take(description)
        except sdp.SdpError as error:
            log.warning("%s: %s unparsable, no answer: %s", self.identity, description.type, error)
        except ValueError as error:
            log.warning("%s: %s unusable: %s", self.identity, description.type, error)
            self.end(models.STATE_MISMATCH, RECONNECT)

    def _trickled(self, trickle):
        def refuse(text):
            self.send(request_response=rtc.RequestResponse(
                reason=rtc.RequestResponse.UNCLASSIFIED_ERROR, message=text, trickle=trickle))
        if not trickle.candidateInit:
            return refuse("unexpected end of JSON input")
        try:
            init = json.loads(trickle.candidateInit)
        except ValueError:
            return refuse("invalid character in JSON input")
        text = init.get("candidate") if isinstance(init, dict) else None
        if not text:
            return
        publisher = trickle.target == rtc.PUBLISHER
        try:
            (self.publisher if publisher else self.subscriber).transport.add_candidate(
                text, init.get("usernameFragment"))
        except ValueError as error:
            log.warning("%s: candidate %r: %s", self.identity, text[:80], error)
            self.end(models.STATE_MISMATCH, RECONNECT)

    def _subscription(self, request):
        wanted = set(request.track_sids)
        for tracks in request.participant_tracks:
            wanted.update(tracks.track_sids)
        for track in self.room.tracks_for(self):
            if track.info.sid in wanted:
                if request.subscribe:
                    permission_updates(self, [track])
                (self.subscriber.subscribe if request.subscribe else self.subscriber.unsubscribe)(track)

    def _track_setting(self, request):
        for downlink in self.subscriber.sections:
            if downlink and downlink.track.info.sid in request.track_sids:
                downlink.disable(request.disabled)

    def _update_audio_track(self, request):
        track = self.publisher.tracks.get(request.track_sid)
        if track:
            del track.info.audio_features[:]
            track.info.audio_features.extend(request.features)
            self.changed()

    def _update_metadata(self, request):
        answer = rtc.RequestResponse(request_id=request.request_id, update_metadata=request)
        too_large = too_large_of(request)
        if not self.info.permission.can_update_metadata:
            answer.reason = rtc.RequestResponse.NOT_ALLOWED
            answer.message = "does not have permission to update own metadata"
        elif too_large:
            answer.reason, answer.message = rtc.RequestResponse.LIMIT_EXCEEDED, f"exceeds {too_large[0]} limit"
        else:
            self.update_info(request.name, request.metadata, request.attributes)
        self.send(request_response=answer)

    def update_info(self, name, metadata, attributes):
        self.info.name, self.info.metadata = name or self.info.name, metadata or self.info.metadata
        for key, value in attributes.items():
            if value:
                self.info.attributes[key] = value
            else:
                self.info.attributes.pop(key, None)
        self.changed(immediately=True)
        self.send_token()

    def _sync_state(self, state):
        known = {t.info.sid for t in self.publisher.tracks.values()} | \
            {t.info.sid for t in self.publisher.pending.values()}
        unknown = any(not t.HasField("track") or t.track.sid not in known for t in state.publish_tracks)
        if not self.server.resumes.accepts(state) or unknown:
            self.end(models.STATE_MISMATCH, RECONNECT)

    def _left(self, leave):
        shown = leave.reason if leave.reason in (models.USER_UNAVAILABLE, models.USER_REJECTED,
                                                 models.AGENT_ERROR) else models.CLIENT_INITIATED
        self.end(models.CLIENT_INITIATED, DISCONNECT, shown)

    # -- life --------------------------------------------------------------------------------------------

    async def start(self, session):
        self.session = session
        await self.publisher.transport.open()
        await self.subscriber.transport.open()

    def begin(self):
        """After the JoinResponse: token, subscriber offer, then whatever is in the room."""
        self.send_token()
        if not self.info.permission.can_subscribe:
            return
        self.subscriber.start()
        tracks = self.room.tracks_for(self) if self.auto_subscribe else []
        permission_updates(self, tracks)
        for track in tracks:
            self.subscriber.subscribe(track)

    def resume(self, session):
        old, self.session = self.session, session
        if old:
            old.close()
        self.failed_at = None
        # What has failed does so once; the ICE that follows has its own time.
        for transport in (self.publisher.transport, self.subscriber.transport):
            transport.ice.started_at = time.monotonic()
        self.send(reconnect=rtc.ReconnectResponse(server_info=self.server.info(), ice_servers=self.server.ice_servers(),
                                                  last_message_seq=self.data.last_reliable))
        self.send(update=rtc.ParticipantUpdate(participants=self.room.visible(self)))
        self.send(room_update=rtc.RoomUpdate(room=self.server.resumes.room_info(self.room)))
        self.send_token()
        if self.info.permission.can_subscribe:
            self.subscriber.restart()

    def signal_lost(self, session):
        """Without ICE there is nothing to keep; with it the participant stays while its media lives."""
        if self.session is session:
            self.session = None
            if not self.gone and not self.subscriber.transport.connected and not self.publisher.transport.connected:
                self.end(models.SIGNAL_CLOSE)

    def _primary_connected(self):
        self.subscriber.bind()
        if self.info.state != models.ParticipantInfo.ACTIVE:
            self.info.state = models.ParticipantInfo.ACTIVE
            self.changed()
            self.tell_joined()

    def tell_joined(self):
        if not self.info.permission.hidden:
            self.told = True
            self.server.happened("participant_joined", self.room, self)

    def transport_failed(self):
        """The client may resume on a new WebSocket for some seconds; then it is removed."""
        if self.gone or self.failed_at is not None:
            return
        log.info("%s: transport failed", self.identity)
        self.failed_at = time.monotonic()
        # Who was connected and no longer is shall try TCP: a firewall may have changed its mind about UDP.
        for transport in (self.publisher.transport, self.subscriber.transport):
            transport.prefers_tcp = transport.prefers_tcp or transport.connected
        self.send(leave=rtc.LeaveRequest(reason=models.CONNECTION_TIMEOUT, action=RESUME))
        if self.session:
            self.session.close()
            self.session = None

    def watch(self, now):
        timing = self.settings.timing
        if self.failed_at is not None:
            if now - self.failed_at > timing.resume_window:
                self.end(models.CONNECTION_TIMEOUT)
        elif any(t.failed(now, timing) for t in (self.publisher.transport, self.subscriber.transport)):
            self.transport_failed()
        elif self.subscriber.overdue(now):
            self.end(models.STATE_MISMATCH, RECONNECT)
        elif self.info.state != models.ParticipantInfo.ACTIVE and now - self.joined_at > timing.never_active:
            self.end(models.JOIN_FAILURE)

    def end(self, reason, action=DISCONNECT, shown=None, signs=None):
        """The participant is over: tell it, tell the others, free everything. `signs`: (their order, seconds apart)"""
        if self.gone:
            return
        self.gone = True
        log.info("%s leaves: %s", self.identity, models.DisconnectReason.Name(reason))
        self.info.state, self.info.disconnect_reason = models.ParticipantInfo.DISCONNECTED, shown or reason
        self.room.left(self)
        if not signs:
            signs = self.server.dismissal() if reason in DISMISSALS else (("word", "alert"), 0.010)
        self.server.spawn(self._part(*signs, rtc.LeaveRequest(reason=reason, action=action)))

    async def _part(self, signs, gap, leave):
        for sign in signs:
            if sign == "word":
                self.send(leave=leave)
                if self.session:
                    self.session.close()
            elif sign == "reset":
                self.data.reset()
            else:
                await self.publisher.close()
                await self.subscriber.close()
            await asyncio.sleep(gap)

