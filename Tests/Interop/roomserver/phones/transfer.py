"""A call handed to somebody else: REFER, and the NOTIFY that tells how it went."""
import asyncio
import time

from livekit.protocol import sip

from ..twirp import TwirpError
from .statuses import REASONS, error_of

RINGING_SECONDS = 30.0
BYE_SECONDS = 1.0                           # from the success to the BYE
REPEATS_SECONDS = (0.5, 1.5, 3.5)           # of a REFER without an answer; the deadline does not end them
# What a phone's script may say under "refer".
DEFAULTS = {"status": 202, "after": 0.005, "notify": 200, "notify_after": 1.0, "reason": None}


class Transfer:
    def __init__(self, call, request):
        self.call, self.target, self.request = call, request.transfer_to, request
        self.script = {**DEFAULTS, **call.phone.script["refer"]}
        self.outcome = asyncio.get_running_loop().create_future()
        self.outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        call.server.spawn(self._run())

    async def _run(self):
        call, script = self.call, self.script
        await call.wait_until_settled()
        if call.over:
            return
        if self.request.play_dialtone:
            call.phone_tone = call.ring_back()
        self._refer()
        if script["status"] is None:
            for n, seconds in enumerate(REPEATS_SECONDS):
                await asyncio.sleep(seconds - (REPEATS_SECONDS[n - 1] if n else 0))
                if not call.over:
                    self._refer()
            return
        await asyncio.sleep(script["after"])
        if script["status"] >= 300:
            return self._fail(script["status"], "")
        if script["notify"] is None:
            return
        await asyncio.sleep(script["notify_after"])
        if script["notify"] >= 300:
            return self._fail(script["notify"], "call transfer failed: ")
        self.outcome.set_result(sip.TransferSIPParticipantResponse())
        call.participant.later(BYE_SECONDS, self._bye)

    def _refer(self):
        target = self.target if self.target.startswith(("tel:", "<")) else f"<{self.target}>"
        self.call.phone.refers.append({"at": time.time(), "to": target, "headers": dict(self.request.headers)})
        self.call.phone.note("REFER", to=target)

    def _fail(self, status, words):
        self.call.transfer = self.call.phone_tone = None
        self.outcome.set_exception(error_of(status, self.script["reason"] or REASONS.get(status, ""), words))

    def _bye(self):
        if not self.call.over:
            self.call.bridge_ends()
            self.call.hang_up_status()


async def transfer(call, request, seconds):
    """-> TransferSIPParticipantResponse; the same target twice is one transfer."""
    running = call.transfer
    if running and running.target != request.transfer_to:
        raise TwirpError("invalid_argument", "twirp error unknown: call already being transferred elsewhere")
    if not running:
        running = call.transfer = Transfer(call, request)
    ringing = request.ringing_timeout.ToTimedelta().total_seconds() or RINGING_SECONDS
    try:
        return await asyncio.wait_for(asyncio.shield(running.outcome), min(ringing, seconds or ringing))
    except asyncio.TimeoutError:
        if call.transfer is running:
            call.transfer = call.phone_tone = None
        raise TwirpError("deadline_exceeded", "twirp error unknown: request timed out") from None
