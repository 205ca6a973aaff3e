"""A web server of a test's own: one function answers everything, and everything is noted."""
from aiohttp import web


class WebServer:
    """`answer(request, body)` -> a response; without one everything is 200. `async with WebServer(answer) as at: at.url`"""

    def __init__(self, answer=None):
        self.answer, self.requests = answer, []         # (method, path with query, headers, body)

    async def __aenter__(self):
        application = web.Application(client_max_size=64 << 20)
        application.router.add_route("*", "/{path:.*}", self._take)
        self.runner = web.AppRunner(application, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def _take(self, request):
        body = await request.read()
        self.requests.append((request.method, request.path_qs, request.headers, body))
        answer = self.answer(request, body) if self.answer else None
        if hasattr(answer, "__await__"):
            answer = await answer
        return answer or web.Response()
