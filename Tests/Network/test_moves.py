"""A device whose network changes under it, and names that nobody answers."""
import asyncio
import time

from calls import Call, new_room
from namespaces import NAMES
from services import ROOMS_NAME, NameServer
from sound import PEER_HZ

MOVED_SECONDS_MAX = 1.5
PULLED_SECONDS_MAX = 2.0
NAMELESS_SECONDS_MAX = 8.0
BRIDGES = 16
JOIN_SECONDS_MAX = 2.0


async def test_the_address_changes_in_a_call(server, make_network, make_device):
    network, room = make_network(nat=True), new_room()
    async with Call(server, network, make_device(network, room), room) as call:
        await asyncio.sleep(1)
        moved = time.monotonic()
        network.move(f"10.77.{network.number}.9")
        await asyncio.sleep(0.3)
        back = await call.heard_again(moved + 0.25, 20) - moved
        await asyncio.sleep(1)
        gap = call.longest_silence(moved - 0.5)
        print(f"heard {back:.2f} s after the address changed, silent for {gap:.2f} s")
        await call.device.plays(PEER_HZ)
        assert gap < MOVED_SECONDS_MAX, f"silent for {gap:.2f} s"
        assert await call.sid_now() == call.sid


async def test_the_cable_is_pulled_beside_another(server, make_network, make_device):
    """Two ways out, as a cable and a radio are; the better one loses its carrier in a call and keeps its address."""
    network, room = make_network(nat=True), new_room()
    n = network.number
    network.router.configure(f"link add radio type veth peer name radio0 netns {network.device.name}",
                             f"addr add 10.79.{n}.1/24 dev radio", "link set radio up")
    network.device.configure(f"addr add 10.79.{n}.2/24 dev radio0", "link set radio0 up",
                             f"route add default via 10.79.{n}.1 metric 600")
    async with Call(server, network, make_device(network, room), room) as call:
        await asyncio.sleep(1)
        pulled = time.monotonic()
        network.router.configure("link set lan down")
        # As a network manager does; the kernel alone would go on sending into the cable.
        network.device.configure(f"route del default via 10.77.{n}.1")
        await call.heard_again(pulled + 0.25, 20)
        await asyncio.sleep(1)
        gap = call.longest_silence(pulled - 0.5)
        print(f"silent for {gap:.2f} s when the cable was pulled")
        await call.device.plays(PEER_HZ)
        assert gap < PULLED_SECONDS_MAX, f"silent for {gap:.2f} s"
        assert await call.sid_now() == call.sid


async def test_a_firewall_of_its_own_is_named(server, make_network, make_device):
    network, room = make_network(), new_room()
    network.device.run("nft", "-f", "-", text="table ip own {\n  chain out {\n    type filter hook output priority 0\n"
                                              "    oifname eth0 meta l4proto udp drop\n  }\n}\n")
    async with Call(server, network, make_device(network, room), room) as call:
        rows = (await call.control.ask("doctor", yes=True))["rows"]
        assert any(row["finding"] == "the firewall of this machine refuses UDP" for row in rows), rows


async def test_a_press_still_dials_when_the_name_server_is_dead(server, make_network, make_device):
    names = await NameServer.start()
    network, room = make_network(name_server=NAMES), new_room()
    url = f"ws://{ROOMS_NAME}:{server.port}"
    try:
        async with Call(server, network, make_device(network, room, token_url=url), room) as call:
            assert names.asked
            await call.control.ask("leave")
            await asyncio.sleep(1)
            names.answers = False
            began = time.monotonic()
            await call.join(20)
            took = time.monotonic() - began
            print(f"joined {call.join_seconds:.2f} s after the word, without a name server")
            assert call.join_seconds < NAMELESS_SECONDS_MAX, f"{took:.2f} s"
    finally:
        names.close()


async def test_many_bridges(server, make_network, make_device):
    """As a machine with containers has them: addresses that lead nowhere, before the one that leads out."""
    network, room = make_network(nat=True), new_room()
    lines = []
    for number in range(BRIDGES):
        lines += [f"link add br{number} type bridge", f"addr add 172.20.{number}.1/24 dev br{number}", f"link set br{number} up"]
    network.device.configure(*lines)
    async with Call(server, network, make_device(network, room), room) as call:
        print(f"connected after {call.join_seconds:.2f} s, heard after {call.heard_seconds:.2f} s")
        assert call.join_seconds < JOIN_SECONDS_MAX
