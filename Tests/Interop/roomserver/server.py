"""HTTP, WebSockets and the clock: joins, resumes, and everything that happens by itself."""
import asyncio
import logging
import random
import secrets
import time

from aiohttp import WSMsgType, web
from livekit.protocol import agent_dispatch, connector, models, room as room_api, rtc, sip as sip_api

from . import admin, joinrequest, tokens
from .api_hooks import ApiHooks
from .connector import Connector
from .crowd import Crowd
from .dispatches import Dispatches
from .icetcp import TcpCandidates
from .participant import DISCONNECT, RECONNECT, SIGNS, Participant, Session
from .phones.exchange import Exchange
from .phones.hooks import PhoneHooks
from .phones.vendor_hooks import VendorHooks
from .resumes import Resumes
from .room import CODEC_MIMES, Room
from .roomservice import RoomService
from .settings import SERVER_PROTOCOL, SERVER_VERSION, new_sid
from .single import SingleParticipant
from .sip import SIP
from .twirp import BODY_BYTES_MAX, Twirp
from .webhooks import Webhooks

log = logging.getLogger("roomserver")
MESSAGE_BYTES_MAX = 2 << 20
MEDIA_TICK_SECONDS = 0.010


class Server:
    def __init__(self, settings):
        self.settings = settings
        self.rooms, self.tasks = {}, set()
        self.joining_faults = {}            # by room, or None for any; see admin.py
        self.node = new_sid("ND_")
        self.tcp = TcpCandidates()
        self.resumes = Resumes()
        self.failures = []                  # (status, body) for the next joins, from the test hooks
        self.joins_refused = 0
        self.random = random.Random(settings.seed)
        self.dismissals = {}                # how, from the test hooks
        self.port = None
        self.webhooks = Webhooks(self)
        self.dispatches = Dispatches(self)
        self.exchange = Exchange(self)
        self.twirp = Twirp(self)
        self.twirp.add(room_api.DESCRIPTOR, "RoomService", RoomService(self))
        self.twirp.add(agent_dispatch.DESCRIPTOR, "AgentDispatchService", self.dispatches)
        self.twirp.add(sip_api.DESCRIPTOR, "SIP", SIP(self))
        self.twirp.add(connector.DESCRIPTOR, "Connector", Connector(self))

    def info(self):
        return models.ServerInfo(version=SERVER_VERSION, protocol=SERVER_PROTOCOL, node_id=self.node, agent_protocol=1)

    def dismissal(self):
        """-> (the signs of a dismissal in their order, the seconds between two of them)"""
        signs = self.dismissals.get("signs") or self.random.sample(SIGNS, len(SIGNS))
        spread = self.dismissals.get("spread", self.random.uniform(0, self.settings.timing.dismissal_spread))
        return signs, spread / max(1, len(signs) - 1)

    def spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("task failed", exc_info=task.exception())

    def application(self):
        application = web.Application(client_max_size=BODY_BYTES_MAX + 1)
        admin.add_routes(application, self)
        for part in (self.twirp, ApiHooks(self), Crowd(self), PhoneHooks(self), VendorHooks(self), self.webhooks):
            part.add_routes(application)
        application.router.add_route("*", "/{path:.*}", self._route)
        application.on_startup.append(self._start)
        application.on_shutdown.append(self._stop)
        return application

    async def _start(self, _):
        await self.tcp.open(self.settings.node_ip)
        self.spawn(self._tick())

    async def _stop(self, _):
        await self.dispatches.close()
        for participant in [p for room in self.rooms.values() for p in room.participants.values()]:
            participant.end(models.SERVER_SHUTDOWN)
        await asyncio.sleep(0.1)
        for task in list(self.tasks):
            task.cancel()
        self.tcp.close()

    async def _route(self, request):
        path = "/" + request.path.lstrip("/")
        if path == "/":
            return web.Response(text="OK")
        known = ("/rtc", "/rtc/validate")
        if "v1" not in self.settings.without:
            known += ("/rtc/v1", "/rtc/v1/validate")
        if path not in known:
            return web.Response(status=404, text="404 page not found")
        validates = path.endswith("/validate")
        if not validates and request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=404)
        self._fail_on_request()
        claims, join_request, query = tokens.join_claims(request, self.settings), None, request.query
        if path.startswith("/rtc/v1") or ("join_request" in query and "v1" not in self.settings.without):
            join_request = joinrequest.parse(query.get("join_request", ""))
            query = joinrequest.query_of(join_request)
        if validates:
            return web.Response(text="success")
        return await self._join(request, claims, query, join_request)

    def _fail_on_request(self):
        if self.failures:
            status, body = self.failures[0]
            self.joins_refused += 1
            raise _answer(status, body)

    # -- joining -----------------------------------------------------------------------------------------

    async def _join(self, request, claims, query, join_request):
        websocket = web.WebSocketResponse(max_msg_size=MESSAGE_BYTES_MAX, compress=False, timeout=2)
        await websocket.prepare(request)
        session = Session(websocket, request)
        if query.get("reconnect") in ("1", "true"):
            participant = self._resume(claims, session, query)
        else:
            participant = await self._new(claims, query, join_request, session)
        self.spawn(self._keep_alive(session))
        try:
            async for message in websocket:
                if message.type == WSMsgType.BINARY and participant:
                    participant.handle(message.data)
        finally:
            session.close()
            if participant:
                participant.signal_lost(session)
        return websocket

    def _resume(self, claims, session, query):
        room = self.rooms.get(claims.video["room"])
        participant = room.participants.get(claims.identity) if room else None
        if self.resumes.begin(query) == "refuse" or participant is None:
            session.send(rtc.SignalResponse(leave=rtc.LeaveRequest(
                reason=models.STATE_MISMATCH, action=RECONNECT)).SerializeToString())
            session.close()
            return None
        log.info("%s resumes", claims.identity)
        participant.resume(session)
        return participant

    def room(self, name):
        """The room of that name, made if need be."""
        if name not in self.rooms:
            self.rooms[name] = Room(self, name)
        return self.rooms[name]

    def admit(self, participant):
        """Puts a participant into its room, in the place of whoever has its identity."""
        room = participant.room
        old = room.participants.get(participant.identity)
        if old:
            room.participants[participant.identity] = participant
            old.end(models.DUPLICATE_IDENTITY, DISCONNECT)
        self.rooms[room.info.name] = room
        room.add(participant)

    def ice_servers(self):
        return [rtc.ICEServer(urls=[url], username=user, credential=credential)
                for url, user, credential in self.settings.ice_servers]

    async def _new(self, claims, query, join_request, session):
        name = claims.video["room"]
        room = self.room(name)
        participant = SingleParticipant(self, room, claims, query, join_request) if join_request is not None else \
            Participant(self, room, claims, query)
        await participant.start(session)
        self.admit(participant)
        others = [p.info for p in room.others(participant) if not p.info.permission.hidden and not p.gone]
        log.info("%s joins %s (sdk %s, protocol %s)", claims.identity, name, query.get("sdk"), query.get("protocol"))
        permission, timing = participant.info.permission, self.settings.timing
        participant.send(join=rtc.JoinResponse(
            room=room.info, participant=participant.info, other_participants=others, server_version=SERVER_VERSION,
            subscriber_primary=permission.can_subscribe and not participant.single,
            fast_publish=permission.can_publish, ice_servers=self.ice_servers(),
            ping_timeout=int(timing.ping_timeout), ping_interval=int(timing.ping_interval), server_info=self.info(),
            sif_trailer=secrets.token_urlsafe(32).encode(),
            enabled_publish_codecs=[models.Codec(mime=mime) for mime in CODEC_MIMES if mime != "video/rtx"]))
        participant.begin()
        return participant

    async def _keep_alive(self, session):
        while not session.ended:
            await asyncio.sleep(self.settings.timing.websocket_ping)
            if not session.ended:
                try:
                    await session.websocket.ping()
                except (ConnectionError, RuntimeError):
                    return

    def room_changed(self, room, deleted=False):
        if (deleted or not room.participants) and self.rooms.get(room.info.name) is room:
            del self.rooms[room.info.name]
            self.happened("room_finished", room)

    def happened(self, event, room, participant=None, track=None):
        self.webhooks.tell(event, room, participant, track)

    def own_url(self):
        return f"{'wss' if self.settings.tls else 'ws'}://{self.settings.host}:{self.port}"

    # -- the clock ---------------------------------------------------------------------------------------

    async def _tick(self):
        timing = self.settings.timing
        due = dict.fromkeys(("watch", "speakers", "batch", "status", "rr", "sr"), time.monotonic())
        every = {"watch": 0.1, "speakers": timing.speakers_tick, "batch": timing.visibility_batch,
                 "status": timing.status_tick, "rr": timing.receiver_report, "sr": timing.sender_report}
        while True:
            await asyncio.sleep(MEDIA_TICK_SECONDS)
            now = time.monotonic()
            ready = [name for name, when in due.items() if now >= when]
            for name in ready:
                due[name] = max(due[name] + every[name], now)
            for room in list(self.rooms.values()):
                self._tick_room(room, now, ready)

    def _tick_room(self, room, now, ready):
        participants = list(room.participants.values())
        for participant in participants:
            participant.publisher.send_nacks(now)
            if "rr" in ready:
                participant.publisher.send_reports(now)
            if "sr" in ready:
                participant.subscriber.send_reports(now)
            if "watch" in ready:
                participant.watch(now)
        if "speakers" in ready:
            room.tick_speakers(self.settings.timing.speakers_tick)
        if "batch" in ready:
            room.flush()
        if "status" in ready:
            room.tick_status(now)


def _answer(status, body):
    error = web.HTTPInternalServerError(text=body)
    error.set_status(status)
    return error
