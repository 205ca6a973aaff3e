"""The official client in a process of its own, for a namespace or to be measured: orders on standard input, one a line,
what came of them on standard output, one JSON value a line. Times are CLOCK_MONOTONIC, which all processes share.

    join URL TOKEN HZ    joins, publishes a microphone that hums, and hears everybody
    join URL TOKEN HZ speaker   and plays it through the card of that name
    listen / listened    begins to note [time, peak] of every 10 ms that it hears / says what it noted
    leave, quit
"""
import asyncio
import json
import os
import sys
import time

from livekit import rtc
import numpy as np

from speaker import Speaker

RATE = 48000
FRAME_SAMPLES = RATE // 100


def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)


class Contestant:
    def __init__(self):
        self.room, self.tasks, self.heard, self.speaker = None, [], None, None

    async def join(self, url, token, hertz, card=None):
        began = time.monotonic()
        self.speaker = Speaker() if card else None
        self.room = rtc.Room()
        self.room.on("track_subscribed", self._subscribed)
        await self.room.connect(url, token)
        joined = time.monotonic()
        source = rtc.AudioSource(RATE, 1, queue_size_ms=20)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        self.tasks.append(asyncio.ensure_future(self._hum(source, float(hertz))))
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, red=False)
        await self.room.local_participant.publish_track(track, options)
        say("joined", began=began, joined=joined, published=time.monotonic(), sid=self.room.local_participant.sid)

    @staticmethod
    async def _hum(source, hertz):
        position = 0
        while True:
            wave = 8000 * np.sin(2 * np.pi * hertz * (position + np.arange(FRAME_SAMPLES)) / RATE)
            position = (position + FRAME_SAMPLES) % RATE
            await source.capture_frame(rtc.AudioFrame(np.round(wave).astype(np.int16).tobytes(), RATE, 1, FRAME_SAMPLES))

    def _subscribed(self, track, *_):
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self.tasks.append(asyncio.ensure_future(self._listen(track)))

    async def _listen(self, track):
        async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=10):
            if self.speaker:
                self.speaker.play(bytes(event.frame.data))
            if self.heard is not None:
                samples = np.frombuffer(event.frame.data, dtype=np.int16)
                self.heard.append((time.monotonic(), int(np.abs(samples.astype(int)).max())))

    async def leave(self):
        for task in self.tasks:
            task.cancel()
        self.tasks = []
        await self.room.disconnect()
        if self.speaker:
            self.speaker.close()
        say("left")


async def main():
    contestant = Contestant()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say("ready")
    while line := await reader.readline():
        order, *words = line.decode().split()
        if order == "join":
            await contestant.join(*words)
        elif order == "listen":
            contestant.heard = []
        elif order == "listened":
            say("listened", heard=contestant.heard)
            contestant.heard = None
        elif order == "leave":
            await contestant.leave()
        else:
            break
    # The client's threads need not be waited for.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
