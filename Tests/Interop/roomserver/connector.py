"""livekit.Connector, which the open-source server lacks and the Cloud has: WhatsApp and Twilio calls."""
import asyncio

from livekit.protocol import connector_twilio, connector_whatsapp

from . import sipchecks
from .phones.connected import participant_of
from .phones.meta import GraphError
from .phones.twilio import DETAIL as TWILIO
from .settings import new_sid
from .twirp import TwirpError

RINGING_SECONDS = 60.0


class Connector:
    def __init__(self, server):
        self.server = server
        self.meta, self.twilio = server.exchange.meta, server.exchange.twilio

    def rights(self, method, claims, message):
        return bool(claims.video.get("roomCreate"))

    @staticmethod
    def _require(request, *names):
        for name in names:
            if not getattr(request, name):
                sipchecks.invalid(f"missing required field: {name}")

    @staticmethod
    def _require_sdp(request, kind):
        if not request.HasField("sdp") or not request.sdp.sdp:
            sipchecks.invalid("missing required field: sdp")
        if request.sdp.type != kind:
            sipchecks.invalid(f"sdp must be of type {kind}")

    def _authorize(self, request):
        try:
            self.meta.authorize(request.whatsapp_phone_number_id, request.whatsapp_api_key)
        except GraphError as error:
            raise _refused_by_meta(error) from None

    def _call(self, request):
        call = self.meta.calls.get(request.whatsapp_call_id)
        if call is None or call.over:
            raise TwirpError("not_found", "whatsapp call does not exist")
        return call

    # -- WhatsApp ----------------------------------------------------------------------------------------------

    def dial_whatsapp_call(self, request, _):
        self._require(request, "whatsapp_phone_number_id", "whatsapp_to_phone_number", "whatsapp_api_key",
                      "whatsapp_cloud_api_version")
        self._authorize(request)
        ringing = request.ringing_timeout.ToTimedelta().total_seconds() or RINGING_SECONDS
        try:
            call = self.meta.dial(request.whatsapp_to_phone_number, request.whatsapp_biz_opaque_callback_data, ringing)
        except GraphError as error:
            raise _refused_by_meta(error) from None
        call.take_place(request, request.room_name or new_sid("whatsapp-"))
        return connector_whatsapp.DialWhatsAppCallResponse(whatsapp_call_id=call.id, room_name=call.room_name)

    async def connect_whatsapp_call(self, request, _):
        self._require(request, "whatsapp_call_id")
        self._require_sdp(request, "answer")
        call = self._call(request)
        if not call.outgoing or request.sdp.sdp != call.sdp:
            sipchecks.invalid("sdp is not the answer to the offer of this call")
        call.given = True
        call.complete()
        if request.wait_until_answered:
            await self._answered(call)
        return connector_whatsapp.ConnectWhatsAppCallResponse()

    async def accept_whatsapp_call(self, request, _):
        self._require(request, "whatsapp_phone_number_id", "whatsapp_api_key", "whatsapp_cloud_api_version",
                      "whatsapp_call_id")
        self._require_sdp(request, "offer")
        self._authorize(request)
        call = self._call(request)
        if call.outgoing or request.sdp.sdp != call.sdp:
            sipchecks.invalid("sdp is not the offer of this call")
        if call.given:
            raise TwirpError("failed_precondition", "whatsapp call was accepted before")
        call.take_place(request, request.room_name or new_sid("whatsapp-"))
        call.accept()
        return connector_whatsapp.AcceptWhatsAppCallResponse(room_name=call.room_name)

    def disconnect_whatsapp_call(self, request, _):
        self._require(request, "whatsapp_call_id")
        by_user = request.disconnect_reason == connector_whatsapp.DisconnectWhatsAppCallRequest.USER_INITIATED
        if not by_user:
            self._require(request, "whatsapp_api_key")
            if request.whatsapp_api_key != self.meta.api_key:
                raise TwirpError("permission_denied", "whatsapp api error 190: Invalid OAuth access token")
        call = self._call(request)
        if by_user:
            call.leave_room()
        else:
            call.end()
        return connector_whatsapp.DisconnectWhatsAppCallResponse()

    @staticmethod
    async def _answered(call):
        try:
            await asyncio.shield(call.stands)
        except asyncio.CancelledError:
            if call.stands.cancelled():
                raise TwirpError("failed_precondition", "whatsapp call ended before it was answered") from None
            raise

    # -- Twilio ------------------------------------------------------------------------------------------------

    def connect_twilio_call(self, request, _):
        room = request.room_name or new_sid("twilio-")
        participant = participant_of(self.server, room, request, TWILIO, new_sid("twilio-"), hidden=True)
        return connector_twilio.ConnectTwilioCallResponse(connect_url=self.twilio.promise(participant))


def _refused_by_meta(error):
    code = "permission_denied" if error.status == 401 or error.code == 138006 else "invalid_argument"
    return TwirpError(code, f"whatsapp api error {error.code}: {error}")
