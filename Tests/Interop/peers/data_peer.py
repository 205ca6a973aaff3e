"""An aiortc peer with data channels on the loopback interface, for the data channel tests in Swift.

Message number n of a channel is four bytes of n (as many as fit) and then a pattern that depends on n, so that both
sides know what has to arrive. An offer has a "label" and is about a data channel of that name; beside what
connection.py takes:
  {"do": "open", "label": L, "lossy": B}                              -> {}
  {"do": "send", "label": L, "sizes": [BYTES, ...]}                   -> {}
  {"do": "close", "label": L}  {"do": "leave"}                        -> {}
  {"do": "report", "label": L}  -> {"state", "id", "count", "bytes", "numbers", "intact", "buffered", "lossy"}
"""

import connection


def message(number, size):
    pattern = bytes((number * 31 + index * 7) & 255 for index in range(256))
    return (number.to_bytes(4, "big") + pattern * (size // 256 + 1))[:size]


class Channel:
    def __init__(self, channel):
        self.channel = channel
        self.numbers = []
        self.count = self.bytes = self.sent = 0
        self.intact = True
        channel.on("message", self.take)

    def take(self, data):
        data = data.encode() if isinstance(data, str) else data
        number = int.from_bytes(data[:4], "big") if len(data) >= 4 else self.count
        self.intact = self.intact and data == message(number, len(data))
        self.numbers.append(number)
        self.count += 1
        self.bytes += len(data)


class Peer(connection.Peer):
    def __init__(self):
        super().__init__()
        self.channels = {}
        self.connection.on("datachannel", self.add)

    def add(self, channel):
        self.channels[channel.label] = Channel(channel)

    def open(self, label, lossy=False):
        options = {"ordered": False, "maxRetransmits": 0} if lossy else {}
        self.add(self.connection.createDataChannel(label, **options))

    def prepare(self, request):
        self.open(request["label"])

    async def perform(self, request):
        do, label = request["do"], request.get("label")
        if do == "open":
            self.open(label, request.get("lossy", False))
        elif do == "send":
            channel = self.channels[label]
            for size in request["sizes"]:
                channel.channel.send(message(channel.sent, size))
                channel.sent += 1
        elif do == "close":
            self.channels[label].channel.close()
        elif do == "leave":
            await self.connection.close()
        elif label in self.channels:
            channel = self.channels[label]
            return {
                "state": channel.channel.readyState, "id": channel.channel.id, "count": channel.count,
                "bytes": channel.bytes, "numbers": channel.numbers, "intact": channel.intact,
                "buffered": channel.channel.bufferedAmount, "lossy": channel.channel.maxRetransmits == 0,
            }
        return {}


if __name__ == "__main__":
    connection.serve(Peer)
