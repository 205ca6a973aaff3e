"""The room server's transports: SCTP that never starts, either DTLS role, and injected faults."""
import asyncio

import pytest

from rawclient import RawClient, pair
from roomserver import rtp


async def test_a_subscriber_without_sctp_is_served(server, room):
    """m=application negotiated and SCTP never started: the device's first form."""
    server.require_hooks()
    async with pair(server, room, sctp=False) as (speaker, listener, ssrc):
        await speaker.stream(ssrc, 250)
        assert len(listener.packets) == 250 and not listener.all("leave")


@pytest.mark.parametrize("setup", ["active", "passive"])
async def test_either_role_towards_the_subscriber(server, room, setup):
    server.require_hooks()
    async with pair(server, room, setup=setup) as (speaker, listener, ssrc):
        await speaker.stream(ssrc, 10)
        assert len(listener.packets) == 10
        assert listener.subscriber.role == ("client" if setup == "active" else "server")


@pytest.mark.parametrize("offered, answered", [("actpass", "active"), ("passive", "active"), ("active", "passive")])
async def test_setup_of_the_publisher(server, room, offered, answered):
    server.require_hooks()
    async with RawClient(server, room, "speaker") as speaker:
        await speaker.publish(offer=False)
        await speaker.offer(setup=offered)
        await speaker.published()
        assert speaker.last_answer.sections[0].get("setup") == answered


async def test_the_first_packets_can_leave_in_one_go(server, room):
    server.require_hooks()
    async with RawClient(server, room, "speaker") as speaker, RawClient(server, room, "listener") as listener:
        await server.hook("network", room=room, identity="listener", held_down=3)
        _, ssrc = await speaker.publish()
        await speaker.expect("track_subscribed")
        await speaker.stream(ssrc, 10)
        times = [at for at, _ in listener.packets]
        assert [p.sequence for _, p in listener.packets] == list(range(1000, 1010))
        assert times[2] - times[0] < 0.015 and times[9] - times[3] > 0.08


async def test_injected_faults(server, room):
    server.require_hooks()
    async with pair(server, room) as (speaker, listener, ssrc):
        await server.hook("network", room=room, identity="speaker", loss_up=0.2)
        await server.hook("network", room=room, identity="listener", late_down=0.1)
        await speaker.stream(ssrc, 300)
        await asyncio.sleep(0.2)
        got = [p.sequence for _, p in listener.packets]
        assert 200 < len(got) < 275 and got != sorted(got)
        assert rtp.newer(got[-1], got[0])
        await server.hook("network", room=room, identity="speaker", silent=True)
        before = len(got)
        await speaker.stream(ssrc, 20, first=1300)
        assert len(listener.packets) == before
