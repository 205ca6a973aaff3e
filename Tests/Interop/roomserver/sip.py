"""livekit.SIP: calls that go out, and their transfer. What is kept, trunks and rules, is in trunks.py."""
import asyncio
from dataclasses import dataclass, field

from livekit.protocol import models, sip

from . import sipchecks
from .phones.transfer import transfer
from .roomservice import NO_RESPONSE
from .trunks import Trunks, number_of
from .twirp import TwirpError

NO_BRIDGE_SECONDS = 1.0


@dataclass
class Route:
    """How a call gets out."""
    trunk_id: str
    address: str
    transport: int
    number: str
    headers: dict = field(default_factory=dict)
    headers_to_attributes: dict = field(default_factory=dict)
    include_headers: int = sip.SIP_NO_HEADERS


class SIP(Trunks):
    def __init__(self, server):
        super().__init__()
        self.server = server
        server.exchange.trunks = self

    def rights(self, method, claims, message):
        """Also where the lack of a part shows first: the store of trunks is not asked before the rights."""
        if method == "CreateSIPParticipant":
            allowed = claims.sip("call")
        elif method == "TransferSIPParticipant":
            allowed = claims.sip("call") and claims.admin_of(message.room_name)
        else:
            allowed = claims.sip("admin")
        if allowed and method != "TransferSIPParticipant" and "redis" in self.server.settings.without:
            raise TwirpError("internal", "twirp error unknown: sip not connected (redis required)")
        return allowed

    async def create_sip_participant(self, request, call):
        sipchecks.participant_request(request)
        route = self._route(request)
        if "bridge" in self.server.settings.without:
            await asyncio.sleep(NO_BRIDGE_SECONDS)
            raise TwirpError("unavailable", NO_RESPONSE)
        return await self.server.exchange.call(request, route).dial(request.wait_until_answered, call.seconds)

    def _route(self, request):
        if request.sip_trunk_id:
            trunk = self._find(self.outbound, request.sip_trunk_id)
            route = Route(trunk.sip_trunk_id, trunk.address, trunk.transport, request.sip_number or number_of(trunk),
                          dict(trunk.headers), dict(trunk.headers_to_attributes), trunk.include_headers)
        elif request.HasField("trunk"):
            if not request.sip_number:
                raise TwirpError("failed_precondition", "twirp error unknown: no numbers on outbound trunk")
            trunk = request.trunk
            route = Route("", trunk.hostname, trunk.transport, request.sip_number, {},
                          dict(trunk.headers_to_attributes))
        else:
            sipchecks.invalid("twirp error unknown: invalid request URI: address must be set")
        route.headers.update(request.headers)
        route.include_headers = request.include_headers or route.include_headers
        return route

    async def transfer_sip_participant(self, request, call):
        sipchecks.transfer_request(request)
        room = self.server.rooms.get(request.room_name)
        participant = room.participants.get(request.participant_identity) if room else None
        if participant is None or "redis" in self.server.settings.without:
            raise TwirpError("not_found", "twirp error unknown: participant does not exist")
        found = self.server.exchange.call_of(participant)
        if participant.info.kind != models.ParticipantInfo.SIP or found is None:
            raise TwirpError("invalid_argument", "twirp error unknown: no SIP session associated with participant")
        return await transfer(found, request, call.seconds)
