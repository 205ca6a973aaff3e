"""Numbered datagrams to an echo and back: `python echoes.py HOST PORT COUNT` prints [[number, milliseconds], ...] as they came."""
import asyncio
import json
import sys
import time

SPACING_SECONDS, LAST_SECONDS = 0.01, 0.4


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Asker(asyncio.DatagramProtocol):
    def __init__(self):
        self.sent, self.came = {}, []

    def datagram_received(self, data, _):
        number = int(data)
        self.came.append((number, (time.monotonic() - self.sent[number]) * 1000))


async def main(host, port, count):
    asker = Asker()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: asker, remote_addr=(host, int(port)))
    for number in range(int(count)):
        asker.sent[number] = time.monotonic()
        transport.sendto(str(number).encode())
        await asyncio.sleep(SPACING_SECONDS)
    await asyncio.sleep(LAST_SECONDS)
    print(json.dumps(asker.came))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
