"""What an on-demand device takes while it waits for somebody: wake-ups and processor time, all threads together.
board/bench runs it."""
import argparse
import json
import pathlib
import sys
import tempfile
import time

from device import Device

SETTLING_SECONDS, SECONDS = 6, 20             # it settles, its speaker comes to rest
WAKE_UPS_MAX, SHARE_MAX = 20, 0.2


def counts(process):
    """-> (times that a thread went to sleep, and so was woken; nanoseconds on a processor) since the start."""
    sleeps = nanoseconds = 0
    for thread in pathlib.Path(f"/proc/{process}/task").iterdir():
        status = dict(line.split(":", 1) for line in (thread / "status").read_text().splitlines())
        sleeps += int(status["voluntary_ctxt_switches"])
        nanoseconds += int((thread / "schedstat").read_text().split()[0])
    return sleeps, nanoseconds


def measure(**values):
    """-> (wake-ups a second, percent of a core)"""
    with tempfile.TemporaryDirectory(prefix="lintel-bench-") as folder:
        with Device(folder, token="none", url="ws://127.0.0.1:9", session_mode="on-demand", audio_aec="on",
                    audio_tones="on", **values) as device:
            time.sleep(SETTLING_SECONDS)
            before, begin = counts(device.process.pid), time.monotonic()
            time.sleep(SECONDS)
            after, seconds = counts(device.process.pid), time.monotonic() - begin
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds / 1e7


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON value instead of the table")
    options = parser.parse_args()
    rows = []
    for name, values in [("pre-roll of 300 ms", {}), ("no pre-roll, so no microphone", {"audio_pre_roll_ms": 0})]:
        wake_ups, share = measure(**values)
        rows += [(f"idle, {name}: wake-ups", round(wake_ups, 1), "1/s", WAKE_UPS_MAX),
                 (f"idle, {name}: processor", round(share, 3), "%", SHARE_MAX)]
    if options.json:
        print(json.dumps([{"name": name, "value": value, "unit": unit, "goal_max": goal}
                          for name, value, unit, goal in rows]))
    else:
        for name, value, unit, goal in rows:
            print(f"{name:<47} {value:>7} {unit:<4} goal {goal} {unit}  {'met' if value <= goal else 'MISSED'}")
    return 0 if all(value <= goal for _, value, _, goal in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
