"""DTLS-SRTP that hands decrypted packets over as bytes, with the habits of pion where a client can see them."""
import asyncio
import hmac
import os

from aiortc.rtcdtlstransport import (RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport,
                                     State)
from OpenSSL import SSL

from . import rtp

DTLS_1_2 = 0xFEFD
DATAGRAM_BYTES_MAX = 1200
COOKIE_KEY = os.urandom(32)
CIPHERS = (b"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
           b"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256")


class Certificate(RTCCertificate):
    """ECDSA P-256. As a server it asks for the ClientHello twice (HelloVerifyRequest) and for a certificate."""

    def _create_ssl_context(self, srtp_profiles):
        context = super()._create_ssl_context(srtp_profiles)
        context.set_max_proto_version(DTLS_1_2)
        context.set_cipher_list(CIPHERS)
        context.set_options(SSL.OP_COOKIE_EXCHANGE)
        context.set_cookie_generate_callback(self._cookie)
        context.set_cookie_verify_callback(lambda connection, cookie: hmac.compare_digest(cookie, self._cookie(connection)))
        return context

    def _cookie(self, connection):
        return hmac.digest(COOKIE_KEY, id(connection).to_bytes(8, "big"), "sha256")[:20]

    def fingerprint(self):
        return next(f.value for f in self.getFingerprints() if f.algorithm == "sha-256")


class Path:
    """What aiortc's DTLS and SCTP need of an ICE transport."""
    role, state = "controlled", "completed"

    def __init__(self, ice):
        self.ice, self.queue = ice, asyncio.Queue(maxsize=2000)
        ice.on_data = self._received

    def _received(self, data):
        if not self.queue.full():
            self.queue.put_nowait(data)

    async def _recv(self):
        return await self.queue.get()

    async def _send(self, data):
        self.ice.send(data)


class Dtls(RTCDtlsTransport):
    def __init__(self, ice, certificate):
        super().__init__(Path(ice), [certificate])
        self.ice = ice
        self.on_rtp = self.on_rtcp = None

    async def connect(self, role, fingerprints):
        """-> whether the handshake succeeded and the fingerprint is the one signalled."""
        self._set_role(role)
        await self.start(RTCDtlsParameters([RTCDtlsFingerprint(a, v) for a, v in fingerprints]))
        return self.connected

    @property
    def connected(self):
        return self._state == State.CONNECTED

    @property
    def profile(self):
        name = self._ssl.get_selected_srtp_profile() if self._ssl else b""
        return name.decode()

    def send_media(self, data):
        """Protects and sends RTP or RTCP at once, which keeps the order of packets."""
        if not self.connected:
            return False
        protect = self._tx_srtp.protect_rtcp if rtp.is_rtcp(data) else self._tx_srtp.protect
        self.ice.send(protect(data))
        return True

    async def _handle_rtp_data(self, data, arrival_time_ms):
        if self.on_rtp:
            self.on_rtp(data)

    async def _handle_rtcp_data(self, data):
        if self.on_rtcp:
            self.on_rtcp(data)

    async def _write_ssl(self):
        """Sends whole DTLS records, several to a datagram: a flight with a large certificate is over one MTU."""
        try:
            data = self._ssl.bio_read(65536)
        except SSL.Error:
            return
        datagram = b""
        while len(data) >= 13:
            size = 13 + int.from_bytes(data[11:13], "big")
            record, data = data[:size], data[size:]
            if datagram and len(datagram) + len(record) > DATAGRAM_BYTES_MAX:
                await self.transport._send(datagram)
                datagram = b""
            datagram += record
        if datagram:
            await self.transport._send(datagram)
