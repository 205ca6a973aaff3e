"""Token endpoints that answer as a test wants it, and devices that ask them."""
import json

from aiohttp import web

from peers import wait_for


class Endpoint:
    """A token endpoint; `answer` is a coroutine function from the request to the response."""

    def __init__(self, answer, port=0):
        self.answer, self.requests, self.port = answer, [], port

    async def __aenter__(self):
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self.runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.host = "127.0.0.1:%d" % site._server.sockets[0].getsockname()[1]
        self.url = f"http://{self.host}/token"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def _handle(self, request):
        body = await request.text()
        self.requests.append((request, json.loads(body) if body else None))
        return await self.answer(request)

    async def asked(self, times, seconds=20):
        await wait_for(lambda: len(self.requests) >= times, seconds, f"asked {times} times")


def gives(make_token, server, status=201, url="server_url", name="participant_token"):
    """An endpoint after the convention, or with other spellings."""
    async def answer(request):
        return web.json_response({url: server.url, name: make_token(), "more": [1, {}]}, status=status)
    return answer


def says(status, text="", content="application/json", **headers):
    async def answer(request):
        return web.Response(status=status, text=text, content_type=content, headers=headers)
    return answer


def asking(make_device, endpoint, **options):
    """A device that has neither a token nor a room server's address of its own."""
    options = {"session_mode": "on-demand", "token_source": "endpoint", "token_endpoint": endpoint,
               "token_url": None, "token_file": None, **options}
    return make_device(None, None, token="", **options)
