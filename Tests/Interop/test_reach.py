"""Getting there: through an HTTP proxy, without a name server, past captive portals, and with secrets that stay secret."""
import asyncio
import base64
import time

from aiohttp import web
import pytest

from device import DONE, FAILED
from endpoints import Endpoint, asking, gives
from nameserver import names  # noqa: F401
from peers import Peer
from proxies import PASSWORD, proxy  # noqa: F401
from sound import PEER_HZ, both_ways, hum
from test_bad_input import fails, idle
from test_doctor import examine
from webserver import WebServer

BASIC = base64.b64encode(f"door:{PASSWORD}".encode()).decode()


async def told_nothing(device, *results):
    """The proxy's password is in nothing that anybody sees."""
    shown = [device.log(), str(await device.status()), (await device.ask("config", "show")).output,
             device.events_path.read_text(), *map(str, results)]
    for text in shown:
        assert PASSWORD not in text and BASIC not in text


def named(server, host="rooms.lan"):
    return server.url.replace("127.0.0.1", host)


# -- through a proxy -----------------------------------------------------------------------------------------------

async def test_speech_through_a_proxy_that_knows_the_name(server, room, make_device, proxy, names):
    # The name is the proxy's to look up: the device's own name server does not know it.
    here = proxy(environment=names.environment)
    names.set(rooms__lan="127.0.0.1")
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        device = make_device(server, room, microphone=hum(), url=named(server), **here.options)
        await device.hears("peer")
        await both_ways(device, peer, 2)
        assert f"CONNECT {named(server).removeprefix('ws://')} HTTP/1.1" in here.log()
        await told_nothing(device)


async def test_endpoint_and_room_through_a_proxy(server, room, make_device, proxy):
    from peers import token
    here = proxy()
    async with Endpoint(gives(lambda: token(server, room, "door"), server)) as endpoint:
        device = asking(make_device, endpoint.url, **here.options)
        assert (await device.ask("join", "--wait", "10")).status == DONE
        assert f"CONNECT {endpoint.host} HTTP/1.1" in here.log()
        assert f"CONNECT {server.url.removeprefix('ws://')} HTTP/1.1" in here.log()


@pytest.mark.parametrize("kind, words", [
    ("password", ["refuses the user or the password", "(HTTP 401)"]),
    ("port", ["does not allow a connection to 127.0.0.1:", "(HTTP 403)"]),
    ("nobody", ["does not connect to 127.0.0.1:9", "(HTTP 500)"]),
    ("page", ["is no HTTP proxy"]),
    ("silent", ["did not answer in time"]),
    ("gone", ["refused the connection"]),
])
async def test_what_a_proxy_says_instead(server, room, make_device, proxy, tmp_path, kind, words):
    here = proxy(*(["ConnectPort 1"] if kind == "port" else []))
    options = dict(here.options)
    if kind == "password":
        (tmp_path / "wrong").write_text("not-this-one")
        (tmp_path / "wrong").chmod(0o600)
        options["network_proxy_password_file"] = tmp_path / "wrong"
    other = None
    if kind in ("page", "silent"):
        async def talk(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"<html>welcome" if kind == "page" else b"")
            await asyncio.sleep(30)
        other = await asyncio.start_server(talk, "127.0.0.1", 0)
        options["network_proxy"] = f"http://door@127.0.0.1:{other.sockets[0].getsockname()[1]}"
    if kind == "gone":
        here.stop()
    url = "ws://127.0.0.1:9" if kind == "nobody" else server.url
    device = idle(make_device, server, room, url=url, session_connect_timeout=2, **options)
    code = {"silent": "timed-out", "gone": "connection-refused"}.get(kind, "proxy")
    failure = await fails(device, code=code, words=words, retriable=True)
    await told_nothing(device, failure)
    if code == "proxy":
        rows = await examine(device)
        assert rows["server"]["verdict"] == "fail" and words[0] in rows["server"]["finding"], rows
        assert "[network] proxy" in rows["server"]["advice"] and "dns" not in rows
    if other:
        other.close()


# -- without a name server -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("what, most", [("silent", 4.0), ("unknown", 2.0)])
async def test_a_dead_name_server_and_a_name_that_is_known(server, room, make_device, names, what, most):
    names.set(rooms__lan="127.0.0.1")
    device = idle(make_device, server, room, url=named(server), environment=names.environment)
    assert (await device.ask("join", "--wait", "10")).status == DONE
    await device.ask("leave")
    names.set(rooms__lan=what)
    for _ in range(2):
        begin = time.monotonic()
        assert (await device.ask("join", "--wait", "10")).status == DONE
        assert time.monotonic() - begin < most
        await device.ask("leave")


async def test_a_name_that_was_never_known(server, room, make_device, names):
    names.set(rooms__lan="unknown")
    device = idle(make_device, server, room, url=named(server), environment=names.environment)
    await fails(device, code="unknown-host", words=["rooms.lan"], retriable=True)
    names.set(rooms__lan="silent")
    begin = time.monotonic()
    device.stop()
    assert time.monotonic() - begin < 5


async def test_a_public_name_that_is_this_machine(server, room, make_device, names):
    names.set(rooms__example__org="127.0.0.1")
    url = named(server, "rooms.example.org").replace("ws:", "wss:")
    device = idle(make_device, server, room, url=url, environment=names.environment, network_include_loopback="no")
    await fails(device, code="unknown-host", words=["rooms.example.org is this machine", "include-loopback"],
                retriable=True)


# -- somebody else answers -----------------------------------------------------------------------------------------

def page(request, _):
    return web.Response(text="<!DOCTYPE html><title>Hotel</title>", content_type="text/html")


def login(request, _):
    raise web.HTTPFound("http://login.hotel.example/?secret=1")


def network(request, _):
    return web.Response(status=511, text="<html>sign in", content_type="text/html")


@pytest.mark.parametrize("answer, words", [
    (page, "it sent a web page (HTTP 200)"), (login, "it redirects to login.hotel.example:80 (HTTP 302)"),
    (network, "the network wants somebody to sign in (HTTP 511)"),
], ids=["page", "redirect", "511"])
async def test_a_captive_portal_is_named(server, room, make_device, answer, words):
    async with WebServer(answer) as portal:
        device = idle(make_device, server, room, url=portal.url.replace("http", "ws"))
        said = "a captive portal, a proxy or another web server answered instead of 127.0.0.1:"
        await fails(device, code="captive-portal", words=[said, words], retriable=True)
        rows = await examine(device)
        assert rows["server"]["verdict"] == "fail" and said in rows["server"]["finding"], rows
        assert "browser" in rows["server"]["advice"]
        # Its clock is not the room server's.
        assert "server" not in rows["clock"]["finding"]


async def test_a_portal_before_the_token_endpoint(server, make_device):
    async with WebServer(page) as portal:
        device = asking(make_device, portal.url + "/token")
        result = await device.ask("join", "--wait", "10")
        assert result.status == FAILED
        assert "a captive portal, a proxy or another web server answered instead of 127.0.0.1:" in result.error + result.output


# -- secrets in the clear ------------------------------------------------------------------------------------------

async def test_a_token_goes_in_the_clear_to_private_hosts_alone(server, room, make_device, names):
    names.set(rooms__example__org="127.0.0.1", rooms__lan="192.0.2.1")
    device = idle(make_device, server, room, environment=names.environment)
    await fails(device, "--url", named(server, "rooms.example.org"), code="bad-url",
                words=["in the clear", "[network] require-tls = no"], retriable=False)
    # What a private name is said to mean is looked at, too.
    private = idle(make_device, server, room, environment=names.environment)
    await fails(private, "--url", named(server), code="bad-url", words=["rooms.lan in the clear"], retriable=False)
    told = idle(make_device, server, room, environment=names.environment, network_require_tls="no")
    assert (await told.ask("join", "--wait", "10", "--url", named(server, "rooms.example.org"))).status == DONE
