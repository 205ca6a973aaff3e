"""What most scenarios do: the device hums 440 Hz, the peer 1000 Hz, and both must be heard."""
import asyncio

import analysis
import device as device_module

MICROPHONE_HZ, PEER_HZ = 440, 1000


def hum(frequency=MICROPHONE_HZ, seconds=10):
    return analysis.tone(frequency, seconds, device_module.RATE)


def assert_tone(samples, rate, frequency, share=0.98, gap=0.040):
    found = analysis.power_share(samples, rate, frequency)
    gaps = analysis.gaps(samples, rate, longer_than=gap)
    assert found > share, f"{found:.1%} of the power at {frequency} Hz"
    assert not gaps, f"silent at {gaps} s"


async def both_ways(device, peer, seconds, share=0.98, gap=0.040):
    """Hears `seconds` in both directions at once and asserts the tones."""
    await peer.hear(device.identity, 0.5)
    await device.plays(PEER_HZ)
    await asyncio.sleep(0.5)
    heard, (played, rate) = await asyncio.gather(peer.hear(device.identity, seconds), device.play_for(seconds))
    assert_tone(heard, 48000, MICROPHONE_HZ, share, gap)
    assert_tone(played, rate, PEER_HZ, share, gap)
