"""A call from a phone into a room, by trunk and dispatch rule, as the SIP bridge takes it."""
import asyncio
import hashlib
import time

from livekit.protocol import models, sip

from ..insider import Insider
from ..settings import new_sid
from .call import BridgedCall

RING_SECONDS, JOIN_SECONDS = 0.003, 0.015   # after the INVITE
RINGING_SECONDS = 180.0
LOOK_SECONDS = 0.02                         # between two looks for somebody's track
DEAF_SECONDS = 10.0
ACTIVE_SECONDS = 0.01                       # after the 200
PIN_SECONDS, WRONG_PIN_SECONDS = 0.3, 2.0
REJECTED = (486, "Rejected")


class Inbound(BridgedCall):
    def __init__(self, exchange, phone, called):
        super().__init__(exchange, phone)
        self.called, self.answered = called, False
        self.trunk = self.rule = None
        self.entered_at = 0.0
        self.tasks.append(asyncio.ensure_future(self._arrive()))

    async def _arrive(self):
        phone, trunks = self.phone, self.exchange.trunks
        if "bridge" in self.server.settings.without:
            return
        await asyncio.sleep(RING_SECONDS)
        phone.rings_there()
        await asyncio.sleep(JOIN_SECONDS - RING_SECONDS)
        self.trunk = trunks.inbound_for(phone.number, self.called)
        # Nobody's number, or nobody's rule: the caller hears it ring, and nobody is told.
        if self.trunk is None or phone.over:
            return
        self.rule = trunks.rule_for(self.trunk, phone.number, self.called, "")
        if self.rule is None and trunks.has_pins(self.trunk):
            await self._ask_pin()
        if self.rule is None or phone.over:
            return
        self._enter()
        if self.answered:
            return self.connect()
        self.exchange.look(self.participant.room)
        await self._wait_for_somebody()

    async def _ask_pin(self):
        """It is answered at once, and in the room only after the right PIN."""
        self._take()
        await asyncio.sleep(PIN_SECONDS)
        self.rule = self.exchange.trunks.rule_for(self.trunk, self.phone.number, self.called,
                                                  self.phone.script["pin"] or "-")
        if self.rule is None:
            await asyncio.sleep(WRONG_PIN_SECONDS)
            self.phone.bye()

    # -- names ---------------------------------------------------------------------------------------------

    def _enter(self):
        number, rule, hidden = self.phone.number, self.rule, self.rule.hide_phone_number
        shown = number[-4:] if hidden else number
        identity = hashlib.sha256(number.encode()).hexdigest()[:16] if hidden else number
        info = models.ParticipantInfo(
            identity=f"sip_{identity}", name=f"Phone {shown}", metadata=rule.metadata,
            kind=models.ParticipantInfo.SIP, attributes={**rule.attributes, **self._attributes()})
        name = self._room_name(shown)
        fresh, room = name not in self.server.rooms, self.server.room(name)
        if fresh:
            for agent in rule.room_config.agents:
                self.server.dispatches.create(room, agent)
        self.enter(Insider(self.server, room, info))
        self.entered_at = time.monotonic()
        self.phone.facts.update({"trunk": self.trunk.sip_trunk_id, "rule": rule.sip_dispatch_rule_id})
        longest = self.trunk.max_call_duration.ToTimedelta().total_seconds()
        if longest > 0:
            self.participant.later(longest, lambda: self.server.spawn(self.end_from_room({})))

    def _room_name(self, shown):
        kind = self.rule.rule.WhichOneof("rule")
        values = getattr(self.rule.rule, kind)
        if kind == "dispatch_rule_direct":
            return values.room_name
        individual = kind == "dispatch_rule_individual"
        parts = [values.room_prefix, shown if individual else self.called]
        if not values.no_randomness if individual else values.randomize:
            parts.append(new_sid(""))
        return "_".join(part for part in parts if part)

    def _attributes(self):
        phone, trunk = self.phone, self.trunk
        shown = {"sip.callID": new_sid("SCL_"), "sip.callIDFull": phone.id.lower(), "sip.callTag": new_sid("").lower(),
                 "sip.callStatus": "active" if self.answered else "ringing", "sip.trunkID": trunk.sip_trunk_id,
                 "sip.ruleID": self.rule.sip_dispatch_rule_id}
        if not self.rule.hide_phone_number:
            shown.update({"sip.phoneNumber": phone.number, "sip.trunkPhoneNumber": self.called,
                          "sip.hostname": self.server.settings.host})
        for name, value in phone.script["headers"].items():
            if name in trunk.headers_to_attributes:
                shown[trunk.headers_to_attributes[name]] = value
            if trunk.include_headers == sip.SIP_ALL_HEADERS or (
                    trunk.include_headers == sip.SIP_X_HEADERS and name.lower().startswith("x-")):
                shown[f"sip.h.{name.lower()}"] = value
        return shown

    def dialog_headers(self):
        host = self.server.settings.host
        return {"Call-ID": self.phone.id.lower(), "From": f"<sip:{self.phone.number}@{host}>",
                "To": f"<sip:{self.called}@{host}>", "Contact": f"<sip:{self.phone.number}@{host}>"}

    # -- the answer ----------------------------------------------------------------------------------------

    async def _wait_for_somebody(self):
        longest = self.trunk.ringing_timeout.ToTimedelta().total_seconds() or RINGING_SECONDS
        while not self.over and not self.phone.over:
            self.look()
            if self.answered:
                await asyncio.sleep(ACTIVE_SECONDS)
                return self.connect()
            await asyncio.sleep(LOOK_SECONDS)
            if not self.answered and time.monotonic() - self.entered_at > longest:
                # The newest servers let the trunk choose the status.
                self.phone.rejected(self.trunk.ringing_timeout_status or REJECTED[0], REJECTED[1])
                return self.leave()

    def look(self):
        """The answer is that an audio track of somebody else exists, muted or not. Another phone, which will have one
        in a moment, will do: it is done before anybody in the room can have heard of it."""
        me = self.participant
        if not (self.answered or self.over) and (me.room.tracks_for(me) or any(
                other.info.kind == models.ParticipantInfo.SIP for other in me.room.others(me))):
            self._take()

    def _take(self):
        if not self.phone.over:
            self.answered = True
            self.phone.note("200")
            self.phone.connected()

    # -- ends ----------------------------------------------------------------------------------------------

    def bridge_ends(self, headers=None):
        if self.answered:
            return self.phone.bye(headers)
        self.phone.rejected(*REJECTED, headers)

    def on_removed(self, reason):
        """Who is removed while the bridge still connects to the room is told when it gives that up."""
        if self.answered or time.monotonic() - self.entered_at > self.exchange.connecting_seconds:
            return super().on_removed(reason)
        self.stop()
        asyncio.get_running_loop().call_later(DEAF_SECONDS, self.bridge_ends)

    def on_cancelled(self):
        """The caller gives up."""
        if self.participant:
            self.hang_up_status()
        else:
            self.stop()

    def on_hung_up(self):
        self.on_cancelled()
