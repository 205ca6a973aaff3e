"""Access tokens: the checks, and the words and statuses in which livekit-server answers them."""
from dataclasses import dataclass, field

from aiohttp import web
import jwt

from .settings import NAME_BYTES_MAX

LEEWAY_SECONDS = 60
REFRESHED_LIFETIME_SECONDS_MIN = 600
INTEGER_MAX = (1 << 63) - 1


@dataclass
class Claims:
    identity: str
    name: str
    video: dict
    metadata: str
    attributes: dict
    kind: str
    raw: dict = field(repr=False)

    def may(self, grant, default=True):
        value = self.video.get(grant)
        return default if value is None else bool(value)

    def admin_of(self, room):
        return bool(self.video.get("roomAdmin")) and self.video.get("room", "") == room

    def sip(self, grant):
        return bool((self.raw.get("sip") or {}).get(grant))


def unauthorized(text):
    return web.HTTPUnauthorized(text=text)


def token_of(request):
    """The header wins over the query and must begin with exactly 'Bearer '."""
    header = request.headers.get("Authorization")
    if header:
        if not header.startswith("Bearer "):
            raise unauthorized("invalid authorization header. Must start with Bearer ")
        return header[len("Bearer "):]
    return request.query.get("access_token", "")


def untimely(payload, now):
    """What our clock says against the token; both may be."""
    wrong = []
    if "exp" in payload:
        # A time so late that the leeway does not fit is one that is over.
        expiry = float(payload["exp"])
        if now > expiry + LEEWAY_SECONDS or expiry + LEEWAY_SECONDS > INTEGER_MAX:
            wrong.append("token is expired")
    if "nbf" in payload and now < float(payload["nbf"]) - LEEWAY_SECONDS:
        wrong.append("token is not valid yet")
    return wrong


def verify(request, settings):
    """-> Claims. Raises the HTTP answer otherwise. The body may repeat the whole token, as the real one does."""
    token = token_of(request)
    if not token:
        raise unauthorized("no permissions to access the room")
    try:
        payload = jwt.decode(token, options={"verify_signature": False})
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise unauthorized("invalid authorization token") from None
    if payload.get("iss") != settings.key:
        raise unauthorized(f"invalid API key: {payload.get('iss', '')}")
    if header.get("alg") != "HS256":
        raise unauthorized(f"invalid token: {token}, error: token signature is invalid: "
                           f"signing method {header.get('alg')} is invalid")
    try:
        jwt.decode(token, settings.secret, algorithms=["HS256"], options={
            "verify_aud": False, "verify_iat": False, "verify_exp": False, "verify_nbf": False})
    except jwt.PyJWTError:
        raise unauthorized(f"invalid token: {token}, error: token signature is invalid: signature is invalid") from None
    wrong = untimely(payload, settings.now())
    if wrong:
        raise unauthorized(f"invalid token: {token}, error: token has invalid claims: {', '.join(wrong)}")
    return Claims(payload.get("sub", ""), payload.get("name", ""), payload.get("video") or {},
                  payload.get("metadata", ""), payload.get("attributes") or {}, payload.get("kind", ""), payload)


def join_claims(request, settings):
    """Claims that allow joining the room they name."""
    claims = verify(request, settings)
    if not claims.video:
        raise unauthorized("no permissions to access the room")
    if not claims.video.get("roomJoin"):
        raise unauthorized("permissions denied")
    if not claims.video.get("room"):
        raise web.HTTPBadRequest(text="no room name")
    if not claims.identity:
        raise web.HTTPBadRequest(text="identity cannot be empty")
    for what, text in (("participant identity", claims.identity), ("room name", claims.video["room"])):
        if len(text.encode()) > NAME_BYTES_MAX:
            raise web.HTTPBadRequest(text=f"{what} length exceeds limits: max length {NAME_BYTES_MAX}")
    return claims


def refreshed(claims, info, settings):
    """A new token for a joined participant, with its present name, metadata and attributes."""
    now = int(settings.now())
    payload = dict(claims.raw, nbf=now)
    payload["exp"] = max(now + REFRESHED_LIFETIME_SECONDS_MIN - 1, claims.raw.get("exp", 0))
    for key, value in (("name", info.name), ("metadata", info.metadata), ("attributes", dict(info.attributes))):
        if value:
            payload[key] = value
    return jwt.encode(payload, settings.secret, algorithm="HS256")
