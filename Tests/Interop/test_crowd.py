"""A room in which many talk and show a picture: the device hears those who matter, and is not kept busy by the rest."""
import asyncio
import pathlib
import time

import pytest

from sound import hum

CROWD, SOUNDS_MAX = 20, 8
CPU_RATIO_MAX = 1.5
WINDOWS, WINDOW_SECONDS = 4, 3
# What else the machine does makes the same work take longer: asked again until both were seen undisturbed.
ROUNDS_MAX = 3


def cpu_seconds(pid):
    """What all threads of the process have run."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


async def cpu_share(device):
    """The least of several windows: whatever else runs on the machine only adds to it."""
    shares = []
    for _ in range(WINDOWS):
        before, began = cpu_seconds(device.process.pid), time.monotonic()
        await asyncio.sleep(WINDOW_SECONDS)
        shares.append((cpu_seconds(device.process.pid) - before) / (time.monotonic() - began))
    return min(shares)


def subscribed(status):
    return [t for p in status["participants"] for t in p["tracks"] if t["subscribed"]]


@pytest.mark.seconds(180)
async def test_eight_sounds_and_no_video_of_twenty_people(server, room, make_device):
    server.require_hooks()
    await server.hook("crowd", room=room, people=1)
    # With the canceller, as a door has it.
    device = make_device(server, room, microphone=hum(), audio_aec="on")
    alone = crowded = 1.0
    for _ in range(ROUNDS_MAX):
        await device.hears("crowd0")
        await asyncio.sleep(2)
        alone = min(alone, await cpu_share(device))
        # Those who were there are gone, and so many others come.
        await server.hook("crowd", room=room, people=CROWD)
        await device.until(lambda s: len(s["participants"]) >= CROWD, 15, "in the crowd")
        await asyncio.sleep(4)
        tracks = subscribed(await device.status())
        assert len(tracks) == SOUNDS_MAX and all(t["kind"] == "audio" for t in tracks), tracks
        crowded = min(crowded, await cpu_share(device))
        state = (await server.state(room))["door"]
        assert len([d for d in state["downlinks"].values() if d["bound"]]) == SOUNDS_MAX
        print(f"CPU with one {alone:.2%}, with {CROWD} {crowded:.2%}")
        if crowded < CPU_RATIO_MAX * alone:
            break
        await server.hook("crowd", room=room, people=1)
        await device.until(lambda s: len(s["participants"]) == 1, 15, "alone again")
    assert crowded < CPU_RATIO_MAX * alone, f"{crowded:.2%} of a core in the crowd, {alone:.2%} with one"
    await server.hook("crowd", room=room)
