"""A room with more sound and pictures than a door can use. The judge is who is told that his track is heard."""
import asyncio
import contextlib

from livekit import rtc

from peers import Peer, wait_for
from sound import hum

SOUNDS_MAX = 8


class Performer(Peer):
    """Publishes, hears nobody, and notes which of its tracks somebody subscribes to."""

    def __init__(self, server, room, identity, **grants):
        super().__init__(server, room, identity, can_subscribe=False, **grants)
        self.wanted = set()
        self.room.on("local_track_subscribed", lambda track: self.wanted.add(track.kind))

    async def show(self):
        """A picture that stands still."""
        source = rtc.VideoSource(64, 64)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        await asyncio.wait_for(self.room.local_participant.publish_track(
            track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)), 15)
        source.capture_frame(rtc.VideoFrame(64, 64, rtc.VideoBufferType.RGBA, bytearray(64 * 64 * 4)))


def count(performers, kind):
    return sum(kind in performer.wanted for performer in performers)


async def test_eight_sounds_no_picture_and_the_agent_first(server, room, make_device):
    async with contextlib.AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(Performer(server, room, f"p{n}")) for n in range(SOUNDS_MAX + 2)]
        for number, performer in enumerate(crowd):
            await performer.publish(400 + 50 * number)
            if number < 2 and not server.hooks:
                await performer.show()
        device = make_device(server, room, microphone=hum())
        await device.connected()
        sound, picture = rtc.TrackKind.KIND_AUDIO, rtc.TrackKind.KIND_VIDEO
        await wait_for(lambda: count(crowd, sound) >= SOUNDS_MAX, 10, lambda: f"{count(crowd, sound)} sounds")
        agent = await stack.enter_async_context(Performer(server, room, "agent", kind="agent"))
        await agent.publish(1000)
        await wait_for(lambda: sound in agent.wanted, 10, "the agent is heard")
        await device.plays(1000)
        assert count(crowd, picture) == 0
        status = await device.status()
        assert status["room"]["failure"] is None and status["room"]["reconnects"] == 0
