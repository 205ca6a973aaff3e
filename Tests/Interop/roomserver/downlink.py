"""One track on its way to one subscriber: sequence numbers, timestamps, blank frames, retransmission, SR."""
import asyncio
from collections import OrderedDict
import secrets
import time

from aiortc.rtp import RtcpSdesPacket, RtcpSenderInfo, RtcpSourceInfo, RtcpSrPacket

from . import rtp

BLANK_FRAME = bytes([0xF8, 0xFF, 0xFE]) + bytes(77)
BLANK_TIMESTAMP_STEP = 961
BLANK_FIRST_TIMESTAMP_STEP = 1171
MUTE_BLANKS, MUTE_BLANKS_SECONDS = 51, 0.98
END_BLANKS, END_BLANKS_SECONDS, END_BLANKS_DELAY_SECONDS = 11, 0.2, 0.212
HISTORY_PACKETS = 200
NTP_EPOCH_SECONDS = 2208988800
SDES_CNAME, SDES_MID = 1, 15


class Downlink:
    def __init__(self, track, mid, transport, timing):
        self.track, self.mid, self.transport, self.timing = track, mid, transport, timing
        self.ssrc = secrets.randbits(31) | 1
        self.answered = self.bound = self.disabled = self.ended = False
        self.red = False                    # the subscriber takes RED
        self.sequence_offset = self.timestamp_offset = 0
        self.epoch_start = None             # publisher's sequence number from which the offsets hold
        self.last = None                    # (sequence, timestamp, when) of the newest packet sent
        self.realign = False                # blanks were sent, or the track was paused
        self.held = []                      # of its first packets, while they wait for each other
        self.history = OrderedDict()        # sequence -> (bytes, when)
        self.blanks = None
        self.packets = self.octets = 0
        self.nacks_seen = self.nacks_honoured = self.nacks_too_early = 0
        self.rtt = None
        self.report_fraction_lost = None

    @property
    def stream_id(self):
        return f"{self.track.owner.info.sid}|{self.track.info.sid}"

    def description_lines(self):
        """Of the section in which it lies."""
        stream, track = self.stream_id, self.track.info.sid
        return [f"ssrc:{self.ssrc} cname:{stream}", f"ssrc:{self.ssrc} msid:{stream} {track}",
                f"ssrc:{self.ssrc} mslabel:{stream}", f"ssrc:{self.ssrc} label:{track}", f"msid:{stream} {track}"]

    # -- media -------------------------------------------------------------------------------------------

    def forward(self, packet, now):
        if not self.bound or self.disabled or self.ended:
            return
        if self.epoch_start is None or self.realign:
            self._begin(packet, now)
        elif packet.sequence != self.epoch_start and not rtp.newer(packet.sequence, self.epoch_start):
            if now - self.epoch_began < 5:
                return                      # from before the pause
        payload_type, payload = rtp.OPUS_PAYLOAD_TYPE, packet.payload
        if self.track.red:
            if self.red:
                payload_type = rtp.RED_PAYLOAD_TYPE
            else:
                try:
                    payload = rtp.red_primary(payload)
                except ValueError:
                    return
        sequence = packet.sequence + self.sequence_offset & 0xFFFF
        timestamp = packet.timestamp + self.timestamp_offset & 0xFFFFFFFF
        self._send(payload_type, sequence, timestamp, payload, now)

    def _begin(self, packet, now):
        """Keeps the publisher's numbers at first; after a pause continues ours, by one and by wall time."""
        self._stop_blanks()
        if self.last:
            sequence, timestamp, when = self.last
            self.sequence_offset = sequence + 1 - packet.sequence & 0xFFFF
            self.timestamp_offset = timestamp + int((now - when) * 48000) - packet.timestamp & 0xFFFFFFFF
        self.epoch_start, self.epoch_began, self.realign = packet.sequence, now, False

    def _send(self, payload_type, sequence, timestamp, payload, now):
        data = rtp.build(payload_type, sequence, timestamp, self.ssrc, payload)
        if not self._leave(data):
            return
        self.packets += 1
        self.octets += len(payload)
        if self.last is None or rtp.newer(sequence, self.last[0]):
            self.last = (sequence, timestamp, now)
        self.history[sequence] = (data, now)
        while len(self.history) > HISTORY_PACKETS:
            self.history.popitem(last=False)

    def _leave(self, data):
        """As a forwarder whose worker comes late: the first packets of a track can leave in one go."""
        if self.packets >= self.transport.ice.faults.held_down:
            return self.transport.dtls.send_media(data)
        self.held.append(data)
        if self.packets + 1 == self.transport.ice.faults.held_down:
            held, self.held = self.held, []
            return all([self.transport.dtls.send_media(one) for one in held])
        return True

    # -- pauses ------------------------------------------------------------------------------------------

    def mute(self):
        self.realign = True
        self._start_blanks(MUTE_BLANKS, MUTE_BLANKS_SECONDS, 0)

    def disable(self, disabled):
        if disabled and not self.disabled:
            self.mute()
        self.disabled = disabled

    def end(self):
        """The track is over. Its last blanks come after the offer that no longer names its SSRC."""
        if self.ended:
            return
        self.ended = True
        if not self.track.info.muted:
            self._start_blanks(END_BLANKS, END_BLANKS_SECONDS, END_BLANKS_DELAY_SECONDS)

    def _start_blanks(self, count, seconds, delay):
        self._stop_blanks()
        if self.bound and self.last:
            self.blanks = asyncio.ensure_future(self._blank(count, seconds, delay))

    def _stop_blanks(self):
        if self.blanks:
            self.blanks.cancel()
            self.blanks = None

    async def _blank(self, count, seconds, delay):
        await asyncio.sleep(delay)
        start = time.monotonic()
        for n in range(count):
            await asyncio.sleep(max(0, start + n * seconds / (count - 1) - time.monotonic()))
            sequence, timestamp, _ = self.last
            step = BLANK_TIMESTAMP_STEP if n else BLANK_FIRST_TIMESTAMP_STEP
            self._send(rtp.OPUS_PAYLOAD_TYPE, sequence + 1 & 0xFFFF, timestamp + step & 0xFFFFFFFF, BLANK_FRAME,
                       time.monotonic())

    # -- RTCP --------------------------------------------------------------------------------------------

    def nack(self, sequences, now):
        """Repeats what is asked for, unless it was sent so lately that it may still be under way."""
        youngest = min(self.timing.nack_age_max, 2 * (self.rtt or self.timing.nack_default_rtt))
        for sequence in sequences:
            self.nacks_seen += 1
            data, sent_at = self.history.get(sequence, (None, 0.0))
            if data is None:
                continue
            if now - sent_at < youngest:
                self.nacks_too_early += 1
                continue
            self.nacks_honoured += 1
            self.history[sequence] = (data, now)
            self.transport.dtls.send_media(data)

    def receiver_report(self, report):
        self.report_fraction_lost = report.fraction_lost
        if report.lsr:
            middle = int((time.time() + NTP_EPOCH_SECONDS) * 65536) & 0xFFFFFFFF
            self.rtt = max(0.0001, (middle - report.lsr - report.dlsr & 0xFFFFFFFF) / 65536)
            if self.rtt > 60:
                self.rtt = None

    def sender_report(self, now):
        """-> (SR, SDES chunk) or None while nothing was sent."""
        if not self.last or self.ended:
            return None
        ntp = time.time() + NTP_EPOCH_SECONDS
        _, timestamp, when = self.last
        info = RtcpSenderInfo(ntp_timestamp=int(ntp * 2 ** 32) & (2 ** 64 - 1),
                              rtp_timestamp=timestamp + int((now - when) * 48000) & 0xFFFFFFFF,
                              packet_count=self.packets, octet_count=self.octets & 0xFFFFFFFF)
        chunk = RtcpSourceInfo(ssrc=self.ssrc, items=[(SDES_CNAME, self.stream_id.encode()),
                                                      (SDES_MID, self.mid.encode())])
        return RtcpSrPacket(ssrc=self.ssrc, sender_info=info), chunk


def compound(reports):
    """One compound packet for all tracks of a subscriber."""
    return b"".join(bytes(report) for report, _ in reports) + \
        bytes(RtcpSdesPacket(chunks=[chunk for _, chunk in reports]))
