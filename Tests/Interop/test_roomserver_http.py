"""The room server's HTTP answers: the statuses and words of livekit-server, on /rtc and /rtc/validate alike."""
import time

import aiohttp
import jwt
import pytest

from rawclient import RawClient

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


def make(server, key=None, secret=None, **changes):
    payload = {"iss": key or server.key, "sub": "door", "exp": int(time.time()) + 600,
               "video": {"roomJoin": True, "room": "r"}}
    payload.update(changes)
    return jwt.encode({k: v for k, v in payload.items() if v is not None}, secret or server.secret, algorithm="HS256")


CASES = {
    "no token": (lambda s: None, 401, "no permissions to access the room"),
    "no video grant": (lambda s: make(s, video=None), 401, "no permissions to access the room"),
    "expired": (lambda s: make(s, exp=int(time.time()) - 120), 401,
                "invalid token: {token}, error: token has invalid claims: token is expired"),
    "expired within the leeway": (lambda s: make(s, exp=int(time.time()) - 30), 200, "success"),
    "no expiry": (lambda s: make(s, exp=None), 200, "success"),
    "not yet valid": (lambda s: make(s, nbf=int(time.time()) + 300), 401,
                      "invalid token: {token}, error: token has invalid claims: token is not valid yet"),
    "expired and not yet valid": (lambda s: make(s, exp=int(time.time()) - 120, nbf=int(time.time()) + 300), 401,
                                  "invalid token: {token}, error: token has invalid claims: token is expired, "
                                  "token is not valid yet"),
    "never expires": (lambda s: make(s, exp=(1 << 63) - 1), 401,
                      "invalid token: {token}, error: token has invalid claims: token is expired"),
    "wrong secret": (lambda s: make(s, secret="x" * 32), 401,
                     "invalid token: {token}, error: token signature is invalid: signature is invalid"),
    "unknown key": (lambda s: make(s, key="nokey"), 401, "invalid API key: nokey"),
    "not a JWT": (lambda s: "rubbish", 401, "invalid authorization token"),
    "join not granted": (lambda s: make(s, video={"room": "r"}), 401, "permissions denied"),
    "no room": (lambda s: make(s, video={"roomJoin": True}), 400, "no room name"),
    "no identity": (lambda s: make(s, sub=""), 400, "identity cannot be empty"),
    "long identity": (lambda s: make(s, sub="ä" * 129), 400,
                      "participant identity length exceeds limits: max length 256"),
    "long room": (lambda s: make(s, video={"roomJoin": True, "room": "r" * 257}), 400,
                  "room name length exceeds limits: max length 256"),
    "half a megabyte of metadata": (lambda s: make(s, metadata="m" * 500_000), 200, "success"),
}


@pytest.mark.parametrize("case", CASES)
async def test_refusals(server, case):
    server.require_hooks()
    maker, status, words = CASES[case]
    token = maker(server)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    base = server.url.replace("ws", "http", 1)
    async with aiohttp.ClientSession() as http:
        async with http.get(base + "/rtc/validate", headers=headers) as reply:
            assert (reply.status, await reply.text()) == (status, words.format(token=token))
        if status != 200:
            async with http.get(base + "/rtc", headers=dict(headers, **UPGRADE)) as reply:
                assert (reply.status, await reply.text()) == (status, words.format(token=token))


async def test_paths_and_header(server):
    server.require_hooks()
    base = server.url.replace("ws", "http", 1)
    async with aiohttp.ClientSession() as http:
        for path, headers, status, words in [
                ("/", {}, 200, "OK"), ("/rtc", {}, 404, ""), ("/nothing", {}, 404, "404 page not found"),
                ("/rtc/validate", {"Authorization": "bearer x"}, 401,
                 "invalid authorization header. Must start with Bearer ")]:
            async with http.get(base + path, headers=headers) as reply:
                assert (reply.status, await reply.text()) == (status, words), path


async def test_fail_joins_hook(server):
    server.require_hooks()
    await server.hook("fail-joins", status=503, body="no nodes available")
    try:
        async with aiohttp.ClientSession() as http:
            async with http.get(server.url.replace("ws", "http", 1) + "/rtc", headers=UPGRADE) as reply:
                assert (reply.status, await reply.text()) == (503, "no nodes available")
    finally:
        await server.hook("fail-joins")


async def test_the_clock_that_judges_tokens_is_the_servers(own_server):
    server = own_server("--clock-offset", "-3600")
    base = server.url.replace("ws", "http", 1)

    async def validate(**claims):
        async with aiohttp.ClientSession() as http:
            headers = {"Authorization": f"Bearer {make(server, **claims)}"}
            async with http.get(base + "/rtc/validate", headers=headers) as reply:
                return reply.status, (await reply.text()).rpartition(": ")[2]

    now = int(time.time())
    assert await validate(nbf=now) == (401, "token is not valid yet")
    assert await validate(exp=now - 600) == (200, "success")
    await server.hook("clock", offset=3600)
    assert await validate(nbf=now) == (401, "token is expired")
    async with RawClient(server, "r", "door", lifetime_seconds=7200) as door:
        _, token = await door.expect("refresh_token")
        assert abs(jwt.decode(token, options={"verify_signature": False})["nbf"] - now - 3600) < 60
