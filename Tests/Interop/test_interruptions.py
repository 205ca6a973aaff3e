"""An agent that listens for voices while it speaks, through a door whose microphone hears its own loudspeaker: what it
says itself interrupts it never, and a visitor who speaks always does."""
import asyncio
import os
import subprocess
import time

import analysis
import numpy as np
import pytest

import agents
from agents import FrameworkAgent
from delays import card_epoch
from device import RATE
from simulatedcard import Card

# LINTEL_TURNS=20 is the long run; a turn takes six seconds.
TURNS = int(os.environ.get("LINTEL_TURNS", "4"))
RETURN_LOSS_DB, TAIL_SECONDS, DELAY_SECONDS = 6, 0.060, 0.008
SENTENCES = (
    "Good morning, you are at the main entrance. Whom would you like to visit today?",
    "One moment please, I am looking for the person in my list and will call upstairs.",
    "The office is on the third floor, please take the lift on the left hand side.",
    "I could not reach anybody. Would you like to leave a message, or try again later?",
)
# What the visitor says, in the file that the microphone hears again and again.
LOOP_SECONDS, VISITOR_AT_SECONDS = 7.0, 3.0
# The agent begins so long before the visitor does.
AHEAD_SECONDS = 2.0
NOTICED_SECONDS_MAX = 1.5


@pytest.fixture
def framework():
    agents.require_framework()


def spoken(folder, name, text, voice, pitch):
    path = folder / f"{name}.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-p", str(pitch), "-s", "150", "-w", path, text], check=True)
    return path


def room_path(seed=7):
    """A small room: the direct way, then noise that dies away."""
    chance = np.random.default_rng(seed)
    count = int(TAIL_SECONDS * RATE)
    path = chance.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    path[0] = 3
    return path / np.sqrt(np.sum(path ** 2)) * 10 ** (-RETURN_LOSS_DB / 20)


def quiet_room(seconds, seed=3):
    return np.round(np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * 20).astype(np.int16)


async def at_the_door(make_device, server, room, folder, microphone):
    device = make_device(server, room, microphone=microphone, simulated_control=folder / "card", audio_aec="on",
                         audio_agc="on", audio_tones="off")
    Card(folder / "card").hears_itself(room_path(), int(DELAY_SECONDS * RATE))
    await device.connected()
    return device


@pytest.mark.timing
@pytest.mark.seconds(TURNS * 15 + 90)
async def test_the_far_voice_interrupts_nobody(framework, server, room, make_device, tmp_path):
    device = await at_the_door(make_device, server, room, tmp_path, quiet_room(10))
    async with FrameworkAgent(tmp_path / "agent.log") as agent:
        agent.join(server, room, tmp_path, ears="voices")
        await agent.until("joined")
        await device.hears("agent")
        for turn in range(TURNS):
            path = spoken(tmp_path, f"turn{turn}", SENTENCES[turn % len(SENTENCES)], "en-us" if turn % 2 else "en-gb", 40 + turn)
            before = len(agent.events)
            agent.order("say", text=SENTENCES[turn % len(SENTENCES)], wav=str(path))
            said = await agent.until("said", 30)
            heard = [e for e in agent.events[before:] if e["event"] == "visitor" and e["state"] == "speaking"]
            assert not said["interrupted"] and not heard, f"turn {turn}: {agent.events[before:]}"
        # It was heard at the door, and came back from there.
        played = await asyncio.to_thread(analysis.read_wav, device.folder / "speaker.wav")
        assert analysis.level_db(played[0]) > -45
        await agent.leave()


@pytest.mark.timing
@pytest.mark.seconds(TURNS * 25 + 90)
async def test_a_visitor_who_speaks_is_noticed(framework, server, room, make_device, tmp_path):
    visitor, rate = analysis.read_wav(spoken(tmp_path, "visitor", "Hello? Can you hear me? I have a parcel for you.", "en+f3", 60))
    visitor = np.interp(np.arange(int(len(visitor) * RATE / rate)) * rate / RATE, np.arange(len(visitor)), visitor)
    sound = quiet_room(LOOP_SECONDS).astype(float)
    begin = int(VISITOR_AT_SECONDS * RATE)
    sound[begin:begin + len(visitor)] += visitor[:len(sound) - begin]
    device = await at_the_door(make_device, server, room, tmp_path, np.clip(sound, -32768, 32767).astype(np.int16))
    story = spoken(tmp_path, "story", " ".join(SENTENCES), "en-us", 45)
    async with FrameworkAgent(tmp_path / "agent.log") as agent:
        agent.join(server, room, tmp_path, ears="voices")
        await agent.until("joined")
        await device.hears("agent")
        epoch = card_epoch(tmp_path / "card.microphone") / 1e9
        for turn in range(TURNS):
            # The agent has begun, and then the visitor does.
            into = (time.monotonic() - epoch) % LOOP_SECONDS
            await asyncio.sleep((VISITOR_AT_SECONDS - AHEAD_SECONDS - into) % LOOP_SECONDS)
            speaks = time.monotonic() + AHEAD_SECONDS
            agent.order("say", text=" ".join(SENTENCES), wav=str(story))
            await agent.until("state", 10, state="speaking")
            after = (await agent.until("state", 30, state="listening"))["at"] - speaks
            assert (await agent.until("said", 30))["interrupted"], f"turn {turn}: nobody noticed"
            assert 0 < after < NOTICED_SECONDS_MAX, f"turn {turn}: {after:.2f} s after the visitor began"
        await agent.leave()
