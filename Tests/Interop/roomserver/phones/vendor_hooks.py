"""Test hooks of the stand-ins of Meta and Twilio."""
import asyncio

from aiohttp import web

from .twilio_rest import TwilioRest


class VendorHooks:
    def __init__(self, server):
        self.meta, self.twilio = server.exchange.meta, server.exchange.twilio

    def add_routes(self, application):
        router = application.router
        TwilioRest(self.twilio).add_routes(application)
        router.add_post("/meta/{version}/{number}/calls", self.meta.graph)
        router.add_get("/test/meta", self.meta_shown)
        router.add_get("/test/twilio", self.twilio_shown)
        router.add_post("/test/meta", self._settings(self.meta))
        router.add_post("/test/twilio", self._settings(self.twilio))
        for name in ("meta-call", "meta-verify", "meta-post", "twilio-call", "twilio-post"):
            router.add_post("/test/" + name.replace("-", "/"), getattr(self, name.replace("-", "_")))

    @staticmethod
    def _settings(vendor):
        """Everything is as in the beginning, but for what the body names: see SETTINGS."""
        async def handle(request):
            body = await request.json()
            if not set(body) <= set(vendor.SETTINGS):
                raise web.HTTPBadRequest(text=f"it has {', '.join(vendor.SETTINGS)}")
            vendor.reset()
            for name, value in body.items():
                setattr(vendor, name, value)
            return web.json_response({name: getattr(vendor, name) for name in vendor.SETTINGS})
        return handle

    async def meta_shown(self, _):
        return web.json_response({
            "deliveries": self.meta.deliveries,
            "calls": [{"id": c.id, "outgoing": c.outgoing, "room": c.room_name, "sdp": c.sdp, "given": c.given,
                       "leg": c.phone.id, "state": c.phone.state} for c in self.meta.calls.values()]})

    async def meta_call(self, request):
        """{"from": number, and the script of its phone}: a person calls the business on WhatsApp"""
        body = await request.json()
        call = self.meta.ring(body.pop("from"), body)
        return web.json_response({"leg": call.phone.id, "call_id": call.id, "sdp": call.sdp})

    async def meta_verify(self, request):
        """{"token": another than the right one}: -> {"status", "answer", "accepted"}"""
        return web.json_response(await self.meta.verify((await request.json()).get("token")))

    async def meta_post(self, request):
        """{"body": text, "signature": another than the right one ("" for none), "times", "together", "url"}"""
        body = await request.json()
        posts = [self.meta.post(body["body"].encode(), signature=body.get("signature"), url=body.get("url"))
                 for _ in range(int(body.get("times", 1)))]
        return web.json_response({"deliveries": await _all(posts, body.get("together"))})

    async def twilio_shown(self, _):
        return web.json_response({"calls": [call.described() for call in self.twilio.calls.values()],
                                  "requests": self.twilio.requests, "webhooks": self.twilio.webhooks})

    async def twilio_call(self, request):
        """{"from", "to", and the script of the caller}: a call comes in at the voice_url"""
        body = await request.json()
        call = self.twilio.ring(body.pop("from"), body.pop("to"), body)
        return web.json_response({"leg": call.phone.id, "sid": call.sid})

    async def twilio_post(self, request):
        """{"url", "fields", "signature": another than the right one ("" for none), "times", "together"}"""
        body = await request.json()
        posts = [self.twilio.ask(body.get("url") or self.twilio.voice_url, body["fields"],
                                 signature=body.get("signature")) for _ in range(int(body.get("times", 1)))]
        return web.json_response({"answers": await _all(posts, body.get("together"))})


async def _all(posts, together):
    return await asyncio.gather(*posts) if together else [await post for post in posts]
