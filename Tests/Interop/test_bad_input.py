"""Wrong URLs, tokens and servers: one clear sentence in status, event and log, and the right exit status."""
import asyncio
import contextlib
import datetime
import http.server
import socket
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import jwt
from livekit.protocol import rtc
import pytest

from device import FAILED
from rawclient import RawClient


# -- what every failure must show ------------------------------------------------------------------------------

async def fails(device, *arguments, code, words, retriable, wait="4"):
    """Joins, and asserts how it fails: exit status, words, status, event and log agree. -> the failure"""
    result = await device.ask("join", "--wait", wait, *arguments)
    assert result.status == FAILED, result
    for word in words:
        assert word in result.error + result.output, (word, result)
    status = await device.status()
    failure = status["room"]["failure"]
    assert failure and failure["code"].startswith(code), failure
    assert failure["retriable"] is retriable, failure
    assert failure["message"] and "\n" not in failure["message"]
    for word in words:
        assert word in failure["message"], (word, failure)
    await asyncio.sleep(0.2)
    events = [e for e in device.events("room.failure") if e["code"] == failure["code"]]
    assert events and events[-1]["message"] == failure["message"]
    assert failure["message"] in device.log()
    assert (status["call"]["state"] == "failed") == (not retriable), status["call"]
    assert len(events) <= (10 if retriable else 1), "it hammers the server"
    if device.token.count(".") == 2 and len(device.token) > 100:
        for text in (device.log(), result.output, result.error, str(status), device.events_path.read_text()):
            assert device.token not in text and device.token.split(".")[2] not in text, "the token is shown"
    await device.ask("leave")
    return failure


def idle(make_device, server, room, **options):
    return make_device(server, room, session_mode="on-demand", **options)


def signed(server, room, secret=None, key=None, **changes):
    payload = {"iss": key or server.key, "sub": "door", "exp": int(time.time()) + 600,
               "video": {"roomJoin": True, "room": room}}
    payload.update(changes)
    return jwt.encode({k: v for k, v in payload.items() if v is not None}, secret or server.secret, algorithm="HS256")


# -- addresses -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("url", ["ftp://example.org", "not a url", "ws://", "ws://host:99999", "ws://user@host/"])
async def test_wrong_url(server, room, make_device, url):
    device = idle(make_device, server, room)
    result = await device.ask("join", "--url", url, "--wait", "4")
    assert result.status in (1, 2) and result.error.strip(), result
    assert (await device.status())["room"]["connection"] == "disconnected"


async def test_unknown_host(server, room, make_device):
    device = idle(make_device, server, room)
    await fails(device, "--url", "wss://no-such-host.invalid", code="unknown-host", words=["no-such-host.invalid"],
                retriable=True)


async def test_connection_refused(server, room, make_device):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    device = idle(make_device, server, room)
    await fails(device, "--url", f"ws://127.0.0.1:{port}", code="connection-refused", words=["127.0.0.1"],
                retriable=True)


async def test_no_answer(server, room, make_device):
    """A port that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        device = idle(make_device, server, room, session_connect_timeout="3")
        await fails(device, "--url", f"ws://127.0.0.1:{silent.getsockname()[1]}", code="", words=["127.0.0.1"],
                    retriable=True, wait="8")


class WebPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<html>Welcome to the router</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web_page():
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WebPage)
    thread = threading.Thread(target=page.serve_forever, daemon=True)
    thread.start()
    yield page.server_address[1]
    page.shutdown()
    page.server_close()


async def test_no_livekit_server(server, room, make_device):
    with web_page() as port:
        device = idle(make_device, server, room)
        result = await device.ask("join", "--url", f"ws://127.0.0.1:{port}", "--wait", "4")
        assert result.status == FAILED
        failure = (await device.status())["room"]["failure"]
        # Without TLS nobody can tell a portal from a web server that is none of LiveKit's.
        assert failure["code"] == "captive-portal" and "another web server" in failure["message"], failure


async def test_a_server_that_speaks_rubbish(server, room, make_device):
    async def rubbish(reader, writer):
        await reader.read(100)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(rubbish, "127.0.0.1", 0)
    device = idle(make_device, server, room)
    result = await device.ask("join", "--url", f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}", "--wait", "4")
    assert result.status == FAILED and result.error.strip()
    assert (await device.status())["room"]["failure"]["message"]
    listener.close()


# -- TLS -------------------------------------------------------------------------------------------------------

def certificate(folder, name, issuer=None, host="localhost", days=(-1, 30)):
    """Writes NAME.pem and NAME.key; without an issuer it signs itself. -> (certificate, key, paths)"""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    authority = issuer is None and host is None
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0].subject if issuer else subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now + datetime.timedelta(days=days[0]))
               .not_valid_after(now + datetime.timedelta(days=days[1]))
               .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    made = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return made, key, paths


TLS_FAILURES = {
    "unknown authority": (dict(host="localhost"), False),
    "another host": (dict(host="elsewhere.example"), True),
    "expired": (dict(host="localhost", days=(-30, -2)), True),
    "not yet valid": (dict(host="localhost", days=(2, 30)), True),
}


@pytest.mark.parametrize("kind", TLS_FAILURES)
async def test_tls_failures(own_server, room, make_device, tmp_path, kind):
    options, trusted = TLS_FAILURES[kind]
    authority = certificate(tmp_path, "authority", host=None)
    made = certificate(tmp_path, "server", issuer=authority, **options)
    server = own_server(tls=made[2])
    url = server.url.replace("127.0.0.1", "localhost")
    device = idle(make_device, server, room, url=url, server_ca_file=authority[2][0] if trusted else None)
    failure = await fails(device, code="tls", words=["localhost", "certificate"], retriable=True)
    expected = {"another host": "not for localhost", "expired": "expired", "not yet valid": "valid only from",
                "unknown authority": "authority"}[kind]
    assert expected in failure["message"], failure


async def test_tls_on_a_plain_port(server, room, make_device):
    server.require_hooks()
    device = idle(make_device, server, room)
    await fails(device, "--url", server.url.replace("ws:", "wss:"), code="tls", words=["127.0.0.1"], retriable=True)


async def test_tls_with_the_configured_authority(own_server, room, make_device, tmp_path):
    authority = certificate(tmp_path, "authority", host=None)
    made = certificate(tmp_path, "server", issuer=authority)
    server = own_server(tls=made[2])
    device = idle(make_device, server, room, url=server.url.replace("127.0.0.1", "localhost"),
                  server_ca_file=authority[2][0])
    result = await device.ask("join")
    assert result.status == 0, result


# -- a room that is large --------------------------------------------------------------------------------------

@pytest.mark.parametrize("count", [3, 17])
async def test_metadata_of_the_size_that_the_server_allows(server, room, make_device, count):
    """512 KiB for each of them are no other server; what is more than a device can hold is called so."""
    server.require_hooks()
    async with contextlib.AsyncExitStack() as stack:
        for number in range(count):
            client = await stack.enter_async_context(
                RawClient(server, room, f"p{number}", can_update_own_metadata=True))
            await client.send(update_metadata=rtc.UpdateParticipantMetadata(metadata="m" * (512 << 10), request_id=1))
        await asyncio.sleep(1)
        device = idle(make_device, server, room)
        result = await device.ask("join", "--wait", "10")
        if count > 3:
            assert result.status == FAILED and "metadata" in result.error and "no LiveKit" not in result.error, result
            return
        assert result.status == 0, result
        await device.until(lambda s: len(s["participants"]) == count, 6, "in sight of all")


# -- tokens ----------------------------------------------------------------------------------------------------

async def test_the_server_judges_an_expired_token(server, room, make_device):
    device = idle(make_device, server, room, token=signed(server, room, exp=int(time.time()) - 7200))
    await fails(device, code="not-allowed", words=["401", "expired"], retriable=False)
    if server.hooks:
        assert room not in (await server.state())["rooms"]


async def test_token_of_the_future(server, room, make_device):
    device = idle(make_device, server, room, token=signed(server, room, nbf=int(time.time()) + 7200))
    await fails(device, code="not-allowed", words=["401"], retriable=False)


async def test_a_token_that_never_expires_is_a_token(server, room, make_device):
    """The largest number that fits is what people write for "never"; the server takes it."""
    device = idle(make_device, server, room, token=signed(server, room, exp=2**63 - 1, nbf=-2**63))
    result = await device.ask("join", "--wait", "5")
    assert device.process.poll() is None, device.log()
    assert result.status == 0 or "401" in result.error, result


@pytest.mark.parametrize("text, code", [
    ("rubbish", "malformed-token"), ("a.b.c", "malformed-token"), ("eyJhbGciOiJIUzI1NiJ9.e30", "malformed-token"),
    ("x" * 3000, "malformed-token"), ("eyJ\x7f.e30.x", "token-not-one")])
async def test_malformed_token(server, room, make_device, text, code):
    device = idle(make_device, server, room, token=text)
    await fails(device, code=code, words=["token"], retriable=False)


async def test_no_token_file_and_one_that_others_can_read(server, room, make_device):
    device = idle(make_device, server, room)
    (device.folder / "token.jwt").chmod(0o644)
    await fails(device, code="token-too-open", words=["token.jwt", "chmod 600"], retriable=False)
    (device.folder / "token.jwt").unlink()
    await fails(device, code="token-unreadable", words=["token.jwt"], retriable=False)


@pytest.mark.parametrize("case", ["wrong secret", "unknown key", "no grant", "join not granted"])
async def test_refused_token(server, room, make_device, case):
    changes, words = {"wrong secret": (dict(secret="x" * 40), "signature is invalid"),
                      "unknown key": (dict(key="nokey"), "invalid API key"),
                      "no grant": (dict(video=None), "no permissions to access the room"),
                      "join not granted": (dict(video={"room": room}), "permissions denied")}[case]
    device = idle(make_device, server, room, token=signed(server, room, **changes))
    result = await device.ask("join", "--wait", "4")
    assert result.status == FAILED, result
    failure = (await device.status())["room"]["failure"]
    if failure["code"] != "malformed-token":            # a token without grant may be refused before dialling
        assert failure["code"] == "not-allowed" and "401" in failure["message"] and words in failure["message"]
    assert failure["retriable"] is False
    assert device.token not in device.log() + result.error + str(failure)
    assert device.token.split(".")[2] not in device.log() + result.error + str(failure)


ANSWERS = {403: ("not-allowed", "this door is not welcome", False),
           404: ("room-does-not-exist", "requested room does not exist", None),
           503: ("server-unavailable", "no nodes available", True),
           500: ("server-unavailable", "timed out waiting for signal response", True)}


@pytest.mark.parametrize("status", ANSWERS)
async def test_http_refusals(own_server, room, make_device, status):
    server = own_server()
    code, words, retriable = ANSWERS[status]
    await server.hook("fail-joins", status=status, body=words)
    device = idle(make_device, server, room)
    result = await device.ask("join", "--wait", "4")
    assert result.status == FAILED and words in result.error, result
    failure = (await device.status())["room"]["failure"]
    assert failure["code"] == code and words in failure["message"] and str(status) in failure["message"], failure
    if retriable is not None:
        assert failure["retriable"] is retriable
    if retriable:
        await server.hook("fail-joins")                 # the server recovers, and so does the device
        await device.connected(20)
    else:
        before = (await server.hook("fail-joins", status=status, body=words))["refused"]
        await asyncio.sleep(3)
        after = (await server.hook("fail-joins", status=status, body=words))["refused"]
        assert retriable is None or after == before
