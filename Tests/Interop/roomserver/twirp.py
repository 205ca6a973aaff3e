"""Twirp: the server API's requests and answers, in JSON and protobuf, with the words and statuses of livekit-server."""
import asyncio
from dataclasses import dataclass
import inspect
import json
import time

from aiohttp import web
from google.protobuf import json_format, message_factory
from google.protobuf.message import DecodeError

from . import tokens

STATUSES = {"canceled": 408, "unknown": 500, "invalid_argument": 400, "malformed": 400, "deadline_exceeded": 408,
            "not_found": 404, "bad_route": 404, "already_exists": 409, "permission_denied": 403,
            "unauthenticated": 401, "resource_exhausted": 429, "failed_precondition": 412, "aborted": 409,
            "out_of_range": 400, "unimplemented": 501, "internal": 500, "unavailable": 503, "data_loss": 500}
BODY_BYTES_MAX = 10 << 20
CALLS_KEPT_MAX = 2000


class TwirpError(Exception):
    def __init__(self, code, text, meta=None):
        super().__init__(text)
        self.code, self.meta = code, meta


@dataclass
class Call:
    """What a method learns about its request besides the message."""
    claims: object                          # None: no Authorization header
    seconds: float | None                   # X-Twirp-Timeout-Ms


class Twirp:
    def __init__(self, server):
        self.server = server
        self.services = {}                  # name -> (method name -> (request class, function, right))
        self.calls = []                     # what the hooks show: see api_hooks.py
        self.answers = []                   # what the next calls are answered instead

    def add(self, descriptor, name, implementation):
        """The methods of a service, by its protobuf description. One that `implementation` lacks is no route.

        `implementation.rights(method, claims, message)` says whether the token is enough."""
        methods = {}
        for method in descriptor.services_by_name[name].methods:
            function = getattr(implementation, _snake(method.name), None)
            if function:
                methods[method.name] = message_factory.GetMessageClass(method.input_type), function, implementation
        self.services[f"livekit.{name}"] = methods

    def add_routes(self, application):
        application.router.add_route("*", "/twirp/{service}/{method}", self.handle)

    def _hidden(self, service):
        return service == "livekit.Connector" and "connectors" in self.server.settings.without

    async def handle(self, request):
        service, method = request.match_info["service"], request.match_info["method"]
        instead = self._instead(method)
        if instead:
            return await instead.answer(request, self.record(request, service, method))
        if service not in self.services or self._hidden(service):
            return web.Response(status=404, text="404 page not found\n")
        if (request.content_length or 0) > BODY_BYTES_MAX:
            return web.Response(status=413, text="request body too large")
        header = request.headers.get("Authorization")
        record = self.record(request, service, method)
        try:
            claims = tokens.verify(request, self.server.settings) if header else None
        except web.HTTPUnauthorized as refused:
            record["status"] = refused.status
            raise
        record["claims"] = claims.raw if claims else None
        try:
            reply = await self._perform(request, claims, record, service, method)
        except TwirpError as error:
            record.update(status=STATUSES[error.code], error=error.code)
            return error_answer(error)
        record["status"] = 200
        if record["encoding"] == "json":
            return json_answer(json_of(reply))
        return web.Response(body=reply.SerializeToString(), content_type="application/protobuf")

    def _instead(self, method):
        for answer in self.answers:
            if answer.method in (None, method) and answer.times > 0:
                answer.times -= 1
                return answer
        return None

    def record(self, request, service, method):
        """The token itself is left out: its claims are what a test compares."""
        record = {"at": time.time(), "service": service, "method": method, "status": None, "claims": None,
                  "headers": {k.lower(): v for k, v in request.headers.items() if k.lower() != "authorization"}}
        self.calls.append(record)
        del self.calls[:-CALLS_KEPT_MAX]
        return record

    async def _perform(self, request, claims, record, service, name):
        route = {"twirp_invalid_route": f"{request.method} {request.path}"}
        if request.method != "POST":
            raise TwirpError("bad_route", f'unsupported method "{request.method}" (only POST is allowed)', route)
        if name not in self.services[service]:
            raise TwirpError("bad_route", f'no handler for path "{request.path}"', route)
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        record["encoding"] = {"application/json": "json", "application/protobuf": "protobuf"}.get(kind)
        if not record["encoding"]:
            shown = json.dumps(request.headers.get("Content-Type", ""))
            raise TwirpError("bad_route", f"unexpected Content-Type: {shown}", route)
        request_class, function, implementation = self.services[service][name]
        message = decoded(await request.read(), request_class, record["encoding"])
        record["message"] = json_format.MessageToDict(message, preserving_proto_field_name=True)
        if claims is None or not implementation.rights(name, claims, message):
            raise TwirpError("unauthenticated", "permissions denied")
        milliseconds = request.headers.get("X-Twirp-Timeout-Ms", "")
        seconds = int(milliseconds) / 1000 if milliseconds.isdigit() else None
        reply = function(message, Call(claims, seconds))
        if not inspect.isawaitable(reply):
            return reply
        # Shielded: what a call has begun, a phone that rings, goes on when the client or the deadline gives up.
        work = asyncio.ensure_future(reply)
        try:
            return await asyncio.wait_for(asyncio.shield(work), seconds and seconds + 0.005)
        except asyncio.TimeoutError:
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise TwirpError("deadline_exceeded", "twirp error unknown: request timed out") from None


def decoded(body, request_class, encoding):
    try:
        if encoding == "json":
            return json_format.Parse(body, request_class(), ignore_unknown_fields=True)
        return request_class.FromString(body)
    except (json_format.ParseError, DecodeError, ValueError, TypeError, AttributeError, RecursionError):
        raise TwirpError("malformed", f"the {encoding} request could not be decoded") from None


def error_answer(error):
    body = {"code": error.code, "msg": str(error)}
    if error.meta:
        body["meta"] = error.meta
    return json_answer(body, STATUSES[error.code])


def json_answer(value, status=200):
    # Go escapes what HTML could take for a tag.
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return web.Response(status=status, body=text.encode(), content_type="application/json")


def json_of(message):
    """As Go writes it: snake_case, defaults, and null for a message that is not there."""
    value = json_format.MessageToDict(message, preserving_proto_field_name=True,
                                      always_print_fields_with_no_presence=True)
    _add_nulls(message, value)
    return value


def _add_nulls(message, value):
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None or field.message_type.full_name.startswith("google.protobuf."):
            continue
        if field.message_type.GetOptions().map_entry:
            continue
        content = getattr(message, field.name)
        if field.is_repeated:
            for inner, shown in zip(content, value[field.name]):
                _add_nulls(inner, shown)
        elif message.HasField(field.name):
            _add_nulls(content, value[field.name])
        elif field.containing_oneof is None:
            value[field.name] = None


def _snake(name):
    """CreateSIPParticipant -> create_sip_participant, DialWhatsAppCall -> dial_whatsapp_call"""
    out, name = "", name.replace("WhatsApp", "Whatsapp")
    for i, letter in enumerate(name):
        ends_acronym = i + 1 < len(name) and name[i + 1].islower()
        if letter.isupper() and i and (not name[i - 1].isupper() or ends_acronym):
            out += "_"
        out += letter.lower()
    return out
