"""LiveKit's own webhooks: what happens in a room, told to HTTP end points, one event of a room after the other."""
import asyncio
import base64
import hashlib
import json
import logging
import time

import aiohttp
from aiohttp import web
from google.protobuf import json_format
import jwt
from livekit.protocol import webhook

from .settings import new_sid

log = logging.getLogger("roomserver.webhooks")
RETRIES_SECONDS = (1, 3, 7, 15)             # after the first try
TOKEN_SECONDS = 300
ANSWER_SECONDS_MAX = 30


class Webhooks:
    def __init__(self, server):
        self.server = server
        self.urls, self.queues = (), {}     # (url, room) -> the events that wait
        self.history = []                   # what the hooks show
        self.retries = RETRIES_SECONDS

    def add_routes(self, application):
        application.router.add_post("/test/webhooks", self.set)
        application.router.add_get("/test/webhooks", self.shown)

    async def set(self, request):
        """{"urls": [...], "retries": [seconds, ...]}: from now on every event goes there; no URL is none."""
        body = await request.json()
        self.urls, self.retries = tuple(body.get("urls", ())), tuple(body.get("retries", RETRIES_SECONDS))
        self.history.clear()
        return web.json_response({})

    async def shown(self, _):
        """Every delivery since then: {"url", "event", "room", "id", "at", "status" (None: no answer)}"""
        return web.json_response({"deliveries": self.history})

    def tell(self, event, room, participant, track):
        if not self.urls:
            return
        told = webhook.WebhookEvent(event=event, id=new_sid("EV_"), created_at=int(time.time()))
        if track:
            # Of a track's room and owner only the names are told.
            told.room.sid, told.room.name = room.info.sid, room.info.name
            told.participant.sid, told.participant.identity = participant.info.sid, participant.identity
            told.track.CopyFrom(track.info)
        else:
            told.room.CopyFrom(room.info)
            if participant:
                told.participant.CopyFrom(participant.info)
                del told.participant.tracks[:]
        # The server's count lags behind; what it had told with such an event never held one.
        told.room.num_participants = told.room.num_publishers = 0
        body = json.dumps(json_format.MessageToDict(told), separators=(",", ":"), ensure_ascii=False).encode()
        for url in self.urls:
            queue = self.queues.get((url, room.info.name))
            if queue is None:
                queue = self.queues[url, room.info.name] = asyncio.Queue()
                self.server.spawn(self._deliver_all(url, room.info.name, queue))
            queue.put_nowait((event, told.id, body))

    async def _deliver_all(self, url, room, queue):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)) as http:
            while not queue.empty():
                event, number, body = queue.get_nowait()
                for pause in (*self.retries, None):
                    status = await self._deliver(http, url, body)
                    self.history.append({"url": url, "event": event, "room": room, "id": number, "at": time.time(),
                                         "status": status})
                    if (status and status < 500) or pause is None:
                        break
                    await asyncio.sleep(pause)
            del self.queues[url, room]

    async def _deliver(self, http, url, body):
        now = int(self.server.settings.now())
        claims = {"iss": self.server.settings.key, "exp": now + TOKEN_SECONDS, "nbf": now, "iat": now,
                  "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
        headers = {"Authorization": jwt.encode(claims, self.server.settings.secret, algorithm="HS256"),
                   "Content-Type": "application/webhook+json", "User-Agent": "Go-http-client/1.1"}
        try:
            async with http.post(url, data=body, headers=headers, ssl=False) as reply:
                return reply.status
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            log.info("webhook %s: %s", url, error)
            return None
