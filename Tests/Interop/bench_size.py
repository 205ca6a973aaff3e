"""The size of what is shipped, and what it takes of memory in a running call. board/bench runs it."""
import argparse
import asyncio
import json
import pathlib
import subprocess
import sys
import tempfile

import analysis
from device import BINARIES, RATE, Device
from peers import Peer
from servers import RoomServer

CALL_SECONDS = 10


PROGRAM_BYTES_MAX = 2_000_000


def stripped_bytes(program, strip="strip"):
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run([strip, "-o", copy.name, program], check=True)
        return pathlib.Path(copy.name).stat().st_size


def memory_kilobytes(process):
    """Of a running process: resident, and the part that no file backs and no other process shares."""
    found = {}
    for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Anonymous", "Pss"):
            found[name] = int(rest.split()[0])
    return found


async def measure_call(folder):
    server = RoomServer(log_path=folder / "roomserver.log")
    try:
        with Device(folder, server, "bench", microphone=analysis.tone(440, 10, RATE), audio_aec="on",
                    audio_tones="on") as device:
            idle = memory_kilobytes(device.process.pid)
            async with Peer(server, "bench", "peer") as peer:
                await peer.publish(1000)
                await peer.hear("door", 1)
                await device.hears("peer")
                await asyncio.sleep(CALL_SECONDS)
                share = analysis.power_share((await device.play_for(1))[0], RATE, 1000)
                if share < 0.9:
                    raise SystemExit(f"bench: this was no call; the speaker has {share:.0%} of its power at 1000 Hz")
                return idle, memory_kilobytes(device.process.pid)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON value instead of the table")
    parser.add_argument("--cross", nargs="+", metavar="ARCH=PROGRAM=STRIP", default=[],
                        help="the size of these instead, each with its own strip")
    options = parser.parse_args()
    if options.cross:
        named = [one.split("=") for one in options.cross]
        return show([(f"linteld for {architecture} stripped", stripped_bytes(program, strip), "bytes", PROGRAM_BYTES_MAX)
                     for architecture, program, strip in named], options.json)
    with tempfile.TemporaryDirectory(prefix="lintel-bench-") as folder:
        idle, call = asyncio.run(measure_call(pathlib.Path(folder)))
    return show([
        ("linteld stripped", stripped_bytes(BINARIES / "linteld"), "bytes", PROGRAM_BYTES_MAX),
        ("lintelctl stripped", stripped_bytes(BINARIES / "lintelctl"), "bytes", None),
        ("linteld resident in a call", call["Rss"], "kB", 10 * 1024),
        ("linteld anonymous in a call", call["Anonymous"], "kB", 4 * 1024),
        ("linteld proportional in a call", call["Pss"], "kB", None),
        ("linteld anonymous just started", idle["Anonymous"], "kB", None),
    ], options.json)


def show(rows, as_json):
    """Rows of name, figure, unit and the most it may be. -> 0 if every goal is met"""
    if as_json:
        print(json.dumps([{"name": name, "value": value, "unit": unit, "goal_max": goal}
                          for name, value, unit, goal in rows]))
    else:
        for name, value, unit, goal in rows:
            verdict = "" if goal is None else f"goal {goal:>9} {unit}  " + ("met" if value <= goal else "MISSED")
            print(f"{name:<31} {value:>9} {unit:<6} {verdict}".rstrip())
    return 0 if all(goal is None or value <= goal for _, value, _, goal in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
