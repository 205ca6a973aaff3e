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

# LINTEL_ROUNDS=50 is the long run; one round takes about ten seconds.
ROUNDS = int(os.environ.get("LINTEL_ROUNDS", "9"))
ORDERS = ("before", "during", "after")
LATEST_SECONDS = 3.0
SPEECH_SECONDS = 4.0                        # that the agent hears live
CUT_SECONDS_MAX = 0.020
# The first live packets meet an empty jitter buffer, which stretches the sound until it holds what it wants.
STRETCH_SECONDS_MAX = 0.080


@pytest.fixture
def framework():
    agents.require_framework()


def laid_against_source(samples, rate):
    """-> (place of the first sample in the sweep, how far the recording slips against the source in all, and the
    largest step between neighbouring windows, in seconds; positive: something is missing)."""
    times, places = sweep.places(samples, rate)
    slips = (places - times) % sweep.SECONDS
    slips = np.unwrap(slips, period=sweep.SECONDS)
    steps = np.array([after - before for before, after, gap in zip(slips, slips[5:], times[5:] - times) if gap < 1])
    return (slips[0] % sweep.SECONDS), slips.max() - slips.min(), steps[np.argmax(abs(steps))], sweep.words(places)


def consecutive(words):
    return all((after - before) % sweep.WORDS == 1 for before, after in zip(words, words[1:]))


async def visit(device, agent, server, room, folder, order, wait):
    """One call in which the visitor speaks from the press of the button on. -> (when it was pressed, samples, rate)"""
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
    await device.until(lambda s: s["audio"]["pre_connect"]["sent_ms"], 10, "sent its recording")
    await asyncio.sleep(SPEECH_SECONDS)
    samples, rate = await agent.leave()
    assert (await device.ask("hangup")).status == DONE
    await device.until(lambda s: s["room"]["connection"] == "disconnected", 5, "out of the room")
    return pressed, samples, rate


@pytest.mark.seconds(ROUNDS * 20 + 120)
async def test_no_word_is_lost_before_the_agent_comes(framework, server, room, make_device, tmp_path):
    device = make_device(server, room, microphone=sweep.sound(RATE), session_mode="on-demand",
                         simulated_control=tmp_path / "device0" / "card", audio_dtx="off")
    chance = random.Random(4)
    async with FrameworkAgent(tmp_path / "agent.log") as agent:
        for number in range(ROUNDS):
            order, wait = ORDERS[number % 3], chance.uniform(0.2, LATEST_SECONDS)
            await asyncio.sleep(chance.uniform(0, 1))
            pressed, samples, rate = await visit(device, agent, server, room, tmp_path, order, wait)
            first, slip, cut, words = laid_against_source(samples, rate)
            late = (first - pressed + sweep.SECONDS / 2) % sweep.SECONDS - sweep.SECONDS / 2
            print(f"round {number}, agent {order} (+{wait:.1f} s): begins {late * 1000:+.0f} ms from the press, "
                  f"slips {slip * 1000:.0f} ms, largest step {cut * 1000:+.0f} ms, {len(words)} words")
            assert -0.6 < late < 0.05, f"round {number}: the recording begins {late:.3f} s after the press"
            assert abs(cut) <= CUT_SECONDS_MAX, f"round {number}: {cut:.3f} s missing or doubled"
            assert slip <= STRETCH_SECONDS_MAX, f"round {number}: slips by {slip:.3f} s"
            assert consecutive(words) and len(words) > SPEECH_SECONDS / sweep.WORD_SECONDS, words


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
        # What the agent says, piece by piece, then whole.
        agent.order("say", text="Good morning, whom do you want to see?", hertz=880, seconds=2)
        await device.plays(880)
        await device.until(lambda s: s["agent"]["state"] == "speaking", 5, "told that the agent speaks")
        await agent.until("said")
        await wait_for(lambda: any(e["identity"] == "agent" and e["final"] and "whom do you want" in e["text"]
                                   for e in device.events("transcript")), 5, "the agent's transcript")
        assert any(not e["final"] for e in device.events("transcript") if e["identity"] == "agent")
        states = [e["state"] for e in device.events("agent.state")]
        assert "listening" in states and "speaking" in states, states

        # An interruption ends the sound at once and the transcript early.
        agent.order("say", text="This is a very long story that nobody wants to hear to its end.", hertz=700, seconds=9)
        await device.plays(700)
        agent.order("interrupt")
        assert (await agent.until("said"))["interrupted"]
        await device.falls_silent(700, 3)

        # Text instead of speech.
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
