"""The official client in the same networks: what the servers here offer is what a client that is not ours can use."""
import time

import pytest

from calls import new_room
from namespaces import ROOMS, TURN
from official import Official
from peers import Peer, token
from services import TURN_PORT


async def hears(server, network, room, seconds=20):
    """-> (seconds until the official client behind the network was heard at home, its path)."""
    async with Peer(server, room, "peer") as peer, Official(network.device.prefix) as client:
        began = time.monotonic()
        client.tell("join", server.url, token(server, room, "official"), 440)
        await client.answer("joined", seconds)
        await peer.hear("official", 1, seconds)
        path = (await server.state(room))["official"]["publisher"]["remote"] if server.hooks else None
        return peer.heard("official").first_sound_at(began) - began, path


async def test_over_tcp_when_udp_is_dropped(server, make_network):
    network = make_network(nat=True)
    network.firewall("meta l4proto udp drop", f"ip daddr {TURN} drop")
    seconds, path = await hears(server, network, new_room())
    assert path is None or path[-1] == "tcp"
    print(f"the official client is heard after {seconds:.2f} s over ICE-TCP")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
async def test_over_a_relay(server, make_network, protocol):
    network = make_network()
    network.only(("tcp", ROOMS, server.port), (protocol, TURN, TURN_PORT))
    seconds, path = await hears(server, network, new_room())
    assert path is None or path[0] == TURN
    print(f"the official client is heard after {seconds:.2f} s over TURN/{protocol}")
