"""An aiortc peer on the loopback interface, for the peer connection tests in Swift.

Requests and answers are JSON, one a line:
  {"do": "answer", "sdp": OFFER}   answers and receives audio        -> {"sdp": ANSWER}
  {"do": "offer"}                  offers a 440 Hz tone              -> {"sdp": OFFER}
  {"do": "apply", "sdp": ANSWER}   takes the answer to that offer    -> {}
  {"do": "report"}                 -> {"state", "dtls", "frames", "packetsReceived", "packetsLost", "roundTrip"}
"""

import asyncio
import fractions
import json
import math
import struct
import sys

import aioice.ice
import av
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

# Everything happens on one machine, and it may have no other interface.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

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


class Peer:
    def __init__(self):
        self.connection = RTCPeerConnection()
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

    async def handle(self, request):
        connection = self.connection
        if request["do"] == "answer":
            await connection.setRemoteDescription(RTCSessionDescription(request["sdp"], "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
            return {"sdp": connection.localDescription.sdp}
        if request["do"] == "offer":
            connection.addTransceiver(Tone(), direction="sendonly")
            await connection.setLocalDescription(await connection.createOffer())
            return {"sdp": connection.localDescription.sdp}
        if request["do"] == "apply":
            await connection.setRemoteDescription(RTCSessionDescription(request["sdp"], "answer"))
            return {}
        return await self.report()

    async def report(self):
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


async def main():
    peer = Peer()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await peer.handle(json.loads(line))), flush=True)
    await peer.connection.close()


if __name__ == "__main__":
    asyncio.run(main())
