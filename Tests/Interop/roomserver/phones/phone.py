"""A phone: the far end of a call. It follows its script, and notes all that happens to it."""
import asyncio
import time

from ..settings import new_sid
from . import sound
from .statuses import REASONS

# What a script may say. Seconds of `ring`, `answer`, `after` and `gives_up` count from the INVITE, those of the
# others from the answer; None is never.
DEFAULTS = {
    "ring": 0.1,                            # 180; as late as a carrier, so that `dialing` is seen by everybody
    "answer": None,                         # 200
    "status": None, "reason": None, "after": 0.0,           # the refusal
    "fails": None,                          # no phone is reached at all: "refused", "unresolved" or "encryption"
    "tone": None, "level": sound.AMPLITUDE, "wav": None,    # what it plays
    "keys": [],                             # [seconds, key], or [seconds, keys, seconds between two]
    "hang_up": None,
    "silent_after": None,                   # no RTP from then on
    "headers": {},                          # of its 200, or of its INVITE
    "refer": {},                            # how it takes a transfer: see transfer.py
    "gives_up": None,                       # a caller's CANCEL
    "pin": None}                            # what a caller types when it is asked for one
KEYS = "0123456789*#ABCD"


def script(values):
    unknown = set(values) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"no phone can {', '.join(sorted(unknown))}")
    values = {**DEFAULTS, **values}
    sound.of(values)
    for key in values["keys"]:
        float(key[0])
    return values


class Phone:
    """One call of it. `call` is what the bridge has at the other end: it is told what the phone does."""

    def __init__(self, number, direction, values):
        self.id, self.number, self.direction, self.script = new_sid("LEG_"), number, direction, values
        self.call = None
        self.state = "calling"
        self.times = {"invited_at": time.time(), "ringing_at": None, "answered_at": None, "over_at": None}
        self.facts = {"from": None, "to": None, "display_name": None, "headers": {}, "room": None, "identity": None,
                      "call_id": None, "final": None, "reason": None, "ended": None, "bye_headers": {}}
        self.keys, self.refers, self.events = [], [], []
        self.heard, self.source = sound.Heard(), None
        self.sends = True                   # RTP
        self.timers = []

    @property
    def over(self):
        return self.state == "over"

    def note(self, what, **facts):
        self.events.append({"at": time.time(), "what": what, **facts})

    def at(self, seconds, action, *arguments):
        if seconds is not None and not self.over:
            self.timers.append(asyncio.get_running_loop().call_later(seconds, action, *arguments))

    # -- it is called --------------------------------------------------------------------------------------

    def invite(self):
        self.note("INVITE")
        self.at(self.script["ring"], self.ring)
        if self.script["status"]:
            self.at(self.script["after"], self.refuse)
        self.at(self.script["answer"], self.answer)

    def ring(self):
        if self.state == "calling":
            self.state, self.times["ringing_at"] = "ringing", time.time()
            self.note("180")
            self.call.on_ringing()

    def answer(self):
        if self.state in ("calling", "ringing"):
            self.note("200")
            self.connected()
            self.call.on_answered()

    def refuse(self, status=None, reason=None):
        if self.state in ("calling", "ringing"):
            status = status or self.script["status"] or 486
            reason = reason or self.script["reason"] or REASONS.get(status, "")
            self.finish("refused", "phone", status, reason)
            self.call.on_refused(status, reason)

    def cancelled(self):
        """CANCEL from the bridge."""
        self.finish("cancel", "bridge", 487, REASONS[487])

    # -- it calls ------------------------------------------------------------------------------------------

    def rings_there(self):
        self.state, self.times["ringing_at"] = "ringing", time.time()
        self.at(self.script["gives_up"], self.give_up)

    def give_up(self):
        if self.state in ("calling", "ringing"):
            self.finish("cancel", "phone", 487, REASONS[487])
            if self.call:
                self.call.on_cancelled()

    def rejected(self, status, reason, headers=None):
        self.finish("rejected", "bridge", status, reason, headers)

    # -- the call stands -----------------------------------------------------------------------------------

    def connected(self):
        self.state, self.times["answered_at"] = "active", time.time()
        self.facts["final"], self.facts["reason"] = 200, "OK"
        self.source = sound.of(self.script)
        self.at(self.script["hang_up"], self.hang_up)
        self.at(self.script["silent_after"], self.stop_sending)
        for key in self.script["keys"]:
            self.type(key[1], key[2] if len(key) > 2 else 0.1, key[0])

    def type(self, keys, every=0.1, after=0.0):
        for n, key in enumerate(keys):
            self.at(after + n * every, self.press, key)

    def press(self, key):
        if self.state == "active" and key.upper() in KEYS:
            self.note("key", key=key)
            self.call.on_key(key.upper())

    def stop_sending(self):
        self.sends = False

    def plays(self, values):
        self.source = sound.of(values)

    def sound(self):
        """Its next 20 ms, or None."""
        return self.source.next() if self.source and self.sends else None

    def hears_key(self, key):
        self.keys.append({"key": key, "at": time.time()})

    def hang_up(self):
        if self.state == "active":
            self.finish("bye", "phone")
            self.call.on_hung_up()
        elif self.direction == "inbound":
            self.give_up()
        else:
            self.refuse()

    def bye(self, headers=None):
        """BYE from the bridge."""
        self.finish("bye", "bridge", headers=headers)

    def finish(self, how, by, status=None, reason=None, headers=None):
        if self.over:
            return
        self.facts["bye_headers"] = headers or {}
        self.state, self.times["over_at"] = "over", time.time()
        self.facts["ended"] = {"how": how, "by": by}
        if status:
            self.facts["final"], self.facts["reason"] = status, reason
        self.note(how, by=by)
        for timer in self.timers:
            timer.cancel()

    def described(self):
        heard = self.heard.measure(since=-0.5)
        return {"id": self.id, "number": self.number, "direction": self.direction, "state": self.state, **self.times,
                **self.facts, "keys": self.keys, "refers": self.refers, "events": self.events,
                "heard": {**heard, "seconds": self.heard.seconds}}
