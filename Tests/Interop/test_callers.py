"""Who is served before the server has said who he is: an allowed agent, whenever it calls; whoever looks like one, never."""
import asyncio
import json

import pytest
from livekit import rtc

from peers import Peer, wait_for
from rawclient import RawClient
from sound import PEER_HZ
from test_door import door, openings, refusals

AGENT = "agent-x"
# Identity, kind, further grants. The server admits each of them.
LOOK_ALIKES = {
    "a zero byte and more": (f"{AGENT}\0z", "standard", {}), "a zero byte": (f"{AGENT}\0", "standard", {}),
    "a blank": (f"{AGENT} ", "standard", {}), "a line end": (f"{AGENT}\n", "standard", {}),
    "another letter case": (AGENT.upper(), "standard", {}), "a person": ("agent", "standard", {}),
    "a telephone": ("agent-sip", "sip", {}), "keypad": ("keypad", "standard", {}), "local": ("local", "standard", {}),
    "lintelctl": ("lintelctl", "standard", {}), "server": ("server", "standard", {}),
    "hidden": ("ghost", "standard", {"hidden": True}), "a hidden agent": ("ghost-agent", "agent", {"hidden": True}),
    "256 bytes": ("agent" + "x" * 251, "standard", {})}


async def open_the_door(peer, seconds=10):
    return await peer.room.local_participant.perform_rpc(
        destination_identity="door", method="lintel.door.open", payload="", response_timeout=seconds)


@pytest.mark.parametrize("delay", [0, 0.5, 1, 2, 4])
async def test_an_agent_without_tracks_calls_soon_after_joining(server, room, make_device, delay):
    device = door(make_device, server, room, door_pulse_ms="200")
    await device.connected()
    async with Peer(server, room, AGENT, kind="agent") as agent:
        await asyncio.sleep(delay)
        assert json.loads(await open_the_door(agent))["state"] == "open"
        await wait_for(lambda: openings(device) == [(AGENT, "rpc")], 2, "told of the opening")
    assert not refusals(device)


async def test_an_agent_that_joins_calls_and_leaves_within_a_second(server, room, make_device):
    """Of some of them the farewell is all that the server ever says."""
    device = door(make_device, server, room, door_pulse_ms="200")
    await device.connected()
    for n, stay in enumerate((0.1, 0.3, 0.6, 0.9, 0.2, 0.5)):
        async with Peer(server, room, f"{AGENT}-{n}", kind="agent") as agent:
            call = asyncio.ensure_future(open_the_door(agent))
            await asyncio.sleep(stay)
            call.cancel()
        await wait_for(lambda: (f"{AGENT}-{n}", "rpc") in openings(device), 5, lambda: f"{n} served: {device.events()}")
        await asyncio.sleep(0.35 * n)                       # another moment between two batches each time
    assert len(openings(device)) == 6 and not refusals(device)


@pytest.mark.parametrize("allowed", ["agent", "server"])
async def test_who_looks_like_an_agent_opens_nothing(server, room, make_device, allowed):
    """All of them at once, at once and again when everybody is known; the agent itself is served in between."""
    device = door(make_device, server, room, door_pulse_ms="200", door_rpc_allow=allowed)
    await device.connected()
    strangers = {name: Peer(server, room, identity, kind=kind, records=False, **grants)
                 for name, (identity, kind, grants) in LOOK_ALIKES.items()}

    async def refused(name, peer):
        with pytest.raises(rtc.RpcError) as caught:
            await open_the_door(peer, 6)
        return name, caught.value.code

    async with RawClient(server, room, "bystander") as bystander, Peer(server, room, AGENT, kind="agent") as agent:
        async def join_and_call(name, peer):
            await peer.connect()
            return await refused(name, peer)

        try:
            print(await asyncio.gather(*(join_and_call(*one) for one in strangers.items())))
            assert not openings(device)
            if allowed == "agent":
                assert json.loads(await open_the_door(agent))["state"] == "open"
            else:
                status, answer = await server.call(room, "door", "lintel.door.open")
                assert status == 200 and json.loads(answer["payload"])["state"] == "open", answer
            print(await asyncio.gather(*(refused(*one) for one in strangers.items())))
            await wait_for(lambda: openings(device), 2, "told of the opening")
            assert [by for by, _ in openings(device)] == [AGENT if allowed == "agent" else "server"]
            heard = [p.WhichOneof("value") for _, p in bystander.data]
            assert not {"rpc_response", "rpc_ack"} & set(heard), "an answer goes to whom it belongs, or nowhere"
        finally:
            await asyncio.gather(*(peer.disconnect() for peer in strangers.values()))


async def test_who_is_named_like_the_agent_up_to_a_zero_byte_gets_nothing_of_it(server, room, make_device):
    """The attack as it was seen: he comes when the agent is known, and the agent says something about itself again."""
    device = door(make_device, server, room, door_pulse_ms="200")
    await device.connected()
    async with Peer(server, room, AGENT, kind="agent", can_update_own_metadata=True) as agent:
        await agent.publish(PEER_HZ)
        await device.until(lambda s: s["agent"], 6, "the agent is in sight")
        async with Peer(server, room, f"{AGENT}\0z") as stranger:
            for state in ("thinking", "speaking"):
                await asyncio.sleep(3.5)                    # a batch of announcements
                await agent.room.local_participant.set_attributes({"lk.agent.state": state})
                await asyncio.sleep(0.3)
                with pytest.raises(rtc.RpcError):
                    await open_the_door(stranger, 5)
                assert not openings(device), openings(device)
                agent_is = (await device.status())["agent"]
                assert agent_is and agent_is["identity"] == AGENT, agent_is
        assert json.loads(await open_the_door(agent))["state"] == "open"
    assert [by for by, _ in openings(device)] == [AGENT]


async def test_a_telephone_types_the_code_before_it_is_announced(server, room, make_device):
    """Its keys are kept, in order, until it is known; a person's never count."""
    device = door(make_device, server, room, door_pulse_ms="200")
    await device.connected()
    async with Peer(server, room, "person") as person, Peer(server, room, "sip_1", kind="sip") as phone:
        for peer in (person, phone):
            for digit in "2580#":
                await peer.room.local_participant.publish_dtmf(code="0123456789*#".index(digit), digit=digit)
        await wait_for(lambda: openings(device), 5, device.log)
        assert openings(device) == [("sip_1", "dtmf")]


async def test_one_hidden_flood_keeps_nobody_out(server, room, make_device):
    """Calls of somebody who will never be announced take no place from an agent that will be."""
    device = door(make_device, server, room, door_pulse_ms="200")
    await device.connected()
    async with Peer(server, room, "ghost", hidden=True) as ghost:
        flood = [asyncio.ensure_future(open_the_door(ghost, 6)) for _ in range(100)]
        await asyncio.sleep(0.2)
        async with Peer(server, room, AGENT, kind="agent") as agent:
            assert json.loads(await open_the_door(agent))["state"] == "open"
        await asyncio.gather(*flood, return_exceptions=True)
    await wait_for(lambda: openings(device), 2, "told of the opening")
    assert openings(device) == [(AGENT, "rpc")]
