"""Data packets between participants, over the SCTP channels of their peer connections."""
import asyncio
import logging
import uuid

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from google.protobuf.message import DecodeError
from livekit.protocol import models

log = logging.getLogger("roomserver.data")
RELIABLE, LOSSY = models.DataPacket.RELIABLE, models.DataPacket.LOSSY
LABELS = {"_reliable": RELIABLE, "_lossy": LOSSY}
WAITING_PACKETS_MAX = 200
NONCES_MAX = 1000


class DataLink:
    def __init__(self, participant, publisher, subscriber):
        self.participant = participant
        self.subscriber = subscriber
        self.channels = {}
        self.waiting = []                   # reliable packets until the channel opens
        self.last_reliable = 0
        self.nonces = {}
        self.calls = {}                     # id -> the answer to a call of the API
        self.opened = []                    # by the participant
        publisher.sctp.on("datachannel", self._opened)
        self._make_channels(subscriber)

    def _make_channels(self, subscriber):
        for label, kind in LABELS.items():
            reliable = kind == RELIABLE
            parameters = RTCDataChannelParameters(label=label, ordered=reliable,
                                                  maxRetransmits=None if reliable else 0)
            self.channels[kind] = RTCDataChannel(subscriber.sctp, parameters)
        self.channels[RELIABLE].on("open", self._flush)

    def _opened(self, channel):
        self.opened.append(channel)
        kind = LABELS.get(channel.label)
        if kind is not None:
            channel.on("message", lambda data: self._received(kind, data))

    def _received(self, kind, data):
        sender = self.participant
        if isinstance(data, str) or not sender.info.permission.can_publish_data:
            return
        try:
            packet = models.DataPacket.FromString(data)
        except DecodeError:
            return
        if kind == RELIABLE and packet.sequence:
            if packet.sequence <= self.last_reliable:
                return
            self.last_reliable = packet.sequence
        what = packet.WhichOneof("value")
        if what in ("rpc_ack", "rpc_response") and self._answers_the_api(getattr(packet, what)):
            return
        agent = sender.info.kind == models.ParticipantInfo.AGENT
        if what in (None, "metrics") or (what == "transcription" and not agent):
            return
        if what == "user" and packet.user.nonce:
            if packet.user.nonce in self.nonces:
                return
            self.nonces[packet.user.nonce] = True
            if len(self.nonces) > NONCES_MAX:
                self.nonces.pop(next(iter(self.nonces)))
        # Of somebody hidden the packet keeps the SID and loses the name; what the API sends has neither.
        hidden = sender.info.permission.hidden
        packet.kind, packet.participant_sid = kind, sender.info.sid
        if not (agent and packet.participant_identity and what in ("stream_header", "chat_message")):
            packet.participant_identity = "" if hidden else sender.identity
        if what == "user":
            packet.user.participant_sid = "" if hidden else sender.info.sid
            packet.user.participant_identity = "" if hidden else sender.identity
            if not packet.destination_identities:
                packet.destination_identities.extend(packet.user.destination_identities)
        sender.room.send_data(sender, kind, packet)

    async def call(self, method, payload, seconds):
        """A call of the server itself: the sender is named by the call's id, and has no sid. -> RpcResponse"""
        number = str(uuid.uuid4())
        answer = self.calls[number] = asyncio.get_running_loop().create_future()
        packet = models.DataPacket(kind=RELIABLE, participant_identity=number)
        request = packet.rpc_request
        request.id, request.method, request.payload, request.version = number, method, payload, 1
        request.response_timeout_ms = int(seconds * 1000)
        self.send(RELIABLE, packet.SerializeToString())
        try:
            return await asyncio.wait_for(answer, seconds)
        finally:
            del self.calls[number]

    def _answers_the_api(self, message):
        answer = self.calls.get(message.request_id)
        if answer and isinstance(message, models.RpcResponse) and not answer.done():
            answer.set_result(message)
        return answer is not None

    def send(self, kind, data):
        channel = self.channels[kind]
        if channel.readyState == "open":
            channel.send(data)
        elif kind == RELIABLE and channel.readyState == "connecting":
            self._wait(data)

    def _wait(self, data):
        if len(self.waiting) < WAITING_PACKETS_MAX:
            self.waiting.append(data)

    def reset(self):
        """Closes every channel, as the end of the participant does."""
        for channel in [*self.channels.values(), *self.opened]:
            channel.close()

    def _flush(self):
        waiting, self.waiting = self.waiting, []
        for data in waiting:
            self.channels[RELIABLE].send(data)
