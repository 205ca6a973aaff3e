"""The wire does what it is told, and nothing else."""
import asyncio
import json
import sys

from echoes import Echo
import echoes
from namespaces import ROOMS


async def ask(network, port, count=50):
    """-> (numbers in the order of their coming, the shortest round trip in ms, the range of all)"""
    text = await asyncio.to_thread(network.device.run, sys.executable, echoes.__file__, ROOMS, port, count)
    came = json.loads(text)
    times = [milliseconds for _, milliseconds in came] or [0.0]
    return [number for number, _ in came], min(times), max(times) - min(times)


async def test_the_wire(make_network):
    network = make_network()
    echo, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=(ROOMS, 0))
    port = echo.get_extra_info("sockname")[1]
    try:
        numbers, shortest, _ = await ask(network, port)
        assert numbers == list(range(50)) and shortest < 5
        network.wire.set(delay_ms=50)
        numbers, shortest, _ = await ask(network, port)
        assert numbers == list(range(50)) and 100 <= shortest < 110
        network.wire.set(delay_ms=100, direction="a")
        network.wire.set(direction="b")
        assert 100 <= (await ask(network, port))[1] < 110
        network.wire.set(jitter_ms=60)
        numbers, _, spread = await ask(network, port)
        assert numbers == list(range(50)) and spread > 20, "jitter keeps the order"
        network.wire.set(loss=0.3)
        numbers, shortest, _ = await ask(network, port, 150)
        assert 40 < len(numbers) < 110 and shortest < 5, "about half come back"
        network.wire.set(reordered=0.2)
        numbers, _, _ = await ask(network, port)
        assert len(numbers) == 50 and numbers != sorted(numbers)
        network.wire.set(cut=True)
        assert not (await ask(network, port))[0]
        network.wire.set()
        assert len((await ask(network, port))[0]) == 50
        network.firewall("meta l4proto udp drop")
        assert not (await ask(network, port))[0]
        network.firewall()
        assert len((await ask(network, port))[0]) == 50
    finally:
        echo.close()
