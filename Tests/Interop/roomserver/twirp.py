"""The part of livekit.RoomService that tests need, so that they drive any LiveKit server in the same way."""
import asyncio
import inspect

from aiohttp import web
from google.protobuf import json_format
from livekit.protocol import models, room as api, rtc

from . import tokens
from .data import LOSSY, RELIABLE
from .participant import too_large_of


class TwirpError(Exception):
    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code = status, code


def add_routes(application, server):
    service = RoomService(server)
    for name, (request_type, method) in service.methods().items():
        application.router.add_post(f"/twirp/livekit.RoomService/{name}", _handler(server, request_type, method))


def _handler(server, request_type, method):
    async def handle(request):
        claims = tokens.verify(request, server.settings)
        body, as_json = await request.read(), request.content_type == "application/json"
        message = json_format.Parse(body, request_type()) if as_json else request_type.FromString(body)
        try:
            if not (claims.video.get("roomAdmin") or claims.video.get("roomCreate") or claims.video.get("roomList")):
                raise TwirpError(401, "unauthenticated", "permissions denied")
            reply = method(message)
            if inspect.isawaitable(reply):
                reply = await reply
        except TwirpError as error:
            return web.json_response({"code": error.code, "msg": str(error)}, status=error.status)
        if as_json:
            return web.json_response(json_format.MessageToDict(reply))
        return web.Response(body=reply.SerializeToString(), content_type="application/protobuf")
    return handle


class RoomService:
    def __init__(self, server):
        self.server = server

    def methods(self):
        return {"RemoveParticipant": (api.RoomParticipantIdentity, self.remove_participant),
                "DeleteRoom": (api.DeleteRoomRequest, self.delete_room),
                "ListRooms": (api.ListRoomsRequest, self.list_rooms),
                "ListParticipants": (api.ListParticipantsRequest, self.list_participants),
                "GetParticipant": (api.RoomParticipantIdentity, self.get_participant),
                "MutePublishedTrack": (api.MuteRoomTrackRequest, self.mute_track),
                "UpdateParticipant": (api.UpdateParticipantRequest, self.update_participant),
                "UpdateRoomMetadata": (api.UpdateRoomMetadataRequest, self.update_room),
                "SendData": (api.SendDataRequest, self.send_data),
                "PerformRpc": (api.PerformRpcRequest, self.perform_rpc)}

    def _room(self, name):
        room = self.server.rooms.get(name)
        if room is None:
            raise TwirpError(404, "not_found", "requested room does not exist")
        return room

    def _participant(self, request):
        participant = self._room(request.room).participants.get(request.identity)
        if participant is None:
            raise TwirpError(404, "not_found", "participant does not exist")
        return participant

    def remove_participant(self, request):
        self._participant(request).end(models.PARTICIPANT_REMOVED)
        return api.RemoveParticipantResponse()

    def delete_room(self, request):
        for participant in list(self._room(request.room).participants.values()):
            participant.end(models.ROOM_DELETED)
        return api.DeleteRoomResponse()

    def list_rooms(self, request):
        return api.ListRoomsResponse(rooms=[r.info for n, r in self.server.rooms.items()
                                            if not request.names or n in request.names])

    def list_participants(self, request):
        return api.ListParticipantsResponse(participants=[p.info for p in self._room(request.room).participants.values()])

    def get_participant(self, request):
        return self._participant(request).info

    def mute_track(self, request):
        participant = self._participant(request)
        track = participant.publisher.find(request.track_sid)
        if track is None:
            raise TwirpError(404, "not_found", "track not found")
        if not request.muted:
            raise TwirpError(412, "failed_precondition", "remote unmute not enabled")
        participant.send(mute=rtc.MuteTrackRequest(sid=request.track_sid, muted=True))
        participant.publisher.set_muted(track, True)
        return api.MuteRoomTrackResponse(track=track.info)

    def update_participant(self, request):
        participant, too_large = self._participant(request), too_large_of(request)
        if too_large:
            raise TwirpError(400, "invalid_argument", "{} exceeds limits {}".format(*too_large))
        participant.update_info(request.name, request.metadata, request.attributes)
        return participant.info

    def update_room(self, request):
        room = self._room(request.room)
        room.info.metadata = request.metadata
        for participant in room.participants.values():
            participant.send(room_update=rtc.RoomUpdate(room=room.info))
        return room.info

    def send_data(self, request):
        room = self._room(request.room)
        packet = models.DataPacket(kind=request.kind, destination_identities=request.destination_identities)
        packet.user.payload, packet.user.nonce = request.data, request.nonce
        if request.HasField("topic"):
            packet.user.topic = request.topic
        targets = set(request.destination_identities)
        for participant in room.participants.values():
            if not targets or participant.identity in targets:
                participant.data.send(LOSSY if request.kind == LOSSY else RELIABLE, packet.SerializeToString())
        return api.SendDataResponse()

    async def perform_rpc(self, request):
        participant = self._room(request.room).participants.get(request.destination_identity)
        if participant is None:
            raise TwirpError(404, "not_found", "participant does not exist")
        try:
            answer = await participant.data.call(request.method, request.payload, (request.response_timeout_ms or 10_000) / 1000)
        except asyncio.TimeoutError:
            raise TwirpError(408, "deadline_exceeded", "Response timeout") from None
        if answer.WhichOneof("value") == "error":
            raise TwirpError(400, "invalid_argument", f"twirp error unknown: RpcError {answer.error.code}: {answer.error.message}")
        return api.PerformRpcResponse(payload=answer.payload)
