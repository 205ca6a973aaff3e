"""A WhatsApp call between a person's phone and a room. It stands when both the SDP and the person are there."""
import asyncio

from livekit.protocol import models

from .connected import ConnectorCall, participant_of

DETAIL = models.ParticipantInfo.CONNECTOR_WHATSAPP
# What travels as SDP: nothing here reads it, but it must arrive as it was sent.
SDP = ("v=0\r\no=- {number} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE audio\r\n"
       "m=audio 3480 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 127.0.0.1\r\na=mid:audio\r\na=sendrecv\r\n"
       "a=ice-ufrag:{number}\r\na=ice-pwd:{number}{number}{number}\r\na=fingerprint:sha-256 {print}\r\n"
       "a=setup:{setup}\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=20;useinbandfec=1\r\n"
       "a=rtpmap:126 telephone-event/8000\r\n")


def sdp(call_id, setup):
    number = abs(hash(call_id)) % 10 ** 10
    return SDP.format(number=number, setup=setup, print=":".join(["AB"] * 32))


class WhatsAppCall(ConnectorCall):
    def __init__(self, exchange, meta, phone, call_id, opaque=""):
        super().__init__(exchange, phone)
        self.meta, self.id, self.opaque = meta, call_id, opaque
        self.outgoing = phone.direction == "outbound"
        self.sdp = sdp(call_id, "active" if self.outgoing else "actpass")
        self.given = False                  # the SDP was handed over
        self.accepted = False
        self.request = self.room_name = None
        self.stands = asyncio.get_running_loop().create_future()
        phone.facts["call_id"] = call_id

    def take_place(self, request, room_name):
        """What the participant will be."""
        self.request, self.room_name = request, room_name

    def complete(self):
        """Puts the person into the room, once both sides are ready."""
        if self.given and self.phone.state == "active" and self.participant is None and not self.over:
            self.enter(participant_of(self.server, self.room_name, self.request, DETAIL,
                                      f"whatsapp_{self.phone.number.lstrip('+')}"))
            self.connect()
            if not self.stands.done():
                self.stands.set_result(None)

    # -- the person ------------------------------------------------------------------------------------------

    def on_ringing(self):
        self.meta.tell_status(self, "RINGING")
        if self.meta.early_sdp:
            self.meta.tell_connect(self)

    def on_answered(self):
        if not self.meta.early_sdp:
            self.meta.tell_connect(self)
        self.meta.tell_status(self, "ACCEPTED")
        self.complete()

    def on_refused(self, status, reason):
        self.meta.tell_status(self, "REJECTED")
        self.ended_there("FAILED")

    def on_cancelled(self):
        self.ended_there("FAILED")

    def on_hung_up(self):
        """Meta tells it by webhook; the participant stays until the connector is told, too."""
        self.ended_there("COMPLETED")

    def ended_there(self, status):
        self.meta.tell_terminate(self, status)
        if not self.participant:
            self.stop()

    # -- the business ----------------------------------------------------------------------------------------

    def accept(self):
        """A caller is taken."""
        self.given = True
        if not self.phone.over:
            self.phone.note("accepted")
            self.phone.connected()
        self.complete()

    def end(self, status="COMPLETED"):
        """By us."""
        if not self.phone.over:
            if self.phone.state == "active":
                self.phone.bye()
            elif self.outgoing:
                self.phone.cancelled()
            else:
                self.phone.rejected(603, "Decline")
            self.meta.tell_terminate(self, status)
        self.leave_room()

    def leave_room(self):
        if self.participant:
            self.participant.leave()
        self.stop()

    def bridge_ends(self, headers=None):
        """Removed from the room."""
        if not self.phone.over:
            self.phone.bye()
            self.meta.tell_terminate(self, "COMPLETED")

    def stop(self):
        super().stop()
        if not self.stands.done():
            self.stands.cancel()
