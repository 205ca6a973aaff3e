"""Taking the network away from a daemon: its WebSocket alone, or everything that it sends and receives."""
import asyncio
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import urllib.parse

import pytest


class Way:
    """A TCP port of its own that leads to the server: what goes through it can be cut. Media does not."""

    def __init__(self, server):
        target = urllib.parse.urlsplit(server.url)
        self.host, self.port = target.hostname, target.port or (443 if target.scheme == "wss" else 80)
        self.scheme, self.path = target.scheme, target.path
        self.listener, self.sockets, self.number = None, set(), 0
        self.opened = 0

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.number}{self.path}"

    async def __aenter__(self):
        await self.restore()
        return self

    async def __aexit__(self, *_):
        await self.cut()

    async def restore(self):
        self.listener = await asyncio.start_server(self._serve, "127.0.0.1", self.number)
        self.number = self.listener.sockets[0].getsockname()[1]

    async def cut(self):
        """Every connection is reset, and further ones are refused."""
        if self.listener:
            self.listener.close()
            self.listener = None
        self.reset()

    def reset(self):
        """Every connection is reset."""
        for writer in list(self.sockets):
            raw = writer.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self.opened += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return writer.close()
        self.sockets |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self.sockets -= {writer, far_writer}

    async def _copy(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()


class Blackout:
    """Nothing comes from, or gets to, this device's sockets: dropped, as by a cable that is pulled."""

    TABLE = "lintel_outage"

    def __init__(self, device, way):
        self.device, self.way = device, way

    @staticmethod
    def require():
        if os.geteuid() != 0 or not shutil.which("nft"):
            pytest.skip("dropping packets needs root and nft")

    def begin(self):
        pid = self.device.process.pid
        # Media may have another way over TCP, to a port of the server's.
        taken = {"udp": {local for local, _ in ports(pid, "udp")},
                 "tcp": {self.way.number} | {remote for _, remote in ports(pid, "tcp") if remote}}
        rules = [f"{protocol} {way} {{ {', '.join(map(str, sorted(numbers)))} }} drop"
                 for protocol, numbers in taken.items() for way in ("sport", "dport")]
        lines = [f"table inet {self.TABLE} {{"]
        # On arrival, at either end: what is dropped on its way out fails with EPERM, which no cable says.
        lines += ["chain input {", "type filter hook input priority 0;", *rules, "}"]
        subprocess.run(["nft", "-f", "-"], input="\n".join([*lines, "}\n"]), text=True, check=True)

    def end(self):
        subprocess.run(["nft", "delete", "table", "inet", self.TABLE], check=True)

    @contextlib.asynccontextmanager
    async def lasting(self, seconds):
        self.begin()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.end()
        yield


def ports(pid, protocol):
    """The local and the remote port of each socket of a process."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in (protocol, protocol + "6"):
        for line in open(f"/proc/{pid}/net/{table}").read().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                found.add(tuple(int(end.rsplit(":", 1)[1], 16) for end in fields[1:3]))
    return found
