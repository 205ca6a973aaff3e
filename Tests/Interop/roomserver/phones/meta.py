"""A stand-in of Meta: its Graph API for calls, and the webhooks that tell of them, signed as Meta signs."""
import asyncio
import hashlib
import hmac
import json
import secrets
import time

import aiohttp
from aiohttp import web

from ..settings import new_sid
from .phone import script
from .whatsapp import WhatsAppCall

NO_PERMISSION, BAD_TOKEN, BAD_PARAMETER = 138006, 190, 100
TIMEOUT_SECONDS = 10


class GraphError(Exception):
    def __init__(self, code, text, status=400):
        super().__init__(text)
        self.code, self.status = code, status


class Meta:
    """What can be set by the hook: the attributes of SETTINGS."""
    SETTINGS = ("api_key", "app_secret", "verify_token", "webhook_url", "phone_number_id", "display_phone_number",
                "account_id", "no_permission", "early_sdp", "statuses")

    def __init__(self, exchange):
        self.exchange = exchange
        self.reset()

    def reset(self):
        self.api_key, self.app_secret, self.verify_token = "META_TOKEN", "meta-app-secret", "meta-verify-token"
        self.webhook_url, self.phone_number_id = None, "436666719526789"
        self.display_phone_number, self.account_id = "13175551399", "366634483210360"
        self.no_permission = []             # numbers that did not allow us to call them
        self.early_sdp = False              # the SDP answer comes when it rings, not when it is answered
        self.statuses = True                # RINGING, ACCEPTED, REJECTED are told, too
        self.calls, self.deliveries = {}, []            # call id -> WhatsAppCall
        self.queue = None

    # -- calls -----------------------------------------------------------------------------------------------

    def authorize(self, number_id, api_key):
        if api_key != self.api_key:
            raise GraphError(BAD_TOKEN, "Invalid OAuth access token - Cannot parse access token", 401)
        if number_id != self.phone_number_id:
            raise GraphError(BAD_PARAMETER, f"Unsupported post request. Object with ID '{number_id}' does not exist")

    def dial(self, number, opaque, ringing_seconds):
        """-> WhatsAppCall. The number has no plus; the phone's script may be under either."""
        if not number.isdigit():
            raise GraphError(BAD_PARAMETER, "(#100) Invalid parameter: to")
        if number in self.no_permission or "+" + number in self.no_permission:
            raise GraphError(NO_PERMISSION, "No approved call permission from the recipient")
        phone = self.exchange.phone(number, "outbound", self.exchange.script_of(number, "+" + number))
        phone.facts.update({"from": self.display_phone_number, "to": number})
        call = self._new(phone, opaque)
        phone.invite()
        phone.at(ringing_seconds, self._not_answered, call)
        return call

    def _not_answered(self, call):
        if call.phone.state != "active":
            call.phone.cancelled()
            call.ended_there("FAILED")

    def ring(self, caller, values):
        """A person calls the business. -> WhatsAppCall"""
        phone = self.exchange.phone(caller, "inbound", script(values))
        phone.facts.update({"from": caller, "to": self.display_phone_number})
        call = self._new(phone, "")
        phone.rings_there()
        self.tell_connect(call)
        return call

    def _new(self, phone, opaque):
        call = WhatsAppCall(self.exchange, self, phone, f"wacid.{new_sid('')}{new_sid('')}", opaque)
        self.calls[call.id] = call
        return call

    # -- webhooks, one after the other -------------------------------------------------------------------------

    def _call_event(self, call, event, **more):
        business, person = self.display_phone_number, call.phone.number.lstrip("+")
        value = {"id": call.id, "from": business if call.outgoing else person,
                 "to": person if call.outgoing else business, "event": event, "timestamp": str(int(time.time())),
                 "direction": "BUSINESS_INITIATED" if call.outgoing else "USER_INITIATED", **more}
        if call.opaque:
            value["biz_opaque_callback_data"] = call.opaque
        return value

    def tell_connect(self, call):
        session = {"sdp_type": "answer" if call.outgoing else "offer", "sdp": call.sdp}
        more = {} if call.outgoing else {"contacts": [{"profile": {"name": "Test Person"},
                                                       "wa_id": call.phone.number.lstrip("+")}]}
        self._tell("connect", call, calls=[self._call_event(call, "connect", session=session)], **more)

    def tell_terminate(self, call, status):
        more = {"status": status}
        if call.phone.times["answered_at"]:
            begin, end = int(call.phone.times["answered_at"]), int(time.time())
            more.update(start_time=str(begin), end_time=str(end), duration=end - begin)
        self._tell("terminate", call, calls=[self._call_event(call, "terminate", **more)])

    def tell_status(self, call, status):
        if self.statuses and call.outgoing:
            self._tell(status, call, statuses=[{
                "id": call.id, "timestamp": str(int(time.time())), "type": "call", "status": status,
                "recipient_id": call.phone.number.lstrip("+")}])

    def _tell(self, event, call, **value):
        if not self.webhook_url:
            return
        body = {"object": "whatsapp_business_account", "entry": [{"id": self.account_id, "changes": [{
            "value": {"messaging_product": "whatsapp", "metadata": {
                "display_phone_number": self.display_phone_number, "phone_number_id": self.phone_number_id}, **value},
            "field": "calls"}]}]}
        # Each waits for the one before it: a connect that overtakes nothing.
        delivery = self.post(json.dumps(body).encode(), event, call.id)
        self.queue = asyncio.ensure_future(self._after(self.queue, delivery))

    @staticmethod
    async def _after(before, delivery):
        if before:
            await asyncio.wait([before])
        return await delivery

    def signature(self, body):
        return "sha256=" + hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()

    async def post(self, body, event="raw", call_id=None, signature=None, url=None):
        """-> the delivery as it is shown"""
        delivery = {"at": time.time(), "event": event, "call_id": call_id, "status": None, "answer": None,
                    "body": body.decode(errors="replace"), "signature": signature or self.signature(body)}
        self.deliveries.append(delivery)
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if signature != "":
            headers["X-Hub-Signature-256"] = delivery["signature"]
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            async with aiohttp.ClientSession(timeout=timeout) as http, http.post(
                    url or self.webhook_url, data=body, headers=headers, ssl=False) as reply:
                delivery["status"], delivery["answer"] = reply.status, (await reply.text())[:1000]
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            delivery["answer"] = str(error)
        return delivery

    async def verify(self, token=None):
        """As Meta verifies an end point when it is entered."""
        challenge = str(secrets.randbelow(10 ** 10))
        query = {"hub.mode": "subscribe", "hub.verify_token": self.verify_token if token is None else token,
                 "hub.challenge": challenge}
        async with aiohttp.ClientSession() as http, http.get(self.webhook_url, params=query, ssl=False) as reply:
            answer = await reply.text()
            return {"status": reply.status, "answer": answer, "accepted": reply.status == 200 and answer == challenge}

    # -- the Graph API, for whoever asks it itself ---------------------------------------------------------------

    async def graph(self, request):
        """POST /meta/VERSION/PHONE_NUMBER_ID/calls: terminate and reject, as a business may do itself."""
        try:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            self.authorize(request.match_info["number"], key if scheme == "Bearer" else None)
            body = await request.json()
            call = self.calls.get(body.get("call_id"))
            if call is None or call.phone.over:
                raise GraphError(BAD_PARAMETER, "(#100) Invalid parameter: call_id")
            if body.get("action") not in ("reject", "terminate"):
                raise GraphError(BAD_PARAMETER, "(#100) Invalid parameter: action")
            call.end("FAILED" if body["action"] == "reject" else "COMPLETED")
            return web.json_response({"messaging_product": "whatsapp", "success": True})
        except GraphError as error:
            return web.json_response({"error": {"message": str(error), "type": "OAuthException", "code": error.code,
                                                "fbtrace_id": new_sid("")}}, status=error.status)
