"""The main job, end to end: a visitor speaks at the simulated board, an agent hears it and answers.

board/demo runs it. It starts the room server and the agent (agent.py, on the official LiveKit client), then linteld,
and measures what arrived. Exit status: 0 only if the speech arrived in both directions.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import time

import analysis
from device import BINARIES, Device
from servers import OtherServer, RoomServer

LIKENESS_MIN = 0.80                         # unrelated speech stays under 0.7, the same through Opus is over 0.9
ROOM = "demo"


def speech(path, words, rate, voice="en", quiet_before=0.0):
    """A sentence as a WAV file, by espeak-ng."""
    raw = path.with_suffix(".espeak.wav")
    subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", str(raw), words], check=True)
    samples, from_rate = analysis.read_wav(raw)
    raw.unlink()
    samples = analysis.resample(analysis.trim_silence(samples, from_rate), from_rate, rate).clip(-32768, 32767)
    lead = analysis.np.zeros(int(quiet_before * rate))
    samples = analysis.np.concatenate([lead, samples]).astype("int16")
    analysis.write_wav(path, samples, rate)
    return samples, rate


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: {what} did not happen within {seconds} s")
        time.sleep(0.02)
    return value


def start_agent(server, folder):
    agent = subprocess.Popen(
        [sys.executable, pathlib.Path(__file__).with_name("agent.py"), "--url", server.url, "--api-key", server.key,
         "--api-secret", server.secret, "--room", ROOM, "--answer", folder / "answer.wav", "--recording",
         folder / "agent-heard.wav", "--report", folder / "agent.json", "--timeout", "40"],
        stdout=subprocess.PIPE, stderr=open(folder / "agent.log", "wb"), text=True)
    if agent.stdout.readline().strip() != "agent ready":
        raise SystemExit(f"demo: the agent did not start; see {folder}/agent.log")
    return agent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where the sounds, logs and picture go")
    parser.add_argument("--url", help="another LiveKit server than the room server")
    parser.add_argument("--api-key")
    parser.add_argument("--api-secret")
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    for old in ("speaker.wav", "linteld.log", "agent.json", "events.ndjson"):
        (folder / old).unlink(missing_ok=True)

    # The visitor waits a second and a half, as there is no pre-connect buffer yet that would keep the first word.
    said, said_rate = speech(
        folder / "visitor-says.wav", "Hello, this is the parcel service. Could you open the door, please?", 16000,
        voice="en-gb", quiet_before=1.5)
    answer, answer_rate = speech(
        folder / "answer.wav", "Good morning. Please leave the parcel in the hall, the door is open now.", 48000,
        voice="en-us")

    server = (OtherServer(options.url, options.api_key, options.api_secret) if options.url
              else RoomServer(log_path=folder / "roomserver.log"))
    agent = None
    try:
        agent = start_agent(server, folder)
        # The canceller and the tones are on, as at a door.
        device = Device(folder, server, ROOM, microphone=said, simulated_loop="no", audio_aec="on", audio_tones="on")
        began = time.time()
        with device:
            def connected():
                return any(e["state"] == "connected" for e in device.events("room.connection"))

            wait_for(connected, 15, "the device joining the room")
            joined = joined_after(device, began)
            wait_for(lambda: agent.poll() is not None, 60, "the conversation")
            status = device.ctl("--json", "status").value
            played, played_rate = device.speaker()
        if agent.returncode != 0:
            raise SystemExit(f"demo: the agent heard no sentence; see {folder}/agent.json and {folder}/linteld.log")
    finally:
        if agent and agent.poll() is None:
            agent.kill()
        server.stop()

    report = json.loads((folder / "agent.json").read_text())
    heard, heard_rate = analysis.read_wav(folder / "agent-heard.wav")
    up, _ = analysis.likeness(analysis.trim_silence(said, said_rate), said_rate, heard, heard_rate)
    down, _ = analysis.likeness(answer, answer_rate, played, played_rate)
    picture = folder / "waveforms.png"
    analysis.draw_waveforms(picture, [
        ("visitor says", said, said_rate), ("agent hears", heard, heard_rate),
        ("agent says", answer, answer_rate), ("speaker plays", played, played_rate)])
    rows = [
        ("joined (media flows) after", f"{joined * 1000:.0f} ms"),
        ("first sound at the agent after", f"{report['first_audio_unix'] - began:.2f} s"),
        ("visitor -> agent likeness", f"{up:.2f} of 1"),
        ("agent -> visitor likeness", f"{down:.2f} of 1"),
        ("packets sent / received / lost", "{} / {} / {}".format(
            status["audio"]["uplink"]["packets"], status["audio"]["downlink"]["packets"],
            status["audio"]["downlink"]["lost"])),
        ("memory resident / anonymous", "{rss_kb} kB / {anon_kb} kB".format(**status["memory"])),
        ("programs", str(BINARIES)),
        ("picture", str(picture)),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    if up < LIKENESS_MIN or down < LIKENESS_MIN:
        lost = " and ".join(name for name, found in (("to the agent", up), ("to the visitor", down))
                            if found < LIKENESS_MIN)
        print(f"the speech did NOT arrive {lost} (likeness under {LIKENESS_MIN})")
        return 1
    print("both directions carried the speech")
    return 0


def joined_after(device, began):
    """Seconds from starting linteld to media flowing, by the event's own time."""
    event = next(e for e in device.events("room.connection") if e["state"] == "connected")
    at = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
    return at - began


if __name__ == "__main__":
    sys.exit(main())
