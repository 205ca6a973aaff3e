"""Test hooks of the server API: what was asked, what is answered instead, what this server lacks."""
import asyncio
import copy

from aiohttp import web

LACKS = ("bridge", "redis", "connectors", "v1")


class Instead:
    """An answer that no method gave: any bytes under any status, padded, late, broken off, or none at all."""

    def __init__(self, status=200, body="", content_type="application/json", pad_to=0, after=0, cut=False, hang=False,
                 method=None, times=1):
        self.status, self.content_type, self.after = int(status), content_type, float(after)
        self.body = body.encode().ljust(int(pad_to), b" ")
        self.cut, self.hang, self.method, self.times = bool(cut), bool(hang), method, int(times)

    async def answer(self, request, record):
        record.update(status=self.status, instead=True)
        await asyncio.sleep(3600 if self.hang else self.after)
        response = web.StreamResponse(status=self.status, headers={"Content-Type": self.content_type})
        # Half an answer: the length promises twice as much, then the connection ends.
        response.content_length = len(self.body) * (2 if self.cut else 1)
        await response.prepare(request)
        await response.write(self.body)
        if self.cut:
            request.transport.close()
        return response


class ApiHooks:
    def __init__(self, server):
        self.server, self.twirp = server, server.twirp

    def add_routes(self, application):
        application.router.add_get("/test/api-calls", self.calls)
        for name in ("api-calls", "api-answers", "api", "workers"):
            application.router.add_post(f"/test/{name}", getattr(self, name.replace("-", "_")))

    async def calls(self, request):
        """?method=CreateSIPParticipant&service=livekit.SIP: the calls so far, the oldest first."""
        wanted = {k: v for k, v in request.query.items() if k in ("service", "method")}
        return web.json_response({"calls": [c for c in copy.copy(self.twirp.calls)
                                            if all(c[k] == v for k, v in wanted.items())]})

    async def api_calls(self, _):
        """Forgets the calls so far."""
        self.twirp.calls.clear()
        return web.json_response({})

    async def api_answers(self, request):
        """{"answers": [{"status", "body", "content_type", "pad_to", "after", "cut", "hang", "method", "times"}]}:
        what the next calls (of one method) are answered; an empty list ends it."""
        try:
            self.twirp.answers = [Instead(**values) for values in (await request.json())["answers"]]
        except (TypeError, ValueError, KeyError) as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return web.json_response({})

    async def api(self, request):
        """{"without": some of "bridge", "redis", "connectors", "unavailable_after": seconds}"""
        body, settings = await request.json(), self.server.settings
        if not set(body.get("without", ())) <= set(LACKS):
            raise web.HTTPBadRequest(text="no such part")
        settings.without = tuple(body.get("without", settings.without))
        settings.unavailable_after = float(body.get("unavailable_after", settings.unavailable_after))
        return web.json_response({"without": settings.without, "unavailable_after": settings.unavailable_after})

    async def workers(self, request):
        """{agent name: {"after", "identity", "attributes", "takes", "publishes"}}: who takes dispatches of that name;
        without it a dispatch stays without a job."""
        self.server.dispatches.workers = await request.json()
        return web.json_response({})
