"""A published track: what arrives from its publisher, and the RTCP that goes back."""
import time

from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket

from . import rtp

NACK_DELAYS_SECONDS = (0.020, 0.080, 0.100, 0.120, 0.140)      # before each try
NACK_OUTSTANDING_MAX = 100
LOUD_LEVEL = 35                             # -dBov; quieter is no speech
SERVER_SSRC = 0x52535256


class ReceiverStatistics:
    """RFC 3550 appendix A.3 and A.8, at 48 kHz."""

    def __init__(self):
        self.base = self.highest = None     # extended sequence numbers
        self.received = self.expected_before = self.received_before = 0
        self.jitter, self.transit = 0.0, None

    def add(self, sequence, timestamp, now):
        if self.highest is None:
            self.base = self.highest = sequence
        elif rtp.newer(sequence, self.highest & 0xFFFF):
            self.highest += (sequence - self.highest) & 0xFFFF
        self.received += 1
        transit = int(now * 48000) - timestamp
        if self.transit is not None:
            step = abs((transit - self.transit + 0x80000000 & 0xFFFFFFFF) - 0x80000000)
            self.jitter += (min(step, 48000) - self.jitter) / 16
        self.transit = transit

    @property
    def lost(self):
        return 0 if self.highest is None else max(0, self.highest - self.base + 1 - self.received)

    def fraction_lost(self):
        expected = self.highest - self.base + 1
        interval, got = expected - self.expected_before, self.received - self.received_before
        self.expected_before, self.received_before = expected, self.received
        return min(255, max(0, (interval - got) * 256 // interval)) if interval > 0 else 0


class NackGenerator:
    """Asks for missing packets 20 to 40 ms after the gap shows, up to five times each."""

    def __init__(self):
        self.missing = {}                   # sequence -> [tries, due]

    def packet(self, sequence, highest, now):
        """highest: the highest sequence number before this packet, None for the first."""
        if highest is not None and rtp.newer(sequence, highest):
            gap = (sequence - highest & 0xFFFF) - 1
            if gap <= NACK_OUTSTANDING_MAX:
                for n in range(gap):
                    if len(self.missing) < NACK_OUTSTANDING_MAX:
                        self.missing[highest + 1 + n & 0xFFFF] = [0, now + NACK_DELAYS_SECONDS[0]]
        self.missing.pop(sequence, None)

    def due(self, now):
        asked = []
        for sequence, state in list(self.missing.items()):
            if now < state[1]:
                continue
            asked.append(sequence)
            state[0] += 1
            if state[0] < len(NACK_DELAYS_SECONDS):
                state[1] = now + NACK_DELAYS_SECONDS[state[0]]
            elif state[0] == len(NACK_DELAYS_SECONDS):
                state[1] = now + 1.0        # the answer to the last try may still come
            if state[0] > len(NACK_DELAYS_SECONDS):
                asked.remove(sequence)
                del self.missing[sequence]
        return asked


class PublishedTrack:
    def __init__(self, owner, info, cid):
        self.owner, self.info, self.cid = owner, info, cid
        self.mid = self.ssrc = None
        self.red = False                    # the answer asked for RED: plain Opus is discarded
        self.announced = self.subscribed_once = False
        self.told = False                   # the room knows of it
        self.extensions = {}                # URI -> id
        self.downlinks = []
        self.statistics, self.nacks = ReceiverStatistics(), NackGenerator()
        self.packets = self.discarded = self.nacks_sent = self.recovered = 0
        self.last_packet_at = time.monotonic()
        self.loud = self.window = 0         # packets since the last speakers tick
        self.loudest = 127
        self.loud_ticks, self.speaks = 0, False
        self.last_sr = (0, 0.0)             # (middle NTP bits, when)

    def receive(self, data, now):
        try:
            packet = rtp.parse(data)
        except ValueError:
            self.discarded += 1
            return
        highest = None if self.statistics.highest is None else self.statistics.highest & 0xFFFF
        asked_for = self.nacks.missing.get(packet.sequence)
        if asked_for and asked_for[0]:
            self.recovered += 1
        self.nacks.packet(packet.sequence, highest, now)
        self.statistics.add(packet.sequence, packet.timestamp, now)
        self.packets += 1
        self.last_packet_at = now
        if packet.payload_type != (rtp.RED_PAYLOAD_TYPE if self.red else rtp.OPUS_PAYLOAD_TYPE):
            self.discarded += 1
            return
        self._measure(packet)
        if self.info.muted:
            return
        for downlink in list(self.downlinks):
            downlink.forward(packet, now)

    def _measure(self, packet):
        raw = packet.extensions.get(self.extensions.get(rtp.AUDIO_LEVEL))
        if raw:
            level = raw[0] & 127
            self.window += 1
            if level <= LOUD_LEVEL:
                self.loud += 1
                self.loudest = min(self.loudest, level)

    def speaking(self, tick_seconds):
        """Called once a tick: (level 0..1, active), smoothed over two ticks."""
        active = self.loud * 0.020 >= 0.4 * tick_seconds and not self.info.muted
        level = 10 ** (-self.loudest / 20)
        self.loud, self.window, self.loudest = 0, 0, 127
        self.loud_ticks = min(2, self.loud_ticks + 1) if active else max(0, self.loud_ticks - 1)
        if self.loud_ticks != 1:
            self.speaks = self.loud_ticks == 2
        return (level if active else 0.01), self.speaks

    def sender_report(self, packet, now):
        self.last_sr = (packet.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF, now)

    def receiver_report(self, now):
        if self.statistics.highest is None:
            return None
        lsr, at = self.last_sr
        report = RtcpReceiverInfo(
            ssrc=self.ssrc, fraction_lost=self.statistics.fraction_lost(), packets_lost=self.statistics.lost,
            highest_sequence=self.statistics.highest & 0xFFFFFFFF, jitter=int(self.statistics.jitter), lsr=lsr,
            dlsr=int((now - at) * 65536) if lsr else 0)
        return bytes(RtcpRrPacket(ssrc=SERVER_SSRC, reports=[report]))

    def negative_acknowledgement(self, now):
        asked = self.nacks.due(now)
        if not asked:
            return None
        self.nacks_sent += len(asked)
        return bytes(RtcpRtpfbPacket(fmt=1, ssrc=SERVER_SSRC, media_ssrc=self.ssrc, lost=asked))
