"""What a client of /rtc/v1 says in the URL: a JoinRequest, wrapped, perhaps compressed, in base64url with padding."""
import base64
import binascii
import gzip
import re
import zlib

from aiohttp import web
from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

ALPHABET = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def bad(text):
    return web.HTTPBadRequest(text=text)


def parse(text):
    """-> JoinRequest. Raises 400 in the words of livekit-server."""
    if not text:
        raise bad("join_request is required")
    if not ALPHABET.fullmatch(text):
        raise bad("cannot base64 decode wrapped join request")
    try:
        data = base64.urlsafe_b64decode(text)
    except binascii.Error:
        raise bad("cannot base64 decode wrapped join request") from None
    try:
        wrapped = rtc.WrappedJoinRequest.FromString(data)
    except DecodeError:
        raise bad("cannot unmarshal wrapped join request") from None
    data = wrapped.join_request
    if not data:
        raise bad("join_request is required")
    if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise bad("cannot read decompressed join request") from None
    elif wrapped.compression != rtc.WrappedJoinRequest.NONE:
        return rtc.JoinRequest()            # a session without the client's settings, as it was seen
    try:
        return rtc.JoinRequest.FromString(data)
    except DecodeError:
        raise bad("cannot unmarshal join request") from None


def query_of(request):
    """The same as the parameters in which a client of v0 says it."""
    client = request.client_info
    return {"client_protocol": str(client.client_protocol), "protocol": str(client.protocol),
            "sdk": models.ClientInfo.SDK.Name(client.sdk).lower() if client.sdk in models.ClientInfo.SDK.values() else "",
            "capabilities": ",".join(models.ClientInfo.Capability.Name(c) for c in client.capabilities
                                     if c in models.ClientInfo.Capability.values()),
            "auto_subscribe": "1" if request.connection_settings.auto_subscribe else "0",
            "reconnect": "1" if request.reconnect else "0", "sid": request.participant_sid,
            "reconnect_reason": str(int(request.reconnect_reason))}
