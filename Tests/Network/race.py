"""Lintel and the official client, in turn, in the same rooms: how soon each is heard and hears, how late sound is, what it
takes. Over loopback, and over the wire at 100 ms round trip. board/bench race runs it."""
import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import namespaces  # noqa: E402

NO_NETWORKS = None
if "--url" not in sys.argv:
    try:
        namespaces.enter_home()
    except namespaces.CannotRun as why:
        NO_NETWORKS = str(why)

import numpy as np  # noqa: E402

import analysis  # noqa: E402
from bench_size import memory_kilobytes  # noqa: E402
from control import Control  # noqa: E402
from delays import PEER_SPACING, bursts, card_epoch  # noqa: E402
from device import RATE, SOUNDCARD, Device  # noqa: E402
from official import Official  # noqa: E402
import peers  # noqa: E402
import realserver  # noqa: E402
import servers  # noqa: E402
import speaker  # noqa: E402
from sound import MICROPHONE_HZ, PEER_HZ  # noqa: E402

ROUND_TRIP_MS = 100
LOUD = 1000                                 # of 32767: a tone has 8000
JOIN_SECONDS_MAX = 20
# Of each contestant, by turns: of one call it is chance how it went. Over the wire one is enough, as nothing is demanded.
CALLS = {"loopback": 3, "wire": 1}
CALL_SECONDS = 12
BURSTS_SECONDS = 16
EAR_SECONDS_MAX = 0.9                       # bursts are further apart
# The most that the ratio to the official client may be, by place and figure.
GOALS = {("loopback", "heard"): 0.35, ("loopback", "hears"): 1.0, ("wire", "heard"): 0.8, ("wire", "hears"): 0.8,
         ("loopback", "resident"): 0.165, ("loopback", "mouth to ear"): 0.9, ("loopback", "cpu"): 0.27}


def cpu_seconds(pid):
    """What all threads of the process have run, from the scheduler's own clock."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


class OfficialContestant:
    name = "official"

    def __init__(self, race, prefix, folder):
        self.race, self.folder = race, folder
        configuration = speaker.configuration(SOUNDCARD, folder / "official.wav", folder / "official.card")
        (folder / "asound.conf").write_text(configuration)
        self.client = Official(prefix, {"ALSA_CONFIG_PATH": str(folder / "asound.conf")})

    async def __aenter__(self):
        await self.client.__aenter__()
        self.pid = self.client.pid
        return self

    async def __aexit__(self, *reason):
        await self.client.__aexit__(*reason)

    async def join(self, access, *card):
        self.client.tell("listen")
        began = time.monotonic()
        self.client.tell("join", self.race.server.url, access, MICROPHONE_HZ, *card)
        await self.client.answer("joined", JOIN_SECONDS_MAX)
        return began

    async def onsets(self, since):
        """When sound began at its ear, each time after silence."""
        self.client.tell("listened")
        heard = (await self.client.answer("listened"))["heard"]
        self.client.tell("listen")
        return onsets([(at, peak) for at, peak in heard if at >= since])

    async def onsets_at_card(self, since):
        await asyncio.sleep(0.5)            # what was played reaches the card's file
        played, rate = analysis.read_wav(self.folder / "official.wav")
        return card_onsets(played, rate, self.folder / "official.card", since)

    async def leave(self):
        self.client.tell("leave")
        await self.client.answer("left")


class LintelContestant:
    name = "lintel"

    def __init__(self, race, prefix, folder):
        self.card = folder / "card"
        self.race = race
        self.device = Device(folder / "lintel", race.server, "none", identity="device", runner=prefix or None,
                             microphone=analysis.tone(MICROPHONE_HZ, 10, RATE), session_mode="on-demand", audio_aec="on",
                             simulated_control=self.card)

    async def __aenter__(self):
        self.device.start()
        self.pid = self.device.process.pid
        self.control = await Control(self.device).__aenter__()
        return self

    async def __aexit__(self, *_):
        await self.control.__aexit__()
        self.device.stop()

    async def join(self, access, *_):
        self.device.write_token(access)
        began = time.monotonic()
        asked = asyncio.ensure_future(self.control.ask("press", name="button"))
        while (await self.control.ask("status"))["room"]["connection"] != "connected":
            if time.monotonic() - began > JOIN_SECONDS_MAX:
                raise SystemExit(f"race: linteld did not join\n{self.device.log()[-2000:]}")
            await asyncio.sleep(0.02)
        await asked
        return began

    async def onsets(self, since):
        await asyncio.sleep(0.2)            # what was played reaches the card's file
        return card_onsets(*self.device.speaker(), self.card.with_name("card.speaker"), since)

    onsets_at_card = onsets

    async def leave(self):
        await self.control.ask("leave")
        await asyncio.sleep(0.3)


def onsets(levels, quiet_seconds=0.2):
    """Of [(time, peak)]: when it got loud after a stretch of silence."""
    last, found = None, []
    for at, peak in levels:
        if peak > LOUD:
            if last is None or at - last > quiet_seconds:
                found.append(at)
            last = at
    return found


def card_onsets(played, rate, control, since):
    epoch = card_epoch(control) / 1e9
    loud = np.flatnonzero(np.abs(played.astype(int)) > LOUD)
    return [at for at in onsets([(epoch + n / rate, LOUD + 1) for n in loud]) if at >= since]


class Race:
    """One place: both contestants, and an observer beside the room server."""

    def __init__(self, server, contestants):
        self.server, self.contestants = server, contestants

    @contextlib.asynccontextmanager
    async def observed(self, hums):
        room = "race-" + uuid.uuid4().hex[:8]
        async with peers.Peer(self.server, room, "observer") as observer:
            await observer.publish(PEER_HZ if hums else None)
            await asyncio.sleep(0.5)
            yield observer, peers.token(self.server, room, "device")

    async def start_once(self, contestant):
        """-> seconds from the press, or the word to join, until it is heard, and until it hears."""
        async with self.observed(True) as (observer, access):
            began = await contestant.join(access)
            heard = await peers.wait_for(lambda: observer.heard("device").first_sound_at(began), JOIN_SECONDS_MAX,
                                         f"{contestant.name} is heard")
            await asyncio.sleep(0.8)
            hears = await contestant.onsets(began)
            await contestant.leave()
            if not hears:
                raise SystemExit(f"race: {contestant.name} heard nothing")
            return {"heard": heard - began, "hears": hears[0] - began}

    async def full_duplex(self, contestant):
        """-> what a call takes: the share of a core, and kilobytes resident."""
        async with self.observed(True) as (observer, access):
            await contestant.join(access)
            await observer.hear("device", 3)
            before, began = cpu_seconds(contestant.pid), time.monotonic()
            await asyncio.sleep(CALL_SECONDS)
            cpu = (cpu_seconds(contestant.pid) - before) / (time.monotonic() - began)
            memory = memory_kilobytes(contestant.pid)
            await contestant.leave()
            return {"cpu": cpu, "resident": memory["Rss"]}

    async def mouth_to_ear(self, contestant):
        """-> seconds from a burst at the observer's microphone to the contestant's card, and to who has the sound first,
        which of the official client is the program that shall play it."""
        async with self.observed(False) as (observer, access):
            said, capture = [], observer.voice.source.capture_frame

            async def noting(frame):
                said.append((time.monotonic(), int(np.abs(np.frombuffer(frame.data, dtype=np.int16).astype(int)).max())))
                await capture(frame)

            observer.voice.source.capture_frame = noting
            began = await contestant.join(access, "speaker")
            await asyncio.sleep(2)
            observer.voice.say(bursts(RATE, PEER_SPACING, BURSTS_SECONDS), RATE)
            await asyncio.sleep(BURSTS_SECONDS + 1)
            found = {"mouth to ear": await contestant.onsets_at_card(began),
                     "mouth to program": await contestant.onsets(began)}
            await contestant.leave()
        return {figure: self.delays(contestant, onsets(said), ears) for figure, ears in found.items()}

    @staticmethod
    def delays(contestant, said, ears):
        delays = [min((ear - at for ear in ears if 0 < ear - at < EAR_SECONDS_MAX), default=None) for at in said]
        delays = [delay for delay in delays if delay is not None]
        if len(delays) < 5:
            raise SystemExit(f"race: {contestant.name} heard {len(delays)} of {len(said)} bursts")
        return delays

    async def run(self, rounds, calls):
        """-> {figure: {contestant: [values]}}"""
        found = {}

        def note(contestant, values):
            for figure, value in values.items():
                found.setdefault(figure, {}).setdefault(contestant.name, []).append(value)

        def by_turns(number):
            return self.contestants[::1 if number % 2 else -1]

        for number in range(rounds):
            for contestant in by_turns(number):
                note(contestant, await self.start_once(contestant))
        for number in range(calls):
            for contestant in by_turns(number):
                for figure, delays in (await self.mouth_to_ear(contestant)).items():
                    for delay in delays:
                        note(contestant, {figure: delay})
            for contestant in by_turns(number):
                note(contestant, await self.full_duplex(contestant))
        return found


UNITS = {"heard": ("ms", 1000), "hears": ("ms", 1000), "mouth to ear": ("ms", 1000), "mouth to program": ("ms", 1000),
         "cpu": ("% of a core", 100), "resident": ("kB", 1)}


def rows(place, found):
    made = []
    for figure, by_contestant in found.items():
        unit, scale = UNITS[figure]
        medians = {name: statistics.median(values) * scale for name, values in by_contestant.items()}
        ratio, goal = medians["lintel"] / medians["official"], GOALS.get((place, figure))
        made.append({"place": place, "figure": figure, "unit": unit, "lintel": round(medians["lintel"], 1),
                     "official": round(medians["official"], 1), "ratio": round(ratio, 3), "goal_max": goal,
                     "rounds": len(by_contestant["lintel"])})
    return made


async def measure(options, folder):
    if options.url:
        server = servers.OtherServer(options.url, options.api_key, options.api_secret)
    elif NO_NETWORKS:
        server = servers.RoomServer(log_path=folder / "roomserver.log")
    elif realserver.PROGRAM:
        server = realserver.RealServer(folder, relayed=False)
    else:
        server = servers.RoomServer("--host", namespaces.ROOMS, "--node-ip", namespaces.ROOMS,
                                    log_path=folder / "roomserver.log")
    places, network, found = {"loopback": []}, None, []
    if not options.url and not NO_NETWORKS:
        network = namespaces.Network()
        network.wire.set(delay_ms=ROUND_TRIP_MS / 2)
        places["wire"] = network.device.prefix
    else:
        print(f"race: not over the wire: {NO_NETWORKS or 'the server is somewhere else'}", file=sys.stderr)
    try:
        for place, prefix in places.items():
            (folder / place).mkdir()
            race = Race(server, [])
            place_folder = folder / place
            async with (OfficialContestant(race, prefix, place_folder) as official,
                        LintelContestant(race, prefix, place_folder) as lintel):
                race.contestants = [official, lintel]
                await asyncio.sleep(1)
                found += rows(place, await race.run(options.rounds, CALLS[place]))
    finally:
        if network:
            network.close()
        server.stop()
    return found


def show(found):
    print(f"{'':<24} {'lintel':>10} {'official':>10} {'':<12} {'ratio':>6}")
    for row in found:
        goal = row["goal_max"]
        verdict = "information" if goal is None else f"goal {goal}  " + ("met" if row["ratio"] <= goal else "MISSED")
        print(f"{row['place'] + ', ' + row['figure']:<24} {row['lintel']:>10} {row['official']:>10} {row['unit']:<12} "
              f"{row['ratio']:>6}  {verdict}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="joins of each contestant at each place")
    parser.add_argument("--url", help="a LiveKit server that runs somewhere; then without the wire")
    parser.add_argument("--api-key", default="devkey")
    parser.add_argument("--api-secret", default="secret")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of the table")
    options = parser.parse_args()
    # What the simulated card keeps is written by Lintel's own process: in memory, as a card would not write to a disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lintel-race-", dir=memory))
    try:
        found = asyncio.run(measure(options, folder))
    finally:
        if not os.environ.get("LINTEL_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found)) if options.json else show(found)
    return 0 if all(row["goal_max"] is None or row["ratio"] <= row["goal_max"] for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
