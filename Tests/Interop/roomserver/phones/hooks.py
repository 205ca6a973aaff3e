"""Test hooks of the phones: see README.md for what they take and give."""
import io

from aiohttp import web

from .inbound import Inbound
from .outbound import Outbound

ACTS = ("answer", "hang_up", "refuse", "keys", "play", "silence", "hold")


class PhoneHooks:
    def __init__(self, server):
        self.server, self.exchange = server, server.exchange

    def add_routes(self, application):
        application.router.add_get("/test/phones", self.shown)
        application.router.add_get("/test/phones/heard", self.heard)
        application.router.add_get("/test/phones/heard.wav", self.heard_wav)
        for name in ("call", "act", "reset", "bridge"):
            application.router.add_post(f"/test/phones/{name}", getattr(self, name))
        application.router.add_post("/test/phones", self.set)

    async def set(self, request):
        try:
            self.exchange.set(await request.json())
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return web.json_response({})

    async def shown(self, request):
        """?number=+1555...: every leg since the last reset, the oldest first."""
        number = request.query.get("number")
        return web.json_response({"legs": [leg.described() for leg in self.exchange.legs
                                           if number in (None, leg.number)]})

    def _leg(self, ident):
        leg = self.exchange.leg(ident)
        if leg is None:
            raise web.HTTPNotFound(text="no such leg")
        return leg

    async def heard(self, request):
        """?leg=ID or number&since=seconds after the answer (below 0: before now)&seconds=how many"""
        query = request.query
        seconds = float(query["seconds"]) if "seconds" in query else None
        leg = self._leg(query.get("leg", ""))
        return web.json_response(leg.heard.measure(float(query.get("since", 0)), seconds))

    async def heard_wav(self, request):
        file = io.BytesIO()
        self._leg(request.query.get("leg", "")).heard.write(file)
        return web.Response(body=file.getvalue(), content_type="audio/wav")

    async def call(self, request):
        body = await request.json()
        try:
            leg = self.exchange.ring(body.pop("from"), body.pop("to"), body)
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return web.json_response({"leg": leg.id})

    async def act(self, request):
        """{"leg": id or number, "do": what the person at the phone does now, and its values}"""
        body = await request.json()
        leg, what = self._leg(body.get("leg")), body.get("do")
        if what == "answer":
            leg.answer()
        elif what == "hang_up":
            leg.hang_up()
        elif what == "refuse":
            leg.refuse(body.get("status"), body.get("reason"))
        elif what == "keys":
            leg.type(body["keys"], float(body.get("every", 0.1)))
        elif what == "play":
            leg.plays(body)
        elif what == "silence":
            leg.stop_sending()
        elif what == "hold":
            leg.note("re-INVITE")               # which the bridge answers, and forgets
        else:
            raise web.HTTPBadRequest(text=f"a person can {', '.join(ACTS)}")
        return web.json_response({})

    async def reset(self, _):
        """Every call ends; scripts, legs, trunks, rules and what was set of the vendors are as in the beginning."""
        self.exchange.reset()
        self.server.dispatches.workers = {}
        return web.json_response({})

    async def bridge(self, request):
        """{"end_call_answers": whether EndCall's answer comes before the participant leaves an outbound call},
        {"removal_seconds": how long the removal of somebody who has just gone is held},
        {"connecting_seconds": how long a caller's removal is not heard at once}, or {"stop": true}: every call of it ends in order, or {"kill": seconds until the server misses it}"""
        body = await request.json()
        calls = [leg.call for leg in self.exchange.legs if isinstance(leg.call, (Inbound, Outbound))]
        if "end_call_answers" in body:
            self.exchange.end_call_answers = bool(body["end_call_answers"])
        for name in ("removal_seconds", "connecting_seconds"):
            if name in body:
                setattr(self.exchange, name, float(body[name]))
        for call in calls:
            if body.get("stop"):
                call.bridge_stopped()
            elif "kill" in body:
                call.bridge_killed(float(body["kill"]))
        return web.json_response({})
