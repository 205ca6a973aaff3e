"""Participants that are not ours: the official LiveKit client, speaking tones or speech and recording what it hears."""
import asyncio
import datetime
import time

from livekit import api, rtc
import numpy as np

import analysis

RATE = 48000
FRAME_SECONDS = 0.010


def token(server, room, identity, lifetime_seconds=3600, name="", kind="standard", **grants):
    """A token for the server's room. Further grants by their Python names (can_publish=False)."""
    video = api.VideoGrants(room_join=True, room=room, **grants)
    return (api.AccessToken(server.key, server.secret).with_identity(identity).with_name(name).with_kind(kind)
            .with_ttl(datetime.timedelta(seconds=lifetime_seconds)).with_grants(video).to_jwt())


async def wait_for(condition, seconds, what):
    """Polls until condition() is true and returns its value; fails with `what` otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what() if callable(what) else what}")
        await asyncio.sleep(0.02)


class Recording:
    """What one peer heard of one participant. A new track continues the same recording."""

    def __init__(self):
        self.frames = []                    # (monotonic seconds of arrival, int16 samples)

    def add(self, samples):
        self.frames.append((time.monotonic(), samples))

    @property
    def seconds(self):
        return len(self.frames) * FRAME_SECONDS

    def samples(self, since=0.0, until=float("inf")):
        """The frames that arrived between two monotonic times, put together."""
        parts = [s for at, s in self.frames if since <= at < until]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int16)

    def first_sound_at(self, since=0.0, above_db=-45):
        """The monotonic time of the first frame above the level, or None."""
        return next((at for at, s in self.frames if at >= since and analysis.level_db(s) > above_db), None)

    def save(self, path):
        analysis.write_wav(path, self.samples(), RATE)


class Voice:
    """A microphone track: a tone, a sentence, or silence, paced by the client's own queue."""

    def __init__(self, source):
        self.source = source
        self.frequency, self.amplitude, self.phase = None, 8000, 0.0
        self.queued = np.zeros(0, dtype=np.int16)
        self.said_at = None                 # when the last sentence began
        self.task = asyncio.ensure_future(self._run())

    def tone(self, frequency, amplitude=8000):
        self.frequency, self.amplitude = frequency, amplitude

    def quiet(self):
        self.frequency = None

    def say(self, samples, rate):
        """Speaks once; the tone, if any, goes on afterwards."""
        self.queued = np.round(analysis.resample(samples, rate, RATE)).clip(-32768, 32767).astype(np.int16)
        self.said_at = time.monotonic()

    @property
    def speaking(self):
        return len(self.queued) > 0

    def _next(self, count):
        if len(self.queued):
            part, self.queued = self.queued[:count], self.queued[count:]
            return np.pad(part, (0, count - len(part)))
        if self.frequency is None:
            return np.zeros(count, dtype=np.int16)
        steps = self.phase + 2 * np.pi * self.frequency * np.arange(count) / RATE
        self.phase = (steps[-1] + 2 * np.pi * self.frequency / RATE) % (2 * np.pi)
        return np.round(self.amplitude * np.sin(steps)).astype(np.int16)

    async def _run(self):
        count = int(RATE * FRAME_SECONDS)
        while True:
            await self.source.capture_frame(rtc.AudioFrame(self._next(count).tobytes(), RATE, 1, count))

    def stop(self):
        self.task.cancel()


class Peer:
    """One official client in one room. Use `async with Peer(server, room, identity) as peer`."""

    def __init__(self, server, room, identity, encryption=None, records=True, **grants):
        """`encryption`: the passphrase, or the options of the client's key provider. Who only calls or is in the way
        `records` nothing: the client hands each frame of a record to every room of this process."""
        self.encryption, self.records = encryption, records
        self.server, self.room_name, self.identity, self.grants = server, room, identity, grants
        self.room = rtc.Room()
        self.recordings = {}                # identity -> Recording
        self.tasks = []
        self.current = {}                   # identity -> sid of the track that is recorded
        self.voice = self.publication = None
        self.joined_at, self.left_at = {}, {}           # identity -> monotonic time
        self.muted = {}                     # identity -> whether its microphone is muted
        self.speakers = set()
        self.disconnected = None            # reason
        self.room.on("participant_connected", lambda p: self.joined_at.__setitem__(p.identity, time.monotonic()))
        self.room.on("participant_disconnected", lambda p: self.left_at.__setitem__(p.identity, time.monotonic()))
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("track_muted", lambda p, publication: self.muted.__setitem__(p.identity, True))
        self.room.on("track_unmuted", lambda p, publication: self.muted.__setitem__(p.identity, False))
        self.room.on("active_speakers_changed", self._speakers_changed)
        self.room.on("disconnected", lambda reason: setattr(self, "disconnected", reason))

    async def __aenter__(self):
        await self.connect()
        return self

    async def __aexit__(self, *_):
        await self.disconnect()

    async def connect(self):
        access = token(self.server, self.room_name, self.identity, **self.grants)
        options = rtc.RoomOptions()
        if self.encryption is not None:
            keys = self.encryption
            if isinstance(keys, str):
                keys = rtc.KeyProviderOptions(shared_key=keys.encode())
            options.encryption = rtc.E2EEOptions(key_provider_options=keys)
        await asyncio.wait_for(self.room.connect(self.server.url, access, options), 20)
        for participant in self.room.remote_participants.values():
            self.joined_at[participant.identity] = time.monotonic()

    async def disconnect(self):
        if self.voice:
            self.voice.stop()
        for task in self.tasks:
            task.cancel()
        await self.room.disconnect()

    async def publish(self, frequency=None, red=False, dtx=True, name="microphone"):
        """Publishes a microphone; with a frequency it hums from now on."""
        source = rtc.AudioSource(RATE, 1, queue_size_ms=50)
        track = rtc.LocalAudioTrack.create_audio_track(name, source)
        self.voice = Voice(source)
        if frequency:
            self.voice.tone(frequency)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, red=red, dtx=dtx)
        self.track = track
        self.publication = await asyncio.wait_for(self.room.local_participant.publish_track(track, options), 15)
        return self.voice

    async def unpublish(self):
        self.voice.stop()
        await self.room.local_participant.unpublish_track(self.publication.sid)
        self.voice = self.publication = None

    def mute(self, muted):
        self.track.mute() if muted else self.track.unmute()

    def heard(self, identity):
        return self.recordings.setdefault(identity, Recording())

    async def hear(self, identity, seconds, timeout=15):
        """Records until `seconds` of sound arrived after the first sound; -> the samples."""
        recording, since = self.heard(identity), time.monotonic()
        begin = await wait_for(lambda: recording.first_sound_at(since), timeout, f"{self.identity} hears {identity}")
        await asyncio.sleep(max(0, begin + seconds - time.monotonic()))
        return recording.samples(begin)

    async def sees(self, identity, seconds=6):
        await wait_for(lambda: identity in self.present(), seconds, f"{self.identity} sees {identity} in the room")

    async def sees_track_of(self, identity, seconds=10):
        await wait_for(lambda: any(p.identity == identity and p.track_publications
                                   for p in self.room.remote_participants.values()),
                       seconds, f"{self.identity} sees a track of {identity}")

    def present(self):
        return {p.identity for p in self.room.remote_participants.values()}

    def _subscribed(self, track, publication, participant):
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self.muted[participant.identity] = publication.muted
            self.current[participant.identity] = publication.sid
            if self.records:
                self.tasks.append(asyncio.ensure_future(self._record(track, publication.sid, participant.identity)))

    async def _record(self, track, sid, identity):
        recording = self.heard(identity)
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=int(FRAME_SECONDS * 1000))
        try:
            async for event in stream:
                if self.current[identity] != sid:
                    break                           # its successor is recorded; this one would add silence
                recording.add(np.frombuffer(event.frame.data, dtype=np.int16).copy())
        finally:
            await stream.aclose()

    def _speakers_changed(self, speakers):
        self.speakers = {p.identity for p in speakers}
