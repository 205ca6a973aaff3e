"""From power-on through calls that lose the card and the network, to a hundred calls in 24 MB."""
import asyncio
import json
import time

import analysis
from conftest import MEMORY_MAX, READY_SECONDS, ROOM, is_ready
from machine import SPEAKER_HZ
from peers import Peer, wait_for
from sound import MICROPHONE_HZ, PEER_HZ

CALL_SECONDS = 120
SOUND_SECONDS = 60
CALLS = 100
# QEMU's cards lose a period now and then, so a tone is told from silence and from noise, not from perfection.
TONE_DB, TONE_SHARE = -40, 0.8


def hears_a_tone(samples, rate, frequency):
    return (len(samples) >= rate // 2 and analysis.tone_level_db(samples, rate, frequency) > TONE_DB
            and analysis.power_share(samples, rate, frequency) > TONE_SHARE)


async def peer_hears(peer, since):
    """Until the official client hears the kernel's microphone, in what arrived after a time."""
    await wait_for(lambda: hears_a_tone(peer.heard("door").samples(max(since, time.monotonic() - 1)), 48000, MICROPHONE_HZ),
                   SOUND_SECONDS, "the peer hears the microphone")


async def speaker_plays(machine):
    """Until the kernel's speaker plays the official client. What it recorded before this call does not count."""
    before = machine.speaker_size()
    await wait_for(lambda: abs(machine.speaker_size() - before) > SPEAKER_HZ * 2
                   and hears_a_tone(machine.spoken(1), SPEAKER_HZ, PEER_HZ),
                   SOUND_SECONDS, "the speaker plays the peer")


async def both_ways(machine, peer):
    await asyncio.gather(peer_hears(peer, time.monotonic()), speaker_plays(machine))


async def call(machine):
    result = await machine.ask("call", "--wait", str(CALL_SECONDS), seconds=CALL_SECONDS + 60)
    assert result.status == 0, result
    return await machine.until(lambda s: s["call"]["state"] == "talking", CALL_SECONDS, "talking")


class Conversation:
    """The official client, humming, in a call with the device: `async with Conversation(machine, server) as peer`."""

    def __init__(self, machine, server):
        self.machine, self.peer = machine, Peer(server, ROOM, "peer")

    async def __aenter__(self):
        await self.peer.connect()
        await self.peer.publish(PEER_HZ)
        await call(self.machine)
        await both_ways(self.machine, self.peer)
        return self.peer

    async def __aexit__(self, *_):
        await self.machine.ask("hangup")
        await self.peer.disconnect()


def test_from_power_on_to_ready(provisioned):
    agent = provisioned.cut_power()
    started = time.monotonic()
    asyncio.run(provisioned.until(is_ready, READY_SECONDS, "ready for a call"))
    told = provisioned.journal("LINTEL_EVENT=device.started")[-1]
    print(f"power-on to the agent {agent:.0f} s, to ready for a call {agent + time.monotonic() - started:.0f} s; "
          f"linteld says ready {int(told['__MONOTONIC_TIMESTAMP']) / 1e6:.1f} s after the kernel began")
    assert provisioned.show("ActiveState") == "active"
    assert provisioned.check("systemctl", "list-units", "--failed", "--no-legend", "lintel*").strip() == ""


async def test_a_call_on_the_kernels_sound_cards(machine, server):
    async with Conversation(machine, server) as peer:
        process = machine.show("MainPID")
        held = machine.shell("grep -H owner_pid /proc/asound/card*/pcm*/sub*/status; cat /proc/asound/cards")
        print(held)
        threads = machine.check("ls", f"/proc/{process}/task").split()
        owners = {line.split(":")[0].split("/")[4][-1]: line.split()[-1] for line in held.splitlines()
                  if "owner_pid" in line and line.split()[-1] in threads}
        assert set(owners) == {"c", "p"}, "a capture and a playback device of the kernel are the daemon's"
        share = analysis.power_share(await peer.hear("door", 3), 48000, MICROPHONE_HZ)
        played = analysis.power_share(machine.spoken(3), SPEAKER_HZ, PEER_HZ)
        print(f"microphone's tone at the client: {share:.1%}; client's tone at the speaker: {played:.1%}")
        scheduling = machine.shell(f"for t in {' '.join(threads)}; do chrt -p $t | sed -n 's/.*policy: //p'; done")
        assert "SCHED_FIFO" in scheduling, scheduling
        locked = int(machine.shell(f"sed -n 's/VmLck:\\s*//p' /proc/{process}/status").split()[0])
        assert locked > 0, "the audio thread's memory is locked"


def audio_events(machine, since):
    return [line["MESSAGE"] for line in machine.journal("LINTEL_EVENT=audio.device", f"--since=@{since}")]


def call_went_on(machine, since):
    """A busy machine may cost a connection, which comes back; it is the same process and the same call."""
    states = [line["MESSAGE"] for line in machine.journal("LINTEL_EVENT=device.started", f"--since=@{since}")]
    assert not states, f"started anew: {states}"
    assert machine.status()["call"]["state"] == "talking"


def lost_and_found(told, name):
    """The journal names the loss, and afterwards the card that is back."""
    mine = [line for line in told if line.startswith(name + ":")]
    found = [index for index, line in enumerate(mine) if "Hz" in line]
    assert found and found[-1] == len(mine) - 1 and found[-1] > 0, told


def dropouts(machine, stream):
    """How often a card ran over or dry since the start."""
    return json.loads(machine.check("lintelctl", "--json", "stats"))[f'lintel_sound_dropouts_total{{stream="{stream}"}}']


async def test_the_speaker_is_pulled_out_and_plugged_in(machine, server):
    async with Conversation(machine, server) as peer:
        since, lost = machine.check("date", "+%s").strip(), dropouts(machine, "capture")
        reconnects = machine.status()["room"]["reconnects"]
        await asyncio.to_thread(machine.monitor.unplug_card)
        try:
            gone = await machine.until(lambda s: s["audio"]["playback"]["state"] == "absent", 60, "without a speaker")
            assert gone["call"]["state"] == "talking" and gone["audio"]["playback"]["reason"]
            assert "usb" not in machine.check("cat", "/proc/asound/cards").lower()
            await peer_hears(peer, time.monotonic())
        finally:
            await asyncio.to_thread(machine.monitor.plug_card)
        back = await machine.until(lambda s: s["audio"]["playback"]["state"] == "running", 60, "with a speaker again")
        await both_ways(machine, peer)
        call_went_on(machine, since)
        told = audio_events(machine, since)
        print("\n".join(told))
        lost_and_found(told, "speaker")
        assert back["room"]["reconnects"] == reconnects
        assert dropouts(machine, "capture") == lost, "the microphone lost samples while the speaker was opened"


LOOPBACK = "/sys/bus/platform/drivers/snd_aloop"


async def test_the_microphone_is_pulled_out_and_plugged_in(machine, server):
    async with Conversation(machine, server) as peer:
        reconnects = machine.status()["room"]["reconnects"]
        # What this machine's speaker does all the time, as QEMU is slow.
        began, lost = time.monotonic(), dropouts(machine, "playback")
        await asyncio.sleep(10)
        usual = (dropouts(machine, "playback") - lost) / (time.monotonic() - began)
        since, began, lost = machine.check("date", "+%s").strip(), time.monotonic(), dropouts(machine, "playback")
        # The kernel waits until everybody has let go of the card.
        await asyncio.to_thread(machine.shell, f"echo snd_aloop.0 > {LOOPBACK}/unbind")
        try:
            gone = await machine.until(lambda s: s["audio"]["capture"]["state"] == "absent", 60, "without a microphone")
            assert gone["call"]["state"] == "talking" and gone["audio"]["capture"]["reason"]
            await speaker_plays(machine)
        finally:
            machine.shell(f"echo snd_aloop.0 > {LOOPBACK}/bind")
        back = await machine.until(lambda s: s["audio"]["capture"]["state"] == "running", 60, "with a microphone again")
        await both_ways(machine, peer)
        call_went_on(machine, since)
        lost, seconds = dropouts(machine, "playback") - lost, time.monotonic() - began
        print(f"the speaker ran dry {lost} times in {seconds:.0f} s, otherwise {usual * seconds:.1f} times")
        told = audio_events(machine, since)
        print("\n".join(told))
        lost_and_found(told, "microphone")
        assert back["room"]["reconnects"] == reconnects
        assert lost <= 3 + 3 * usual * seconds, "the speaker ran dry while the microphone was opened"


async def test_the_cable_is_out_for_five_seconds(machine, server):
    async with Conversation(machine, server) as peer:
        process = machine.show("MainPID")
        await asyncio.to_thread(machine.monitor.cut_network)
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.to_thread(machine.monitor.restore_network)
        restored = time.monotonic()
        await both_ways(machine, peer)
        status = await machine.until(lambda s: s["call"]["state"] == "talking", CALL_SECONDS, "talking")
        print(f"sound both ways {time.monotonic() - restored:.1f} s after the cable; reconnects {status['room']['reconnects']}")
        assert machine.show("MainPID") == process


async def test_a_network_that_delays_and_loses(machine, server):
    async with Conversation(machine, server) as peer:
        machine.check("tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "60ms", "20ms", "loss", "8%")
        try:
            await asyncio.sleep(10)
            await both_ways(machine, peer)
            status = machine.status()
            print(f"uplink loss {status['audio']['uplink']['loss']}, round trip {status['room']['rtt_ms']} ms, "
                  f"reconnects {status['room']['reconnects']}")
            assert status["call"]["state"] == "talking"
        finally:
            machine.check("tc", "qdisc", "del", "dev", "eth0", "root")


def memory(machine, name):
    group = machine.show("ControlGroup")
    return machine.check("cat", f"/sys/fs/cgroup{group}/memory.{name}").strip()


async def test_a_hundred_calls_in_the_memory_limit(machine, server):
    megabytes = int(MEMORY_MAX.rstrip("M"))
    assert int(memory(machine, "max")) == megabytes << 20, "the limit is the kernel's"
    process, before = machine.show("MainPID"), machine.status()["memory"]
    async with Peer(server, ROOM, "peer") as peer:
        await peer.publish(PEER_HZ)
        calls = "for n in $(seq {0}); do lintelctl call --wait {1} && lintelctl hangup || exit 1; done".format(CALLS, CALL_SECONDS)
        started = time.monotonic()
        result = await asyncio.to_thread(machine.run, "sh", "-c", calls, seconds=3600)
        assert result.status == 0, result
        print(f"{CALLS} calls in {time.monotonic() - started:.0f} s")
        await wait_for(lambda: "door" not in peer.present(), 30, "the device has left")
    events = dict(line.split() for line in memory(machine, "events").splitlines())
    after = machine.status()["memory"]
    print(f"memory.max {memory(machine, 'max')}, memory.peak {memory(machine, 'peak')}, memory.current "
          f"{memory(machine, 'current')}, memory.events {json.dumps(events)}; resident {before['rss_kb']} kB before and "
          f"{after['rss_kb']} kB after, anonymous {before['anon_kb']} and {after['anon_kb']} kB")
    assert events["oom_kill"] == events["oom"] == "0"
    assert machine.show("MainPID") == process and machine.show("NRestarts") == "0"
    assert after["anon_kb"] <= 4096 and after["rss_kb"] <= 12288


def test_comes_back_after_a_reboot(machine):
    machine.reboot()
    asyncio.run(machine.until(is_ready, READY_SECONDS, "ready for a call"))
    assert machine.check("systemctl", "list-units", "--failed", "--no-legend", "lintel*").strip() == ""


async def talks(machine, server):
    async with Conversation(machine, server):
        pass


async def test_a_full_disk(machine, server):
    machine.run("sh", "-c", "dd if=/dev/zero of=/filler bs=1M; dd if=/dev/zero of=/filler2 bs=512", seconds=300)
    try:
        assert machine.run("sh", "-c", "echo full > /etc/proof").status, "the disk is full"
        machine.check("systemctl", "restart", "linteld.service")
        await machine.until(is_ready, READY_SECONDS, "ready for a call")
        await talks(machine, server)
    finally:
        machine.check("rm", "-f", "/filler", "/filler2", "/etc/proof")


async def test_a_read_only_disk(machine, server):
    machine.shell("sync; echo u > /proc/sysrq-trigger; sleep 1")
    try:
        assert machine.run("sh", "-c", "echo x > /etc/proof").status, "the disk is read-only"
        machine.check("systemctl", "restart", "linteld.service")
        await machine.until(is_ready, READY_SECONDS, "ready for a call")
        await talks(machine, server)
    finally:
        machine.check("mount", "-o", "remount,rw", "/")


def test_a_clock_that_was_never_set(machine):
    now = time.time()
    machine.check("date", "-u", "-s", "1970-01-02 00:00:00")
    try:
        machine.check("systemctl", "restart", "linteld.service")
        asyncio.run(machine.until(is_ready, READY_SECONDS, "ready for a call"))
        result = machine.ctl("--json", "doctor", seconds=180)
        rows = {row["name"]: row for row in json.loads(result.output)["rows"]}
        print(rows["clock"])
        assert result.status == 1 and rows["clock"]["verdict"] == "fail", result
        assert "1970" in rows["clock"]["finding"] and "timedatectl" in rows["clock"]["advice"], rows["clock"]
        refused = machine.ctl("call", "--wait", "60", seconds=120)
        assert refused.status == 1 and "the clock says 1970" in refused.error, refused
    finally:
        machine.check("date", "-u", "-s", f"@{int(now + 1)}")
        machine.check("systemctl", "restart", "linteld.service")


SHARED = """pcm.shared_in { type plug slave.pcm { type dsnoop ipc_key 5201 slave.pcm "hw:CARD=Loopback,DEV=0" } }
pcm.shared_out { type plug slave.pcm { type dmix ipc_key 5202 slave.pcm "hw:CARD=Audio,DEV=0" } }
"""


async def test_cards_that_are_shared_by_dsnoop_and_dmix(machine, server):
    alone = machine.check("cat", "/etc/asound.conf")
    machine.write("/etc/asound.conf", alone + SHARED)
    machine.write("/etc/lintel/lintel.conf.d/shared.conf", "[audio]\ncapture = shared_in\nplayback = shared_out\n")
    try:
        machine.check("systemctl", "restart", "linteld.service")
        await machine.until(is_ready, READY_SECONDS, "ready for a call")
        await talks(machine, server)
        assert machine.status()["audio"]["capture"]["device"] == "shared_in"
    finally:
        machine.write("/etc/asound.conf", alone)
        machine.check("rm", "-f", "/etc/lintel/lintel.conf.d/shared.conf")
        machine.check("systemctl", "restart", "linteld.service")
