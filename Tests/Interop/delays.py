"""How long sound takes through a device on the simulated card, seen from the wire: bursts in silence, whose begin is
known to the sample on the card and to the packet on the wire."""
import struct

import numpy as np

from interposed import audio_levels

BURST_SECONDS = 12
BURST_SPACING = 8037                        # samples at 16 kHz: falls differently into the frames each time
BURST_LENGTH = 1600
SPURT_TICKS = 3 * 960                       # of the RTP clock: more than a lost packet
FRAME_SAMPLES = 320                         # at 16 kHz
QUIET, LOUD = 70, 50                        # levels in -dBov


def bursts(rate):
    """Twelve seconds at 16 kHz: 100 ms of 1000 Hz every half second, begun at once with full strength."""
    sound = np.zeros(BURST_SECONDS * rate, dtype=np.int16)
    wave = np.round(12000 * np.cos(2 * np.pi * 1000 * np.arange(BURST_LENGTH) / rate)).astype(np.int16)
    for begin in range(BURST_SPACING, len(sound) - BURST_LENGTH, BURST_SPACING):
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
    # The peer's DTX sends nothing in the silence: a burst begins in the packet after a hole in the timestamps.
    holes = np.diff(unwrapped([packet.timestamp for packet in received]))
    arrivals = [received[n + 1].nanoseconds for n in np.flatnonzero(holes > SPURT_TICKS)]
    played, rate = device.speaker()
    epoch = card_epoch(control)
    delays = []
    for onset in speaker_begins(played, rate):
        at = epoch + onset * 1e9 / rate
        before = [arrival for arrival in arrivals if 0 < at - arrival < 250e6]
        if before:
            delays.append((at - before[-1]) / 1e6)
    if len(delays) < 10:
        raise SystemExit(f"bench: only {len(delays)} bursts were heard, of {len(arrivals)} that arrived")
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
