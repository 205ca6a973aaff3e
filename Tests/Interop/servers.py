"""The server under the scenarios: our own room server as a process, or any other by its URL."""
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import aiohttp
from livekit import api
import pytest

HERE = pathlib.Path(__file__).parent
START_SECONDS = 20


class OtherServer:
    """A server that somebody else runs. Whatever needs its inside is skipped, visibly."""
    hooks = False

    def __init__(self, url, key, secret):
        self.url, self.key, self.secret = url, key, secret

    def require_hooks(self):
        if not self.hooks:
            pytest.skip("needs the test hooks of our own room server")

    def stop(self):
        pass

    # What every LiveKit server offers.

    async def _api(self, call):
        async with api.LiveKitAPI(self.url.replace("ws", "http", 1), self.key, self.secret) as service:
            return await call(service.room)

    async def remove(self, room, identity):
        return await self._api(lambda r: r.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity)))

    async def delete_room(self, room):
        return await self._api(lambda r: r.delete_room(api.DeleteRoomRequest(room=room)))

    async def mute(self, room, identity, track_sid):
        return await self._api(lambda r: r.mute_published_track(
            api.MuteRoomTrackRequest(room=room, identity=identity, track_sid=track_sid, muted=True)))

    async def call(self, room, identity, method, payload=""):
        """An RPC of the server's own; the official API client has no word for it yet. -> (HTTP status, answer)"""
        grants = api.VideoGrants(room_admin=True, room=room)
        key = api.AccessToken(self.key, self.secret).with_grants(grants).to_jwt()
        body = {"room": room, "destinationIdentity": identity, "method": method, "payload": payload}
        async with aiohttp.ClientSession() as http, http.post(
                f"{self.url.replace('ws', 'http', 1)}/twirp/livekit.RoomService/PerformRpc", json=body,
                headers={"Authorization": f"Bearer {key}"}) as reply:
            return reply.status, await reply.json()

    async def participants(self, room):
        reply = await self._api(lambda r: r.list_participants(api.ListParticipantsRequest(room=room)))
        return {p.identity: p for p in reply.participants}


class RoomServer(OtherServer):
    """Our room server in a process of its own, on a free port that it keeps over restarts."""
    hooks = True

    def __init__(self, *arguments, log_path=None, tls=None):
        super().__init__(None, "devkey", "secret-that-is-at-least-32-bytes-long")
        self.arguments, self.tls, self.port = list(arguments), tls, 0
        self.log_path = log_path
        self.process = None
        self.start()

    def start(self):
        command = [sys.executable, "-m", "roomserver", "--port", str(self.port), "--key", self.key, "--secret",
                   self.secret, *self.arguments]
        if self.tls:
            command += ["--tls", *map(str, self.tls)]
        log = open(self.log_path, "ab") if self.log_path else subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=log, text=True)
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if "ready" not in line:
            raise RuntimeError(f"room server did not start: {line!r}")
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self):
        self.stop(signal.SIGKILL)

    def _request(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url.replace('ws', 'http', 1)}{path}", data,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as reply:
            return json.load(reply)

    async def hook(self, name, **body):
        """One of the server's test hooks: see roomserver/admin.py."""
        return await asyncio.to_thread(self._request, f"/test/{name}", body)

    async def state(self, room=None):
        state = await asyncio.to_thread(self._request, "/test/state")
        return state if room is None else state["rooms"].get(room, {"participants": {}})["participants"]


@contextlib.contextmanager
def running(folder, *arguments):
    """A room server of ours that writes its log into the folder."""
    ours = RoomServer(*arguments, log_path=folder / "roomserver.log")
    try:
        yield ours
    finally:
        ours.stop()


def from_environment(url, key, secret):
    return OtherServer(url, key or os.environ.get("LIVEKIT_API_KEY", "devkey"),
                       secret or os.environ.get("LIVEKIT_API_SECRET", "secret"))
