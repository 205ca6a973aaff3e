"""What the official client plays of packets: WebRTC's NetEq, in real time. It can be fed through a peer connection only, so a
client without manners (Tests/Interop/rawclient.py) sends the packets when they are due to a room server on this machine,
and an official client beside it listens."""
import asyncio
import dataclasses
import logging
import os
import pathlib
import secrets
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests/Interop"))
import peers  # noqa: E402
import servers  # noqa: E402
from goals import LATE_MS_MAX  # noqa: E402
from rawclient import RawClient  # noqa: E402
from sound import RATE  # noqa: E402

AT_A_TIME = 6
SETTLE_SECONDS = 1.0
ATTEMPTS = 2


@dataclasses.dataclass
class Heard:
    samples: np.ndarray                     # 16 kHz; the first one is heard when the clock of the packets says 0
    packets: list                           # as they were really sent
    buffer_ms: float                        # from arrival to playing, by the client's own statistics
    concealed_ms: float
    late: float                             # the most that a packet was sent late, seconds


async def listened(server, packets, joined):
    room = "voice-" + secrets.token_hex(4)
    async with RawClient(server, room, "speaker") as speaker, peers.Peer(server, room, "listener") as listener:
        _, ssrc = await speaker.publish()
        await speaker.published(10)
        publication = await peers.wait_for(lambda: subscribed(listener), 10, "the official client subscribes")
        recording = listener.heard("speaker")
        # To join is work; who sends meanwhile is late.
        await joined.wait()
        start = time.monotonic() + 0.5
        really = []
        for packet in packets:
            await asyncio.sleep(max(0, start + packet.at - time.monotonic()))
            really.append(dataclasses.replace(packet, at=time.monotonic() - start))
            speaker.send_rtp(ssrc, packet.sequence, packet.timestamp, packet.payload)
        statistics = await publication.track.get_stats()
        await asyncio.sleep(SETTLE_SECONDS)
        frames = list(recording.frames)
    inbound = next(one.inbound_rtp.inbound for one in statistics if one.HasField("inbound_rtp"))
    # Frames come every 10 ms and some of them late: the earliest says when the clock ticks.
    count = len(frames[0][1])
    first = min(at - index * peers.FRAME_SECONDS for index, (at, _) in enumerate(frames)) - start
    samples = resampled(np.concatenate([samples for _, samples in frames]).astype(float), peers.RATE * len(frames[0][1]) / count)
    begin = round(-first * RATE)
    samples = samples[begin:] if begin >= 0 else np.concatenate([np.zeros(-begin), samples])
    return Heard(samples, really, 1000 * inbound.jitter_buffer_delay / max(1, inbound.jitter_buffer_emitted_count),
                 inbound.concealed_samples / 48, max(one.at - planned.at for one, planned in zip(really, packets)))


def subscribed(listener):
    for participant in listener.room.remote_participants.values():
        for publication in participant.track_publications.values():
            if publication.track is not None:
                return publication
    return None


def resampled(samples, rate):
    count = int(len(samples) * RATE / rate)
    return np.fft.irfft(np.fft.rfft(samples)[:count // 2 + 1], count) * count / len(samples)


async def all_of(traces):
    # Who leaves without a word leaves tasks behind; that is no news.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        os.nice(-10)                        # real time on a machine that has other things to do
    except PermissionError:
        pass
    with tempfile.TemporaryDirectory(prefix="lintel-voice-") as folder, servers.running(pathlib.Path(folder)) as server:
        heard = []
        for index in range(0, len(traces), AT_A_TIME):
            batch = traces[index:index + AT_A_TIME]
            for attempt in range(ATTEMPTS):
                joined = asyncio.Barrier(len(batch))
                found = await asyncio.gather(*(listened(server, trace, joined) for trace in batch))
                late = max(one.late for one in found)
                if 1000 * late < LATE_MS_MAX:
                    break
                print(f"board/bench voice: this machine was busy: a packet was sent {1000 * late:.0f} ms late", file=sys.stderr)
            heard += found
        return heard


def through(traces):
    """-> Heard of each."""
    return asyncio.run(all_of(traces))
