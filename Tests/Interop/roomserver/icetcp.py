"""ICE over TCP, the passive side (RFC 6544): one port for all connections, packets framed as RFC 4571 says."""
import asyncio
import socket
import weakref

from aioice import stun

FIRST_SECONDS_MAX = 10                      # until a connection says whose it is
WAITING_BYTES_MAX = 64 << 10                # of voice that a connection does not take; more is dropped


def framed(data):
    return len(data).to_bytes(2, "big") + data


class TcpCandidates:
    """The listener behind every `tcptype passive` candidate."""

    def __init__(self):
        self.port = None
        self.agents = weakref.WeakSet()
        self.accepted = 0
        self.listener = None

    async def open(self, address):
        self.listener = await asyncio.start_server(self._accepted, address, 0, family=socket.AF_INET)
        self.port = self.listener.sockets[0].getsockname()[1]

    def close(self):
        self.listener.close()

    async def _accepted(self, reader, writer):
        self.accepted += 1
        host, port = writer.get_extra_info("peername")[:2]
        address, agent = (host, port, "tcp"), None
        try:
            data = await asyncio.wait_for(self._frame(reader), FIRST_SECONDS_MAX)
            agent = self._agent_of(data)
            while agent:
                agent.stream_received(data, address, writer)
                data = await self._frame(reader)
        except (asyncio.TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if agent:
                agent.stream_lost(address)
            writer.close()

    @staticmethod
    async def _frame(reader):
        size = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(size)

    def _agent_of(self, data):
        """The first packet has to be a check that names its agent."""
        try:
            name = stun.parse_message(data).attributes.get("USERNAME", "").split(":")[0]
        except (ValueError, IndexError):
            return None
        return next((agent for agent in self.agents if agent.ufrag == name), None)
