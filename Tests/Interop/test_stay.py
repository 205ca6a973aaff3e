"""Always on: what stood in the way goes away, and the device is in its room again without a hand. What it keeps over a
death, and what it makes of a clock, a token file and commands that do not stand still."""
import asyncio
import json
import os
import socket
import time

import jwt
import pytest

from control import Control, Refused
from device import DONE
from endpoints import Endpoint, asking, gives, says
from hardware import built
from peers import Peer, token, wait_for
from sound import MICROPHONE_HZ, PEER_HZ, assert_tone, both_ways, hum
from wallclock import clock  # noqa: F401

OUTAGE_SECONDS = int(os.environ.get("LINTEL_OUTAGE", "60"))
BACK_SECONDS = 15
RESTART_SECONDS = 5
LEEWAY_SECONDS = 60                         # of servers, on either side of a token's life
REFUSED = "invalid token: eyJ, error: token signature is invalid: signature is invalid"


def token_from(server, room, begins, lifetime_seconds=3600, identity="door"):
    """A token whose life begins at a time of its own."""
    return jwt.encode({"iss": server.key, "sub": identity, "nbf": int(begins), "exp": int(begins + lifetime_seconds),
                       "video": {"roomJoin": True, "room": room}}, server.secret, algorithm="HS256")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def why_not(device):
    """-> the sentence that status gives for not being in the room; "" if it is in it."""
    status = await device.status()
    if status["room"]["connection"] == "connected":
        return ""
    await device.until(lambda s: s["room"]["failure"] and s["room"]["failure"]["message"], 10, "told why not")
    return (await device.status())["room"]["failure"]["message"]


async def outage(devices, lift):
    """Waits until each one said why it is not in its room, for the length of the outage; lifts it, and waits for all."""
    begin = time.monotonic()
    await asyncio.sleep(min(10, OUTAGE_SECONDS / 2))
    reasons = dict(zip(devices, await asyncio.gather(*(why_not(device) for device in devices.values()))))
    await asyncio.sleep(max(0, begin + OUTAGE_SECONDS - time.monotonic()))
    await lift()
    lifted = time.monotonic()

    async def back(name, device):
        try:
            await device.connected(BACK_SECONDS)
            return f"{time.monotonic() - lifted:.1f} s"
        except AssertionError:
            return f"NOT joined ({reasons[name]})"

    times = dict(zip(devices, await asyncio.gather(*(back(*one) for one in devices.items()))))
    assert not any("NOT" in text for text in times.values()), times
    return reasons


# -- what stood in the way goes away -------------------------------------------------------------------------------

@pytest.mark.seconds(240)
async def test_what_stood_in_the_way_goes_away(server, room, make_device, clock):
    """On any server: a clock that was never set, a token of tomorrow, an endpoint that is down or says 503."""
    clock.never_set()
    port, state = free_port(), {"answer": says(503)}

    async def answer(request):
        return await state["answer"](request)

    good = gives(lambda: token(server, room, "asks"), server)
    early = token_from(server, room, time.time() + LEEWAY_SECONDS + OUTAGE_SECONDS, identity="early")
    async with Endpoint(answer) as endpoint:
        devices = {
            "clock at 1970": make_device(server, room, identity="slow", environment=clock.environment),
            "token not valid yet": make_device(server, room, identity="early", token=early),
            "endpoint says 503": asking(make_device, endpoint.url, session_mode="always-on"),
            "endpoint is down": asking(make_device, f"http://127.0.0.1:{port}/token", session_mode="always-on")}
        late = Endpoint(gives(lambda: token(server, room, "down"), server), port)

        async def lift():
            clock.set(0)
            state["answer"] = good
            await late.__aenter__()

        try:
            reasons = await outage(devices, lift)
        finally:
            if hasattr(late, "runner"):
                await late.__aexit__()
        assert "not valid" in reasons["token not valid yet"] or "valid from" in reasons["token not valid yet"], reasons
        assert "503" in reasons["endpoint says 503"] and "refuses" in reasons["endpoint is down"], reasons


@pytest.mark.seconds(240)
async def test_what_the_server_had_against_it_goes_away(own_server, room, make_device):
    """The server's own clock, a 401 in its words, a server that is not there."""
    wrong, strict, gone = own_server("--clock-offset", "-3600"), own_server(), own_server()
    await strict.hook("fail-joins", status=401, body=REFUSED)
    devices = {"server's clock": make_device(wrong, room), "401": make_device(strict, room),
               "server is down": make_device(gone, room)}
    await asyncio.to_thread(gone.kill)

    async def lift():
        await asyncio.gather(wrong.hook("clock", offset=0), strict.hook("fail-joins"), asyncio.to_thread(gone.start))

    await outage(devices, lift)
    asked = (await strict.state())["rooms"]
    assert room in asked
    refusals = devices["401"].events("room.failure")
    assert refusals and "eyJ" not in devices["401"].log(), "the body of a 401 repeats the token"


@pytest.mark.parametrize("ahead", [-3600, -120, 900, 3600 * 24])
async def test_the_server_judges_tokens_not_our_clock(server, room, make_device, clock, ahead):
    clock.set(ahead)
    device = make_device(server, room, token=token(server, room, "door", lifetime_seconds=600),
                         environment=clock.environment)
    await device.connected(BACK_SECONDS)


async def test_a_clock_that_is_put_right_before_the_server_restarts(own_server, room, make_device, clock):
    server = own_server()
    clock.set(-3600)
    device = make_device(server, room, environment=clock.environment)
    await device.connected()
    await asyncio.sleep(1)
    clock.set(0)
    await asyncio.to_thread(server.kill)
    await device.until(lambda s: s["room"]["connection"] != "connected", 3, "noticing")
    await asyncio.to_thread(server.start)
    begin = time.monotonic()
    await device.connected(RESTART_SECONDS)
    print(f"back after {time.monotonic() - begin:.1f} s")


async def test_a_clock_that_jumps_during_a_call(server, room, make_device, clock):
    device = make_device(server, room, microphone=hum(), environment=clock.environment)
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        await device.hears("peer")

        async def jump():
            for n in range(40):
                clock.set(3600 * (1, 0, -1, 0)[n % 4])
                await asyncio.sleep(0.15)

        await asyncio.gather(both_ways(device, peer, 4), jump())
        status = await device.status()
        assert status["room"]["reconnects"] == 0 and status["room"]["failure"] is None
        assert device.process.poll() is None


# -- what is kept --------------------------------------------------------------------------------------------------

def kept(folder):
    """What would survive now."""
    path = folder / "state.json"
    return json.loads(path.read_text()) if path.exists() else {}


async def test_muted_killed_started_muted(server, room, make_device, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    device = make_device(server, room, microphone=hum(), device_state_directory=state)
    async with Peer(server, room, "peer") as peer:
        await peer.hear("door", 0.5)
        assert (await device.ask("mute", "on")).status == DONE
        await wait_for(lambda: kept(state).get("muted") is True, 1, "it is kept")
        device.kill()
        device.start()
        await device.connected()
        assert (await device.status())["audio"]["muted"] is True
        await peer.sees_track_of("door")
        await wait_for(lambda: peer.muted.get("door"), 4, "the peer sees the mute")
        assert (await device.ask("mute", "off")).status == DONE
        await wait_for(lambda: kept(state).get("muted") is False, 1, "it is kept")
        device.kill()
        device.start()
        assert (await device.status())["audio"]["muted"] is False
        await peer.hear("door", 0.5)


async def test_a_disk_that_does_not_answer_holds_up_neither_door_nor_voice(server, room, make_device, tmp_path):
    """A wrong code is to be kept, the disk hangs; the right one opens all the same, and is kept when the disk answers."""
    state, hung = tmp_path / "state", tmp_path / "hung"
    state.mkdir(mode=0o700)
    device = make_device(server, room, microphone=hum(), device_state_directory=state, door_output="lock",
                         door_dtmf_code="2580", door_dtmf_when="always", door_wrong_codes="3",
                         environment={"LD_PRELOAD": str(built("disk", tmp_path)), "LINTEL_DISK": str(hung)})
    async with Peer(server, room, "sip_1", kind="sip") as phone:
        await phone.hear("door", 0.5)
        await device.until(lambda s: any(p["kind"] == "sip" for p in s["participants"]), 6, "in sight of the phone")
        hung.touch()
        for digit in "0000#2580#":
            await phone.room.local_participant.publish_dtmf(code="0123456789*#".index(digit), digit=digit)
        await wait_for(lambda: device.events("door.opened"), 2, "the door opens")
        assert not kept(state)
        assert (await device.ask("mute", "on")).status == DONE and (await device.ask("mute", "off")).status == DONE
        await phone.hear("door", 0.5)       # What was on its way before it was muted, and the mute itself, are heard by now.
        assert_tone(await phone.hear("door", 2), 48000, MICROPHONE_HZ)
        assert (await device.ask("mute", "on")).status == DONE
        # It ends when the disk has what is to survive.
        device.process.terminate()
        await asyncio.sleep(1)
        assert device.process.poll() is None and not kept(state)
        hung.unlink()
        await wait_for(lambda: device.process.poll() == 0, 3, "it ends")
        assert kept(state)["muted"] is True
    device.start()
    await device.connected()
    assert (await device.status())["audio"]["muted"] is True
    hung.touch()
    await device.ask("mute", "off")
    assert device.stop(seconds=8) == 0, "nor for ever, if the disk is dead"


# -- what does not stand still -------------------------------------------------------------------------------------

async def test_a_token_file_that_is_replaced_ten_times_a_second(server, room, make_device):
    """While it waits for a token that the server takes, and while it is in its room. It stays calm, and takes the last."""
    device = make_device(server, room, token=token(server, room, "door", lifetime_seconds=-7200))
    path = device.folder / "token.jwt"
    texts = ["", "no token", "eyJ", token(server, room, "door", lifetime_seconds=-7200), "\ufeff", "x" * 70_000]

    async def replace(seconds):
        until, n = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            fresh = path.with_name("fresh")
            fresh.write_text(texts[n % len(texts)])
            fresh.chmod(0o600)
            fresh.rename(path)
            n += 1
            await asyncio.sleep(0.1)

    def processor_seconds():
        fields = open(f"/proc/{device.process.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    spent = processor_seconds()
    await replace(8)
    assert (await device.status())["room"]["failure"]["message"]
    device.write_token(token(server, room, "door"))
    await device.connected(BACK_SECONDS)
    await replace(4)
    status = await device.status()
    assert status["room"]["connection"] == "connected" and status["room"]["reconnects"] == 0
    assert processor_seconds() - spent < 4, "a file that changes is no reason to be busy"
    assert len(device.events("room.failure")) < 10 and len(device.log()) < 20_000


@pytest.mark.parametrize("kind", ["full", "read-only", "another version's", "rubbish"])
async def test_a_state_folder_that_is_no_use(server, room, make_device, small_disk, kind):
    """What cannot be kept is said; the device does what it is for all the same."""
    values = {"device_state_directory": small_disk.folder, "door_output": "lock", "door_pulse_ms": "300"}
    device = make_device(server, room, start=False, microphone=hum(), **values)
    if kind == "full":
        small_disk.fill()
    elif kind == "read-only":
        small_disk.read_only()
    else:
        device.start()
        await device.ask("mute", "on")
        # It is written after the answer.
        files = await wait_for(lambda: [p for p in small_disk.folder.iterdir() if p.name == "state.json"], 5, "it is kept")
        device.kill()
        for path in files:
            kept = json.loads(path.read_text())
            path.write_text(json.dumps({**kept, "version": 99, "muted": {"by": "somebody"}, "wrong_codes": "many", "new": []})
                            if kind == "another version's" else "\0rubbish{")
    device.start()
    await device.connected()
    for on in ("on", "off", "on", "off"):
        assert (await device.ask("mute", on)).status == DONE
    assert (await device.ask("door", "open")).status == DONE
    await device.until(lambda s: s["door"]["state"] == "closed", 3, "closed again")
    async with Peer(server, room, "peer") as peer:
        await peer.hear("door", 0.5)
    complaint = {"full": str(small_disk.folder), "read-only": str(small_disk.folder), "rubbish": "damaged"}.get(kind, "")
    assert complaint in device.log(), "what cannot be used is said"
    device.kill()
    device.start()
    await device.connected()
    assert (await device.status())["audio"]["muted"] is False


async def test_two_commands_in_the_same_moment(server, room, make_device):
    """Every one is answered, and what the device then is agrees with what it says."""
    device = make_device(server, room, session_mode="on-demand")

    async def ask(control, command, **params):
        try:
            return await control.ask(command, **params)
        except Refused as refused:
            return refused

    async with Control(device) as one, Control(device) as other:
        for first, second in [("call", "call"), ("call", "hangup"), ("hangup", "call"), ("join", "leave"), ("leave", "join"),
                              ("join", "call"), ("leave", "leave"), ("hangup", "leave")] * 2:
            answers = await asyncio.gather(ask(one, first), ask(other, second))
            assert all(a is not None for a in answers), (first, second, answers)
            status = await device.until(lambda s: s["room"]["connection"] in ("connected", "disconnected"), 10, "settled")
            assert (status["room"]["connection"] == "connected") == (status["call"]["state"] not in ("idle", "failed"))
        for _ in range(10):
            await asyncio.gather(ask(one, "mute", on=True), ask(other, "mute", on=False))
        muted = (await device.status())["audio"]["muted"]
        assert muted is device.events("audio.muted")[-1]["muted"]
    assert (await device.ask("call")).status == DONE and device.process.poll() is None


# -- the impatient visitor -----------------------------------------------------------------------------------------

async def test_who_presses_twice_wants_to_be_heard(server, room, make_device):
    device = make_device(server, room, session_mode="on-demand")
    begin = time.monotonic()
    await device.ask("press", "button", "--for", "50")
    await asyncio.sleep(0.7)
    await device.ask("press", "button", "--for", "50")
    await asyncio.sleep(max(0, begin + 2 - time.monotonic()))
    status = await device.status()
    assert status["call"]["state"] not in ("idle", "failed") and status["room"]["connection"] == "connected", status
    await asyncio.sleep(max(0, begin + 3.3 - time.monotonic()))
    await device.ask("press", "button", "--for", "50")
    await device.until(lambda s: s["call"]["state"] == "idle", 2, "hung up")
    await asyncio.sleep(0.3)
    async with Peer(server, room, "peer") as peer:
        await peer.publish(PEER_HZ)
        begin = time.monotonic()
        await device.ask("press", "button", "--for", "50")
        await device.until(lambda s: s["call"]["state"] == "talking", 5, "answered")
        await device.ask("press", "button", "--for", "50")
        await device.until(lambda s: s["call"]["state"] == "idle", 2, "hung up by one who was answered")
        print(f"hung up {time.monotonic() - begin:.1f} s after the press")
