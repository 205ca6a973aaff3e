"""Test hook: a room full of people who talk and show a picture, for a client that has to choose."""
import asyncio
import secrets
import time

from aiohttp import web
from livekit.protocol import models
import numpy as np

from . import opus, rtp
from .insider import Insider
from .settings import new_sid
from .uplink import PublishedTrack

PEOPLE_MAX = 500
TONE_FRAMES = 50
TONE_LEVEL = 15


def tone_frames(hertz):
    """Opus packets of a second of a tone that goes on where it began."""
    encoder = opus.Encoder()
    wave = np.round(8000 * np.sin(2 * np.pi * hertz * np.arange(opus.RATE) / opus.RATE)).astype(np.int16)
    return [encoder.encode(part) for part in wave.reshape(-1, opus.FRAME)][:TONE_FRAMES]


class Crowd:
    """POST /test/crowd {"room", "people", "talking", "video"}: so many, the first `talking` of them with a tone, each with
    a video track that is announced and never sent, unless false. Whoever was there before leaves."""

    def __init__(self, server):
        self.server, self.people, self.tasks = server, {}, {}

    def add_routes(self, application):
        application.router.add_post("/test/crowd", self.crowd)

    async def crowd(self, request):
        body = await request.json()
        name, count = body["room"], int(body.get("people", 0))
        if count > PEOPLE_MAX:
            raise web.HTTPBadRequest(text=f"at most {PEOPLE_MAX}")
        if name in self.tasks:
            self.tasks.pop(name).cancel()
        for person in self.people.pop(name, []):
            person.leave()
        made = [self._person(name, number, body.get("video", True)) for number in range(count)]
        if made:
            self.people[name] = made
            self.tasks[name] = self.server.spawn(self._talk(made[:int(body.get("talking", count))]))
        return web.json_response({"people": [person.identity for person in made]})

    def _person(self, room, number, video):
        person = Insider(self.server, self.server.room(room), models.ParticipantInfo(identity=f"crowd{number}"))
        person.join()
        person.publisher.publish()
        if video:
            info = models.TrackInfo(sid=new_sid("TR_VC"), type=models.VIDEO, name="camera", source=models.CAMERA,
                                    stream="camera", mime_type="video/VP8", mid="1", width=1280, height=720)
            track = PublishedTrack(person, info, "video")
            track.ssrc, track.announced = secrets.randbits(31) | 1, True
            person.publisher.tracks[info.sid] = track
            person.changed()
            person.room.published(track)
        return person

    @staticmethod
    async def _talk(people):
        frames, due, number = tone_frames(500), time.monotonic(), 0
        while True:
            for person in people:
                for track in person.publisher.tracks.values():
                    if track.info.type == models.AUDIO:
                        track.receive(rtp.build(rtp.OPUS_PAYLOAD_TYPE, number & 0xFFFF, number * opus.FRAME & 0xFFFFFFFF,
                                                track.ssrc, frames[number % len(frames)],
                                                extensions={1: bytes([TONE_LEVEL])}), time.monotonic())
            number += 1
            due += opus.FRAME_SECONDS
            await asyncio.sleep(max(0, due - time.monotonic()))
