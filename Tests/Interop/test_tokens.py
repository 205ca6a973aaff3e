"""Where the token comes from: endpoint, sandbox, file, signed on the device; and every way in which that fails."""
import asyncio
import gzip
import json
import socket

from aiohttp import web
from livekit import api
import pytest

from device import DONE, FAILED
from endpoints import Endpoint, asking, gives, says
from peers import Peer, token, wait_for
from wallclock import clock  # noqa: F401

BEARER = "the-secret-of-this-door"


async def warm(device):
    await wait_for(lambda: "the token of the next call is there" in device.log(), 20, device.log)


async def fails(device, code, *words):
    """A press that comes to nothing: exit status, words, status, event and log agree."""
    result = await device.ask("call", "--wait", "15")
    status = await device.status()
    failure = status["room"]["failure"]
    assert result.status == FAILED and failure and failure["code"] == code, (result, failure)
    assert failure["retriable"] is False and "\n" not in failure["message"] and len(failure["message"]) < 500
    for word in words:
        assert word in failure["message"], (word, failure)
    assert failure["message"] in result.error and failure["message"] in device.log()
    assert status["call"]["state"] == "failed" and status["call"]["reason"] == failure["message"]
    await wait_for(lambda: [e for e in device.events("room.failure") if e["message"] == failure["message"]], 5, "event")
    return failure


# -- the press --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, url, name", [(201, "server_url", "participant_token"),
                                               (200, "serverURL", "participantToken"), (200, "url", "token")])
async def test_a_press_dials_at_once_with_the_warm_token(server, room, make_device, status, url, name):
    async with Endpoint(gives(lambda: token(server, room, "door"), server, status, url, name)) as endpoint:
        device = asking(make_device, endpoint.url, session_room=room, session_agent_name="concierge",
                        session_agent_metadata='{"floor": 3}')
        await warm(device)
        request, body = endpoint.requests[0]
        assert request.method == "POST" and request.content_type == "application/json"
        assert body == {"room_name": room, "participant_identity": "door",
                        "room_config": {"agents": [{"agent_name": "concierge", "metadata": '{"floor": 3}'}]}}
        async with Peer(server, room, "peer") as peer:
            assert (await device.ask("call")).status == DONE
            assert len(endpoint.requests) == 1
            await wait_for(lambda: "door" in peer.room.remote_participants, 10, "the door is there")
            assert (await device.status())["room"]["server"] == server.url
            assert (await device.ask("hangup")).status == DONE
            await endpoint.asked(2)                     # for the next visitor
        shown = device.log() + device.events_path.read_text()
        assert "eyJ" not in shown, "a token is shown"
        written = [p for p in device.folder.iterdir() if p.is_file() and b"eyJ" in p.read_bytes()]
        assert not written, "a token is on the disk"


PASTED = {
    "a byte order mark": ("\ufeff{", "ws://", "%s"), "line ends": ("{", "ws://", "%s\\r\\n"),
    "quotes and blanks": ("{", "ws://", r' \"%s\" '), "another letter case": ("{", "WS://", "%s")}


@pytest.mark.parametrize("kind", PASTED)
async def test_what_a_template_left_around_an_answer(server, room, make_device, kind):
    """And the address of the endpoint is asked as it stands, its query too, which the journal does not show."""
    begin, scheme, around = PASTED[kind]

    async def answer(request):
        url = around % server.url.replace("ws://", scheme, 1)
        text = '%s"server_url": "%s", "participant_token": "%s"}' % (begin, url, around % token(server, room, "door"))
        return web.Response(body=text.encode(), content_type="application/json")
    async with Endpoint(answer) as endpoint:
        device = asking(make_device, endpoint.url.replace("http", "HTTP") + "?code=S%2Becret==", session_room=room)
        result = await device.ask("call", "--wait", "10")
        await device.until(lambda s: s["room"]["connection"] == "connected", 10, f"connected: {result}")
        assert endpoint.requests[0][0].raw_path == "/token?code=S%2Becret=="
        assert "S%2Becret" not in device.log() + device.events_path.read_text()


async def test_a_warm_token_that_is_refused_is_fetched_anew(server, room, make_device):
    class Retired:
        key, secret = server.key, "x" * 40
    signers = [Retired, server, server]

    async with Endpoint(gives(lambda: token(signers[len(endpoint.requests) - 1], room, "door"), server)) as endpoint:
        device = asking(make_device, endpoint.url)
        await warm(device)
        result = await device.ask("call")
        assert result.status == DONE and len(endpoint.requests) == 2, result
        assert [e for e in device.events("room.failure") if e["code"] == "not-allowed" and e["retriable"]]


async def test_the_endpoint_knows_the_device_by_its_bearer(server, room, make_device, tmp_path):
    secret = tmp_path / "bearer"
    secret.write_text(BEARER + "\n")
    secret.chmod(0o600)

    async def answer(request):
        if request.headers.get("Authorization") != f"Bearer {BEARER}":
            return web.Response(status=401, text="no such door")
        return await gives(lambda: token(server, room, "door"), server)(request)

    async with Endpoint(answer) as endpoint:
        device = asking(make_device, endpoint.url, token_bearer_file=secret)
        assert (await device.ask("call")).status == DONE
        assert BEARER not in device.log()


async def test_the_sandbox(server, room, make_device):
    async with Endpoint(gives(lambda: token(server, room, "door"), server)) as endpoint:
        device = asking(make_device, endpoint.url, token_source="sandbox", token_sandbox_id="door-1a2b")
        assert (await device.ask("call")).status == DONE
        assert endpoint.requests[0][0].headers["X-Sandbox-ID"] == "door-1a2b"


# -- what fails ---------------------------------------------------------------------------------------------------

async def huge(request):
    return web.Response(text='{"server_url":"' + "x" * 1_000_000 + '"}')


async def zipped(request):
    """Though nobody asked for it."""
    return web.Response(body=gzip.compress(b'{"server_url": "ws://h"}'), headers={"Content-Encoding": "gzip"})


REFUSALS = {
    "401": (says(401, "no such door"), "token-endpoint-refused", ["401", "bearer-file", "no such door"]),
    "500 with a page": (says(500, "<html>oops</html>", "text/html"), "token-endpoint-unavailable", ["500"]),
    "404": (says(404), "token-endpoint-not-found", ["404", "[token] endpoint"]),
    **{f"redirect {status}": (says(status, Location="http://127.0.0.1:1/x?code=SECRET"), "token-endpoint-redirected",
                              [str(status), "redirects to http://127.0.0.1:1/x?***"]) for status in (301, 302, 303, 307, 308)},
    "gzip": (zipped, "token-endpoint-answer", ["compressed (gzip)"]),
    "another 4xx": (says(422, "room not allowed"), "token-endpoint-rejected", ["422", "room not allowed"]),
    "garbage": (says(200, "{]\x00\xff"), "token-endpoint-answer", ["not a JSON object"]),
    "no token": (says(200, '{"server_url": "ws://h"}'), "token-endpoint-answer", ["no participant_token"]),
    "no address": (says(200, json.dumps({"token": "eyJhIjoxfQ.eyJzdWIiOiJkIiwidmlkZW8iOnsicm9vbUpvaW4iOnRydWUsInJvb20iO"
                                                  "iJoIn19.c2ln"})), "token-endpoint-answer", ["server_url"]),
    "not a token": (says(200, '{"server_url": "ws://h", "token": "x"}'), "token-endpoint-answer", ["malformed"]),
    "huge": (huge, "token-endpoint-unreachable", ["32768 bytes"]),
}


@pytest.mark.parametrize("kind", REFUSALS)
async def test_an_endpoint_that_fails_is_one_clear_sentence(make_device, kind):
    answer, code, words = REFUSALS[kind]
    async with Endpoint(answer) as endpoint:
        device = asking(make_device, endpoint.url, token_warm="no")
        await fails(device, code, endpoint.url, *words)
        assert len(endpoint.requests) == 1


async def test_an_endpoint_that_is_down(make_device):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    device = asking(make_device, f"http://127.0.0.1:{port}/token", token_warm="no")
    await fails(device, "token-endpoint-unreachable", f"127.0.0.1:{port}", "refuses the connection")


async def test_an_endpoint_that_is_slow(make_device):
    async def slow(request):
        await asyncio.sleep(30)
    async with Endpoint(slow) as endpoint:
        device = asking(make_device, endpoint.url, token_warm="no", token_timeout="2")
        await fails(device, "token-endpoint-timeout", "did not answer within 2 s")


async def test_an_endpoint_that_is_down_ahead_is_said_and_not_hammered(make_device):
    async with Endpoint(says(503)) as endpoint:
        device = asking(make_device, endpoint.url)
        status = await device.until(lambda s: s["room"]["failure"], 10, "told")
        assert status["call"]["state"] == "idle" and status["room"]["failure"]["retriable"] is True
        await asyncio.sleep(4)
        assert len(endpoint.requests) == 1


async def test_always_on_comes_back_when_the_endpoint_does(server, room, make_device):
    state = {"answer": says(500)}

    async def answer(request):
        return await state["answer"](request)

    async with Endpoint(answer) as endpoint:
        device = asking(make_device, endpoint.url, session_mode="always-on")
        status = await device.until(lambda s: s["room"]["failure"], 10, "told")
        assert status["room"]["connection"] == "reconnecting" and status["room"]["failure"]["retriable"] is True
        state["answer"] = gives(lambda: token(server, room, "door"), server)
        await device.connected(30)


# -- a token file that changes --------------------------------------------------------------------------------------

async def test_a_new_token_in_the_file_is_taken(server, room, make_device):
    device = make_device(server, room, token=token(server, room, "door", lifetime_seconds=-7200))
    await device.until(lambda s: s["room"]["failure"] and s["room"]["failure"]["code"] == "not-allowed", 10, "told")
    device.write_token(token(server, room, "door"))
    await device.connected(30)
    assert len(device.events("room.failure")) == 1


# -- signed on the device ---------------------------------------------------------------------------------------------

def secret_file(folder, text, mode=0o600):
    path = folder / "api-secret"
    path.write_text(text + "\n")
    path.chmod(mode)
    return path


async def test_our_signature_is_a_strangers_to_accept(make_device, tmp_path):
    """livekit-api verifies the token that a server is shown."""
    key, secret = "APIdoor", "a-secret-of-thirty-two-characters"
    async with Endpoint(says(401, "seen")) as recorder:
        device = make_device(None, None, token="", session_mode="on-demand", token_source="api-key", token_api_key=key,
                             token_url=f"ws://{recorder.host}", token_api_secret_file=secret_file(tmp_path, secret),
                             session_agent_name="concierge", session_agent_metadata='{"floor":3}')
        await device.ask("call", "--wait", "10")
        shown = recorder.requests[0][0].headers["Authorization"].removeprefix("Bearer ")
        claims = api.TokenVerifier(key, secret).verify(shown)
        assert claims.identity == "door" and claims.name == "door"
        assert claims.video.room_join and claims.video.room.startswith("door-")
        assert claims.video.can_publish_sources == ["microphone"] and not claims.video.room_admin
        agent, = claims.room_config.agents
        assert (agent.agent_name, agent.metadata) == ("concierge", '{"floor":3}')
        with pytest.raises(Exception):
            api.TokenVerifier(key, "another-secret-of-thirty-two-char").verify(shown)
        assert secret not in device.log() and shown not in device.log()


async def test_the_room_server_accepts_our_signature(server, room, make_device, tmp_path):
    device = make_device(server, room, token="", session_mode="on-demand", token_source="api-key",
                         token_api_key=server.key, token_api_secret_file=secret_file(tmp_path, server.secret),
                         session_room=room)
    async with Peer(server, room, "peer") as peer:
        assert (await device.ask("call")).status == DONE
        await wait_for(lambda: "door" in peer.room.remote_participants, 10, "the door is there")


@pytest.mark.parametrize("mode, accepted", [(0o400, True), (0o440, True), (0o444, False)])
async def test_secrets_as_credentials(server, room, make_device, tmp_path, mode, accepted):
    """systemd shows a credential with the group bits of its access list; what all can read is no secret."""
    secret_file(tmp_path, server.secret, mode)
    device = make_device(server, room, token="", session_mode="on-demand", token_source="api-key",
                         token_api_key=server.key, session_room=room,
                         environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    if accepted:
        assert (await device.ask("call")).status == DONE
    else:
        await fails(device, "token-too-open", "api-secret", "chmod 600")


async def test_no_secret_at_all(server, room, make_device, tmp_path):
    device = make_device(server, room, token="", session_mode="on-demand", token_source="api-key",
                         token_api_key=server.key)
    await fails(device, "token-no-secret", "api-secret-file")


# -- a clock that was never set -------------------------------------------------------------------------------------

async def test_a_clock_at_1970_signs_nothing(server, room, make_device, tmp_path, clock):
    clock.never_set()
    device = make_device(server, room, token="", session_mode="on-demand", token_source="api-key",
                         token_api_key=server.key, token_api_secret_file=secret_file(tmp_path, server.secret),
                         session_room=room, environment=clock.environment)
    await fails(device, "clock-not-set", "1970", "set the time")
    clock.set(0)
    assert (await device.ask("call")).status == DONE


async def test_a_clock_at_1970_is_no_reason_not_to_ask(server, room, make_device, clock):
    """Whether a token is good is for the server to say, and its clock is right."""
    clock.never_set()
    async with Endpoint(gives(lambda: token(server, room, "door"), server)) as endpoint:
        device = asking(make_device, endpoint.url, environment=clock.environment)
        assert (await device.ask("call")).status == DONE
