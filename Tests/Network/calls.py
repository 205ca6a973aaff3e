"""A call between a device behind a network and an official client, and what of it is heard when the network changes."""
import asyncio
import contextlib
import time
import uuid

import analysis
from control import Control
from peers import Peer
from sound import PEER_HZ

HEARD_DB = -30                             # the tone has -16; what the client makes up for lost sound fades soon


def new_room():
    return "room-" + uuid.uuid4().hex[:10]


FRAME_SECONDS = 0.010


def unstalled(frames):
    """[(time, samples)]: what came late because this machine stood still, at the time at which it was due. Frames that come
    in one go were waiting for each other."""
    made, due = [], float("inf")
    for at, samples in reversed(frames):
        due = min(at, due - FRAME_SECONDS)
        made.append((due, samples))
    return made[::-1]


def silences(recording, since, until=None, longer_than=0.1):
    """[(begin, end)] in monotonic time of the stretches in which nothing of the device was heard."""
    until = until or time.monotonic()
    found, heard_until = [], since
    for at, samples in unstalled(recording.frames):
        if since <= at < until and analysis.level_db(samples) > HEARD_DB:
            if at - heard_until > longer_than:
                found.append((heard_until, at))
            heard_until = at
    return found + ([(heard_until, until)] if until - heard_until > longer_than else [])


class Call:
    """`async with Call(...)`: the device is in the room and both hear each other. join_seconds and heard_seconds are
    counted from the word to join."""

    def __init__(self, server, network, device, room, url=None):
        self.server, self.network, self.device, self.room, self.url = server, network, device, room, url
        self.stack = contextlib.AsyncExitStack()

    async def __aenter__(self):
        self.peer = await self.stack.enter_async_context(Peer(self.server, self.room, "peer"))
        await self.peer.publish(PEER_HZ)
        self.control = await self.stack.enter_async_context(Control(self.device))
        try:
            await self.join()
        except BaseException:
            await self.stack.aclose()
            raise
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    async def status(self):
        return await self.control.ask("status")

    async def connected(self, seconds=15):
        deadline = time.monotonic() + seconds
        while (status := await self.status())["room"]["connection"] != "connected":
            assert time.monotonic() < deadline, f"not connected after {seconds} s: {status['room']}\n{self.device.log()[-2000:]}"
            await asyncio.sleep(0.02)
        return status

    async def join(self, seconds=15):
        began = time.monotonic()
        asked = asyncio.ensure_future(self.control.ask("join", **({"url": self.url} if self.url else {})))
        try:
            status = await self.connected(seconds)
        finally:
            asked.cancel()
        self.join_seconds = time.monotonic() - began
        self.sid = status["participant"]["sid"]
        self.heard_seconds = await self.heard_again(began, seconds) - began
        await self.device.plays(PEER_HZ)

    async def sid_now(self):
        return (await self.status())["participant"]["sid"]

    async def heard_again(self, since, seconds):
        """-> when the peer first heard the device after `since`."""
        deadline, recording = time.monotonic() + seconds, self.peer.heard(self.device.identity)
        while (at := recording.first_sound_at(since, HEARD_DB)) is None:
            assert time.monotonic() < deadline, (
                f"the device is not heard after {seconds} s: {(await self.status())['room']}\n{self.device.log()[-2000:]}")
            await asyncio.sleep(0.03)
        return at

    def longest_silence(self, since, until=None):
        """The longest stretch without a sound of the device, in seconds."""
        return max((end - begin for begin, end in silences(self.peer.heard(self.device.identity), since, until)), default=0.0)

    async def state(self):
        """What the room server knows of the device."""
        return (await self.server.state(self.room))[self.device.identity]

    async def lost_packets(self):
        """That the room server missed; one that we cannot look into is taken at its client's word."""
        if not self.server.hooks:
            return 0
        return sum(track["lost"] for track in (await self.state())["tracks"].values())

    async def connections(self):
        """How many peer connections the device has, in words."""
        if not self.server.hooks:
            return "an unknown number of connections"
        return "one connection" if (await self.state())["single"] else "two connections"

    async def path(self):
        """None if the room server does not say. Else the address from which the device's sound comes: [host, port], with "tcp" behind for ICE over TCP."""
        return (await self.state())["publisher"]["remote"] if self.server.hooks else None
