"""What every call has: a participant in the room, a phone, the sound and the keys between them, and its end."""
import asyncio
import json
import time

from livekit.protocol import models

from ..opus import FRAME_SECONDS
from .sound import Ringback

PUBLISH_SECONDS = 0.03                      # after the participant joined
KEY_SECONDS, PAUSE_SECONDS = 0.54, 0.5      # of keys from the room
HANGUP_SECONDS, LEAVE_SECONDS = 0.003, 0.008
MEDIA_TIMEOUT_SECONDS, MEDIA_FIRST_SECONDS = 15.0, 30.0
ROOM_KEYS = "0123456789*#abcd"
DTMF_CODES = {"*": 10, "#": 11, "A": 12, "B": 13, "C": 14, "D": 15}
UNSUPPORTED, FAILED = (1400, "Method not supported at destination"), 1500


class BridgedCall:
    end_call_is_answered = True             # EndCall's answer reaches the room before the participant leaves it

    def __init__(self, exchange, phone):
        self.exchange, self.server, self.phone = exchange, exchange.server, phone
        self.participant = None
        self.active = self.over = False
        self.ended_at = None                # by itself, not by a removal
        self.settled = asyncio.Event()      # what waits for the answer may go on
        self.packets = asyncio.Queue()
        self.tone = None                    # what the room hears instead of the phone
        self.phone_tone = None              # what the phone hears instead of the room
        self.transfer = None
        self.media_timeout = None
        self.tasks = []
        phone.call = self

    # -- joining -------------------------------------------------------------------------------------------

    def enter(self, participant):
        """Joins the room and begins to run."""
        self.participant = participant
        participant.on_packet, participant.on_end = self.on_packet, self.on_removed
        self.phone.facts.update(room=participant.room.info.name, identity=participant.identity,
                                call_id=participant.info.attributes.get("sip.callID"))
        participant.join()
        participant.later(PUBLISH_SECONDS, participant.publisher.publish)
        self.tasks += [asyncio.ensure_future(self._media()), asyncio.ensure_future(self._packets())]

    def status(self, value):
        self.participant.put_attributes({"sip.callStatus": value})

    def connect(self):
        """From now on both hear each other."""
        self.status("active")
        self.active, self.tone = True, None
        self.participant.subscriber.listen()
        self.settled.set()

    # -- sound ---------------------------------------------------------------------------------------------

    async def _media(self):
        due, silent_since = time.monotonic(), None
        while not self.over:
            if self.phone.state == "active":
                played = self.phone.sound()
                if self.active:
                    heard = self.participant.subscriber.take()
                    self.phone.heard.add(self.phone_tone.next() if self.phone_tone else heard)
                silent_since = None if self.phone.sends else silent_since or time.monotonic()
                if silent_since and time.monotonic() - silent_since > self._patience():
                    self.media_lost()
            else:
                played = None
            if not self.active:
                played = self.tone.next() if self.tone else None
            self.participant.publisher.speak(played)
            due = max(due + FRAME_SECONDS, time.monotonic() - 0.1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _patience(self):
        if self.phone.script["silent_after"] == 0:
            return MEDIA_FIRST_SECONDS
        return self.media_timeout or MEDIA_TIMEOUT_SECONDS

    def media_lost(self):
        self.phone.bye()
        self.leave()

    # -- keys ----------------------------------------------------------------------------------------------

    def on_key(self, key):
        """Of the phone. To everybody, other phones included; lost before the call stands."""
        if self.active:
            packet = models.DataPacket()
            packet.sip_dtmf.digit, packet.sip_dtmf.code = key.lower(), int(DTMF_CODES.get(key, key))
            self.participant.data.publish(packet)

    async def play_keys(self, keys, seconds):
        for key in keys:
            if key in ROOM_KEYS and not self.over:
                self.phone.hears_key(key.upper())
            await asyncio.sleep(seconds if key in ROOM_KEYS else PAUSE_SECONDS)

    # -- packets: in their order, so that keys hold up what comes behind them --------------------------------

    def on_packet(self, packet):
        what = packet.WhichOneof("value")
        if what == "rpc_request" or (what == "sip_dtmf" and self.active):
            self.packets.put_nowait(packet)

    async def _packets(self):
        while True:
            packet = await self.packets.get()
            if packet.WhichOneof("value") == "sip_dtmf":
                await self.play_keys(packet.sip_dtmf.digit, KEY_SECONDS)
            else:
                self.server.spawn(self._rpc(packet.rpc_request, packet.participant_identity))

    async def _rpc(self, request, caller):
        ack, answer = models.DataPacket(), models.DataPacket()
        ack.rpc_ack.request_id = answer.rpc_response.request_id = request.id
        self.participant.data.publish(ack, caller)
        methods = {"lk.sip.EndCall": self._end_call, "lk.sip.GetRemoteHeaders": self._remote_headers}
        try:
            if request.method not in methods:
                raise RpcFault(*UNSUPPORTED)
            try:
                wanted = json.loads(request.payload or "{}")
                headers = dict(wanted.get("headers") or {})
            except (ValueError, AttributeError, TypeError) as error:
                raise RpcFault(FAILED, str(error)) from None
            value = await methods[request.method](wanted, headers)
            if value is None:
                return
            answer.rpc_response.payload = json.dumps(value)
        except RpcFault as fault:
            answer.rpc_response.error.code, answer.rpc_response.error.message = fault.args
        if not self.participant.gone:
            self.participant.data.publish(answer, caller)

    async def _end_call(self, _, headers):
        await self.wait_until_settled()
        if self.over:
            return None
        self.server.spawn(self.end_from_room(headers))
        return {} if self.end_call_is_answered else None

    async def _remote_headers(self, wanted, _):
        await self.wait_until_settled()
        include = {name.lower() for name in wanted.get("include") or ()}
        exclude = {name.lower() for name in wanted.get("exclude") or ()}
        return {"headers": {name: value for name, value in sorted(self.remote_headers().items())
                            if (not include or name.lower() in include) and name.lower() not in exclude}}

    def remote_headers(self):
        return {**self.dialog_headers(), "Server": "testphone/1", **self.phone.script["headers"]}

    def dialog_headers(self):
        return {}

    async def wait_until_settled(self):
        """Inbound calls take every word at once."""

    # -- ends ----------------------------------------------------------------------------------------------

    async def end_from_room(self, headers):
        """EndCall, or the end of the longest call."""
        await asyncio.sleep(HANGUP_SECONDS)
        if not self.over:
            self.bridge_ends(headers)
            self.hang_up_status()

    def bridge_ends(self, headers=None):
        """What the phone is told, by the state in which it is."""
        self.phone.bye(headers)

    def on_hung_up(self):
        """By the phone."""
        self.hang_up_status()

    def hang_up_status(self):
        self.ended_at = time.monotonic()
        self.status("hangup")
        self.participant.later(LEAVE_SECONDS, self.leave)
        self.stop()

    def on_removed(self, _):
        """By the server: removed, deleted, or thrown out by a namesake."""
        self.bridge_ends()
        self.stop()

    def leave(self, reason=models.CLIENT_INITIATED):
        self.participant.leave(reason)
        self.stop()

    def bridge_stopped(self):
        """An orderly end of the bridge: without the word that somebody hung up."""
        if not self.over:
            self.bridge_ends()
            self.leave()

    def bridge_killed(self, seconds):
        """Nobody is told. The phone hears nothing more; the room sees a call until the server misses the bridge."""
        if not self.over:
            self.stop()
            self.phone.call = Nobody()
            if self.participant:
                self.participant.on_end = lambda reason: None
                self.participant.later(seconds, lambda: self.participant.end(models.CONNECTION_TIMEOUT))

    def stop(self):
        if not self.over:
            self.over = True
            self.settled.set()
            current = asyncio.current_task()
            for task in self.tasks:
                if task is not current:
                    task.cancel()

    def ring_back(self):
        return Ringback()


class Nobody:
    """At the other end of a phone whose bridge is dead."""
    participant = None

    def __getattr__(self, name):
        return lambda *arguments: None


class RpcFault(Exception):
    pass
