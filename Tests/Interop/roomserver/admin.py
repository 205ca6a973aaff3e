"""Test hooks over HTTP, beside the protocol: faults, refusals, and counters. POST JSON to /test/..."""
import logging
import os
import signal

from aiohttp import web
from livekit.protocol import models, rtc

from . import rtp
from .insider import Insider
from .participant import SIGNS

log = logging.getLogger("roomserver.admin")


def add_routes(application, server):
    hooks = Hooks(server)
    application.router.add_get("/test/state", hooks.state)
    application.router.add_post("/test/resumes", server.resumes.hook)
    for name in ("network", "drop-websocket", "send-raw", "leave", "fail-joins", "dismissals", "clock", "kill",
                 "recording"):
        application.router.add_post(f"/test/{name}", getattr(hooks, name.replace("-", "_")))


class Hooks:
    def __init__(self, server):
        self.server = server

    async def _body(self, request):
        return await request.json() if request.can_read_body else {}

    def _participants(self, body):
        """Those named by room and identity; without them, everybody."""
        found = [p for room in self.server.rooms.values() for p in room.participants.values()
                 if body.get("room") in (None, room.info.name) and body.get("identity") in (None, p.identity)]
        if not found and "identity" in body:
            raise web.HTTPNotFound(text="no such participant")
        return found

    async def network(self, request):
        """{"room", "identity", "loss_up", "loss_down", "late_up", "late_down", "late_by", "held_down", "silent",
        "joining"}

        With "joining" it also meets whoever joins the room (any, without one) from now on.
        """
        body = await self._body(request)
        values = {k: v for k, v in body.items() if k not in ("room", "identity", "joining")}
        if body.get("joining"):
            self.server.joining_faults[body.get("room")] = values
        for participant in self._participants(body):
            try:
                participant.faults.set(values)
            except (ValueError, TypeError) as error:
                raise web.HTTPBadRequest(text=str(error)) from None
        return web.json_response({})

    async def recording(self, request):
        """{"room", "on"}: as when an egress of the room begins or ends."""
        body = await self._body(request)
        room = self.server.rooms[body["room"]]
        room.info.active_recording = body["on"]
        for participant in room.participants.values():
            participant.send(room_update=rtc.RoomUpdate(room=room.info))
        return web.json_response({})

    async def drop_websocket(self, request):
        for participant in self._participants(await self._body(request)):
            if participant.session:
                participant.session.abort()
        return web.json_response({})

    async def send_raw(self, request):
        """{"room", "identity", "hex"}: any bytes as one signalling message."""
        body = await self._body(request)
        for participant in self._participants(body):
            if participant.session:
                participant.session.send(bytes.fromhex(body["hex"]))
        return web.json_response({})

    async def leave(self, request):
        """{"room", "identity", "reason", "action", "remove", "signs", "gap"}: any LeaveRequest, by the names of its enums,
        with the signs of a dismissal in an order of one's own."""
        body = await self._body(request)
        reason = models.DisconnectReason.Value(body.get("reason", "UNKNOWN_REASON"))
        action = rtc.LeaveRequest.Action.Value(body.get("action", "DISCONNECT"))
        for participant in self._participants(body):
            if body.get("remove", True):
                participant.end(reason, action, signs=body.get("signs") and (body["signs"], body.get("gap", 0)))
            else:
                participant.send(leave=rtc.LeaveRequest(reason=reason, action=action))
                participant.session.close()
        return web.json_response({})

    async def fail_joins(self, request):
        """{"status", "body"}: every join and validation is answered so; {} ends it."""
        body = await self._body(request)
        self.server.failures = [(int(body["status"]), body.get("body", ""))] if "status" in body else []
        return web.json_response({"refused": self.server.joins_refused})

    async def dismissals(self, request):
        """{"signs": some of "reset", "alert", "word" in the order in which they are given, "spread": seconds}; {} is
        any order, as the real server's threads happen to run."""
        body = await self._body(request)
        if not set(body.get("signs", SIGNS)) <= set(SIGNS):
            raise web.HTTPBadRequest(text="no such sign")
        self.server.dismissals = body
        return web.json_response({})

    async def clock(self, request):
        """{"offset": seconds that our clock is ahead}: tokens are judged, and made, by it."""
        self.server.settings.clock_offset = float((await self._body(request)).get("offset", 0))
        return web.json_response({})

    async def kill(self, _):
        os.kill(os.getpid(), signal.SIGKILL)

    async def state(self, _):
        return web.json_response({"rooms": {name: {
            "sid": room.info.sid,
            "participants": {p.identity: participant_state(p) for p in room.participants.values()}}
            for name, room in self.server.rooms.items()}, "joins_refused": self.server.joins_refused})


def participant_state(participant):
    publisher, subscriber = participant.publisher, participant.subscriber
    if isinstance(participant, Insider):
        return {"sid": participant.info.sid, "state": models.ParticipantInfo.State.Name(participant.info.state),
                "signal": False, "kind": models.ParticipantInfo.Kind.Name(participant.info.kind),
                "attributes": dict(participant.info.attributes), "hidden": participant.info.permission.hidden,
                "tracks": {t.info.sid: {"ssrc": t.ssrc, "muted": t.info.muted, "packets": t.packets}
                           for t in publisher.tracks.values()}}
    return {
        "sid": participant.info.sid, "state": models.ParticipantInfo.State.Name(participant.info.state),
        "signal": participant.session is not None, "single": participant.single,
        "publisher": transport_state(publisher.transport), "subscriber": transport_state(subscriber.transport),
        "offers": subscriber.offers, "awaiting_answer": subscriber.offered is not None,
        "unknown_packets": publisher.unknown_packets, "dropped": participant.faults.dropped,
        "tracks": {t.info.sid: {
            "ssrc": t.ssrc, "mime": t.info.mime_type, "muted": t.info.muted, "announced": t.announced,
            "packets": t.packets, "discarded": t.discarded, "lost": t.statistics.lost,
            "nacks_sent": t.nacks_sent, "recovered": t.recovered, "level_extension": rtp.AUDIO_LEVEL in t.extensions}
            for t in publisher.tracks.values()},
        "downlinks": {d.track.info.sid: {
            "ssrc": d.ssrc, "mid": d.mid, "from": d.track.owner.identity, "bound": d.bound, "packets": d.packets,
            "nacks_seen": d.nacks_seen, "nacks_honoured": d.nacks_honoured, "nacks_too_early": d.nacks_too_early,
            "rtt_ms": d.rtt and d.rtt * 1000, "fraction_lost": d.report_fraction_lost}
            for d in subscriber.sections if d}}


def transport_state(transport):
    return {"connected": transport.connected, "dtls_role": transport.role, "srtp": transport.dtls.profile,
            "ice": "lite" if transport.ice.lite else "controlling" if transport.ice.controlling else "controlled",
            "remote": transport.ice.selected, "sctp": transport.sctp.state, "checks": transport.ice.checks_received}
