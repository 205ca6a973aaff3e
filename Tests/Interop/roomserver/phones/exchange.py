"""The telephone exchange: which numbers have a phone, how it behaves, and every call that there was."""
import time

from .inbound import Inbound
from .meta import Meta
from .outbound import Outbound
from .phone import Phone, script
from .twilio import Twilio

LEGS_KEPT_MAX = 500
NOBODY = {"status": 404, "ring": None, "after": 0.02}   # a number that no phone has
ANY = "*"
ENDED_SECONDS = 0.25                        # so long after its end a participant is still removed, by nobody
CONNECTING_SECONDS = 0.05                   # after a caller joined: the bridge is not yet ready for a removal
REMOVAL_SECONDS = (1.0, 3.0)                # until the server asks whoever has the identity by then


class Exchange:
    def __init__(self, server):
        self.server = server
        self.scripts = {}                   # number -> scripts, the last of which stays
        self.legs = []
        self.trunks = None                  # where numbers and rules are looked up; see ../trunks.py
        self.meta, self.twilio = Meta(self), Twilio(self)
        self.end_call_answers = False       # outbound: the participant is gone before the answer
        self.removal_seconds = None         # one of the above, or what a test says
        self.connecting_seconds = CONNECTING_SECONDS

    def set(self, numbers):
        """number -> script, or a list of them for one call after the other; None takes the phone away."""
        checked = {}
        for number, scripts in numbers.items():
            if scripts is not None:
                scripts = [script(s) for s in (scripts if isinstance(scripts, list) else [scripts])]
            checked[number] = scripts
        self.scripts.update(checked)
        self.scripts = {number: scripts for number, scripts in self.scripts.items() if scripts}

    def script_of(self, *numbers):
        """Of a number, under any of its spellings."""
        spelled = next((n for n in (*numbers, ANY) if n in self.scripts), None)
        scripts = self.scripts.get(spelled) or [script(NOBODY)]
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    def phone(self, number, direction, values=None):
        phone = Phone(number, direction, values or self.script_of(number))
        self.legs.append(phone)
        ended = [leg for leg in self.legs if leg.over]
        for leg in ended[:max(0, len(self.legs) - LEGS_KEPT_MAX)]:
            self.legs.remove(leg)
        return phone

    def call(self, request, route):
        return Outbound(self, request, route, self.phone(request.sip_call_to, "outbound"))

    def ring(self, caller, called, values):
        """A phone calls us: `values` is its script. -> the leg"""
        display = values.pop("display_name", None)
        phone = self.phone(caller, "inbound", script(values))
        phone.facts.update({"from": caller, "to": called, "display_name": display, "headers": phone.script["headers"]})
        phone.note("INVITE")
        Inbound(self, phone, called)
        return phone

    def look(self, room):
        """Somebody new is in the room: whoever rings there may be answered by it."""
        for leg in self.legs:
            if isinstance(leg.call, Inbound) and leg.call.participant and leg.call.participant.room is room:
                leg.call.look()

    def has_just_ended(self, room, identity):
        """Whether a phone of the bridge is known there, but is going, or has just gone, of its own accord."""
        present = self.server.rooms[room].participants.get(identity) if room in self.server.rooms else None
        for call in (leg.call for leg in self.legs if isinstance(leg.call, (Inbound, Outbound)) and leg.call.ended_at):
            known = call.participant
            if ((known.room.info.name, known.identity) == (room, identity) and present in (None, known)
                    and time.monotonic() - call.ended_at < ENDED_SECONDS):
                return True
        return False

    def call_of(self, participant):
        """The call behind a participant, or None."""
        return next((leg.call for leg in self.legs if leg.call and leg.call.participant is participant), None)

    def leg(self, ident):
        """By the leg's id, or the last one of a number."""
        return next((leg for leg in reversed(self.legs) if ident in (leg.id, leg.number)), None)

    def reset(self):
        for leg in self.legs:
            if not leg.over:
                leg.hang_up()
        self.scripts, self.legs, self.end_call_answers = {}, [], False
        self.removal_seconds, self.connecting_seconds = None, CONNECTING_SECONDS
        for part in (self.trunks, self.meta, self.twilio):
            part.reset()
