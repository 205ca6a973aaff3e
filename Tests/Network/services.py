"""Debian's coturn and tinyproxy, a name server, and certificates, at the servers' end of the wire."""
import asyncio
import datetime
import socket
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from namespaces import NAMES, PROXY, ROOMS, TURN

TURN_USER, TURN_PASSWORD, TURN_NAME = "lintel", "over-the-relay", "turn.lan"
PROXY_USER, PROXY_PASSWORD = "door", "through-here"
PROXY_PORT, NARROW_PROXY_PORT = 8888, 8889
ROOMS_NAME = "rooms.lan"
TURN_PORT, TURN_TLS_PORT = 3478, 5349
START_SECONDS = 10
HOSTS = [f"{ROOMS} {ROOMS_NAME}", f"{TURN} {TURN_NAME}"]


def reachable(address, port, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"nothing answers at {address}:{port}") from None
            time.sleep(0.05)


def certificate(folder, name):
    """-> (certificate, key): files of one that signs itself, for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return paths


class Service:
    """A program of Debian that runs until it is closed."""

    def __init__(self, folder, name, command, address, port):
        with open(folder / f"{name}.log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
        reachable(address, port)

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def turn_server(folder, tls):
    """coturn over UDP, TCP and TLS, with one account."""
    (folder / "turn.conf").write_text(f"""
listening-ip={TURN}
relay-ip={TURN}
listening-port={TURN_PORT}
tls-listening-port={TURN_TLS_PORT}
min-port=31000
max-port=31999
lt-cred-mech
user={TURN_USER}:{TURN_PASSWORD}
realm=test
cert={tls[0]}
pkey={tls[1]}
no-cli
no-stdout-log
log-file={folder}/turn.log
pidfile={folder}/turn.pid
userdb={folder}/turn.db
""")
    return Service(folder, "coturn", ["turnserver", "-c", folder / "turn.conf"], TURN, TURN_PORT)


def ice_servers():
    """The arguments by which the room server tells its clients of the relay."""
    urls = (f"turn:{TURN}:{TURN_PORT}?transport=udp", f"turn:{TURN}:{TURN_PORT}?transport=tcp",
            f"turns:{TURN_NAME}:{TURN_TLS_PORT}?transport=tcp")
    return [word for url in urls for word in ("--ice-server", url, TURN_USER, TURN_PASSWORD)]


def proxy(folder, port, *connect_ports):
    """tinyproxy with a password, and CONNECT to all ports or some."""
    allowed = "".join(f"ConnectPort {one}\n" for one in connect_ports)
    (folder / f"proxy{port}.conf").write_text(f"""
Port {port}
Listen {PROXY}
Timeout 600
MaxClients 50
Allow 10.0.0.0/8
BasicAuth {PROXY_USER} {PROXY_PASSWORD}
LogFile "{folder}/proxy{port}.log"
PidFile "{folder}/proxy{port}.pid"
{allowed}""")
    (folder / f"proxy{port}.log").touch(0o666)
    # It is asked for names, which nobody knows but the device; it gets a hosts file of its own.
    (folder / "hosts").write_text("".join(f"{line}\n" for line in HOSTS))
    command = f"mount --bind {folder}/hosts /etc/hosts && exec tinyproxy -d -c {folder}/proxy{port}.conf"
    return Service(folder, f"tinyproxy{port}", ["unshare", "--mount", "sh", "-c", command], PROXY, port)


class NameServer(asyncio.DatagramProtocol):
    """Knows the room server and the relay; `answers` can be taken from it, and it is dead."""

    def __init__(self):
        self.answers, self.asked = True, 0
        self.known = {f"{ROOMS_NAME}.": ROOMS, f"{TURN_NAME}.": TURN}

    @classmethod
    async def start(cls):
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(cls, local_addr=(NAMES, 53))
        server.close = transport.close
        return server

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.asked += 1
        if not self.answers:
            return
        try:
            query = dns.message.from_wire(data)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        found = self.known.get(question.name.to_text().lower())
        if found and question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", found))
        self.transport.sendto(reply.to_wire(), address)
