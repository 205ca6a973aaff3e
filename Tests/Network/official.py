"""How the other side of contestant.py is spoken to."""
import asyncio
import json
import os
import pathlib
import subprocess
import sys

PROGRAM = pathlib.Path(__file__).with_name("contestant.py")
ANSWER_BYTES_MAX = 1 << 24


class Official:
    """`async with Official(prefix) as client`: the official client, started by the words of `prefix`."""

    def __init__(self, prefix=(), environment=None):
        self.prefix, self.environment = list(prefix), environment

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.prefix, sys.executable, PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, limit=ANSWER_BYTES_MAX, env={**os.environ, **(self.environment or {})})
        await self.answer("ready")
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.tell("quit")
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def tell(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    async def answer(self, event, seconds=30):
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), seconds)
            if not line:
                raise RuntimeError("the official client ended")
            try:
                value = json.loads(line)
            except ValueError:
                continue                    # its libraries print too
            if value.get("event") == event:
                return value
