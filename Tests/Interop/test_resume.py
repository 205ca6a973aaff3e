"""Sessions that go on: signalling lost, everything lost for a while, servers that take nobody back."""
import asyncio
import contextlib
import time

import pytest

import analysis
from outages import Blackout, Way
from peers import Peer, wait_for
from sound import MICROPHONE_HZ, PEER_HZ, assert_tone, both_ways, hum

RATE = 48000


@pytest.fixture(params=["v1", "v0"])
def either(request):
    """A server that speaks this version of signalling."""
    if request.param == "v1":
        return request.getfixturevalue("server")
    return request.getfixturevalue("own_server")("--without", "v1")


class Witness(Peer):
    """A peer that notes every event which a resume must not cause."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.noted = []
        for name in ("participant_connected", "participant_disconnected", "track_published", "track_unpublished",
                     "track_subscribed", "track_unsubscribed", "track_muted", "track_unmuted"):
            self.room.on(name, lambda *_, name=name: self.noted.append(name))

    def sid_of(self, identity):
        return next((p.sid for p in self.room.remote_participants.values() if p.identity == identity), None)


@contextlib.asynccontextmanager
async def call(server, room, make_device, **values):
    """The device behind a way of its own and a peer that hear each other: (device, peer, way)."""
    async with Way(server) as way:
        device = make_device(server, room, microphone=hum(), url=way.url, **values)
        async with Witness(server, room, "peer") as peer:
            await peer.publish(PEER_HZ)
            await both_ways(device, peer, 1)
            # A session that has stood for a while, as it has when networks fail.
            await asyncio.sleep(4)
            peer.noted.clear()
            yield device, peer, way


async def goes_on(device, peer, sid, *, resumes=1):
    """It is the same session, for the device and for the others."""
    status = await device.until(
        lambda s: s["room"]["connection"] == "connected" and s["room"]["resumes"] >= resumes, 10, "resumed")
    assert status["room"]["reconnects"] == 0, status["room"]
    assert status["participant"]["sid"] == sid == peer.sid_of("door")
    assert peer.noted == [], peer.noted
    assert status["call"]["state"] == "talking" and status["room"]["failure"] is None
    return status


def call_states(device):
    return [event["state"] for event in device.events("call.state")]


@pytest.mark.timing
@pytest.mark.seconds(120)
async def test_signalling_lost_for_half_a_minute(server, room, make_device):
    """Nothing of it is heard, on either side, nor seen by anybody."""
    async with call(server, room, make_device) as (device, peer, way):
        sid, states = (await device.status())["participant"]["sid"], call_states(device)
        since, played = time.monotonic(), device.speaker_position()
        await way.cut()
        status = await device.until(lambda s: s["room"]["connection"] == "resuming", 2, "resuming")
        assert status["call"]["state"] == "talking", status["call"]
        await asyncio.sleep(5)
        assert (await device.ask("mute", "on")).status == 0
        await asyncio.sleep(1)
        assert (await device.ask("mute", "off")).status == 0
        heard = peer.heard("door").samples(since, time.monotonic() - 1.5)
        unmuted = time.monotonic() + 1
        await asyncio.sleep(23)
        await way.restore()
        await goes_on(device, peer, sid)
        await asyncio.sleep(3)
        # The peer hums in this process: nothing is looked at before everything is recorded.
        samples, rate = device.speaker(played)
        later = peer.heard("door").samples(unmuted, time.monotonic() - 0.2)
        assert_tone(heard[:int(4.5 * RATE)], RATE, MICROPHONE_HZ)
        assert_tone(later, RATE, MICROPHONE_HZ)
        assert_tone(samples[: -rate // 2], rate, PEER_HZ)
        assert call_states(device) == states


@pytest.mark.timing
async def test_signalling_reset_again_and_again(either, room, make_device):
    async with call(either, room, make_device) as (device, peer, way):
        sid, since = (await device.status())["participant"]["sid"], time.monotonic()
        for number in range(1, 4):
            way.reset()
            await goes_on(device, peer, sid, resumes=number)
            await asyncio.sleep(5.5)
        assert_tone(peer.heard("door").samples(since, time.monotonic() - 0.2), RATE, MICROPHONE_HZ)


@pytest.mark.timing
@pytest.mark.seconds(120)
@pytest.mark.parametrize("seconds", [3, 8, 15])
async def test_everything_lost_for(either, room, make_device, seconds):
    """The same session, and sound within a second of the network's return."""
    Blackout.require()
    async with call(either, room, make_device) as (device, peer, way):
        sid = (await device.status())["participant"]["sid"]
        states = call_states(device)
        async with Blackout(device, way).lasting(seconds):
            back, played = time.monotonic(), device.speaker_position()
        begin = await wait_for(lambda: peer.heard("door").first_sound_at(back), 5, "the door is heard again")
        print(f"heard {begin - back:.2f} s after the network's return")
        assert begin - back < 1.0
        await asyncio.sleep(1.5)
        samples, rate = device.speaker(played)
        hears = analysis.first_sound(samples, rate)
        print(f"hears {hears:.2f} s after the network's return")
        assert hears is not None and hears < 1.0
        await goes_on(device, peer, sid, resumes=0)
        await both_ways(device, peer, 2)
        if seconds < 5:
            assert call_states(device) == states


@pytest.mark.timing
@pytest.mark.seconds(150)
async def test_everything_lost_for_a_minute(server, room, make_device):
    """The server has forgotten the session; a new one is heard within three seconds of the network's return."""
    Blackout.require()
    async with call(server, room, make_device) as (device, peer, way):
        async with Blackout(device, way).lasting(60):
            back = time.monotonic()
        begin = await wait_for(lambda: peer.heard("door").first_sound_at(back), 10, "the door is heard again")
        print(f"heard {begin - back:.2f} s after the network's return")
        assert begin - back < 3.0
        status = await device.connected()
        assert status["room"]["reconnects"] == 1, status["room"]
        await both_ways(device, peer, 2)


async def test_calls_need_no_signalling(server, room, make_device):
    async with call(server, room, make_device) as (device, peer, way):
        @peer.room.local_participant.register_rpc_method("turn.round")
        async def turn_round(data):
            return data.payload[::-1]

        async def turns(text):
            answer = await device.ask("rpc", "peer", "turn.round", text)
            assert answer.output == text[::-1] + "\n", answer

        await turns("before")
        await way.cut()
        await device.until(lambda s: s["room"]["connection"] == "resuming", 2, "resuming")
        for number in range(3):
            await turns(f"word {number}")
        await way.restore()
        await device.until(lambda s: s["room"]["resumes"] == 1, 10, "resumed")
        await turns("after")


async def test_what_the_server_is_told(either, room, make_device):
    either.require_hooks()
    async with call(either, room, make_device) as (device, peer, way):
        await either.hook("resumes", answer="accept")
        sid = (await device.status())["participant"]["sid"]
        track = next(iter((await either.state(room))["door"]["tracks"]))
        way.reset()
        await goes_on(device, peer, sid)
        told = await either.hook("resumes", answer="accept")
        assert told["asked"] == [{"sid": sid, "reason": "1"}]
        state, = told["states"]
        assert state["answer"] == state["offer"] == "v=0"
        assert [entry[1] for entry in state["tracks"]] == [track]
        assert [c for c in state["channels"] if c[2] == 0 and c[1] in (1, 3)] == [
            ["_reliable", 1, 0], ["_lossy", 3, 0]], state


@pytest.mark.parametrize("answer", ["refuse", "mismatch", "elsewhere"])
async def test_a_server_that_does_not_take_us_back(either, room, make_device, answer):
    """A new session, at once."""
    either.require_hooks()
    async with call(either, room, make_device) as (device, peer, way):
        await either.hook("resumes", answer=answer)
        try:
            sid, start = (await device.status())["participant"]["sid"], time.monotonic()
            way.reset()
            status = await device.until(lambda s: s["room"]["reconnects"] == 1, 5, "joined anew")
            print(f"{time.monotonic() - start:.2f} s")
            assert status["participant"]["sid"] != sid
            assert len((await either.hook("resumes", answer="accept"))["asked"]) == 1
            await device.connected()
            await both_ways(device, peer, 2)
        finally:
            await either.hook("resumes", answer="accept")


@pytest.mark.parametrize("action", ["RESUME", "RECONNECT"])
async def test_a_server_that_sends_us_away(either, room, make_device, action):
    either.require_hooks()
    async with call(either, room, make_device) as (device, peer, _):
        sid = (await device.status())["participant"]["sid"]
        await either.hook("leave", room=room, identity="door", reason="CONNECTION_TIMEOUT", action=action, remove=False)
        if action == "RESUME":
            await goes_on(device, peer, sid)
        else:
            await device.until(lambda s: s["room"]["reconnects"] == 1, 5, "joined anew")
        await both_ways(device, peer, 2)
