"""Datagrams of somebody on the same network who is in no room: nothing that he sends costs a join or a call."""
import contextlib
import os
import pathlib
import random
import socket
import threading
import time

from peers import Peer
from sound import PEER_HZ, both_ways, hum

EVERY_SECONDS = 0.001
# DTLS 1.2 records (RFC 6347 §4.1) in clear, as before a handshake: type, version, epoch, sequence, length.
FATAL_ALERT = bytes.fromhex("15fefd0000000000000000000202") + bytes([40])
CLOSE_NOTIFY = bytes.fromhex("15fefd0000000000000000000201") + bytes([0])
SERVER_HELLO = bytes.fromhex("16fefd0000000000000000000c") + bytes.fromhex("020000000000000000000000")
CHANGE_CIPHER_SPEC = bytes.fromhex("14fefd0000000000000000000101")
# RFC 5389: a request and an answer that know nobody's password; RFC 3550: Opus and a BYE of a stream that nobody has.
BINDING_REQUEST = bytes.fromhex("000100002112a442") + bytes(12)
BINDING_SUCCESS = bytes.fromhex("010100002112a442") + bytes(12)
RTP = bytes.fromhex("806f0001000000000badcafe") + bytes(40)
BYE = bytes.fromhex("81cb00010badcafe")


def udp_addresses(process):
    """Where its UDP sockets can be reached."""
    mine = set()
    for entry in pathlib.Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(entry)
            if target.startswith("socket:["):
                mine.add(target[8:-1])
    addresses = set()
    for line in pathlib.Path(f"/proc/{process}/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] in mine:
            ip, port = fields[1].split(":")
            ip = socket.inet_ntoa(bytes.fromhex(ip)[::-1])
            addresses.add(("127.0.0.1" if ip == "0.0.0.0" else ip, int(port, 16)))
    return addresses


class Stranger:
    """Sends to every UDP socket of a process, from an address of his own, until the end of the `with`."""

    def __init__(self, process):
        self.process, self.sent, self.ended = process, 0, threading.Event()
        self.thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _send(self):
        chance, addresses, looked = random.Random(1), set(), 0.0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not self.ended.wait(EVERY_SECONDS):
                if time.monotonic() - looked > 0.01:
                    with contextlib.suppress(OSError):
                        addresses = udp_addresses(self.process)
                    looked = time.monotonic()
                for address in addresses:
                    known = chance.choice((FATAL_ALERT, CLOSE_NOTIFY, SERVER_HELLO, CHANGE_CIPHER_SPEC, BINDING_REQUEST,
                                           BINDING_SUCCESS, RTP, BYE, b"", bytes(1)))
                    rubbish = chance.randbytes(chance.randrange(1, 200))
                    with contextlib.suppress(OSError):
                        out.sendto(chance.choice((known, rubbish)), address)
                        self.sent += 1


async def test_a_stranger_on_the_network_stops_nothing(server, room, make_device):
    device = make_device(server, room, microphone=hum(), session_mode="on-demand")
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        with Stranger(device.process.pid) as stranger:
            for _ in range(3):
                joined = await device.ask("join", "--wait", "10")
                assert joined.status == 0, joined
                before = stranger.sent
                await both_ways(device, peer, 3)
                assert stranger.sent - before > 500, "nothing was sent to it"
                status = await device.status()
                assert status["room"]["reconnects"] == 0, status["room"]
                assert (await device.ask("leave")).status == 0
        assert not device.events("room.failure")
        said = [line for line in device.log().splitlines() if "is not the room server" in line]
    assert len(said) == 3, f"it is said once a stay: {said}"
    assert len(device.log().splitlines()) < 60, "whoever sends a lot fills the log"
