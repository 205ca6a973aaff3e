"""How long sound takes through a device on the simulated card, seen from the wire: bursts in silence, whose begin is
known to the sample on the card and to the packet on the wire."""
import struct

import numpy as np

from interposed import audio_levels

BURST_SECONDS = 12
BURST_SPACING = 8037                        # samples at 16 kHz: falls differently into the frames each time
PEER_SPACING, PEER_SECONDS = 22437, 20      # the peer's silence between them is clear
BURST_LENGTH = 1600
FRAME_SAMPLES = 320                         # at 16 kHz
QUIET, LOUD = 70, 50                        # levels in -dBov


def bursts(rate, spacing=BURST_SPACING, seconds=BURST_SECONDS):
    """100 ms of 1000 Hz again and again, begun at once with full strength; at 16 kHz."""
    sound = np.zeros(seconds * rate, dtype=np.int16)
    wave = np.round(12000 * np.cos(2 * np.pi * 1000 * np.arange(BURST_LENGTH) / rate)).astype(np.int16)
    for begin in range(spacing, len(sound) - BURST_LENGTH, spacing):
        sound[begin:begin + BURST_LENGTH] = wave
    return sound


def card_epoch(control):
    """CLOCK_MONOTONIC nanoseconds of the first sample of the card's file."""
    return struct.unpack_from("<q", control.read_bytes(), 32)[0]


def begins(levels):
    """Indices of the first loud packet after a quiet one."""
    return [n for n in range(1, len(levels)) if levels[n] < LOUD and levels[n - 1] > QUIET]


def microphone_to_packet(packets, control):
    """-> milliseconds from a frame's first sample at the microphone to its packet's departure, of every packet."""
    sent = [packet for packet in packets if packet.sent]
    levels = audio_levels(sent)
    epoch = card_epoch(control)
    positions = unwrapped([packet.timestamp for packet in sent]) / 3
    loops = np.arange(64)[:, None] * BURST_SECONDS * 16000
    known = (loops + np.arange(BURST_SPACING, BURST_SECONDS * 16000 - BURST_LENGTH, BURST_SPACING)).ravel()
    # Each first loud packet holds the begin of a burst: that bounds how the packets' clock lies on the card's. Which
    # burst it is, the time says: they are half a second apart.
    least, most = -np.inf, np.inf
    found = begins(levels)
    for n in found:
        at = (sent[n].nanoseconds - epoch) / 1e9 * 16000 - FRAME_SAMPLES / 2
        burst = known[np.argmin(abs(known - at))]
        least = max(least, positions[n] - burst)
        most = min(most, positions[n] + FRAME_SAMPLES - burst)
    if len(found) < 10 or least > most + 2:
        raise SystemExit(f"bench: the bursts do not fit the packets: {len(found)} of them, {least}..{most}")
    offset = (least + most) / 2
    return np.array([(packet.nanoseconds - epoch) / 1e6 - (position - offset) / 16
                     for packet, position in zip(sent, positions)])


def packet_to_speaker(packets, control, device):
    """-> milliseconds from the arrival of the packet in which a burst begins to the burst's begin at the speaker."""
    received = [packet for packet in packets if not packet.sent]
    arrived = np.array([packet.nanoseconds for packet in received])
    sizes = np.array([packet.bytes for packet in received])
    played, rate = device.speaker()
    epoch = card_epoch(control)
    delays = []
    for onset in speaker_begins(played, rate):
        at = epoch + onset * 1e9 / rate
        now = int(np.searchsorted(arrived, at))
        if now < 12 or now + 3 > len(sizes):
            continue
        # The payload is encrypted, but its length tells: the packets of a burst are half as long again as those
        # before it, and the first of them is the last one that was longer than the silence in one go.
        loud, quiet = np.median(sizes[now - 1:now + 3]), np.median(sizes[now - 12:now - 4])
        first = now - 1
        while first > now - 12 and sizes[first - 1] > quiet + 0.3 * (loud - quiet):
            first -= 1
        delays.append((at - arrived[first]) / 1e6)
    if len(delays) < 10:
        raise SystemExit(f"bench: only {len(delays)} bursts were heard")
    return np.array(delays)


def speaker_begins(samples, rate, quiet_seconds=0.2, threshold=1000):
    """Indices of the first sample above the threshold after a stretch of silence."""
    above = np.flatnonzero(np.abs(samples.astype(int)) > threshold)
    if not len(above):
        return []
    starts = above[1:][np.diff(above) > quiet_seconds * rate]
    return [int(start) for start in starts]


def unwrapped(timestamps):
    """RTP timestamps as numbers that only grow, from 0."""
    differences = np.diff(np.array(timestamps, dtype=np.int64))
    differences = (differences + 2**31) % 2**32 - 2**31
    return np.concatenate([[0], np.cumsum(differences)])
