"""An agent for the demo: records what it hears, and once a sentence is followed by silence, answers with a WAV.

    python agent.py --url ws://... --api-key K --api-secret S --room R --answer answer.wav \
        --recording heard.wav --report report.json [--listen-to door] [--timeout 60]

It prints `agent ready` when it is in the room with its microphone published. The report's times are seconds since
then, and as UNIX time in the *_unix members. Exit status: 0 heard a sentence and answered it, 1 did not.
"""
import argparse
import asyncio
import json
import sys
import time

import analysis
from peers import Peer, wait_for
from servers import OtherServer

SPEECH_DB = -45
SILENCE_SECONDS = 0.8                       # that end a sentence
SENTENCE_SECONDS_MIN = 0.5
TAIL_SECONDS = 1.5                          # the answer's last packets are on their way


class Listener:
    """Waits in a recording for speech, then for silence."""

    def __init__(self, recording):
        self.recording = recording

    def sentence(self):
        """-> (monotonic begin, monotonic end) of the first sentence, or None while it goes on."""
        begin = last = None
        for at, samples in list(self.recording.frames):
            if analysis.level_db(samples) > SPEECH_DB:
                begin, last = begin or at, at
            elif begin and last - begin < SENTENCE_SECONDS_MIN and at - last > SILENCE_SECONDS:
                begin = last = None         # a click, no sentence
        if begin and time.monotonic() - last > SILENCE_SECONDS:
            return begin, last
        return None


async def run(arguments):
    server = OtherServer(arguments.url, arguments.api_key, arguments.api_secret)
    answer, rate = analysis.read_wav(arguments.answer)
    report = {"identity": arguments.identity, "room": arguments.room, "answered": False}
    async with Peer(server, arguments.room, arguments.identity, kind="agent", can_update_own_metadata=True) as agent:
        await agent.publish(name="agent", dtx=False)
        await agent.room.local_participant.set_attributes({"lk.agent.state": "listening"})
        ready = time.monotonic()
        epoch = time.time() - ready

        def note(name, at):
            report[f"{name}_s"], report[f"{name}_unix"] = round(at - ready, 3), round(at + epoch, 3)

        print("agent ready", flush=True)
        note("ready", ready)
        try:
            recording = agent.heard(arguments.listen_to)
            await wait_for(lambda: recording.frames, arguments.timeout, f"a track of {arguments.listen_to}")
            note("track", recording.frames[0][0])
            await wait_for(recording.first_sound_at, arguments.timeout, "sound")
            note("first_audio", recording.first_sound_at())
            begin, end = await wait_for(Listener(recording).sentence, arguments.timeout, "the end of a sentence")
            note("sentence_end", end)
            report["sentence_length_s"] = round(end - begin, 3)
            await agent.room.local_participant.set_attributes({"lk.agent.state": "speaking"})
            agent.voice.say(answer, rate)
            note("answer_begin", time.monotonic())
            while agent.voice.speaking:
                await asyncio.sleep(0.02)
            note("answer_end", time.monotonic())
            await asyncio.sleep(TAIL_SECONDS)
            report["answered"] = True
        except AssertionError as error:
            report["failure"] = str(error)
        heard = agent.heard(arguments.listen_to)
        heard.save(arguments.recording)
        report["heard_s"] = round(heard.seconds, 3)
    with open(arguments.report, "w") as file:
        json.dump(report, file, indent=2)
    return 0 if report["answered"] else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "api-key", "api-secret", "room", "answer", "recording", "report"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--identity", default="agent")
    parser.add_argument("--listen-to", default="door", help="identity of the participant")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for each step")
    sys.exit(asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
