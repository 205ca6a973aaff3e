"""The hardware beside sound, through linteld's own calls of libgpiod, sysfs, evdev and ALSA: lines, lights, keys."""
import asyncio
import time

import analysis
from device import DONE, FAILED
from hardware import Keypad, board  # noqa: F401
from peers import Peer, wait_for
from sound import MICROPHONE_HZ, assert_tone, hum
from test_mute import silent

PRESSED, REST = 0, 1
LOW = "active-low pull-up"
IMPATIENCE_SECONDS = 3                      # a press before that is no hang-up while nobody answered
EVERYTHING = {f"gpio_{use}": f"GPIO{number}" for number, use in enumerate(
    ("button", "hook", "tamper", "mute", "contact", "lock", "relay", "status_light", "mute_light", "error_light"))}


def on_linux(make_device, server, room, board, **values):
    values = {"device_board": "linux", "audio_capture": "hw:9", "audio_playback": "hw:9", "session_mode": "on-demand",
              "gpio_debounce_ms": "10", **values}
    return make_device(server, room, environment=board.environment, **values)


def lines_with(device, words):
    return [line for line in device.log().splitlines() if words in line]


async def logged(device, words, count=1, seconds=8):
    await wait_for(lambda: len(lines_with(device, words)) >= count, seconds, f"{count} lines with '{words}'")
    assert len(lines_with(device, words)) == count, device.log()


async def rows(device):
    return {row["name"]: row for row in (await device.ask("--json", "doctor", seconds=120)).value["rows"]}


# -- what is not there -------------------------------------------------------------------------------------------

async def test_a_board_without_any_hardware(server, room, make_device, board):
    """Everything is configured and nothing is there: one line each, and the device joins all the same."""
    device = on_linux(make_device, server, room, board, **EVERYTHING, leds_folder=board.folder / "leds", leds_status="ACT",
                      keypad_device="/dev/input/by-id/none", audio_mixer="Speaker", audio_mixer_card="hw:9",
                      door_output="lock", session_mode="always-on")
    await device.connected()
    await asyncio.sleep(4.5)                                # two more attempts, of which nobody hears
    names = [use[5:].replace("_", "-") for use in EVERYTHING] + ["status-led", "keypad", "mixer"]
    for name in names:
        assert len(lines_with(device, f"{name}: ")) == 1, (name, device.log())
    status = await device.status()
    assert len(status["board"]["problems"]) == len(names), status["board"]
    assert status["audio"]["hard_muted"] is True, "nobody knows what the switch says"
    assert status["door"]["state"] == "failed"
    opened = await device.ask("door", "open")
    assert opened.status == FAILED and "the lock cannot be moved" in opened.error, opened
    found = await rows(device)
    for name in names:
        assert found[name]["verdict"] == "fail" and found[name]["advice"], found[name]
    assert "GPIO line GPIO0 is not there; gpioinfo lists what is" == found["button"]["finding"]


async def test_nothing_configured(server, room, make_device, board):
    device = on_linux(make_device, server, room, board, session_mode="always-on")
    await device.connected()
    assert len(lines_with(device, "no button, lock, light or keypad is configured")) == 1
    found = await rows(device)
    assert found["hardware"]["verdict"] == "pass"
    assert found["hardware"]["finding"] == "no button, lock, light or keypad is configured"
    refused = await device.ask("press", "button")
    assert refused.status == FAILED and "simulated board" in refused.error


async def test_a_line_in_use_and_one_that_is_forbidden(server, room, make_device, board):
    button, lock = board.line(17), board.line(27)
    button.hold("gpio-keys")
    device = on_linux(make_device, server, room, board, gpio_button=f"17 {LOW}", gpio_lock="27", gpio_hook="99",
                      door_output="lock")
    await logged(device, "button: GPIO line 17 is in use by 'gpio-keys'")
    await logged(device, "hook: GPIO line 99 is not there")
    assert lock.request == "output high 'lintel lock'" and lock.level == 0
    await asyncio.sleep(2.5)
    button.free()
    await logged(device, "button: GPIO line 17 works")
    assert button.request == "input low up 'lintel button'"
    assert len(lines_with(device, "in use by")) == 1
    await wait_for(lambda: [e["problem"] for e in device.events("hardware") if e["name"] == "button"][-1] is None,
                   5, "the event, which takes its time behind the journal")
    device.stop()
    (board.chip() / "denied").touch()
    device.start()
    await logged(device, "button: GPIO line 17 may not be used: the user must be in group gpio")


# -- inputs ------------------------------------------------------------------------------------------------------

async def test_the_button_bounces_and_calls_once(server, room, make_device, board):
    button = board.line(4, "DOORBELL")
    device = on_linux(make_device, server, room, board, gpio_button=f"DOORBELL {LOW}")
    async with Peer(server, room, "peer"):
        for level in (PRESSED, REST, PRESSED, REST, PRESSED):
            button.put(level)
        button.twitch(10)
        await device.connected()
        for level in (PRESSED, REST, PRESSED, REST):
            button.put(level)
        await device.until(lambda s: s["board"]["inputs"] == {"button": False}, 5, "let go")
        assert [e["on"] for e in device.events("input")] == [True, False]
        await asyncio.sleep(IMPATIENCE_SECONDS)
        button.put(PRESSED)
        await device.until(lambda s: s["call"]["state"] == "idle", 5, "hung up")


async def test_a_button_that_is_stuck_from_the_start_calls_nobody(server, room, make_device, board):
    button = board.line(4)
    button.put(PRESSED)
    device = on_linux(make_device, server, room, board, gpio_button=f"4 {LOW}")
    await device.until(lambda s: s["board"]["inputs"]["button"], 5, "seen pressed")
    assert (await device.status())["call"]["state"] == "idle"


async def test_a_line_that_swings_wildly_wedges_nothing(server, room, make_device, board):
    line = board.line(4)
    device = on_linux(make_device, server, room, board, gpio_tamper="4", gpio_debounce_ms="1")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        line.put(1 - line.level)
        await asyncio.sleep(0.0005)
    assert (await device.ask("status", seconds=5)).status == DONE
    line.put(0)
    await device.until(lambda s: s["board"]["inputs"] == {"tamper": False}, 5, "at rest")


async def test_the_handset(server, room, make_device, board):
    hook = board.line(5)
    device = on_linux(make_device, server, room, board, gpio_hook=f"5 {LOW}")
    async with Peer(server, room, "peer"):
        hook.put(PRESSED)
        await device.connected()
        hook.put(REST)
        await device.until(lambda s: s["call"]["state"] == "idle", 5, "hung up")


async def test_the_mute_switch_is_a_promise(server, room, make_device, board):
    """Nothing but the switch takes it back: no command, no reconnection, no restart, no loss of the line."""
    switch = board.line(6)
    switch.put(0)
    device = on_linux(make_device, server, room, board, gpio_mute="6", session_mode="always-on", **board.sound(hum()))
    async with Peer(server, room, "peer") as peer:
        await peer.hear("door", 0.5)
        switch.put(1)
        await device.until(lambda s: s["audio"]["hard_muted"], 3, "hard muted")
        await wait_for(lambda: peer.muted.get("door"), 3, "the peer sees the mute")
        await silent(peer, "door")
        await device.ask("mute", "off")
        status = await device.status()
        assert status["audio"]["hard_muted"] is True and status["audio"]["muted"] is False
        assert status["board"]["indicator"] == "hard-muted" and status["board"]["lights"]["mute"] == "#" * 16
        await silent(peer, "door")
        await device.ask("leave")
        await device.ask("join")
        await device.connected()
        await silent(peer, "door")
        device.stop()
        device.start()
        await device.connected()
        await peer.sees("door")
        assert (await device.status())["audio"]["hard_muted"] is True
        await silent(peer, "door")
        # With its chip gone nobody knows, and so nobody is heard; when it is back the switch counts again.
        switch.put(0)
        await peer.hear("door", 0.5)
        board.unplug(switch)
        await device.until(lambda s: s["audio"]["hard_muted"], 5, "muted without its switch")
        await silent(peer, "door")
        board.replug()
        await device.until(lambda s: not s["audio"]["hard_muted"], 8, "read again")
        await peer.hear("door", 0.5)
        await logged(device, "mute: GPIO line 6 is not there")
        await logged(device, "mute: GPIO line 6 works")


async def test_the_mute_switch_closes_at_its_first_edge(server, room, make_device, board):
    """And opens when it has been quiet for the time that a button has to be: whoever only touches it is not heard for
    that moment. The button beside it has not been pressed by as much."""
    switch, button = board.line(6), board.line(4)
    switch.put(0)
    button.put(0)
    device = on_linux(make_device, server, room, board, gpio_mute="6", gpio_button="4", gpio_debounce_ms="500")
    await device.until(lambda s: s["audio"]["hard_muted"] is False, 3, "open")
    for line in (switch, button):
        line.put(1)
        line.put(0)
    await wait_for(lambda: [(e["name"], e["on"]) for e in device.events("input")] == [("mute", True), ("mute", False)], 5,
                   "closed at the touch, and open again")
    assert (await device.status())["audio"]["hard_muted"] is False
    switch.put(1)
    await device.until(lambda s: s["audio"]["hard_muted"], 5, "closed")
    await asyncio.sleep(0.7)
    assert (await device.status())["audio"]["hard_muted"] is True


async def test_tamper_is_told_shown_and_heard(server, room, make_device, board):
    housing, light = board.line(7), board.light("ACT")
    housing.put(PRESSED)
    device = on_linux(make_device, server, room, board, gpio_tamper="7 active-low pull-down", device_tamper_alarm="on",
                      leds_folder=light.parent, leds_error="ACT")
    assert housing.request == "input low down 'lintel tamper'"
    await device.until(lambda s: s["board"]["inputs"]["tamper"], 3, "open from the start")
    housing.put(REST)
    await device.until(lambda s: s["board"]["inputs"] == {"tamper": False}, 3, "closed")
    housing.put(PRESSED)
    status = await device.until(lambda s: s["board"]["inputs"]["tamper"], 3, "open")
    assert status["board"]["indicator"] == "alarm" and status["board"]["lights"]["error"].startswith("#.#.")
    assert [e["on"] for e in device.events("input")][-2:] == [False, True]
    assert "the housing is open" in (await device.ask("status")).output and "the housing is open" in device.log()
    seen = set()
    await wait_for(lambda: seen.add((light / "brightness").read_text().strip()) or seen >= {"0", "255"}, 5, "the light blinks")


# -- outputs -----------------------------------------------------------------------------------------------------

async def test_the_lock_and_its_chip_that_is_pulled(server, room, make_device, board):
    lock = board.line(27)
    device = on_linux(make_device, server, room, board, gpio_lock="27 active-low", door_output="lock", door_pulse_ms="400")
    assert lock.level == 1, "active-low and shut"
    assert (await device.ask("door", "open")).status == DONE
    await wait_for(lambda: lock.level == 0, 2, "released")
    assert (await device.status())["board"]["outputs"] == {"lock": True}
    await wait_for(lambda: lock.level == 1, 3, "shut again")
    board.unplug()
    # Nobody can know before it is moved; then it is known, told, and refused.
    await device.ask("door", "open")
    await device.until(lambda s: s["door"]["state"] == "failed", 3, "failed")
    refused = await device.ask("door", "open")
    assert refused.status == FAILED and "the lock cannot be moved" in refused.error
    board.replug()
    await device.until(lambda s: s["door"]["state"] == "closed", 8, "found again")
    assert (await device.ask("door", "open")).status == DONE
    await wait_for(lambda: lock.level == 0, 2, "released")
    device.stop()
    assert lock.level == 1, "shut when nobody looks after it"


async def test_the_contact_of_the_door(server, room, make_device, board):
    """Who is let in is told of by nothing but the input; force, and a door that stays open, by events, the journal, the
    status that an agent reads, and the metrics."""
    lock, contact = board.line(27), board.line(5)
    contact.put(0)
    device = on_linux(make_device, server, room, board, gpio_lock="27", gpio_contact="5", door_output="lock",
                      door_pulse_ms="500", door_open_seconds_max="1", session_mode="always-on")
    door = lambda status: (status["door"]["contact"], status["door"]["alarm"])
    async with Peer(server, room, "peer"):
        await device.connected()
        await device.until(lambda s: door(s) == ("shut", None), 3, "shut")
        await device.ask("door", "open")
        await wait_for(lambda: lock.level == 1, 2, "released")
        contact.put(1)
        await device.until(lambda s: door(s) == ("open", None), 3, "open, as it may be")
        await device.until(lambda s: door(s) == ("open", "left-open"), 4, "for too long")
        assert "the door was left-open" in (await device.ask("status")).output
        contact.put(0)
        await device.until(lambda s: door(s) == ("shut", None), 3, "shut again")
        await asyncio.sleep(5)                              # as long as who is late may come through
        contact.put(1)
        await device.until(lambda s: door(s) == ("open", "forced"), 3, "force")
        contact.put(0)
        await device.until(lambda s: door(s) == ("shut", None), 3, "shut again")
    assert len(device.events("door.forced")) == 1 and [e["for_s"] for e in device.events("door.left_open")] == [1]
    assert [e["on"] for e in device.events("input") if e["name"] == "contact"] == [True, False, True, False]
    figures = (await device.ask("metrics")).output
    assert "lintel_door_forced_total 1\n" in figures and "lintel_door_left_open_total 1\n" in figures
    assert len(lines_with(device, "the door was opened, and not by its lock")) == 1


async def test_lights_show_the_call(server, room, make_device, board):
    status, mute, error = board.light("ACT"), board.light("red:mute", 1), board.line(25, "LIGHT")
    device = on_linux(make_device, server, room, board, leds_folder=status.parent, leds_status="ACT", leds_mute="red:mute",
                      gpio_error_light="LIGHT")
    assert (status / "trigger").read_text().strip() == "none" and (status / "brightness").read_text() == "0"
    async with Peer(server, room, "peer") as peer:
        await peer.publish(880)
        await device.ask("call")
        await device.until(lambda s: s["board"]["indicator"] == "talking", 10, "talking")
        await wait_for(lambda: (status / "brightness").read_text().strip() == "255", 3, "lit at its greatest")
        assert error.level == 0
        await device.ask("mute", "on")
        seen = set()
        await wait_for(lambda: seen.add((mute / "brightness").read_text().strip()) or seen >= {"0", "1"}, 5, "blinks")
        await device.ask("hangup")
        await wait_for(lambda: (status / "brightness").read_text() == "0", 5, "dark")
    (device.folder / "token.jwt").unlink()
    await device.ask("call")
    assert (await device.status())["board"]["indicator"] == "error"
    levels = set()
    await wait_for(lambda: levels.add(error.level) or levels == {0, 1}, 5, "the error light blinks")


async def test_a_light_that_comes_late_shows_what_holds(server, room, make_device, board):
    status = board.light("ACT")
    away = status.rename(status.with_name("away"))
    device = on_linux(make_device, server, room, board, leds_folder=status.parent, leds_status="ACT")
    async with Peer(server, room, "peer") as peer:
        await peer.publish(880)
        await device.ask("call")
        await device.until(lambda s: s["board"]["indicator"] == "talking", 10, "talking")
        away.rename(status)
        await wait_for(lambda: (status / "brightness").read_text().strip() == "255", 8, "lit although nothing changed")


async def test_the_volume_moves_the_mixer(server, room, make_device, board):
    device = on_linux(make_device, server, room, board, audio_mixer="Speaker", audio_mixer_card="card", audio_volume="50",
                      **board.sound(hum(), mixer=True))
    await wait_for(lambda: board.mixer_path.exists() and board.mixer_path.read_text() == "20 1\n", 5, "half of 40, unmuted")
    await device.ask("volume", "100")
    await wait_for(lambda: board.mixer_path.read_text() == "40 1\n", 2, "its top")
    assert not (await device.status())["board"]["problems"]


async def test_a_mixer_that_hangs_holds_up_nothing(server, room, make_device, board):
    """The driver of a card's mixer waits; the call goes on, and the last of the volumes counts."""
    device = on_linux(make_device, server, room, board, audio_mixer="Speaker", audio_mixer_card="card", audio_volume="50",
                      **board.sound(hum(), mixer=True))
    async with Peer(server, room, "peer") as peer:
        await device.ask("call")
        await peer.hear("door", 0.5)
        await wait_for(lambda: board.mixer_path.exists() and board.mixer_path.read_text() == "20 1\n", 5, "half of 40")
        hung = board.mixer_path.with_name(board.mixer_path.name + ".hung")
        hung.touch()
        for percent in ("60", "70", "80", "90"):
            begin = time.monotonic()
            assert (await device.ask("volume", percent)).status == DONE
            assert time.monotonic() - begin < 1
        assert_tone(await peer.hear("door", 1.5), 48000, MICROPHONE_HZ)
        assert board.mixer_path.read_text() == "20 1\n"
        hung.unlink()
        await wait_for(lambda: board.mixer_path.read_text() == "36 1\n", 2, "the last one")


async def test_the_volume_in_decibels_and_the_second_control_of_a_name(server, room, make_device, board):
    """As alsamixer and `amixer -M` have it (the steps here are theirs): half of 40 dB is 13 below the top, by ear."""
    device = on_linux(make_device, server, room, board, audio_mixer="Speaker,1", audio_mixer_card="card", audio_volume="50",
                      **board.sound(hum(), mixer=True))
    second = board.mixer_path.with_name("mixer.1")
    await wait_for(lambda: second.exists() and second.read_text() == "27 1\n", 5, "13 dB below, unmuted")
    for percent, level in (("100", "40 1\n"), ("75", "34 1\n"), ("10", "8 1\n"), ("1", "1 1\n"), ("0", "0 1\n")):
        await device.ask("volume", percent)
        await wait_for(lambda: second.read_text() == level, 2, f"{percent} percent")
    assert not board.mixer_path.exists()


async def test_an_expander_without_interrupts_by_its_label(server, room, make_device, board):
    """Its number is one that no service knew at its start; its lines are looked at, and a lock on it opens."""
    board.expander("gpiochip11", "pcf8574")
    button, lock = board.line(3, chip="gpiochip11"), board.line(4, chip="gpiochip11")
    device = on_linux(make_device, server, room, board, gpio_button=f"pcf8574/3 {LOW}", gpio_lock="gpiochip11/4",
                      door_output="lock", door_pulse_ms="300")
    assert button.request == "look low up 'lintel button'" and lock.request == "output high 'lintel lock'"
    async with Peer(server, room, "peer"):
        button.put(PRESSED)
        await device.connected()
        button.put(REST)
        await device.until(lambda s: s["board"]["inputs"] == {"button": False}, 3, "let go")
        assert [e["on"] for e in device.events("input")] == [True, False]
        assert (await device.ask("door", "open")).status == DONE
        await wait_for(lambda: lock.level == 1, 2, "released")
        await wait_for(lambda: lock.level == 0, 2, "shut again")
        board.chip("gpiochip11").rename(board.folder / "away")
        await logged(device, "button: GPIO line 3 of pcf8574 is not there")
        (board.folder / "away").rename(board.chip("gpiochip12"))
        await logged(device, "button: GPIO line 3 of pcf8574 works")


async def test_an_expander_whose_bus_hangs_leaves_most_of_the_time_to_others(server, room, make_device, board):
    board.expander("gpiochip11", "pcf8574")
    for number in range(6):
        board.line(number, chip="gpiochip11")
    lights = {f"gpio_{name}_light": f"pcf8574/{number}" for number, name in
              enumerate(("status", "mute", "error", "microphone", "call"))}
    device = on_linux(make_device, server, room, board, gpio_button=f"pcf8574/5 {LOW}", **lights)
    (board.chip("gpiochip11") / "hung").touch()
    begin, waits = time.monotonic(), []
    while time.monotonic() - begin < 16:
        asked = time.monotonic()
        await device.status()
        waits.append(time.monotonic() - asked)
        await asyncio.sleep(0.02)
    blocked = sum(wait for wait in waits if wait > 0.5)
    print(f"longest {max(waits):.1f} s, together {blocked:.1f} s")
    assert 0.5 < max(waits) < 2.9, "one attempt, or two"
    assert blocked < 8
    (board.chip("gpiochip11") / "hung").unlink()
    await device.until(lambda s: not s["board"]["problems"], 60, "all lines work")


async def test_one_light_of_three_colours(server, room, make_device, board):
    """Green for the call, red for the mute, which hides it: both are the same light."""
    light = board.light("rgb:door", colours="red green blue")
    device = on_linux(make_device, server, room, board, leds_folder=light.parent, leds_status="rgb:door 00ff00",
                      leds_mute="rgb:door ff0000")
    colour = lambda: ((light / "brightness").read_text().strip(), (light / "multi_intensity").read_text().strip())
    async with Peer(server, room, "peer") as peer:
        await peer.publish(880)
        await device.ask("call")
        await wait_for(lambda: colour() == ("255", "0 255 0"), 10, "green")
        await device.ask("mute", "on")
        seen = set()
        await wait_for(lambda: seen.add(colour()) or {("255", "255 0 0"), ("0", "255 0 0")} <= seen, 5, "blinks red")
        await device.ask("mute", "off")
        await wait_for(lambda: colour() == ("255", "0 255 0"), 5, "green again")
    device.stop()
    assert (light / "brightness").read_text() == "0"


# -- keys --------------------------------------------------------------------------------------------------------

async def test_a_keypad_sends_telephone_keys(server, room, make_device, board, tmp_path):
    keypad, digits = Keypad(tmp_path / "keypad"), []
    device = on_linux(make_device, server, room, board, keypad_device=keypad.path, audio_volume="50")
    async with Peer(server, room, "peer") as peer:
        peer.room.on("sip_dtmf_received", lambda dtmf: digits.append(dtmf.digit))
        keypad.press("1")                                   # in no room
        keypad.press("button")
        await device.connected()
        await peer.sees("door")
        keypad.press(*"0123456789*#", "volume-up", "mute")
        await wait_for(lambda: "".join(digits) == "0123456789*#", 5, "all keys")
        status = await device.until(lambda s: s["audio"]["muted"], 3, "muted by its key")
        assert status["audio"]["volume"] == 60
        keypad.unplug()
        await logged(device, f"keypad: keypad '{keypad.path}' is not there")
        await asyncio.sleep(2.5)
        keypad.plug()
        await logged(device, f"keypad: '{keypad.path}' works")
        keypad.press("5")
        # A server that reads the farewell first throws away what was sent a moment before it.
        await wait_for(lambda: "".join(digits) == "0123456789*#5", 5, "the key of the keypad that came back")
        keypad.press("hangup")
        await device.until(lambda s: s["call"]["state"] == "idle", 5, "hung up")


async def test_a_keypad_opens_the_door_as_the_policy_says(server, room, make_device, board, tmp_path):
    keypad, lock, digits = Keypad(tmp_path / "keypad"), board.line(27), []
    device = on_linux(make_device, server, room, board, keypad_device=keypad.path, gpio_lock="27", door_output="lock",
                      door_dtmf_code="2580", door_dtmf_allow="keypad", door_dtmf_when="always", door_pulse_ms="500")
    async with Peer(server, room, "peer") as peer:
        peer.room.on("sip_dtmf_received", lambda dtmf: digits.append(dtmf.digit))
        await device.ask("call")
        keypad.press(*"1111#")
        await wait_for(lambda: len(device.events("door.refused")) == 1, 5, "refused")
        keypad.press(*"25*2580#")
        await wait_for(lambda: lock.level == 1, 5, "released")
        await wait_for(lambda: lock.level == 0, 5, "shut again")
        assert [(e["by"], e["how"]) for e in device.events("door.opened")] == [("keypad", "dtmf")]
        assert not digits and all(e["digit"] in (None, "*", "#") for e in device.events("dtmf"))


async def test_two_keypads_are_two_visitors(server, room, make_device, board, tmp_path):
    pads = [Keypad(tmp_path / "inner"), Keypad(tmp_path / "outer")]
    device = on_linux(make_device, server, room, board, keypad_device=f"{pads[0].path} + {pads[1].path}", gpio_lock="27",
                      door_output="lock", door_dtmf_code="2580", door_dtmf_allow="keypad", door_dtmf_when="always")
    board_lock = board.line(27)
    await logged(device, "lock: GPIO line 27 works")
    for pad, key in ((0, "2"), (1, "9"), (0, "5"), (0, "8"), (1, "9"), (0, "0"), (0, "#"), (1, "#")):
        pads[pad].press(key)
        await asyncio.sleep(0.05)
    await wait_for(lambda: board_lock.level == 1, 5, "released")
    await wait_for(lambda: len(device.events("door.refused")) == 1, 5, "the other one's is wrong")
    pads[1].unplug()
    await logged(device, f"keypad-2: keypad '{pads[1].path}' is not there")


async def test_what_is_no_keypad_is_said_so(server, room, make_device, board):
    device = on_linux(make_device, server, room, board, keypad_device="/dev/null")
    await logged(device, "keypad: keypad '/dev/null' is no input device")


# -- the simulated board -----------------------------------------------------------------------------------------

async def test_every_input_and_output_of_the_simulated_board(server, room, make_device):
    device = make_device(server, room, session_mode="on-demand", door_output="lock", door_dtmf_code="2580",
                         door_dtmf_allow="keypad", door_dtmf_when="always", door_pulse_ms="700")

    async def shows(seconds=5, **members):
        return (await device.until(lambda s: all(s["board"][k] == v for k, v in members.items()), seconds, members))["board"]

    quiet = {"button": False, "hook": False, "tamper": False, "mute": False, "contact": False}
    await shows(inputs=quiet, outputs={"lock": False}, indicator="off", problems=[])
    async with Peer(server, room, "peer") as peer:
        await peer.publish(880)
        assert (await device.ask("press", "hook", "--on")).status == DONE
        board = await shows(10, inputs={**quiet, "hook": True}, indicator="talking")
        assert board["lights"] == {"status": "#" * 16, "mute": "." * 16, "error": "." * 16, "microphone": "#" * 16,
                                   "call": "#" * 16, "recording": "." * 16}
        await device.ask("press", "mute", "--on")
        board = await shows(inputs={**quiet, "hook": True, "mute": True}, indicator="hard-muted")
        assert board["lights"]["mute"] == "#" * 16 and board["lights"]["status"].startswith("#.#.....")
        await device.ask("press", "mute", "--off")
        await device.ask("press", "tamper", "--on")
        await shows(inputs={**quiet, "hook": True, "tamper": True})
        await device.ask("press", "tamper", "--off")
        for key in "2580#":
            assert (await device.ask("press", key)).status == DONE
        await shows(outputs={"lock": True})
        await shows(outputs={"lock": False})
        await device.ask("press", "hook", "--off")
        await shows(10, inputs=quiet, indicator="off")
        await device.ask("press", "button", "--for", "50")
        await device.connected()
        wrong = await device.ask("press", "bell")
        assert wrong.status == FAILED and "button, hook, tamper, mute, contact" in wrong.error
        assert (await device.ask("press", "mute", "--on", "--off")).status == 2


# -- profiles ----------------------------------------------------------------------------------------------------

def check(device, profiles):
    import os
    import subprocess
    from device import BINARIES
    done = subprocess.run([BINARIES / "linteld", "--config", device.folder / "lintel.conf", "--check-config"],
                          capture_output=True, text=True, env={**os.environ, "LINTEL_PROFILES": str(profiles)})
    return done.returncode, done.stdout + done.stderr


async def test_profiles(server, room, make_device, board):
    from device import ROOT
    profiles = ROOT / "board/profiles"
    for profile in sorted(profiles.glob("*.conf")):
        device = make_device(server, room, start=False, device_profile=profile.stem)
        assert check(device, profiles)[0] == 0, check(device, profiles)
    device = make_device(server, room, start=False, device_profile="raspbery-usb")
    status, words = check(device, profiles)
    assert status == 1 and len(words.splitlines()) == 1, words
    assert "lintel.conf:" in words and "[device] profile: 'raspbery-usb' is no profile, did you mean 'raspberry-usb'?" in words
    assert "legal: pc-kiosk, raspberry-i2s, raspberry-usb, simulated" in words
    # What the file of the device says wins over its profile.
    button, lock = board.line(17, "GPIO17"), board.line(5, "GPIO5")
    device = make_device(server, room, environment={**board.environment, "LINTEL_PROFILES": str(profiles)},
                         device_profile="raspberry-usb", device_board="linux", session_mode="on-demand", gpio_lock="GPIO5",
                         leds_folder=board.light("ACT").parent)
    assert button.request == "input low up 'lintel button'" and lock.request == "output high 'lintel lock'"
    shown = (await device.ask("config", "show")).output
    assert "lock = GPIO5\n" in shown and "button = GPIO17 active-low pull-up\n" in shown and "capture = plughw:CARD=Device" in shown
