"""A client of the control socket that is not lintelctl: many requests at once on one connection."""
import asyncio
import json

LINE_BYTES_MAX = 1 << 20


class Refused(Exception):
    """The daemon's error: `code` of JSON-RPC, the machine's word in `data`."""

    def __init__(self, error):
        super().__init__(error.get("message"))
        self.error = error


class Control:
    """Use `async with Control(device) as control`, then `await control.ask("rpc", identity=..., ...)`."""

    def __init__(self, device):
        self.path = device.folder / "control.sock"
        self.waiting, self.number = {}, 0

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_unix_connection(self.path, limit=LINE_BYTES_MAX)
        self.task = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        self.writer.close()

    async def _read(self):
        while line := await self.reader.readline():
            message = json.loads(line)
            waiting = self.waiting.pop(message.get("id"), None)
            if waiting and not waiting.done():
                waiting.set_result(message)

    async def ask(self, command, /, seconds=30, **params):
        self.number += 1
        number, answer = self.number, asyncio.get_running_loop().create_future()
        self.waiting[number] = answer
        request = {"jsonrpc": "2.0", "id": number, "method": command, "params": params}
        self.writer.write(json.dumps(request).encode() + b"\n")
        await self.writer.drain()
        message = await asyncio.wait_for(answer, seconds)
        if "error" in message:
            raise Refused(message["error"])
        return message["result"]
