"""livekit.RoomService, as far as the open-source server has it."""
import asyncio

from livekit.protocol import models, room as api, rtc

from .data import LOSSY, RELIABLE
from .participant import too_large_of
from .phones.exchange import REMOVAL_SECONDS
from .twirp import TwirpError

RIGHTS = {"CreateRoom": "roomCreate", "DeleteRoom": "roomCreate", "ListRooms": "roomList"}
REMOVE_SECONDS = 0.01                       # of a telephone
NO_RESPONSE = "twirp error unknown: no response from servers"
RPC_GONE_SECONDS = 2.0                      # after which the server gives up on a participant who left meanwhile


class RoomService:
    def __init__(self, server):
        self.server = server

    def rights(self, method, claims, message):
        if method in RIGHTS:
            return bool(claims.video.get(RIGHTS[method]))
        return claims.admin_of(message.room)

    def _room(self, name):
        room = self.server.rooms.get(name)
        if room is None:
            raise TwirpError("not_found", "requested room does not exist")
        return room

    def _participant(self, request):
        room = self.server.rooms.get(request.room)
        participant = room.participants.get(request.identity) if room else None
        if participant is None:
            raise TwirpError("not_found", "twirp error unknown: participant does not exist")
        return participant

    async def nobody(self):
        """What is sent to a room or an identity that nobody serves waits, then fails."""
        await asyncio.sleep(self.server.settings.unavailable_after)
        raise TwirpError("unavailable", NO_RESPONSE)

    # -- rooms -------------------------------------------------------------------------------------------

    def create_room(self, request, _):
        room = self.server.rooms.get(request.name)
        if room is None:
            room = self.server.room(request.name)
            for name in ("empty_timeout", "departure_timeout", "max_participants", "metadata"):
                if getattr(request, name):
                    setattr(room.info, name, getattr(request, name))
            for agent in request.agents:
                self.server.dispatches.create(room, agent)
        return room.info

    def list_rooms(self, request, _):
        return api.ListRoomsResponse(rooms=[r.info for n, r in self.server.rooms.items()
                                            if not request.names or n in request.names])

    def delete_room(self, request, _):
        room = self._room(request.room)
        for participant in list(room.participants.values()):
            participant.end(models.ROOM_DELETED)
        self.server.room_changed(room, deleted=True)
        return api.DeleteRoomResponse()

    def update_room_metadata(self, request, _):
        room = self._room(request.room)
        room.info.metadata = request.metadata
        for participant in room.participants.values():
            participant.send(room_update=rtc.RoomUpdate(room=room.info))
        return room.info

    # -- participants ------------------------------------------------------------------------------------

    def list_participants(self, request, _):
        room = self.server.rooms.get(request.room)
        return api.ListParticipantsResponse(participants=[p.info for p in room.participants.values()] if room else [])

    def get_participant(self, request, _):
        return self._participant(request).info

    async def remove_participant(self, request, _):
        exchange = self.server.exchange
        if not exchange.has_just_ended(request.room, request.identity):
            participant = self._participant(request)
            if participant.info.kind == models.ParticipantInfo.SIP:
                # The way through the server: who hangs up meanwhile, or is asked in the room to, is the quicker one.
                await asyncio.sleep(REMOVE_SECONDS)
        if exchange.has_just_ended(request.room, request.identity):
            # The store still has a participant whom nobody serves any more: the request is held, repeated by the
            # server itself, and meets whoever has the identity by then.
            await asyncio.sleep(exchange.removal_seconds or self.server.random.choice(REMOVAL_SECONDS))
            room = self.server.rooms.get(request.room)
            participant = room.participants.get(request.identity) if room else None
        if participant:
            participant.end(models.PARTICIPANT_REMOVED)
        return api.RemoveParticipantResponse()

    def mute_published_track(self, request, _):
        participant = self._participant(request)
        track = participant.publisher.find(request.track_sid)
        if track is None:
            return api.MuteRoomTrackResponse()
        if not request.muted:
            raise TwirpError("failed_precondition", "remote unmute not enabled")
        participant.send(mute=rtc.MuteTrackRequest(sid=request.track_sid, muted=True))
        participant.publisher.set_muted(track, True)
        return api.MuteRoomTrackResponse(track=track.info)

    def update_participant(self, request, _):
        participant, too_large = self._participant(request), too_large_of(request)
        if too_large:
            raise TwirpError("invalid_argument", "{} exceeds limits {}".format(*too_large))
        if request.HasField("permission"):
            participant.info.permission.CopyFrom(request.permission)
        participant.update_info(request.name, request.metadata, request.attributes)
        return participant.info

    def update_subscriptions(self, request, _):
        participant, wanted = self._participant(request), set(request.track_sids)
        for tracks in request.participant_tracks:
            wanted.update(tracks.track_sids)
        for track in participant.room.tracks_for(participant):
            if track.info.sid in wanted:
                subscriber = participant.subscriber
                (subscriber.subscribe if request.subscribe else subscriber.unsubscribe)(track)
        return api.UpdateSubscriptionsResponse()

    def forward_participant(self, request, _):
        raise TwirpError("unknown", "twirp error unknown: not implemented")

    move_participant = forward_participant

    # -- messages ----------------------------------------------------------------------------------------

    async def send_data(self, request, _):
        room = self.server.rooms.get(request.room)
        if room is None:
            await self.nobody()
        packet = models.DataPacket(kind=request.kind, destination_identities=request.destination_identities)
        packet.user.payload, packet.user.nonce = request.data, request.nonce
        if request.HasField("topic"):
            packet.user.topic = request.topic
        targets = set(request.destination_identities)
        for participant in list(room.participants.values()):
            if not targets or participant.identity in targets:
                participant.data.send(LOSSY if request.kind == LOSSY else RELIABLE, packet.SerializeToString())
        return api.SendDataResponse()

    async def perform_rpc(self, request, _):
        room = self.server.rooms.get(request.room)
        participant = room.participants.get(request.destination_identity) if room else None
        if participant is None:
            await self.nobody()
        call = participant.data.call(request.method, request.payload, (request.response_timeout_ms or 10_000) / 1000)
        try:
            answer = await call
        except asyncio.TimeoutError:
            raise TwirpError("deadline_exceeded", "Response timeout") from None
        except ConnectionResetError:
            # Who is asked to leave, and does, has no answer left to give.
            await asyncio.sleep(min(RPC_GONE_SECONDS, self.server.settings.unavailable_after))
            raise TwirpError("unavailable", NO_RESPONSE) from None
        if answer.WhichOneof("value") == "error":
            raise TwirpError("invalid_argument",
                             f"twirp error unknown: RpcError {answer.error.code}: {answer.error.message}")
        return api.PerformRpcResponse(payload=answer.payload)
