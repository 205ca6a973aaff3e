"""A call from the room to a phone, as the SIP bridge makes it."""
import asyncio

from livekit.protocol import models, sip

from ..insider import Insider
from ..settings import new_sid
from ..twirp import TwirpError
from .call import BridgedCall
from .statuses import error_of, reason_in_room

RINGING_SECONDS, WAITING_SECONDS = 180.0, 80.0
ACTIVE_SECONDS, END_CALL_SECONDS = 0.022, 0.010         # after the 200; after `active`, when EndCall waited
LEAVING_SECONDS = 0.02
KEY_SECONDS = 0.52                          # of the request's own keys
FAILURE_SECONDS = 0.03
UNKNOWN = "twirp error unknown: "


class Outbound(BridgedCall):
    """`route`: number, address, trunk id and headers, as sip.py found them."""

    def __init__(self, exchange, request, route, phone):
        super().__init__(exchange, phone)
        self.request, self.route = request, route
        self.end_call_is_answered = exchange.end_call_answers
        self.call_id, self.answered = new_sid("SCL_"), False
        self.types = self.removed = False   # the keys of the request; removed meanwhile
        self.outcome = asyncio.get_running_loop().create_future()
        self.outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        if request.play_dialtone or request.play_ringtone:
            self.tone = self.ring_back()
        if request.HasField("media") and request.media.HasField("media_timeout"):
            self.media_timeout = request.media.media_timeout.ToTimedelta().total_seconds()

    # -- dialling ------------------------------------------------------------------------------------------

    async def dial(self, waits, seconds):
        """-> SIPParticipantInfo, at once or when it is answered."""
        request = self.request
        info = models.ParticipantInfo(
            identity=request.participant_identity or f"sip_{request.sip_call_to}", name=request.participant_name,
            metadata=request.participant_metadata, kind=models.ParticipantInfo.SIP)
        for name, value in {**request.participant_attributes, **self._attributes()}.items():
            if value:
                info.attributes[name] = value
        self.enter(Insider(self.server, self.server.room(request.room_name), info))
        self._invite()
        reply = sip.SIPParticipantInfo(participant_id=info.sid, participant_identity=info.identity,
                                       room_name=request.room_name, sip_call_id=self.call_id)
        if waits:
            try:
                await asyncio.wait_for(asyncio.shield(self.outcome), WAITING_SECONDS if seconds is None else seconds)
            except asyncio.TimeoutError:
                self.give_up()
                raise TwirpError("deadline_exceeded", UNKNOWN + "request timed out") from None
        return reply

    def _attributes(self):
        shown = {"sip.callID": self.call_id, "sip.callStatus": "dialing", "sip.trunkID": self.route.trunk_id}
        if not self.request.hide_phone_number:
            shown.update({"sip.phoneNumber": self.request.sip_call_to, "sip.trunkPhoneNumber": self.route.number,
                          "sip.hostname": self.route.address})
        return shown

    def _invite(self):
        request, route, phone = self.request, self.route, self.phone
        display = request.display_name if request.HasField("display_name") else route.number
        phone.facts.update({"from": route.number, "to": request.sip_call_to, "display_name": display or None,
                            "headers": dict(route.headers), "address": route.address,
                            "transport": sip.SIPTransport.Name(route.transport)})
        fails = phone.script["fails"] or ("unresolved" if route.address.split(":")[0].endswith(".invalid") else None)
        if fails:
            self.participant.later(FAILURE_SECONDS, lambda: self._unreachable(fails))
        else:
            phone.invite()
        ringing = request.ringing_timeout.ToTimedelta().total_seconds()
        self.participant.later(ringing if ringing > 0 else RINGING_SECONDS, self._not_answered)
        longest = request.max_call_duration.ToTimedelta().total_seconds()
        if longest > 0:
            self.participant.later(longest, self._too_long)

    # -- what the phone does -------------------------------------------------------------------------------

    def on_ringing(self):
        self.status("ringing")

    def on_answered(self):
        self.answered, self.tone = True, None
        self.tasks.append(asyncio.ensure_future(self._connect()))

    async def _connect(self):
        await asyncio.sleep(ACTIVE_SECONDS)
        self.participant.put_attributes({"sip.callIDFull": new_sid(""), "sip.callTag": new_sid("").lower(),
                                         **self._header_attributes()})
        if self.request.dtmf:
            self.status("automation")
            self.types = True
            await self.play_keys(self.request.dtmf, KEY_SECONDS)
            self.types = False
        if not self.outcome.done():
            self.outcome.set_result(None)
        if self.removed:
            self.bridge_ends()
            return self.stop()
        self.connect()

    def _header_attributes(self):
        headers, wanted = self.remote_headers(), self.route.include_headers
        shown = {custom: headers[name] for name, custom in self.route.headers_to_attributes.items() if name in headers}
        if wanted != sip.SIP_NO_HEADERS:
            for name, value in headers.items():
                if wanted == sip.SIP_ALL_HEADERS or name.lower().startswith("x-"):
                    shown[f"sip.h.{name.lower()}"] = value
        return shown

    def dialog_headers(self):
        number, address = self.route.number, self.route.address
        return {"Call-ID": self.call_id, "Contact": f"<sip:phone@{address}>",
                "From": f'"{number}" <sip:{number}@{self.server.settings.host}>;tag={self.call_id}',
                "To": f"<sip:{self.request.sip_call_to}@{address}>"}

    def on_refused(self, status, reason):
        self._fail(error_of(status, reason), reason_in_room(status, reason))

    # -- what the bridge does ------------------------------------------------------------------------------

    def _unreachable(self, fails):
        address = self.route.address
        self.phone.finish("failed", "bridge", None, fails)
        if fails == "encryption":
            return self._fail(TwirpError("failed_precondition", UNKNOWN + "no common encryption profiles"),
                              models.USER_REJECTED)
        if fails == "refused":
            error = TwirpError("failed_precondition", UNKNOWN + "transport<TCP> dial err=dial tcp "
                               f"{address}: connect: connection refused")
        else:
            host = address.split(":")[0]
            error = TwirpError("invalid_argument", f'{UNKNOWN}fail to resolve target for "{host}": '
                               f"lookup _sip._udp.{host}: no such host")
        self._fail(error, models.CLIENT_INITIATED)

    def _not_answered(self):
        if not self.answered and not self.over:
            self.give_up()

    def _too_long(self):
        """It is counted from the request, the ringing included."""
        if self.over:
            return
        if not self.answered:
            return self.give_up()
        self.bridge_ends()
        self.hang_up_status()

    def give_up(self):
        if not self.over:
            self.bridge_ends()
            self._fail(self._cancelled(), models.USER_UNAVAILABLE)

    @staticmethod
    def _cancelled():
        return TwirpError("canceled", UNKNOWN + "sip request timed out")

    def on_removed(self, reason):
        """Who types is deaf: the phone hears all keys of the request before it hears that the call is over."""
        if self.types:
            self.removed = True
        else:
            super().on_removed(reason)

    def bridge_ends(self, headers=None):
        self.phone.bye(headers) if self.answered else self.phone.cancelled()

    def _fail(self, error, reason):
        """The caller of the API learns it when the participant leaves."""
        self.stop()
        self.participant.later(LEAVING_SECONDS, lambda: self.participant.leave(reason))
        asyncio.get_running_loop().call_later(LEAVING_SECONDS, self._tell, error)

    def _tell(self, error):
        if not self.outcome.done():
            self.outcome.set_exception(error)

    def stop(self):
        super().stop()
        # Whoever still waits now waits for nothing: removed while it rang, or hung up before it was active.
        if not self.outcome.done():
            asyncio.get_running_loop().call_later(2 * LEAVING_SECONDS, self._tell, self._cancelled())

    async def wait_until_settled(self):
        """While it is dialled the bridge holds the call's lock: EndCall and its kin wait for the answer."""
        if not self.active:
            await self.settled.wait()
            await asyncio.sleep(END_CALL_SECONDS)
