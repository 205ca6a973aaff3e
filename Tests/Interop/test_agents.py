"""The real agents framework on the other side: the first words, who speaks and what was said, the door."""
import asyncio
import json
import os
import random
import time

import numpy as np
import pytest

import agents
from agents import FrameworkAgent, sweep
from delays import card_epoch
from device import DONE, RATE
from peers import wait_for
from stalls import STALL_SECONDS, StallWatch

# LINTEL_ROUNDS=50 is the long run; one round takes about ten seconds.
ROUNDS = int(os.environ.get("LINTEL_ROUNDS", "3"))
ORDERS = ("before", "during", "after")
LATEST_SECONDS = 3.0
SPEECH_SECONDS = 4.0                        # that the agent hears live
PAUSE_SECONDS = 1.5                         # after which the agent takes the visitor's sentence for complete
CUT_SECONDS_MAX = 0.020
# The first live packets meet an empty jitter buffer, which stretches the sound until it holds what it wants.
STRETCH_SECONDS_MAX = 0.150
SILENCE_SECONDS_MAX = 0.100                 # a window and the decoder's beginning around a cut
TRIES = 3
# Around the end of the recording; what is wrong there is no fault of the machine's unless that was seen to stand still.
HAND_OVER_SECONDS = (-0.1, 0.3)
MEDIAN = 4                                  # windows on either side


@pytest.fixture
def framework():
    agents.require_framework()


def laid_against_source(samples, rate):
    """-> (place of the first sample in the sweep; how far the recording slips against the source in all; its largest
    step, negative where something is heard twice; where that is; the longest time without the sweep; the words), in
    seconds.

    A step is looked for in the running median: a decoder that begins in mid-sound is off for some 50 ms, a cut stays."""
    times, places = sweep.places(samples, rate)
    slips = np.unwrap((places - times) % sweep.SECONDS, period=sweep.SECONDS)
    medians = np.array([np.median(slips[max(0, n - MEDIAN):n + MEDIAN + 1]) for n in range(len(slips))])
    steps = medians[2:] - medians[:-2]
    largest = np.argmax(abs(steps))
    return (slips[0] % sweep.SECONDS, medians.max() - medians.min(), steps[largest], times[largest + 1],
            np.diff(times).max(), sweep.words(places))


def consecutive(words):
    return all((after - before) % sweep.WORDS == 1 for before, after in zip(words, words[1:]))


async def visit(device, agent, server, room, folder, order, wait):
    """One call in which the visitor speaks from the press of the button on. -> (when it was pressed, how long the recording
    was, samples, rate)"""
    if order == "before":
        agent.join(server, room, folder)
        await agent.until("joined")
        await asyncio.sleep(0.3)
    epoch = card_epoch(device.folder / "card.microphone")
    pressed = (time.monotonic_ns() - epoch) / 1e9
    calling = asyncio.ensure_future(device.ask("call"))
    if order != "before":
        await asyncio.sleep(wait if order == "after" else 0)
        agent.join(server, room, folder)
        await agent.until("joined")
    assert (await calling).status == DONE
    status = await device.until(lambda s: s["audio"]["pre_connect"]["sent_ms"], 10, "sent its recording")
    await asyncio.sleep(SPEECH_SECONDS)
    samples, rate = await agent.leave()
    assert (await device.ask("hangup")).status == DONE
    await device.until(lambda s: s["room"]["connection"] == "disconnected", 5, "out of the room")
    return pressed, status["audio"]["pre_connect"]["sent_ms"] / 1000, samples, rate


def judge(pressed, recorded, samples, rate):
    """-> (a line that says what was heard, what is wrong with it or None, whether the hand-over may be to blame)"""
    first, slip, cut, where, silence, words = laid_against_source(samples, rate)
    late = (first - pressed + sweep.SECONDS / 2) % sweep.SECONDS - sweep.SECONDS / 2
    line = (f"begins {late * 1000:+.0f} ms from the press, slips {slip * 1000:.0f} ms, largest step {cut * 1000:+.0f} ms "
            f"at {where - recorded:+.2f} s from the hand-over, {len(words)} words")
    wrong, at_hand_over = None, True
    if not -0.6 < late < 0.05:
        wrong = "the recording does not begin at the press"
    elif abs(cut) > CUT_SECONDS_MAX or slip > STRETCH_SECONDS_MAX or silence > SILENCE_SECONDS_MAX:
        wrong = f"something is missing or doubled ({silence * 1000:.0f} ms without the sweep)"
        at_hand_over = HAND_OVER_SECONDS[0] < where - recorded < HAND_OVER_SECONDS[1]
    elif not consecutive(words) or len(words) < SPEECH_SECONDS / sweep.WORD_SECONDS:
        wrong = f"words: {words}"
    return line, wrong, at_hand_over


@pytest.mark.seconds(ROUNDS * 30 + 200)
async def test_no_word_is_lost_before_the_agent_comes(framework, server, room, make_device, tmp_path):
    device = make_device(server, room, microphone=sweep.sound(RATE), session_mode="on-demand",
                         simulated_control=tmp_path / "device0" / "card", audio_dtx="off")
    chance = random.Random(4)
    repeated = 0
    async with FrameworkAgent(tmp_path / "agent.log") as agent:
        for number in range(ROUNDS):
            order, wait = ORDERS[number % 3], chance.uniform(0.2, LATEST_SECONDS)
            for left in reversed(range(TRIES)):
                await asyncio.sleep(chance.uniform(0, 1))
                with StallWatch() as watch:
                    line, wrong, at_hand_over = judge(*await visit(device, agent, server, room, tmp_path, order, wait))
                print(f"round {number}, agent {order} (+{wait:.1f} s): {line}"
                      + (f"; the machine stood still for {watch.longest * 1000:.0f} ms" if watch.longest > STALL_SECONDS else ""))
                # Where a packet is late on a busy machine, the agent's jitter buffer makes sound up for as long, and
                # says so nowhere. That is no round of this scenario; what goes wrong at the hand-over is.
                excused = not at_hand_over or watch.longest > STALL_SECONDS
                assert not wrong or (excused and left), f"round {number}: {wrong}"
                if not wrong:
                    break
                repeated += 1
    print(f"{ROUNDS} rounds, {repeated} of them tried again")


async def test_a_conversation(framework, server, room, make_device, tmp_path):
    device = make_device(server, room, microphone=sweep.sound(RATE), door_output="lock", door_pulse_ms="500",
                         door_rpc_when="in-call")
    async with FrameworkAgent(tmp_path / "agent.log") as agent:
        await device.connected()
        agent.join(server, room, tmp_path)
        await agent.until("joined")
        await device.hears("agent")

        # What the visitor says, as the agent understood it.
        await agent.until("transcript", 15, final=True)
        await wait_for(lambda: any(e["identity"] == "door" and e["final"] and e["text"].startswith("w")
                                   for e in device.events("transcript")), 5, "the visitor's transcript")
        # What the agent says, piece by piece, then whole. It does not talk while the visitor does.
        assert (await device.ask("mute", "on")).status == DONE
        await asyncio.sleep(PAUSE_SECONDS)
        agent.order("say", text="Good morning, whom do you want to see?", hertz=880, seconds=2)
        await device.plays(880)
        await wait_for(lambda: "speaking" in [e["state"] for e in device.events("agent.state")], 5,
                       "told that the agent speaks")
        assert not (await agent.until("said"))["interrupted"]
        await wait_for(lambda: any(e["identity"] == "agent" and e["final"] and "whom do you want" in e["text"]
                                   for e in device.events("transcript")), 5, "the agent's transcript")
        assert any(not e["final"] for e in device.events("transcript") if e["identity"] == "agent")
        states = [e["state"] for e in device.events("agent.state")]
        assert "listening" in states and "speaking" in states, states

        # A visitor who speaks interrupts it.
        agent.order("say", text="This is a very long story that nobody wants to hear to its end.", hertz=700, seconds=9)
        await device.plays(700)
        assert (await device.ask("mute", "off")).status == DONE
        assert (await agent.until("said"))["interrupted"]
        await device.falls_silent(700, 3)

        # Text instead of speech.
        assert (await device.ask("mute", "on")).status == DONE
        await asyncio.sleep(PAUSE_SECONDS)
        assert (await device.ask("send", "where is the bell?")).status == DONE
        assert (await agent.until("chat"))["text"] == "where is the bell?"
        await wait_for(lambda: any("you wrote" in e["text"] for e in device.events("transcript")), 5, "its answer")

        # The door.
        agent.order("rpc", to="door", method="lintel.door.open")
        answer = await agent.until("rpc")
        assert json.loads(answer["payload"])["state"] == "open", answer
        await wait_for(lambda: device.events("door.closed"), 3, "the end of the pulse")
        assert device.events("door.opened")[0]["by"] == "agent"
        agent.order("rpc", to="door", method="lintel.unknown")
        assert (await agent.until("rpc"))["code"] == 1400
        await agent.leave()
        await device.until(lambda s: s["agent"] is None, 5, "alone again")
