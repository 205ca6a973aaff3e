"""A stand-in of Twilio: its REST API for calls, its voice webhook with its signature, and what its TwiML does."""
import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import urlsplit

import aiohttp
from livekit.protocol import models

from .connected import ConnectorCall
from .phone import script
from .twiml import parse

DETAIL = models.ParticipantInfo.CONNECTOR_TWILIO
API_VERSION = "2010-04-01"
WAITING_SECONDS = 60                        # of a participant for the stream that it was promised
FETCH_SECONDS = 15
ENDS = {486: "busy", 480: "no-answer", 408: "no-answer", 487: "canceled"}


class TwilioCall(ConnectorCall):
    """One call at Twilio; with a stream, the hidden participant that waited for it speaks for it."""

    def __init__(self, twilio, phone, fields):
        super().__init__(twilio.exchange, phone)
        self.twilio, self.fields = twilio, fields
        self.sid = "CA" + secrets.token_hex(16)
        self.call_status, self.document, self.problem = "queued", None, None
        phone.facts["call_id"] = self.sid
        twilio.calls[self.sid] = self

    def described(self):
        document = self.document
        return {"sid": self.sid, "account_sid": self.twilio.account_sid, "to": self.phone.facts["to"],
                "from": self.phone.facts["from"], "status": self.call_status, "api_version": API_VERSION,
                "direction": "outbound-api" if self.phone.direction == "outbound" else "inbound",
                "uri": f"/{API_VERSION}/Accounts/{self.twilio.account_sid}/Calls/{self.sid}.json",
                "stream": document and document.stream, "parameters": document and document.parameters,
                "verbs": document and document.verbs, "problem": self.problem, "leg": self.phone.id}

    def now(self, status):
        self.call_status = status
        self.twilio.call_back(self, {"in-progress": "answered"}.get(status, status))

    # -- what the person does ----------------------------------------------------------------------------------

    def on_ringing(self):
        self.now("ringing")

    def on_answered(self):
        self.now("in-progress")
        self.server.spawn(self.twilio.fetch_and_follow(self))

    def on_refused(self, status, reason):
        self.finish(ENDS.get(status, "failed"))

    def on_cancelled(self):
        self.finish("canceled")

    def on_hung_up(self):
        self.finish("completed")

    # -- what the document, the room or the account does ---------------------------------------------------------

    def follow(self, document):
        """The call does what the document says: with a stream of ours it goes into the room."""
        self.document = document
        participant = self.twilio.take(document.stream)
        if participant is None:
            if document.stream:
                self.problem = "31920 Stream - WebSocket - Handshake Error"
            return self.end_by_twilio()
        self.participant = participant
        self.phone.facts.update(room=participant.room.info.name, identity=participant.identity)
        participant.on_end = self.on_removed
        self.tasks.append(asyncio.ensure_future(self._media()))
        self.reveal()
        self.connect()

    def end_by_twilio(self):
        if self.phone.state == "active":
            self.phone.bye()
        self.finish("completed")

    def cancel(self):
        self.phone.cancelled()
        self.finish("canceled")

    def bridge_ends(self, headers=None):
        """Removed from the room: the stream closes, and behind it the document is at its end."""
        self.phone.bye()
        self.now("completed")

    def finish(self, status):
        if not self.over:
            self.now(status)
            if self.participant:
                self.participant.leave()
            self.stop()


class Twilio:
    SETTINGS = ("account_sid", "auth_token", "voice_url", "signed_url", "numbers")

    def __init__(self, exchange):
        self.exchange, self.server = exchange, exchange.server
        self.waiting = {}                   # token of a connect_url -> the hidden participant
        self.reset()

    def reset(self):
        self.account_sid, self.auth_token = "AC" + "0123456789abcdef" * 2, "twilio-auth-token"
        self.voice_url = self.signed_url = None         # signed_url: the URL that the signature is of, if another
        self.numbers = ["+15550188"]
        self.calls, self.requests, self.webhooks = {}, [], []

    # -- the connector's side ------------------------------------------------------------------------------------

    def promise(self, participant):
        """A hidden participant waits; -> the URL of the stream that it waits for, with what XML has to escape."""
        token = secrets.token_urlsafe(12)
        self.waiting[token] = participant
        participant.join()
        participant.on_end = lambda reason: self.waiting.pop(token, None)
        participant.later(WAITING_SECONDS, lambda: token in self.waiting and participant.leave())
        settings = self.server.settings
        return f"wss://{settings.host}:{self.server.port}/twilio/{token}?v=1&room={participant.room.info.sid}"

    def take(self, url):
        """The participant who waits for the stream at that URL, once."""
        parts = urlsplit(url or "")
        ours = parts.scheme == "wss" and parts.path.startswith("/twilio/")
        participant = self.waiting.pop(parts.path.split("/")[2], None) if ours else None
        return None if participant is None or participant.gone else participant

    # -- the REST API's side: see twilio_rest.py -------------------------------------------------------------------

    def dial(self, fields):
        phone = self.exchange.phone(fields["To"], "outbound")
        phone.facts.update({"from": fields["From"], "to": fields["To"]})
        call = TwilioCall(self, phone, fields)
        phone.invite()
        phone.at(float(fields.get("Timeout") or 60), self._not_answered, call)
        self.call_back(call, "initiated")
        return call

    def _not_answered(self, call):
        if call.phone.state != "active":
            call.phone.cancelled()
            call.finish("no-answer")

    async def fetch_and_follow(self, call):
        """The document of the call: given with it, behind the https form of a connect_url, or at the URL."""
        text, url = call.fields.get("Twiml"), call.fields.get("Url", "")
        parts = urlsplit(url)
        if not text and parts.scheme == "https" and parts.path.startswith("/twilio/"):
            text = f'<Response><Connect><Stream url="wss{url[5:].replace("&", "&amp;")}"/></Connect></Response>'
        elif not text:
            _, text = await self.ask(url, self.call_fields(call), call.fields.get("Method", "POST"))
        try:
            call.follow(parse(text))
        except ValueError as error:
            call.problem = str(error)
            call.end_by_twilio()

    # -- a call that comes in ------------------------------------------------------------------------------------

    def ring(self, caller, called, values):
        phone = self.exchange.phone(caller, "inbound", script(values))
        phone.facts.update({"from": caller, "to": called})
        call = TwilioCall(self, phone, {})
        call.call_status = "ringing"
        phone.rings_there()
        self.server.spawn(self._answer(call))
        return call

    async def _answer(self, call):
        status, text = await self.ask(self.voice_url, self.call_fields(call), "POST")
        if call.phone.over:
            return
        try:
            if status != 200:
                raise ValueError(f"11200 HTTP retrieval failure: {status}")
            document = parse(text)
        except ValueError as error:
            # The caller hears that an application error has occurred.
            call.problem = str(error)
            call.phone.rejected(500, "Application Error")
            return call.finish("failed")
        if document.reject:
            call.document = document
            busy = document.reject == "busy"
            call.phone.rejected(486 if busy else 603, "Busy Here" if busy else "Decline")
            return call.finish("busy" if busy else "no-answer")
        call.phone.connected()
        call.now("in-progress")
        call.follow(document)

    # -- requests of Twilio ----------------------------------------------------------------------------------------

    def call_fields(self, call):
        facts = call.phone.facts
        return {"CallSid": call.sid, "AccountSid": self.account_sid, "From": facts["from"], "To": facts["to"],
                "Caller": facts["from"], "Called": facts["to"], "CallStatus": call.call_status,
                "Direction": call.described()["direction"], "ApiVersion": API_VERSION}

    def signature(self, url, fields):
        """Of the URL and, behind it, the names and values of the form in the order of the names."""
        text = url + "".join(name + fields[name] for name in sorted(fields))
        return base64.b64encode(hmac.new(self.auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()

    async def ask(self, url, fields, method="POST", signature=None):
        """-> (status, text)"""
        signed = self.signed_url if url == self.voice_url and self.signed_url else url
        webhook = {"at": time.time(), "url": url, "fields": fields, "status": None, "answer": None,
                   "signature": self.signature(signed, fields if method == "POST" else {}) if signature is None
                   else signature}
        self.webhooks.append(webhook)
        headers = {"User-Agent": "TwilioProxy/1.1"}
        if webhook["signature"]:
            headers["X-Twilio-Signature"] = webhook["signature"]
        try:
            timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
            async with aiohttp.ClientSession(timeout=timeout) as http, http.request(
                    method, url, data=fields if method == "POST" else None, headers=headers, ssl=False) as reply:
                webhook["status"], webhook["answer"] = reply.status, (await reply.text())[:4000]
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            webhook["answer"] = str(error)
        return webhook["status"], webhook["answer"]

    def call_back(self, call, event):
        """StatusCallback: of the completed call, and of what StatusCallbackEvent names."""
        url, wanted = call.fields.get("StatusCallback"), call.fields.get("StatusCallbackEvent", "completed").split()
        ended = event in ("completed", "busy", "failed", "no-answer", "canceled")
        if url and ("completed" if ended else event) in wanted:
            self.server.spawn(self.ask(url, self.call_fields(call)))
