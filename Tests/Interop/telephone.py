"""The telephone side of our room server, from a test: its hooks, the official API client, and an observer's notes."""
import asyncio
import time

from google.protobuf.duration_pb2 import Duration
from livekit import api

from peers import wait_for

TRUNK = "ST_test"


class Telephone:
    """`async with Telephone(server) as telephone`; the server forgets all its phones first."""

    def __init__(self, server):
        server.require_hooks()
        self.server = server
        self.base = server.url.replace("ws", "http", 1)

    async def __aenter__(self):
        self.api = api.LiveKitAPI(self.base, self.server.key, self.server.secret)
        await self.server.hook("phones/reset")
        await self.server.hook("api-calls")
        return self

    async def __aexit__(self, *_):
        await self.api.aclose()

    # -- hooks -----------------------------------------------------------------------------------------------

    async def phones(self, scripts):
        """number -> script; see roomserver/phones/README.md"""
        await self.server.hook("phones", **scripts)

    async def get(self, path):
        return await asyncio.to_thread(self.server._request, f"/test/{path}")

    async def legs(self, number=None):
        return [leg for leg in (await self.get("phones"))["legs"] if number in (None, leg["number"])]

    async def leg(self, number):
        """The last leg of that number, or None."""
        return next(reversed(await self.legs(number)), None)

    async def act(self, leg, do, **values):
        await self.server.hook("phones/act", leg=leg, do=do, **values)

    async def rings_us(self, caller, called, **script):
        """A phone calls; -> the id of its leg"""
        return (await self.server.hook("phones/call", **{"from": caller, "to": called}, **script))["leg"]

    async def until(self, number, condition, seconds=5):
        """Waits until the last leg of that number fulfils the condition; -> the leg"""
        deadline = time.monotonic() + seconds
        while True:
            leg = await self.leg(number)
            if leg and condition(leg):
                return leg
            assert time.monotonic() < deadline, f"after {seconds} s the phone is still so: {leg}"
            await asyncio.sleep(0.03)

    async def state(self, number, state, seconds=5):
        return await self.until(number, lambda leg: leg["state"] == state, seconds)

    # -- calls of the official client --------------------------------------------------------------------------

    async def dial(self, room, number, identity="callee", wait=False, ringing=None, longest=None, **values):
        request = api.CreateSIPParticipantRequest(
            **{"sip_trunk_id": TRUNK, "sip_call_to": number, "room_name": room, "participant_identity": identity,
               "wait_until_answered": wait, **values})
        if ringing:
            request.ringing_timeout.CopyFrom(duration(ringing))
        if longest:
            request.max_call_duration.CopyFrom(duration(longest))
        return await self.api.sip.create_sip_participant(request)

    async def rule(self, number="+15550777", **values):
        """An inbound trunk of that number, and a rule for it; -> (trunk, rule)"""
        trunk = await self.api.sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(
            trunk=api.SIPInboundTrunkInfo(name="in", numbers=[number], **values.pop("trunk", {}))))
        rule = await self.api.sip.create_dispatch_rule(api.CreateSIPDispatchRuleRequest(
            dispatch_rule=api.SIPDispatchRuleInfo(trunk_ids=[trunk.sip_trunk_id], **values)))
        return trunk, rule


def duration(seconds):
    message = Duration()
    message.FromNanoseconds(int(seconds * 1e9))
    return message


def direct(room, pin=""):
    return api.SIPDispatchRule(dispatch_rule_direct=api.SIPDispatchRuleDirect(room_name=room, pin=pin))


def individual(prefix, **values):
    return api.SIPDispatchRule(dispatch_rule_individual=api.SIPDispatchRuleIndividual(room_prefix=prefix, **values))


class Notes:
    """What one peer saw of one identity: its states in their order, when, and how it left."""

    def __init__(self, peer, identity):
        self.identity, self.peer = identity, peer
        self.statuses, self.at, self.keys, self.reason = [], {}, [], None
        room = peer.room
        room.on("participant_connected", lambda p: self._status(p, p.attributes))
        room.on("participant_attributes_changed", lambda changed, p: self._status(p, changed))
        room.on("participant_disconnected", self._left)
        room.on("sip_dtmf_received", lambda key: self.keys.append(key.digit))

    def _status(self, participant, attributes):
        status = attributes.get("sip.callStatus")
        if participant.identity == self.identity and status and status not in self.statuses[-1:]:
            self.statuses.append(status)
            self.at[status] = time.time()

    def _left(self, participant):
        if participant.identity == self.identity:
            self.reason, self.at["left"] = participant.disconnect_reason, time.time()

    async def left(self, seconds=5):
        await wait_for(lambda: self.reason is not None, seconds, f"{self.identity} has left; {self.statuses}")
        return self.reason

    async def reaches(self, status, seconds=5):
        await wait_for(lambda: status in self.statuses, seconds, lambda: f"{status}; {self.statuses}")

    @property
    def participant(self):
        return self.peer.room.remote_participants[self.identity]
