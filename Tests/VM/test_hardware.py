"""What a board has beside sound, with a kernel, udev and the unit's device policy: a keypad that comes later, its light,
and what the service may not open."""
import asyncio
import re

from conftest import READY_SECONDS, is_ready
from peers import wait_for
from test_vm import Conversation

KEYPAD = {"driver": "usb-kbd", "id": "keypad", "bus": "usb.0"}
KEYPAD_NAME = "QEMU QEMU USB Keyboard"
PART_SECONDS = 60


def access_of(machine, path):
    return machine.check("stat", "-L", "-c", "%a %G", path).strip()


def keypad_event(machine):
    """-> the event device of the keypad, such as /dev/input/event3."""
    told = machine.check("cat", "/proc/bus/input/devices").split(f'Name="{KEYPAD_NAME}"')[1]
    return "/dev/input/" + re.search(r"\bevent\d+", told).group()


async def restarted(machine):
    await asyncio.to_thread(machine.check, "systemctl", "restart", "linteld.service")
    await machine.until(is_ready, READY_SECONDS, "ready for a call")


def opens(machine, path, direction="<"):
    """Whether root may open it, in the service's control group: its device policy is all that is in the way."""
    group = machine.show("ControlGroup")
    return machine.run("sh", "-c", f"echo $$ > /sys/fs/cgroup{group}/cgroup.procs && : {direction} {path}")


def press(machine, name):
    keys = [{"type": "qcode", "data": name}]
    machine.monitor.command("send-key", keys=keys)


async def test_a_keypad_that_comes_later_and_its_light(machine, server):
    digits = []
    machine.write("/etc/lintel/lintel.conf.d/keypad.conf", f"[keypad]\ndevice = {KEYPAD_NAME}\n")
    try:
        await restarted(machine)
        async with Conversation(machine, server) as peer:
            peer.room.on("sip_dtmf_received", lambda dtmf: digits.append(dtmf.digit))
            # The second time it comes back under another number.
            for digit in "47":
                await asyncio.to_thread(machine.monitor.command, "device_add", **KEYPAD)
                await machine.until(lambda s: not s["board"]["problems"], PART_SECONDS, "with a keypad")
                event = keypad_event(machine)
                assert access_of(machine, event) == "660 input"
                await asyncio.to_thread(press, machine, digit)
                await wait_for(lambda: digits[-1:] == [digit], PART_SECONDS, f"the key {digit} is heard")
                if digit == "7":
                    break
                await asyncio.to_thread(machine.monitor.command, "device_del", id=KEYPAD["id"])
                await machine.until(lambda s: s["board"]["problems"], PART_SECONDS, "without a keypad")
        lights = machine.check("ls", "/sys/class/leds").split()
        light = next(name for name in lights if name.endswith("::capslock"))
        for file in ("brightness", "trigger"):
            mode, group = access_of(machine, f"/sys/class/leds/{light}/{file}").split()
            assert group == "gpio" and int(mode, 8) & 0o020, (light, file, mode, group)
        machine.write("/etc/lintel/lintel.conf.d/keypad.conf", f"[leds]\ncall = {light}\n")
        await restarted(machine)
        assert machine.check("cat", f"/sys/class/leds/{light}/brightness").strip() == "0"
        async with Conversation(machine, server):
            assert machine.check("cat", f"/sys/class/leds/{light}/brightness").strip() != "0", "lit in a call"
    finally:
        machine.check("rm", "-f", "/etc/lintel/lintel.conf.d/keypad.conf")
        await asyncio.to_thread(machine.monitor.command, "device_del", id=KEYPAD["id"])
        await restarted(machine)


def test_the_service_opens_what_it_drives_and_nothing_else(machine):
    control = machine.check("sh", "-c", "ls /dev/snd/controlC* | head -n 1").strip()
    assert access_of(machine, control).split()[1] == "audio"
    assert opens(machine, control).status == 0, "a sound card"
    keys = machine.check("sh", "-c", "ls /dev/input/event* 2>/dev/null | head -n 1; true").strip()
    if keys:
        assert opens(machine, keys).status == 0, "an input device"
        assert opens(machine, keys, "1<>").status, "it may only be read"
    assert opens(machine, "/dev/null").status == 0
    for other in ("/dev/vda", "/dev/kmsg", "/dev/mem"):
        refused = opens(machine, other)
        assert refused.status and "not permitted" in refused.error, (other, refused)
