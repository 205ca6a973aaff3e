"""Runs the hot loop's program on the PC and on the emulated microcontroller, and judges what it did."""
import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np

import speech

FRAMES_PER_SECOND = 50
QEMU = ["qemu-system-riscv32", "-machine", "virt", "-cpu", "rv32", "-bios", "none", "-m", "32",
        "-semihosting-config", "enable=on,target=native", "-monitor", "none", "-serial", "none", "-nographic",
        "-icount", "shift=0", "-kernel"]
SECONDS_MAX = 300


def run(command, folder):
    """-> the figures that the program printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX,
                          stdin=subprocess.DEVNULL)
    figures = {}
    for line in (done.stdout + done.stderr).splitlines():
        name, _, value = line.partition(" ")
        if value.isdigit():
            figures[name] = int(value)
    if not figures.get("complete"):
        raise SystemExit(f"{command[0]} did not finish (exit status {done.returncode}):\n{done.stdout}{done.stderr}")
    return figures


def differences(one, other, name, kind):
    """-> how many numbers of that kind differ between the two folders' files, and where the first one is."""
    a, b = (np.fromfile(folder / name, dtype=kind) for folder in (one, other))
    shared = min(len(a), len(b))
    differing = np.flatnonzero(a[:shared] != b[:shared])
    if len(differing):
        print(f"{name} differs from number {differing[0]} on", file=sys.stderr)
    return len(differing) + abs(len(a) - len(b))


def instruction_rows(figures):
    """What 20 ms cost, by stage. The codec is called from inside the other stages."""
    frames = figures["periods"] / 2
    taken = {stage: figures[f"instructions_{stage}"] / frames
             for stage in ("capture", "pop", "push", "play", "encode", "decode")}
    engine = {"uplink, without Opus": taken["capture"] - taken["encode"], "frames out": taken["pop"],
              "packets in": taken["push"], "downlink, without Opus": taken["play"] - taken["decode"]}
    return engine, {"Opus encoding, complexity 0, 16 kb/s": taken["encode"], "Opus decoding": taken["decode"]}


def rv32_rows(figures, heard_differing, sent_differing):
    """-> (name, value, unit, the most it may be)."""
    engine, codec = instruction_rows(figures)
    rows = [(name, round(value), "instructions / 20 ms", None) for name, value in engine.items()]
    rows.append(("all but Opus", round(sum(engine.values())), "instructions / 20 ms", 60_000))
    rows.append(("  in the worst 20 ms", figures["instructions_engine_worst"], "instructions / 20 ms", None))
    rows += [(name, round(value), "instructions / 20 ms", None) for name, value in codec.items()]
    total = sum(engine.values()) + sum(codec.values())
    rows.append(("full duplex with Opus", round(total * FRAMES_PER_SECOND), "instructions / s", 50_000_000))
    rows.append(("  in the worst 20 ms", figures["instructions_all_worst"], "instructions / 20 ms", None))
    memory = {"Opus encoder": figures["bytes_encoder"], "Opus decoder": figures["bytes_decoder"],
              "uplink, its ring": figures["bytes_heap_uplink"] - figures["bytes_encoder"] - figures["bytes_preconnect"],
              "downlink, its ring, 32 packets": figures["bytes_heap_downlink"] - figures["bytes_decoder"],
              "2 s of pre-connect audio": figures["bytes_preconnect"],
              "stack, as far as it was used": figures["bytes_stack"],
              "static data, the C library's and the rig's included": figures["bytes_static"]}
    memory["the rest of the heap"] = figures["bytes_heap"] - figures["bytes_heap_uplink"] - figures["bytes_heap_downlink"]
    rows += [(name, value, "bytes", None) for name, value in memory.items()]
    rows.append(("memory", sum(memory.values()), "bytes", 320 * 1024))
    rows.append(("samples heard that differ from x86-64", heard_differing, "", 0))
    rows.append(("bytes sent that differ from x86-64", sent_differing, "", 0))
    return rows


def show(rows, as_json):
    """Prints the table, or JSON. -> whether every goal is met. A time is information: another machine, or a busy one,
    has another; UplinkTests and DelayTests count the samples that it is made of."""
    if as_json:
        print(json.dumps([{"name": name.strip(), "value": value, "unit": unit, "goal_max": goal}
                          for name, value, unit, goal in rows]))
    else:
        for name, value, unit, goal in rows:
            verdict = "" if goal is None else f"goal {goal:>10}  " + ("met" if value <= goal else "MISSED")
            print(f"{name:<52} {value:>10} {unit:<21} {verdict}".rstrip())
    missed = [name.strip() for name, value, unit, goal in rows
              if goal is not None and unit != "ms" and value > goal]
    if missed:
        print("goals missed: " + "; ".join(missed), file=sys.stderr)
    return not missed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="with x86/hotloop and rv32/hotloop")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    samples = speech.speech().tobytes()
    x86, rv32 = options.folder / "x86", options.folder / "rv32"
    for folder in (x86, rv32):
        (folder / "speech.s16").write_bytes(samples)
    there = run(["./hotloop"], x86)
    here = run([*QEMU, "hotloop"], rv32)
    for figures in (there, here):
        if not (figures["lost"] and figures["concealed_ms"] and figures["received"] > 500):
            raise SystemExit(f"this was no call over a bad network: {figures}")
    met = show(rv32_rows(here, differences(x86, rv32, "heard.s16", "<i2"),
                         differences(x86, rv32, "sent.bin", np.uint8)), options.json)
    if not options.json:
        print(f"over {here['periods'] / 100:.1f} s of speech both ways: {here['packets_sent']} packets sent, "
              f"{here['lost']} lost, {here['recovered']} mended by FEC, {here['concealed_ms']} ms concealed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
