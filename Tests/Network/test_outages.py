"""A network that goes away and comes back in a call. All outages run at the same time, each in a network of its own."""
import asyncio
import time

import pytest

from calls import Call, new_room
from sound import PEER_HZ

SIGNALLING_SECONDS = 30
# How long everything is cut, how soon the device is heard after that, and whether it is still the same participant.
CUTS = [(3, 1.0, True), (8, 1.0, True), (15, 1.0, True), (60, 3.0, False)]
SETTLE_SECONDS = 2


async def signalling_lost(server, network, device):
    """-> what is wrong with a call whose signalling was dropped while its media lived."""
    wrong, room = [], device.room
    async with Call(server, network, device, room) as call:
        await asyncio.sleep(SETTLE_SECONDS)
        begin, lost = time.monotonic(), await call.lost_packets()
        network.firewall(f"tcp dport {server.port} drop", f"tcp sport {server.port} drop")
        await asyncio.sleep(SIGNALLING_SECONDS)
        network.firewall()
        await asyncio.sleep(6)
        await call.connected()
        silence = call.longest_silence(begin)
        lost = await call.lost_packets() - lost
        print(f"signalling lost for {SIGNALLING_SECONDS} s: longest silence {silence:.2f} s, {lost} packets lost")
        if silence > 0.1:
            wrong.append(f"silent for {silence:.2f} s while only signalling was lost")
        if lost:
            wrong.append(f"{lost} packets lost while only signalling was lost")
        if await call.sid_now() != call.sid:
            wrong.append("another participant after signalling was lost")
        await call.device.plays(PEER_HZ)
    return wrong


async def everything_cut(server, network, device, seconds, back_max, same):
    wrong, room = [], device.room
    async with Call(server, network, device, room) as call:
        await asyncio.sleep(SETTLE_SECONDS)
        network.wire.set(cut=True)
        await asyncio.sleep(seconds)
        returned = time.monotonic()
        network.wire.set()
        try:
            back = await call.heard_again(returned, 20) - returned
        except AssertionError as error:
            return [f"cut for {seconds} s: {error}"]
        sid = await call.sid_now()
        print(f"cut for {seconds} s: heard again after {back:.2f} s, {'same' if sid == call.sid else 'another'} sid")
        if back > back_max:
            wrong.append(f"cut for {seconds} s: heard again {back:.2f} s after the network's return, not {back_max}")
        if same and sid != call.sid:
            wrong.append(f"cut for {seconds} s: another participant")
        await call.device.plays(PEER_HZ, 15)
    return wrong


@pytest.mark.seconds(150)
async def test_outages(server, make_network, make_device):
    def place():
        network, room = make_network(nat=True), new_room()
        device = make_device(network, room)
        device.room = room
        return network, device
    jobs = [signalling_lost(server, *place())] + [everything_cut(server, *place(), *cut) for cut in CUTS]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    wrong = [text for result in found for text in (result if isinstance(result, list) else [repr(result)])]
    assert not wrong, "\n".join(wrong)
