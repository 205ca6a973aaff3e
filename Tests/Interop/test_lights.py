"""What is seen and heard at the board while nothing, something or too much is done with it."""
import asyncio

from device import RATE
from hardware import board  # noqa: F401
from peers import Peer, wait_for
from sound import hum
from test_board import on_linux

STARTS_ANEW = 75


async def test_each_light_shows_its_fact(own_server, room, make_device, board):
    """Microphone, call and recording have a light each; without a pre-roll the microphone is closed until a call."""
    server = own_server()
    paths = {name: board.light(name, 1) for name in ("microphone", "call", "recording")}
    device = on_linux(make_device, server, room, board, leds_folder=paths["call"].parent, audio_pre_roll_ms=0,
                      **{f"leds_{name}": name for name in paths}, **board.sound(hum()))

    async def shine(*lit):
        await wait_for(lambda: {n for n, p in paths.items() if (p / "brightness").read_text().strip() == "1"} == set(lit),
                       8, f"only {lit} shine")

    async def card(state):
        await device.until(lambda s: s["audio"]["capture"]["state"] == state, 5, f"a microphone that is {state}")

    await card("stopped")
    await shine()
    async with Peer(server, room, "peer") as peer:
        await peer.publish(880)
        await device.ask("call")
        await peer.hear("door", 0.5)
        await card("running")
        await shine("microphone", "call")
        await server.hook("recording", room=room, on=True)
        await shine("microphone", "call", "recording")
        await device.ask("mute", "on")
        await shine("call", "recording")
        await device.ask("mute", "off")
        await server.hook("recording", room=room, on=False)
        await shine("microphone", "call")
        await device.ask("hangup")
        await shine()
        await card("stopped")


async def test_what_was_said_before_the_press_lights_up_a_moment(server, room, make_device, board):
    light = board.light("microphone", 1)
    device = on_linux(make_device, server, room, board, leds_folder=light.parent, leds_microphone="microphone",
                      **board.sound(hum()))
    seen = set()
    await wait_for(lambda: seen.add((light / "brightness").read_text().strip()) or seen == {"0", "1"}, 5, "it flashes")
    assert (await device.status())["board"]["lights"]["microphone"] == "#..............."


async def test_a_long_press_counts_down_and_starts_anew(server, room, make_device, tmp_path):
    device = make_device(server, room, session_mode="on-demand", device_long_press="reset-network", device_long_press_s=8,
                         device_state_directory=tmp_path)
    await device.ask("press", "button", "--for", "9000")
    status = await device.until(lambda s: s["board"]["indicator"] == "countdown", 6, "counting")
    assert status["board"]["lights"]["status"] == "#...#...#...#..."
    await asyncio.to_thread(device.process.wait, 10)
    assert device.process.returncode == STARTS_ANEW
    assert [e["in_s"] for e in device.events("device.long_press")] == [5, 4, 3, 2, 1]
    assert (tmp_path / "reset-network").exists(), "whoever owns the network is told"
    heard, rate = device.speaker()
    assert rate == RATE and abs(heard.astype(int)).max() > 3000, "it clicks although tones are off"
