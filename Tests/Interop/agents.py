"""Speaks for the agent of the agents framework that runs in a Python of its own: framework/agent.py."""
import asyncio
import json
import os
import pathlib
import sys

import analysis
import pytest
from peers import token

FOLDER = pathlib.Path(__file__).parent / "framework"
PYTHON = os.environ.get("LINTEL_AGENTS_PYTHON")
START_SECONDS = 60

sys.path.insert(0, str(FOLDER))
import sweep  # noqa: E402,F401


def require_framework():
    if not PYTHON:
        pytest.skip("LINTEL_AGENTS_PYTHON names no Python that has the agents framework (board/test sets it)")


class FrameworkAgent:
    """One process; `join` and `leave` may alternate in it. Use `async with FrameworkAgent(log_path) as agent`."""

    def __init__(self, log_path):
        self.log_path = pathlib.Path(log_path)
        self.events, self.changed = [], asyncio.Event()
        self.seen = 0                               # events that `until` has passed
        self.recording = None

    async def __aenter__(self):
        self.log = open(self.log_path, "wb")
        self.process = await asyncio.create_subprocess_exec(
            PYTHON, "agent.py", cwd=FOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=self.log)
        self.reading = asyncio.ensure_future(self._read())
        await self.until("ready", START_SECONDS)
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.reading.cancel()
        self.log.close()

    async def _read(self):
        while line := await self.process.stdout.readline():
            self.events.append(json.loads(line))
            self.changed.set()
        self.events.append({"event": "failed", "what": "running", "error": "the program ended"})
        self.changed.set()

    def order(self, do, **fields):
        self.process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    async def until(self, event, seconds=10, **fields):
        """The next event with that name and those fields; what comes before it is passed over."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    while self.seen < len(self.events):
                        self.seen += 1
                        found = self.events[self.seen - 1]
                        assert found["event"] != "failed", f"the agent: {found}\n{self.words()}"
                        if found["event"] == event and all(found.get(k) == v for k, v in fields.items()):
                            return found
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"the agent said no {event} {fields} in {seconds} s: {self.events[-5:]}\n"
                                 + self.words()) from None

    def join(self, server, room, folder, identity="agent", listen_to="door", ears="sweep"):
        self.recording = pathlib.Path(folder) / f"{identity}-{room}.wav"
        access = token(server, room, identity, kind="agent", agent=True, can_update_own_metadata=True)
        self.order("join", url=server.url, token=access, listen_to=listen_to, recording=str(self.recording), ears=ears)

    async def leave(self):
        """-> (samples, rate) of all that it heard."""
        self.order("leave")
        await self.until("left", 20)
        return analysis.read_wav(self.recording)

    def words(self):
        return self.log_path.read_text(errors="replace")[-3000:]
