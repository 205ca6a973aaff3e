"""One peer connection's transport: ICE, then DTLS-SRTP, then SCTP, and the SDP lines that describe it."""
import asyncio
import json
import logging
import secrets
import time

from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from . import sdp
from .dtls import Certificate, Dtls
from .ice import IceAgent, parse_candidate

log = logging.getLogger("roomserver.transport")
MESSAGE_BYTES_MAX = 65535
HOST_FOUNDATION, TCP_FOUNDATION, ANNOUNCED_FOUNDATION = "2878742611", "375738803", "2878742612"


class Transport:
    """offerer: whether our descriptions are offers, which makes us controlling (RFC 8445 §6.1.1)."""

    def __init__(self, name, offerer, settings, faults, tcp=None, inbound_is_up=True):
        self.name, self.offerer, self.settings = name, offerer, settings
        self.certificate = Certificate.generateCertificate()
        self.ice = IceAgent(settings.node_ip, offerer and not settings.ice_lite, settings.ice_lite, faults,
                            inbound_is_up)
        self.dtls = Dtls(self.ice, self.certificate)
        self.sctp = RTCSctpTransport(self.dtls)
        self.sctp_wanted = False
        self.tcp = tcp
        if tcp:
            tcp.agents.add(self.ice)
        self.prefers_tcp = settings.force_tcp
        self.waiting_candidates = []        # (Candidate, ufrag) of a description that did not arrive yet
        self.fingerprints, self.role = [], None
        self.connected_at = self.first_selected_at = None
        self.on_connected = self.on_failed = None
        self.session_id, self.version = secrets.randbits(62), int(time.time())
        self.described = False
        self.tasks = set()
        self.closed = False
        self.ice.on_selected = self._on_selected

    async def open(self):
        if self.ice.socket is None:
            await self.ice.open()

    @property
    def connected(self):
        return self.connected_at is not None

    # -- remote description ------------------------------------------------------------------------------

    def apply(self, description):
        """Takes the transport out of a remote description. Raises ValueError without usable parameters."""
        fingerprints = description.fingerprints()
        ufrag, password = description.transport("ice-ufrag"), description.transport("ice-pwd")
        if not fingerprints:
            raise ValueError("description without fingerprint")
        if not ufrag or not password:
            raise ValueError("description without ICE credentials")
        setup = description.transport("setup") or "actpass"
        if self.role is None:
            self.role = self._role(setup)
        self.fingerprints = fingerprints
        lite = description.session("ice-lite") is not None
        if ufrag != self.ice.remote_ufrag:
            self.ice.set_remote(ufrag, password, lite)
        for section in description.sections:
            self.sctp_wanted = self.sctp_wanted or (section.kind == "application" and section.port != 0)
            for value in section.all("candidate"):
                self.add_candidate(value)
        waiting, self.waiting_candidates = self.waiting_candidates, []
        for candidate, fragment in waiting:
            self._add(candidate, fragment)
        if self.connected and self.sctp_wanted:
            self._spawn(self._start_sctp())

    def _role(self, setup):
        if self.offerer:
            if self.settings.offer_setup != "actpass":
                return "client" if self.settings.offer_setup == "active" else "server"
            return "server" if setup == "active" else "client"
        mine = {"active": "passive", "passive": "active"}.get(setup, self.settings.answer_setup)
        return "client" if mine == "active" else "server"

    @property
    def setup(self):
        """The a=setup of our descriptions."""
        if self.offerer:
            return self.settings.offer_setup
        return "active" if self.role == "client" else "passive"

    def add_candidate(self, text, username_fragment=None):
        candidate, ufrag = parse_candidate(text)
        if candidate:
            self._add(candidate, ufrag or username_fragment)

    def _add(self, candidate, ufrag):
        if self.ice.remote_ufrag is None or (ufrag and ufrag != self.ice.remote_ufrag):
            self.waiting_candidates = self.waiting_candidates[-63:] + [(candidate, ufrag)]
        else:
            self.ice.add_candidate(candidate)

    # -- life --------------------------------------------------------------------------------------------

    def _on_selected(self):
        log.info("%s: ICE selected %s", self.name, self.ice.selected)
        if self.first_selected_at is None:
            self.first_selected_at = time.monotonic()
            self._spawn(self._secure())

    async def _secure(self):
        if not await self.dtls.connect(self.role, self.fingerprints):
            log.info("%s: DTLS failed", self.name)
            if self.on_failed:
                self.on_failed("DTLS")
            return
        log.info("%s: DTLS connected as %s, %s", self.name, self.role, self.dtls.profile)
        self.connected_at = time.monotonic()
        if self.sctp_wanted:
            self._spawn(self._start_sctp())
        if self.on_connected:
            self.on_connected()

    async def _start_sctp(self):
        # Nothing may wait for this: a client may negotiate m=application and never start SCTP.
        await self.sctp.start(RTCSctpCapabilities(maxMessageSize=MESSAGE_BYTES_MAX), 5000)

    def failed(self, now, timing):
        """Whether ICE has been silent, or never came up, for so long that the transport counts as failed."""
        limit = timing.ice_disconnected + timing.ice_failed
        if self.ice.remote_ufrag is None:
            return False
        return min(self.ice.silence(now), now - self.ice.started_at) > limit

    def _spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("%s", self.name, exc_info=task.exception())

    async def close(self):
        self.closed = True
        for task in list(self.tasks):
            task.cancel()
        try:
            if self.sctp.state not in ("new", "closed"):
                await asyncio.wait_for(self.sctp.stop(), 0.5)
            await asyncio.wait_for(self.dtls.stop(), 0.5)
        except (asyncio.TimeoutError, ConnectionError):
            pass
        self.ice.close()

    # -- our description ---------------------------------------------------------------------------------

    def ice_lines(self):
        return [f"ice-ufrag:{self.ice.ufrag}", f"ice-pwd:{self.ice.password}"]

    def candidates(self):
        ufrag = self.ice.ufrag
        stream = [f"{TCP_FOUNDATION} {{}} tcp 1671430143 {self.ice.address} {self.tcp.port} typ host "
                  f"tcptype passive ufrag {ufrag}"] if self.tcp else []
        if stream and self.prefers_tcp:
            return stream
        texts = [f"{HOST_FOUNDATION} {{}} udp 2130706431 {self.ice.address} {self.ice.port} typ host ufrag {ufrag}", *stream]
        texts += [f"{ANNOUNCED_FOUNDATION}{index} {{}} udp {2130706175 - index} {address} {self.ice.port} typ host ufrag {ufrag}"
                  for index, address in enumerate(self.settings.announce)]
        return texts

    def candidate_lines(self):
        """For the first section of a description after the first; component 2 repeats component 1."""
        return [f"candidate:{text.format(component)}" for text in self.candidates() for component in (1, 2)] + \
            ["end-of-candidates"]

    def trickled(self, mid="0"):
        """-> [(candidateInit JSON, final)]"""
        texts = self.candidates()
        return [(json.dumps({"candidate": "candidate:" + text.format(1), "sdpMid": mid, "sdpMLineIndex": 0,
                             "usernameFragment": None}, separators=(",", ":")), index == len(texts) - 1)
                for index, text in enumerate(texts)]

    def application_section(self, mid):
        return ("application 9 UDP/DTLS/SCTP webrtc-datachannel", mid,
                [f"setup:{self.setup}", f"mid:{mid}", "sendrecv", "sctp-port:5000",
                 f"max-message-size:{MESSAGE_BYTES_MAX}", *self.ice_lines()])

    def audio_section(self, mid, formats, lines):
        media = "audio 9 UDP/TLS/RTP/SAVPF " + " ".join(str(f) for f in formats)
        return (media, mid, [f"setup:{self.setup}", f"mid:{mid}", *self.ice_lines(), "rtcp-mux", "rtcp-rsize", *lines])

    def describe(self, sections, fresh):
        """fresh: the first description, or the first after an ICE restart; candidates are trickled then."""
        if not fresh and sections:
            media, mid, lines = sections[0]
            sections = [(media, mid, lines + self.candidate_lines())] + sections[1:]
        self.version += 1
        self.described = True
        return sdp.render(self.session_id, self.version, self.certificate.fingerprint(), self.settings.ice_lite, sections)
