"""What a SIP status becomes: an error of the server API, and the reason with which the phone leaves the room."""
import base64

from google.protobuf import any_pb2
from livekit.protocol import models, sip

from ..twirp import TwirpError

REASONS = {180: "Ringing", 200: "OK", 202: "Accepted", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required", 408: "Request Timeout",
           410: "Gone", 480: "Temporarily Unavailable", 484: "Address Incomplete", 486: "Busy Here",
           487: "Request Terminated", 488: "Not Acceptable Here", 500: "Server Internal Error",
           503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere"}
CODES = {
    "not_found": (301, 302, 404, 410, 481, 604), "permission_denied": (401, 402, 403, 433, 470, 603, 607, 608),
    "unauthenticated": (407, 428, 436, 437, 438, 494), "deadline_exceeded": (408, 504),
    "failed_precondition": (409, 412, 482, 483, 500, 501, 502, 503), "out_of_range": (416,),
    "resource_exhausted": (440, 480, 486, 600), "aborted": (487, 491), "invalid_argument": (505, 513, 606)}
NUMBERS = {"canceled": 1, "invalid_argument": 3, "deadline_exceeded": 4, "not_found": 5, "permission_denied": 7,
           "resource_exhausted": 8, "failed_precondition": 9, "aborted": 10, "out_of_range": 11,
           "unauthenticated": 16}            # of gRPC
# The statuses that the bridge foresees are told as a failed INVITE, the others as unexpected, one as neither.
FORESEEN = (400, 404, 408, 480, 486, 488)
BARE = (603,)
LIMITS = ("cps limit exceeded", "concurrent call limit exceeded")


def code_of(status):
    listed = next((code for code, statuses in CODES.items() if status in statuses), None)
    return listed or ("failed_precondition" if 500 <= status < 600 else "invalid_argument")


def error_of(status, reason, words=None):
    """`words`: what stands before the status; without, what the bridge says of an INVITE."""
    if words is None:
        words = ("" if status in BARE else "INVITE failed: " if status in FORESEEN
                 else "unexpected status from INVITE response: ")
    code, text = code_of(status), f"{words}sip status: {status}: {reason}"
    detail = any_pb2.Any()
    detail.Pack(sip.SIPStatus(code=status, status=reason))
    packed = detail.SerializeToString()
    # google.rpc.Status: code 1, message 2, details 3.
    details = bytes([8, NUMBERS[code]]) + _field(2, text.encode()) + _field(3, packed)
    return TwirpError(code, f"twirp error unknown: {text}", {
        "sip_status_code": str(status), "sip_status": reason, "error_details": base64.b64encode(details).decode()})


def reason_in_room(status, reason):
    if status in (404, 408, 480):
        return models.USER_UNAVAILABLE
    if 400 <= status < 500 or status >= 600 or any(limit in reason.lower() for limit in LIMITS):
        return models.USER_REJECTED
    return models.CLIENT_INITIATED          # where the bridge's reason is unknown, the server shows this


def _field(number, data):
    size, length = len(data), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data
