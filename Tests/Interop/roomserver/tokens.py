"""Access tokens: the checks, and the words and statuses in which livekit-server answers them."""
from dataclasses import dataclass, field
import time

from aiohttp import web
import jwt

LEEWAY_SECONDS = 60
REFRESHED_LIFETIME_SECONDS_MIN = 600
IDENTITY_CHARACTERS_MAX = 256


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


def verify(request, settings):
    """-> Claims. Raises the HTTP answer otherwise. The body may repeat the whole token, as the real one does."""
    token = token_of(request)
    if not token:
        raise unauthorized("no permissions to access the room")
    try:
        payload = jwt.decode(token, options={"verify_signature": False})
        jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise unauthorized("invalid authorization token") from None
    if payload.get("iss") != settings.key:
        raise unauthorized(f"invalid API key: {payload.get('iss', '')}")
    try:
        jwt.decode(token, settings.secret, algorithms=["HS256"], leeway=LEEWAY_SECONDS,
                   options={"verify_aud": False, "verify_iat": False})
    except jwt.ExpiredSignatureError:
        raise unauthorized(f"invalid token: {token}, error: token has invalid claims: token is expired") from None
    except jwt.ImmatureSignatureError:
        raise unauthorized(f"invalid token: {token}, error: token has invalid claims: token is not valid yet") from None
    except jwt.PyJWTError:
        raise unauthorized(f"invalid token: {token}, error: token signature is invalid: signature is invalid") from None
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
    if len(claims.identity) > IDENTITY_CHARACTERS_MAX:
        raise web.HTTPBadRequest(
            text=f"participant identity length exceeds limits: max length {IDENTITY_CHARACTERS_MAX}")
    return claims


def refreshed(claims, info, settings):
    """A new token for a joined participant, with its present name, metadata and attributes."""
    now = int(time.time())
    payload = dict(claims.raw, nbf=now)
    payload["exp"] = max(now + REFRESHED_LIFETIME_SECONDS_MIN - 1, claims.raw.get("exp", 0))
    for key, value in (("name", info.name), ("metadata", info.metadata), ("attributes", dict(info.attributes))):
        if value:
            payload[key] = value
    return jwt.encode(payload, settings.secret, algorithm="HS256")
