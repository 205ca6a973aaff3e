"""What every aiortc peer of the Swift tests does: one peer connection on the loopback interface, driven by lines of
JSON on stdin and answered on stdout.

  {"do": "answer", "sdp": OFFER}  answers                             -> {"sdp": ANSWER}
  {"do": "offer", ...}            offers what `prepare` has added     -> {"sdp": OFFER}
  {"do": "apply", "sdp": ANSWER}  takes the answer to that offer      -> {}
Whatever else it is asked for is done by `perform`.
"""

import asyncio
import json
import sys

import aioice.ice
from aiortc import RTCPeerConnection, RTCSessionDescription

# Everything happens on one machine, and it may have no other interface.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Peer:
    def __init__(self):
        self.connection = RTCPeerConnection()

    def prepare(self, request):
        """Adds to the connection what the offer shall be about."""

    async def perform(self, request):
        """-> the answer to a request of the peer's own kind"""
        return {}

    async def handle(self, request):
        connection, do = self.connection, request["do"]
        if do == "answer":
            await connection.setRemoteDescription(RTCSessionDescription(request["sdp"], "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
        elif do == "offer":
            self.prepare(request)
            await connection.setLocalDescription(await connection.createOffer())
        elif do == "apply":
            await connection.setRemoteDescription(RTCSessionDescription(request["sdp"], "answer"))
            return {}
        else:
            return await self.perform(request)
        return {"sdp": connection.localDescription.sdp}


async def _serve(kind):
    peer = kind()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await peer.handle(json.loads(line))), flush=True)
    await peer.connection.close()


def serve(kind):
    """Runs one peer of the kind until stdin ends."""
    asyncio.run(_serve(kind))
