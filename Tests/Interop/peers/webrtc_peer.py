"""An aiortc peer on the loopback interface, for the peer connection tests in Swift.

It receives audio, and an offer of its own is about a 440 Hz tone. Beside what connection.py takes:
  {"do": "report"}                 -> {"state", "dtls", "frames", "packetsReceived", "packetsLost", "roundTrip"}
"""

import asyncio
import fractions
import math
import struct

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

import connection

RATE = 48000
FRAME = 960


class Tone(MediaStreamTrack):
    """440 Hz, 48 kHz mono, paced in frames of 20 ms."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.position = 0
        self.start = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        self.start = self.start or loop.time()
        await asyncio.sleep(max(0, self.start + self.position / RATE - loop.time()))
        samples = [
            int(8000 * math.sin(2 * math.pi * 440 * (self.position + index) / RATE)) for index in range(FRAME)
        ]
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(struct.pack(f"<{FRAME}h", *samples))
        frame.sample_rate = RATE
        frame.pts = self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += FRAME
        return frame


class Peer(connection.Peer):
    def __init__(self):
        super().__init__()
        self.frames = 0
        self.tasks = []
        self.connection.on("track", lambda track: self.tasks.append(asyncio.ensure_future(self.listen(track))))

    async def listen(self, track):
        try:
            while True:
                await track.recv()
                self.frames += 1
        except MediaStreamError:
            pass

    def prepare(self, request):
        self.connection.addTransceiver(Tone(), direction="sendonly")

    async def perform(self, request):
        transceiver = self.connection.getTransceivers()[0]
        result = {"state": self.connection.connectionState, "frames": self.frames}
        result["dtls"] = transceiver.receiver.transport.state
        for part in (await self.connection.getStats()).values():
            if part.type == "inbound-rtp":
                result["packetsReceived"] = part.packetsReceived
                result["packetsLost"] = part.packetsLost
            if part.type == "remote-inbound-rtp":
                result["roundTrip"] = part.roundTripTime
        return result


if __name__ == "__main__":
    connection.serve(Peer)
