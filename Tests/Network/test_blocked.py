"""Networks that let only some things through: the call comes about all the same, at once, and over what is open."""
import asyncio
import time

import pytest

from calls import Call, new_room
from namespaces import PROXY, ROOMS, TURN
from services import HOSTS, NARROW_PROXY_PORT, PROXY_PASSWORD, PROXY_PORT, PROXY_USER, TURN_PORT, TURN_TLS_PORT
from sound import PEER_HZ, both_ways

CONNECTED_SECONDS_MAX, HEARD_SECONDS_MAX = 2.0, 2.5
BACK_SECONDS_MAX = 4.0
NO_UDP = "meta l4proto udp drop"


async def talks(call, relayed=None, stream=None):
    """Both ways, soon enough, and over the path that was left."""
    print(f"connected after {call.join_seconds:.2f} s, heard after {call.heard_seconds:.2f} s, path {await call.path()}, "
          f"{await call.connections()}")
    await both_ways(call.device, call.peer, 2, share=0.95)
    path = await call.path()
    if path and relayed is not None:
        assert (path[0] == TURN) == relayed, path
    if path and stream is not None:
        assert (path[-1] == "tcp") == stream, path
    assert call.join_seconds < CONNECTED_SECONDS_MAX and call.heard_seconds < HEARD_SECONDS_MAX, (
        f"connected after {call.join_seconds:.2f} s, heard after {call.heard_seconds:.2f} s")


async def test_a_network_address_translation(server, make_network, make_device):
    network, room = make_network(nat=True), new_room()
    async with Call(server, network, make_device(network, room), room) as call:
        await talks(call, relayed=False, stream=False)


async def test_udp_dropped_the_server_has_ice_over_tcp(server, make_network, make_device):
    network, room = make_network(nat=True), new_room()
    network.firewall(NO_UDP, f"ip daddr {TURN} drop")
    async with Call(server, network, make_device(network, room), room) as call:
        await talks(call, relayed=False, stream=True)


@pytest.mark.parametrize("relay_protocol, relay_port", [("udp", TURN_PORT), ("tcp", TURN_PORT), ("tcp", TURN_TLS_PORT)],
                         ids=["udp", "tcp", "tls"])
async def test_only_a_relay_is_reached(server, make_network, make_device, relay_protocol, relay_port):
    network, room = make_network(names=HOSTS), new_room()
    network.only(("tcp", ROOMS, server.port), (relay_protocol, TURN, relay_port))
    async with Call(server, network, make_device(network, room), room) as call:
        await talks(call, relayed=True, stream=False)


@pytest.mark.parametrize("port, relayed", [(PROXY_PORT, False), (NARROW_PROXY_PORT, True)], ids=["any-port", "few-ports"])
async def test_only_a_proxy_is_reached(server, proxies, port, relayed, make_network, make_device, tmp_path):
    network, room = make_network(names=HOSTS), new_room()
    network.only(("tcp", PROXY, port))
    password = tmp_path / "proxy-password"
    password.write_text(PROXY_PASSWORD)
    password.chmod(0o600)
    device = make_device(network, room, network_proxy=f"http://{PROXY_USER}@{PROXY}:{port}", network_no_proxy="none",
                         network_proxy_password_file=password)
    async with Call(server, network, device, room) as call:
        await talks(call, relayed=relayed)


async def test_udp_dropped_in_a_call(server, make_network, make_device):
    network, room = make_network(nat=True), new_room()
    async with Call(server, network, make_device(network, room), room) as call:
        await asyncio.sleep(1)
        dropped, sid = time.monotonic(), call.sid
        network.firewall(NO_UDP)
        await asyncio.sleep(0.5)
        back = await call.heard_again(dropped + 0.4, 20) - dropped
        print(f"heard again {back:.2f} s after UDP was dropped")
        await call.device.plays(PEER_HZ)
        assert back < BACK_SECONDS_MAX, f"heard again after {back:.2f} s"
        assert await call.sid_now() == sid
