"""What the server refuses before anything rings: the checks of a SIP request, with its words."""
import re

from .twirp import TwirpError

DISPLAY_NAME_BYTES_MAX, HEADER_NAME_MAX, HEADER_VALUE_MAX = 128, 255, 1024
FORBIDDEN = frozenset(
    "accept accept-encoding accept-language allow allow-events call-id contact content-encoding content-length "
    "content-type cseq event expires from max-forwards record-route refer-to reply-to k l m o r t u v".split())
TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]")
MEDIA_TIMEOUT_SECONDS_MAX = 600
QUOTABLE = re.compile(r'(?:[^"\\\n]|\\(?:[abfnrtv\\"]|x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}))*\Z')


def invalid(text):
    raise TwirpError("invalid_argument", text)


def participant_request(request):
    if not (request.sip_trunk_id or request.HasField("trunk") or request.sip_number):
        invalid("missing sip trunk id and sip number")
    if request.HasField("trunk"):
        host(request.trunk.hostname, "trunk hostname")
    if not request.sip_call_to:
        invalid("missing sip callee number")
    if "@" in request.sip_call_to:
        invalid("SipCallTo should be a phone number or SIP user, not a full SIP URI")
    if not request.room_name:
        invalid("missing room name")
    if request.HasField("display_name"):
        if len(request.display_name.encode()) > DISPLAY_NAME_BYTES_MAX:
            invalid(f"DisplayName too long (max {DISPLAY_NAME_BYTES_MAX} characters)")
        if not QUOTABLE.match(request.display_name):
            invalid("DisplayName must be a valid quoted string: invalid syntax")
    if request.HasField("destination"):
        place = request.destination
        if place.city and not (place.country or place.region):
            invalid("if city is specified, country or region must also be specified")
    headers(request.headers)
    if request.HasField("media"):
        media(request.media)
    if request.HasField("sip_to_header"):
        invalid("twirp error unknown: invalid To header: cannot use both CallTo and SipToHeader")


def host(name, what):
    if not name:
        invalid("no outbound hostname specified")
    if "@" in name or ";" in name or name.startswith(("sip:", "sips:")):
        invalid(f"{what} should be a hostname or IP, not SIP URI")
    if "transport=" in name:
        invalid(f"{what} should not contain transport parameter")


def headers(values):
    for name, value in values.items():
        if not name:
            invalid("invalid header name: header name is empty")
        if len(name) > HEADER_NAME_MAX:
            invalid(f"invalid header name: header name too long (max {HEADER_NAME_MAX} characters)")
        wrong = next((c for c in name if not TOKEN.match(c)), None)
        if wrong is not None:
            invalid(f"invalid header name: header name {name} contains invalid characters: "
                    f"char {ord(wrong)} not allowed")
        if name.lower() in FORBIDDEN:
            invalid(f"invalid header name: header name {name} not supported")
        if len(value) > HEADER_VALUE_MAX:
            invalid(f"invalid header value for {name}: header {name}: "
                    f"value too long (max {HEADER_VALUE_MAX} characters)")
        wrong = next((c for c in value if (ord(c) < 32 and c != "\t") or ord(c) == 127), None)
        if wrong is not None:
            invalid(f"invalid header value for {name}: header {name}: value: char {ord(wrong)} not allowed")


def media(config):
    for codec in config.codecs:
        if not codec.name or re.search(r"[\s/]", codec.name):
            invalid(f"invalid codec name: {codec.name!r}")
    if config.HasField("media_timeout"):
        seconds = config.media_timeout.ToTimedelta().total_seconds()
        if not 0 <= seconds <= MEDIA_TIMEOUT_SECONDS_MAX:
            invalid("media timeout must not exceed 10m")


def transfer_request(request):
    if not request.transfer_to:
        invalid("missing transfer to")
    if not request.participant_identity:
        invalid("missing participant identity")
    if not request.room_name:
        invalid("missing room name")
    if not request.transfer_to.strip("<>").startswith(("sip:", "sips:", "tel:")):
        invalid("transfer_to must be a valid SIP(s) or TEL URI (sip:, sips: or tel:)")
    headers(request.headers)


def outbound_trunk(trunk):
    if not trunk.numbers:
        invalid("no trunk numbers specified")
    if not trunk.address:
        invalid("no outbound address specified")
    host(trunk.address, "trunk address")
    headers(trunk.headers)


def inbound_trunk(trunk):
    if not (trunk.auth_username or trunk.allowed_addresses or trunk.numbers):
        invalid("for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers")
    headers(trunk.headers)


def dispatch_rule(info):
    if not info.HasField("rule") or info.rule.WhichOneof("rule") is None:
        invalid("missing rule")
    if info.rule.WhichOneof("rule") == "dispatch_rule_direct" and not info.rule.dispatch_rule_direct.room_name:
        invalid("missing room name")


def normalized(number):
    """How numbers are compared."""
    bare = re.sub(r"[ \-()]", "", number)
    return bare if bare.startswith("+") else "+" + bare
