"""One ICE agent over one UDP socket and the TCP connections of its peer (RFC 8445, RFC 6544): full or lite, either role,
restart without a new socket. An address is (host, port), with "tcp" behind it for a connection."""
import asyncio
import ipaddress
import secrets
import string
import time

from aioice import Candidate, stun

from . import icetcp

LETTERS = string.ascii_letters
CHECK_INTERVAL_SECONDS = 0.2
KEEPALIVE_INTERVAL_SECONDS = 2.0
TICK_SECONDS = 0.05
# How long a controlling pion waits before it nominates a pair with such a remote candidate.
NOMINATION_WAIT_SECONDS = {"host": 0.0, "srflx": 0.5, "prflx": 1.0, "relay": 2.0}
PREFLEX_PRIORITY = 1862270975


def random_letters(count):
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def parse_candidate(text):
    """-> (Candidate or None when it is of no use here, ufrag or None). Raises ValueError when malformed."""
    body = text.strip()
    body = body[len("candidate:"):] if body.startswith("candidate:") else body
    words = body.split()
    if len(words) < 8 or words[6] != "typ":
        raise ValueError("malformed candidate")
    ufrag = words[words.index("ufrag") + 1] if "ufrag" in words[:-1] else None
    candidate = Candidate.from_sdp(body)
    if candidate.component != 1 or candidate.transport.lower() != "udp" or candidate.host.endswith(".local"):
        return None, ufrag
    if ipaddress.ip_address(candidate.host).version != 4:
        return None, ufrag
    return candidate, ufrag


class Pair:
    def __init__(self, address, kind):
        self.address, self.kind = address, kind
        self.first_seen = time.monotonic()
        self.succeeded = self.nominated_by_peer = False
        self.next_check = 0.0


class IceAgent(asyncio.DatagramProtocol):
    def __init__(self, address, controlling, lite, faults, inbound_is_up=True):
        self.address, self.controlling, self.lite, self.faults = address, controlling, lite, faults
        self.inbound_is_up = inbound_is_up
        self.tie_breaker = secrets.randbits(64)
        self.ufrag, self.password = random_letters(16), random_letters(32)
        self.remote_ufrag = self.remote_password = None
        self.remote_lite = False
        self.pairs = {}                     # remote address -> Pair
        self.requests = {}                  # transaction id -> (Pair, nominating)
        self.selected = None                # remote address; survives a restart until the next nomination
        self.nominated = False              # since the last restart
        self.last_received = self.started_at = time.monotonic()
        self.on_data = self.on_selected = None
        self.socket = self.task = None
        self.streams = {}                   # remote address -> StreamWriter
        self.checks_received = 0

    async def open(self):
        loop = asyncio.get_running_loop()
        self.socket, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.address, 0))
        self.port = self.socket.get_extra_info("sockname")[1]
        self.task = asyncio.ensure_future(self._run())

    def close(self):
        if self.task:
            self.task.cancel()
        if self.socket:
            self.socket.close()
        for writer in self.streams.values():
            writer.close()

    def restart(self):
        self.ufrag, self.password = random_letters(16), random_letters(32)
        self.remote_ufrag = self.remote_password = None
        self.pairs, self.requests, self.nominated = {}, {}, False

    def set_remote(self, ufrag, password, lite=False):
        if ufrag != self.remote_ufrag:
            self.pairs, self.requests, self.nominated = {}, {}, False
        self.remote_ufrag, self.remote_password, self.remote_lite = ufrag, password, lite
        if lite:
            self.controlling = True
        self.started_at = time.monotonic()

    def add_candidate(self, candidate):
        self.pairs.setdefault((candidate.host, candidate.port), Pair((candidate.host, candidate.port), candidate.type))

    def silence(self, now):
        return now - self.last_received

    # -- datagrams ---------------------------------------------------------------------------------------

    def send(self, data):
        if self.selected:
            self._transmit(data, self.selected)

    def _transmit(self, data, address):
        delay = self.faults.delay(data, not self.inbound_is_up)
        if delay is None or self.socket is None or self.socket.is_closing():
            return
        if delay:
            asyncio.get_running_loop().call_later(delay, self._send_now, data, address)
        else:
            self._send_now(data, address)

    def _send_now(self, data, address):
        if len(address) == 3:
            self._send_stream(data, address)
        elif not self.socket.is_closing():
            self.socket.sendto(data, address)

    def _send_stream(self, data, address):
        writer = self.streams.get(address)
        if writer and not writer.is_closing() and writer.transport.get_write_buffer_size() < icetcp.WAITING_BYTES_MAX:
            writer.write(icetcp.framed(data))

    def stream_received(self, data, address, writer):
        self.streams[address] = writer
        self._received(data, address)

    def stream_lost(self, address):
        """Nothing can go there again: a peer that connects anew has another port."""
        self.streams.pop(address, None)
        self.pairs.pop(address, None)

    def datagram_received(self, data, address):
        self._received(data, address[:2])

    def _received(self, data, address):
        delay = self.faults.delay(data, self.inbound_is_up)
        if delay is None or not data:
            return
        if delay:
            asyncio.get_running_loop().call_later(delay, self._deliver, data, address)
        else:
            self._deliver(data, address)

    def error_received(self, error):
        """ICMP port unreachable: the peer's process is gone. The silence that follows says the same."""

    def _deliver(self, data, address):
        if data[0] < 4:
            try:
                message = stun.parse_message(data)
            except ValueError:
                return
            self._on_stun(message, address)
            return
        if address == self.selected:
            self.last_received = time.monotonic()
        if self.on_data:
            self.on_data(data)

    # -- STUN --------------------------------------------------------------------------------------------

    def _on_stun(self, message, address):
        if message.message_class == stun.Class.REQUEST:
            self._on_request(message, address)
        elif message.transaction_id in self.requests:
            pair, nominating = self.requests.pop(message.transaction_id)
            if self.remote_password is None or not message.check_message_integrity(self.remote_password.encode()):
                return
            self.last_received = time.monotonic()
            if message.message_class == stun.Class.ERROR:
                if message.error_code == 487:           # role conflict, RFC 8445 §7.2.5.1
                    self.controlling = not self.controlling
                return
            pair.succeeded = True
            if nominating or (pair.nominated_by_peer and not self.controlling):
                self._select(pair)
            elif self._may_nominate(pair, time.monotonic()):
                pair.next_check = 0.0
                self._check_pairs()

    def _on_request(self, message, address):
        username = message.attributes.get("USERNAME", "")
        if username.split(":")[0] != self.ufrag or not message.check_message_integrity(self.password.encode()):
            return
        self.checks_received += 1
        self.last_received = time.monotonic()
        theirs = message.attributes.get("ICE-CONTROLLING" if self.controlling else "ICE-CONTROLLED")
        if theirs is not None and not self.lite:
            if (self.tie_breaker >= theirs) == self.controlling:
                self._respond(message, address, stun.Class.ERROR, {"ERROR-CODE": (487, "Role Conflict")})
                return
            self.controlling = not self.controlling
        self._respond(message, address, stun.Class.RESPONSE, {"XOR-MAPPED-ADDRESS": address[:2]})
        known = address in self.pairs
        pair = self.pairs.setdefault(address, Pair(address, "prflx"))
        if "USE-CANDIDATE" in message.attributes and (self.lite or not self.controlling):
            pair.nominated_by_peer = True
            if self.lite or pair.succeeded:
                self._select(pair)
        if not known or not pair.succeeded:
            pair.next_check = 0.0
            self._check_pairs()

    def _respond(self, request, address, message_class, attributes):
        response = stun.Message(stun.Method.BINDING, message_class, request.transaction_id, attributes)
        response.add_message_integrity(self.password.encode())
        self._transmit(bytes(response), address)

    def _select(self, pair):
        first = not self.nominated
        self.selected, self.nominated = pair.address, True
        if first and self.on_selected:
            self.on_selected()

    # -- checks ------------------------------------------------------------------------------------------

    async def _run(self):
        while True:
            self._check_pairs()
            await asyncio.sleep(TICK_SECONDS if not self.nominated else KEEPALIVE_INTERVAL_SECONDS / 4)

    def _check_pairs(self):
        if self.lite or self.remote_password is None or self.socket is None:
            return
        now = time.monotonic()
        for pair in list(self.pairs.values()):
            if self.nominated and pair.address != self.selected and self.controlling:
                continue
            if now < pair.next_check:
                continue
            nominate = self._may_nominate(pair, now)
            interval = KEEPALIVE_INTERVAL_SECONDS if self.nominated else CHECK_INTERVAL_SECONDS
            if pair.succeeded and not nominate and not self.nominated and self.controlling:
                interval = TICK_SECONDS
            pair.next_check = now + interval
            self._request(pair, nominate)

    def _may_nominate(self, pair, now):
        waited = now - pair.first_seen >= NOMINATION_WAIT_SECONDS.get(pair.kind, 0.0)
        return self.controlling and pair.succeeded and waited and not self.nominated

    def _request(self, pair, nominate):
        role = "ICE-CONTROLLING" if self.controlling else "ICE-CONTROLLED"
        attributes = {"USERNAME": f"{self.remote_ufrag}:{self.ufrag}", "PRIORITY": PREFLEX_PRIORITY,
                      role: self.tie_breaker}
        if nominate:
            attributes["USE-CANDIDATE"] = None
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        request.add_message_integrity(self.remote_password.encode())
        if len(self.requests) > 100:
            self.requests.pop(next(iter(self.requests)))
        self.requests[request.transaction_id] = (pair, nominate)
        self._transmit(bytes(request), pair.address)
