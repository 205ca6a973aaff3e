"""The real agents framework on the other side: the first words, who speaks and what was said, the door."""
import asyncio
import json
import os
import random
import time
import typing

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
HELD_DOWN = int(os.environ.get("LINTEL_HELD_DOWN", "0"))    # packets of a track that the room server begins with at once
ORDERS = ("before", "during", "after")
LATEST_SECONDS = 3.0
SPEECH_SECONDS = 4.0                        # that the agent hears live
PAUSE_SECONDS = 1.5                         # after which the agent takes the visitor's sentence for complete
CUT_SECONDS_MAX = 0.020
# The first live packets meet an empty jitter buffer, which pauses and stretches the sound until it holds what it wants.
# Doubled is some of what is stretched, and silent a window and the decoder's beginning around a pause, of which a packet
# is the forwarder's, which lets the first one wait for the second.
MOST_SECONDS = {"missing": CUT_SECONDS_MAX, "doubled": 0.040, "stretched": 0.200, "silent": 0.120}
TRIES = 3
# Around the end of the recording; what is wrong there is no fault of the machine's unless that was seen to stand still.
HAND_OVER_SECONDS = (-0.1, 0.3)
MEDIAN = 4                                  # windows on either side
BEGIN = 6                                   # windows in which a decoder that begins in mid-sound is off


@pytest.fixture
def framework():
    agents.require_framework()


class Heard(typing.NamedTuple):
    """What a recording has of the sweep, in seconds; of what is somewhere, how much at most and where in the recording."""
    first: float                            # the place of the first sample in the sweep
    step: tuple                             # the largest, negative for a pause
    missing: tuple                          # left out
    doubled: tuple                          # heard a second time
    stretched: tuple                        # in all, pauses as well; where the largest step is
    silent: tuple                           # the longest time without the sweep
    words: list


def laid_against_source(samples, rate):
    """A step is looked for in the running median: a decoder that begins in mid-sound is off for some 50 ms, a cut
    stays."""
    times, places = sweep.places(samples, rate)
    slips = np.unwrap((places - times) % sweep.SECONDS, period=sweep.SECONDS)
    medians = np.array([np.median(slips[max(0, n - MEDIAN):n + MEDIAN + 1]) for n in range(len(slips))])
    steps, left_out, doubled = medians[2:] - medians[:-2], np.zeros(len(medians) - 2), np.zeros(len(medians) - 2)
    gaps = np.diff(times) - sweep.STEP_SECONDS
    # A jitter buffer that has nothing goes on with the tone that it heard: a pause, not something that is said again.
    stands = np.where(abs(np.diff(slips + times)) < sweep.STEP_SECONDS / 2, sweep.STEP_SECONDS, 0)
    for n in np.flatnonzero((abs(steps) > CUT_SECONDS_MAX) | (gaps[1:] > sweep.STEP_SECONDS)):
        # Judged by the slip of the sound before, and of the sound after it, once the decoder is on.
        before = slips[max(0, n - BEGIN - MEDIAN):max(1, n - MEDIAN)]
        after = slips[n + BEGIN + MEDIAN:n + BEGIN + 2 * MEDIAN]
        if len(after):
            around = slice(max(0, n - MEDIAN), n + BEGIN + MEDIAN)
            left_out[n] = np.median(after) - np.median(before) + gaps[around].sum()
            doubled[n] = -left_out[n] - stands[around].sum()
    largest = np.argmax(abs(steps))
    return Heard(slips[0] % sweep.SECONDS, (steps[largest], times[largest + 1]),
                 (left_out.max(), times[np.argmax(left_out) + 1]), (doubled.max(), times[np.argmax(doubled) + 1]),
                 (medians.max() - medians.min(), times[largest + 1]),
                 (np.diff(times).max(), times[np.argmax(np.diff(times))]), sweep.words(places))


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
    heard = laid_against_source(samples, rate)
    late = (heard.first - pressed + sweep.SECONDS / 2) % sweep.SECONDS - sweep.SECONDS / 2
    line = (f"begins {late * 1000:+.0f} ms from the press, slips {heard.stretched[0] * 1000:.0f} ms, largest step "
            f"{heard.step[0] * 1000:+.0f} ms at {heard.step[1] - recorded:+.2f} s from the hand-over, {len(heard.words)} words")
    wrong, at_hand_over = None, True
    if not -0.6 < late < 0.05:
        wrong = "the recording does not begin at the press"
    for what, most in MOST_SECONDS.items():
        seconds, where = getattr(heard, what)
        if not wrong and seconds > most:
            wrong = f"{seconds * 1000:.0f} ms are {what} {where - recorded:+.2f} s from the hand-over"
            at_hand_over = HAND_OVER_SECONDS[0] < where - recorded < HAND_OVER_SECONDS[1]
    if not wrong and (not consecutive(heard.words) or len(heard.words) < SPEECH_SECONDS / sweep.WORD_SECONDS):
        wrong = f"words: {heard.words}"
    return line, wrong, at_hand_over


def heard_by_the_agent(*pieces):
    """Pieces of what the visitor says, each from a second of it on and so many seconds long; from None is silence."""
    source = np.tile(sweep.sound(RATE), 2)
    return np.concatenate([np.zeros(int(length * RATE), dtype=np.int16) if begin is None else
                           source[int(begin * RATE):int((begin + length) * RATE)] for begin, length in pieces])


@pytest.mark.parametrize("pieces, wrong", [
    (((0.7, 6.0),), None),
    (((0.7, 0.3), (None, 0.04), (1.0, 5.0)), None),
    (((0.7, 0.3), (1.04, 5.0)), "missing"),
    (((0.7, 0.3), (None, 0.06), (1.06, 5.0)), "missing"),
    (((0.7, 0.3), (0.95, 5.0)), "doubled"),
    (((0.7, 0.3), (None, 0.14), (1.0, 5.0)), "silent"),
    (((0.7, 0.3), (None, 0.20), (1.0, 5.0)), "stretched"),
    (((1.3, 6.0),), "begin"),
    (((0.7, 2.0),), "words")])
def test_what_is_missing_doubled_or_silent_is_told(pieces, wrong):
    _, found, at_hand_over = judge(1.0, 0.3, heard_by_the_agent(*pieces), RATE)
    assert bool(found) == bool(wrong) and (not wrong or wrong in found), found
    assert at_hand_over


def test_a_word_that_is_lost_later_is_not_laid_to_the_hand_over():
    _, found, at_hand_over = judge(1.0, 0.3, heard_by_the_agent((0.7, 2.5), (3.6, 5.0)), RATE)
    assert "missing" in found and not at_hand_over, found


@pytest.mark.seconds(ROUNDS * 30 + 200)
async def test_no_word_is_lost_before_the_agent_comes(framework, server, room, make_device, tmp_path):
    device = make_device(server, room, microphone=sweep.sound(RATE), session_mode="on-demand",
                         simulated_control=tmp_path / "device0" / "card", audio_dtx="off")
    chance = random.Random(4)
    repeated = 0
    if server.hooks and HELD_DOWN:
        # As a real forwarder was seen to begin: two packets in one go, and the next when it is due.
        await server.hook("network", room=room, joining=True, held_down=HELD_DOWN)
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
