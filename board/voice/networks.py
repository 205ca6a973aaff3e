"""Packets of speech over networks that lose and delay them, as they come to both ends that are compared."""
import dataclasses
import struct
import subprocess
import tempfile
import pathlib
import zlib

import numpy as np

import talk
from sound import clipped

SECONDS = 16
SPEECH_LEVEL = 32768 * 10 ** (-20 / 20)
BURST_PACKETS = 3                           # the mean length of a burst
HEADER = struct.Struct("<IIHH")             # microseconds, RTP timestamp, sequence number, bytes


@dataclasses.dataclass
class Network:
    loss: int = 0                           # percent
    bursts: bool = False
    jitter: int = 0                         # the most that a packet is late, milliseconds
    fec: bool = True

    @property
    def name(self):
        parts = [f"{self.loss} %" + (" in bursts" if self.bursts else "") if self.loss else "no loss"]
        return ", ".join(parts + ([f"jitter {self.jitter} ms"] if self.jitter else []) + ([] if self.fec else ["no FEC"]))


NETWORKS = [Network(), *(Network(loss) for loss in (5, 10, 20, 30)), *(Network(loss, True) for loss in (5, 10, 20, 30)),
            Network(10, fec=False), Network(20, fec=False), *(Network(jitter=jitter) for jitter in (50, 100, 200)),
            *(Network(10, jitter=jitter) for jitter in (50, 100, 200))]


@dataclasses.dataclass
class Packet:
    at: float                               # seconds
    timestamp: int
    sequence: int
    payload: bytes


def said(seed):
    random = np.random.default_rng([seed, 4])
    speech = talk.dialogue(random, SECONDS, pause=(0.1, 0.4))
    return clipped(speech * SPEECH_LEVEL + random.normal(0, 5, len(speech)))


def sent(program, speech, network):
    """What an encoder makes of it that knows of the loss."""
    with tempfile.TemporaryDirectory(prefix="lintel-voice-") as name:
        folder = pathlib.Path(name)
        speech.tofile(folder / "speech")
        subprocess.run([program, "encode", folder / "speech", folder / "packets", f"fec={int(network.fec)}",
                        f"loss={network.loss if network.fec else 0}"], check=True, timeout=60)
        return parsed((folder / "packets").read_bytes())


def parsed(data):
    packets, at = [], 0
    while at < len(data):
        microseconds, timestamp, sequence, count = HEADER.unpack_from(data, at)
        at += HEADER.size
        packets.append(Packet(microseconds / 1e6, timestamp, sequence, data[at:at + count]))
        at += count
    return packets


def arrived(packets, network, seed):
    """Those that come, in the order in which they do. Late ones are so by an exponential share of the jitter: most a little."""
    random = np.random.default_rng([seed, 5, zlib.crc32(network.name.encode())])
    left, lost = [], False
    loss = network.loss / 100
    for packet in packets:
        if network.bursts:
            leave = 1 / BURST_PACKETS
            lost = random.random() > leave if lost else random.random() < leave * loss / (1 - loss)
        else:
            lost = random.random() < loss
        late = min(1.0, random.exponential(0.25)) * network.jitter / 1000
        if not lost:
            left.append(dataclasses.replace(packet, at=packet.at + late))
    return sorted(left, key=lambda packet: packet.at)


def played(program, packets):
    """-> (what Lintel plays, its figures). Sample n is heard after n/16 ms."""
    with tempfile.TemporaryDirectory(prefix="lintel-voice-") as name:
        folder = pathlib.Path(name)
        (folder / "packets").write_bytes(b"".join(
            HEADER.pack(round(packet.at * 1e6), packet.timestamp, packet.sequence, len(packet.payload)) + packet.payload
            for packet in packets))
        done = subprocess.run([program, "play", folder / "packets", folder / "heard"], check=True, timeout=60,
                              capture_output=True, text=True)
        figures = {key: int(value) for key, value in (line.split() for line in done.stdout.splitlines())}
        return np.fromfile(folder / "heard", "<i2").astype(float), figures
