"""A WebSocket and HTTP server that is not ours, for the Reactor's tests: aiohttp 3.14.5, with TLS.

It makes its certificates with the openssl command in a folder given as the only argument, prints one line of JSON
that names its ports, and ends when its standard input ends.
"""

import asyncio
import json
import os
import shutil
import socket as socket_module
import ssl
import struct
import subprocess
import sys

from aiohttp import WSMsgType, web

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJwZWVyIn0.c2lnbmF0dXJl"


def authorized(request):
    return request.headers.get("Authorization") == f"Bearer {TOKEN}"


def refuse(request):
    """The words of a LiveKit server, which repeats the whole token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return web.Response(status=401, text=f"invalid token: {given}, error: token is expired")


async def websocket(request):
    if not authorized(request):
        return refuse(request)
    mode = request.query.get("mode", "echo")
    socket = web.WebSocketResponse(autoping=mode != "ping", max_msg_size=8 << 20, timeout=2)
    await socket.prepare(request)
    if mode == "fragments":
        # aiohttp does not fragment, so the frames are written below it: 64 pieces, a ping between each two.
        size = int(request.query["bytes"])
        piece = size // 64
        for index in range(64):
            first = (2 if index == 0 else 0) | (0x80 if index == 63 else 0)
            request.transport.write(bytes([first, 127]) + piece.to_bytes(8, "big") + bytes([index]) * piece)
            request.transport.write(b"\x89\x01p")
    elif mode == "size":
        await socket.send_bytes(b"x" * int(request.query["bytes"]))
    elif mode == "text":
        await socket.send_str("grüß dich")
    elif mode == "close":
        await socket.close(code=int(request.query["code"]), message=request.query.get("reason", "").encode())
        return socket
    elif mode == "drop":
        request.transport.close()
        return socket
    elif mode == "vanish":
        # With a reset, as a crashed or restarted machine answers.
        raw = request.transport.get_extra_info("socket")
        raw.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
        return socket
    elif mode == "ping":
        await socket.ping(b"are you there")
        message = await socket.receive()
        right = message.type == WSMsgType.PONG and message.data == b"are you there"
        await socket.send_bytes(b"pong came" if right else b"no pong")
    elif mode == "deaf":
        # Never reads again, so that a close is not answered.
        request.transport.pause_reading()
        await asyncio.sleep(30)
    async for message in socket:
        if message.type == WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.type == WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def status(request):
    return web.Response(status=int(request.match_info["status"]), text=f"words for {request.match_info['status']}")


async def validate(request):
    return web.Response(text="success") if authorized(request) else refuse(request)


async def echo(request):
    headers = {"X-Method": request.method, "X-Kind": request.headers.get("X-Kind", "")}
    return web.Response(body=await request.read(), headers=headers)


async def chunks(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(int(request.query["count"])):
        await response.write(b"0123456789" * 100)
    return response


async def slow(request):
    await asyncio.sleep(30)
    return web.Response(text="late")


async def page(request):
    return web.Response(text="<!DOCTYPE html><title>Welcome</title>", content_type="text/html",
                        status=int(request.query.get("status", "200")))


async def portal(request):
    return web.HTTPFound("http://login.portal.example/welcome?secret=1")


async def moved(request):
    return web.HTTPFound("/elsewhere?secret=1")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for name in ("trusted", "unknown"):
        openssl(folder, "req", "-x509", *curve, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30",
                "-subj", f"/O=Lintel tests/CN={name} authority")

    def issue(name, authority, host, days):
        with open(os.path.join(folder, f"{name}.ext"), "w") as file:
            file.write(f"subjectAltName={host}")
        openssl(folder, "req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
                f"{authority}.key", "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext",
                "-out", f"{name}.crt")

    issue("good", "trusted", "DNS:localhost,IP:127.0.0.1", "10")
    # A company's own: its root issues an authority, which issues the server's certificate.
    openssl(folder, "req", *curve, "-keyout", "issuing.key", "-out", "issuing.csr", "-subj",
            "/O=Lintel tests/CN=issuing authority")
    with open(os.path.join(folder, "issuing.ext"), "w") as file:
        file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
    openssl(folder, "x509", "-req", "-in", "issuing.csr", "-CA", "trusted.pem", "-CAkey", "trusted.key",
            "-CAcreateserial", "-days", "20", "-extfile", "issuing.ext", "-out", "issuing.pem")
    issue("alone", "issuing", "DNS:localhost", "10")
    shutil.copy(os.path.join(folder, "alone.key"), os.path.join(folder, "chain.key"))
    with open(os.path.join(folder, "chain.crt"), "wb") as chain:
        for part in ("alone.crt", "issuing.pem"):
            with open(os.path.join(folder, part), "rb") as source:
                chain.write(source.read())
    issue("other-host", "trusted", "DNS:door.example,DNS:*.gate.example", "10")
    issue("partial", "trusted", "DNS:loc*.localhost", "10")
    # A name that only the subject has.
    openssl(folder, "req", *curve, "-keyout", "localhost.key", "-out", "localhost.csr", "-subj", "/CN=localhost")
    openssl(folder, "x509", "-req", "-in", "localhost.csr", "-CA", "trusted.pem", "-CAkey", "trusted.key",
            "-CAcreateserial", "-days", "10", "-out", "localhost.crt")
    issue("expired", "trusted", "DNS:localhost", "-1")
    issue("stranger", "unknown", "DNS:localhost", "10")
    openssl(folder, "req", "-x509", *curve, "-keyout", "self.key", "-out", "self.crt", "-days", "3",
            "-subj", "/CN=self", "-addext", "subjectAltName=DNS:localhost")


async def main():
    folder = sys.argv[1]
    make_certificates(folder)
    app = web.Application(client_max_size=4 << 20)
    app.router.add_get("/rtc", websocket)
    app.router.add_get("/rtc/validate", validate)
    app.router.add_get("/status/{status}", status)
    app.router.add_get("/slow", slow)
    app.router.add_get("/moved", moved)
    app.router.add_get("/portal", portal)
    app.router.add_get("/page", page)
    app.router.add_get("/chunks", chunks)
    app.router.add_route("*", "/echo", echo)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()

    async def listen(certificate=None, newest=ssl.TLSVersion.TLSv1_3):
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.maximum_version = newest
            context.load_cert_chain(os.path.join(folder, f"{certificate}.crt"), os.path.join(folder, f"{certificate}.key"))
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        return site._server.sockets[0].getsockname()[1]

    ports = {"plain": await listen()}
    for name in ("good", "other-host", "expired", "stranger", "self", "alone", "chain", "partial", "localhost"):
        ports[name] = await listen(name)
    ports["older"] = await listen("good", ssl.TLSVersion.TLSv1_2)
    print(json.dumps({"ports": ports, "token": TOKEN, "caFile": os.path.join(folder, "trusted.pem")}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


asyncio.run(main())
