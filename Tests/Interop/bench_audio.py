"""What the audio path costs and how long it takes. board/bench runs it; the folder holds board/hotloop's program."""
import argparse
import asyncio
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from delays import PEER_SECONDS, PEER_SPACING, bursts, microphone_to_packet, packet_to_speaker
from device import RATE, Device
from interposed import Interposed
from peers import Peer
from servers import RoomServer
from simulatedcard import MICROPHONE, SPEAKER, XRUN, Card, replug

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "board/hotloop"))
import hotloop  # noqa: E402
import speech  # noqa: E402

TEN_MINUTES = 600
CALL_SECONDS = 20
ATTEMPTS = 3
REPLUGS = 5
LOSS = 0.05
JITTER_MS = 20                              # what the jitter buffer starts from: the network is this machine
SEALED_FRAMES, SEALED_BYTES = 1000, 80       # about what 32 kbit/s make of 20 ms
# What frames pass on their way out and in, as Swift mangles it.
SEALING = ("7LiveKit10EncryptionV4seal", "7LiveKit4RoomC6openedyAA13ReceivedAudioV")
STAGES = {"uplink, without Opus": ("engine_capture", "opus_encode"), "frames out": ("engine_pop", None),
          "packets in": ("engine_push", None), "downlink, without Opus": ("engine_play", "opus_decode"),
          "Opus encoding, complexity 0, 16 kb/s": ("opus_encode", None), "Opus decoding": ("opus_decode", None)}


def instructions_by_function(command, folder):
    """Inclusive, by callgrind. -> ({function: instructions}, the program's figures)."""
    out = folder / "callgrind.out"
    figures = hotloop.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command], folder)
    done = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], capture_output=True,
                          text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) > 2 and words[0].replace(",", "").isdigit() and ":" in line:
            name = line.split(":", 1)[1].split()[0]
            found.setdefault(name, int(words[0].replace(",", "")))
    return found, figures


def instruction_rows(program, folder):
    taken, figures = instructions_by_function([program], folder)
    frames = figures["periods"] / 2
    rows = []
    for name, (function, inside) in STAGES.items():
        instructions = taken[function] - (taken[inside] if inside else 0)
        rows.append((f"x86-64, {name}", round(instructions / frames), "instructions / 20 ms", None))
    return rows


def sealing_rows(program, library, folder):
    """What encryption from end to end adds: one frame out, one in, by the shipped code."""
    watched = Interposed(library, folder / "interposed-sealing")
    environment = ["env", *(f"{k}={v}" for k, v in watched.environment.items())]
    hotloop.run([*environment, program, "1", str(SEALED_BYTES), "16", "allocation"], folder)
    if not watched.counts().allocations:
        raise SystemExit("bench: a deliberate allocation beside encryption was not noticed")
    rows = []
    for bits, goal in ((128, 6000), (256, None)):
        command = [program, str(SEALED_FRAMES), str(SEALED_BYTES), str(bits // 8)]
        taken, figures = instructions_by_function(command, folder)
        both = sum(one(taken, name) for name in SEALING) / figures["frames"]
        rows.append((f"encryption, {bits} bits, a frame out and one in", round(both), "instructions / 20 ms", goal))
        before = watched.counts()
        hotloop.run([*environment, *command], folder)
        counts = watched.counts() - before
        if counts.total:
            print(f"counted beside encryption: {watched.callers()}", file=sys.stderr)
        rows.append((f"encryption, {bits} bits, {SEALED_FRAMES} frames both ways: allocations",
                     counts.allocations + counts.frees, "", 0))
    return rows


def one(taken, name):
    """-> the instructions of the one function with this in its mangled name."""
    found = [count for function, count in taken.items() if name in function]
    if len(found) != 1:
        raise SystemExit(f"bench: {len(found)} functions are called {name}")
    return found[0]


def counted_run(program, library, folder, times, mistake=None):
    """-> (what the audio thread did, the program's figures, who did it)."""
    watched = Interposed(library, folder / "interposed")
    command = [program, str(times)] + ([mistake] if mistake else [])
    figures = hotloop.run(["env", *(f"{k}={v}" for k, v in watched.environment.items()), *command], folder)
    return watched.counts(), figures, watched.callers()


def engine_rows(program, library, folder):
    """Ten minutes of the engine, faster than real time; first that the counter is not blind."""
    for mistake in ("allocation", "lock", "call"):
        counts, _, _ = counted_run(program, library, folder, 1, mistake)
        noticed = {"allocation": counts.allocations, "lock": counts.locks, "call": counts.system}[mistake]
        if not noticed:
            raise SystemExit(f"bench: a deliberate {mistake} on the audio thread was not noticed")
    seconds = len(speech.speech()) / RATE
    counts, figures, callers = counted_run(program, library, folder, -(-TEN_MINUTES // int(seconds)))
    frames = figures["periods"] // 2
    if frames * 0.020 < TEN_MINUTES or not figures["lost"]:
        raise SystemExit(f"bench: not ten minutes with loss: {figures}")
    if counts.total:
        print(f"counted on the audio thread: {callers}", file=sys.stderr)
    minutes = f"engine, {frames * 0.020 / 60:.0f} minutes, {figures['lost']} packets lost"
    return [(f"{minutes}: allocations", counts.allocations + counts.frees, "", 0),
            (f"{minutes}: locks", counts.locks, "", 0)]


async def delay_rows(library, folder, server):
    """linteld in a call on the simulated card. The canceller is off: it would take bursts on both sides for echo."""
    watched = Interposed(library, folder / "interposed-delays")
    with Device(folder / "delays", server, "delays", microphone=bursts(RATE), environment=watched.environment,
                simulated_control=folder / "card", audio_aec="off", audio_dtx="off",
                audio_jitter_ms=JITTER_MS) as device:
        async with Peer(server, "delays", "peer") as peer:
            voice = await peer.publish(dtx=True)
            await device.hears("peer")
            await peer.hear("door", 1)
            await asyncio.sleep(1)
            voice.say(bursts(RATE, PEER_SPACING, PEER_SECONDS), RATE)
            await asyncio.sleep(PEER_SECONDS + 1)
            up = microphone_to_packet(watched.packets(), folder / "card.microphone")
            down = packet_to_speaker(watched.packets(), folder / "card.speaker", device)
    return [("microphone to packet, median", round(float(np.median(up)), 1), "ms", 30),
            ("  95 of 100", round(float(np.percentile(up, 95)), 1), "ms", None),
            ("packet to speaker, median", round(float(np.median(down)), 1), "ms", 60),
            ("  95 of 100", round(float(np.percentile(down, 95)), 1), "ms", None)]


def sound_card_lines(device):
    """What the daemon said of its sound cards so far: that they opened, stalled, ran dry."""
    return sum(line.startswith(("speaker:", "microphone:")) for line in device.log().splitlines())


async def count_rows(library, folder, server):
    """linteld as it is configured by default, canceller and all, in a call with loss both ways."""
    watched = Interposed(library, folder / "interposed-call")
    with Device(folder / "call", server, "call", microphone=bursts(RATE), environment=watched.environment,
                simulated_control=folder / "counted", audio_aec="on", audio_tones="on") as device:
        async with Peer(server, "call", "peer") as peer:
            await peer.publish(700)
            await device.plays(700)
            await server.hook("network", room="call", identity="door", loss_up=LOSS, loss_down=LOSS)
            for _ in range(ATTEMPTS):
                before, told = watched.counts(), sound_card_lines(device)
                await asyncio.sleep(CALL_SECONDS)
                counts = watched.counts() - before
                # A machine that stalls makes the card run dry; opening it anew is not what a frame costs.
                if not counts.total or sound_card_lines(device) == told:
                    break
                print("bench: the sound card had to recover; counting once more", file=sys.stderr)
            opened = await replugged_rows(device, watched, Card(folder / "counted"))
            status = await device.status()
            threads = {name.read_text().strip() for name in pathlib.Path(f"/proc/{device.process.pid}/task").glob("*/comm")}
    if "lintel-audio" not in threads:
        raise SystemExit(f"bench: there is no audio thread to be counted: {threads}")
    # The cards are opened by another thread, so that nothing of it is seen here either.
    if before.allocations:
        raise SystemExit(f"bench: {before.allocations} allocations on the audio thread while the cards were opened")
    if not status["audio"]["downlink"]["lost"]:
        raise SystemExit(f"bench: nothing was lost in the call: {status['audio']['downlink']}")
    if counts.total:
        print(f"counted on the audio thread: {watched.callers()}", file=sys.stderr)
    call = f"linteld, {CALL_SECONDS} s at {LOSS:.0%} loss"
    return [(f"{call}: allocations", counts.allocations + counts.frees, "", 0),
            (f"{call}: locks", counts.locks, "", 0),
            (f"{call}: system calls beyond the PCM's", counts.system, "", 0)] + opened


async def replugged_rows(device, watched, card):
    """What the audio thread does while a card is lost, is opened again by the other thread, and runs dry."""
    before = watched.counts()
    for _ in range(REPLUGS):
        for half in (MICROPHONE, SPEAKER):
            await replug(card, half)
        card.fault(XRUN)
        await asyncio.sleep(0.2)
    counts = watched.counts() - before
    if counts.total:
        print(f"counted on the audio thread: {watched.callers()}", file=sys.stderr)
    replugged = f"linteld, {REPLUGS} times each card replugged"
    return [(f"{replugged}: allocations", counts.allocations + counts.frees, "", 0),
            (f"{replugged}: locks", counts.locks, "", 0),
            (f"{replugged}: system calls beyond the PCM's", counts.system, "", 0)]


async def call_rows(library, folder):
    server = RoomServer(log_path=folder / "roomserver.log")
    try:
        return await delay_rows(library, folder, server) + await count_rows(library, folder, server)
    finally:
        server.stop()


def echo_rows():
    """What the canceller takes away in simulated rooms: EchoTests measures it, demands over 25 dB and prints it."""
    done = subprocess.run(["swift", "test", "--package-path", ROOT, "--filter", "EchoTests"], capture_output=True,
                          text=True)
    rows = []
    for room, first, after, near in re.findall(
            r"room of (\d+) ms: ERLE (\S+) dB, after a change (\S+) dB, near talker (\S+) dB", done.stdout):
        rows += [(f"echo, room of {room} ms: ERLE", round(float(first), 1), "dB", None),
                 ("  after a change of the path", round(float(after), 1), "dB", None),
                 ("  near talker during double talk", round(float(near), 1), "dB", None)]
    if done.returncode or not rows:
        raise SystemExit(f"bench: EchoTests failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hotloop", type=pathlib.Path, help="the folder with hotloop and interpose.so")
    parser.add_argument("sealing", type=pathlib.Path, help="the program of board/hotloop/sealing")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of the table")
    options = parser.parse_args()
    program, library = options.hotloop.resolve() / "hotloop", options.hotloop.resolve() / "interpose.so"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lintel-bench-"))
    try:
        (folder / "speech.s16").write_bytes(speech.speech().tobytes())
        rows = instruction_rows(program, folder)
        rows += sealing_rows(options.sealing.resolve(), library, folder)
        rows += engine_rows(program, library, folder)
        rows += asyncio.run(call_rows(library, folder))
        rows += echo_rows()
    finally:
        if not os.environ.get("LINTEL_KEEP"):
            shutil.rmtree(folder)
    return 0 if hotloop.show(rows, options.json) else 1


if __name__ == "__main__":
    sys.exit(main())
