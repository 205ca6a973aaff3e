"""A livekit-server that somebody has on this machine, in the place of our room server: LINTEL_REAL_SERVER names the program."""
import os
import subprocess

from namespaces import ROOMS, TURN
from servers import OtherServer
from services import TURN_NAME, TURN_PASSWORD, TURN_PORT, TURN_TLS_PORT, TURN_USER, reachable

PROGRAM = os.environ.get("LINTEL_REAL_SERVER")
PORT, TCP_PORT = 7880, 7881
KEY, SECRET = "devkey", "secret-that-is-at-least-32-bytes-long"


class RealServer(OtherServer):
    def __init__(self, folder, relayed=True):
        super().__init__(f"ws://{ROOMS}:{PORT}", KEY, SECRET)
        self.port = PORT
        relays = [(TURN, TURN_PORT, "udp"), (TURN, TURN_PORT, "tcp"), (TURN_NAME, TURN_TLS_PORT, "tls")]
        listed = "".join(f"    - {{host: {host}, port: {port}, protocol: {protocol}, username: {TURN_USER}, credential: {TURN_PASSWORD}}}\n"
                         for host, port, protocol in relays) if relayed else ""
        (folder / "livekit.yaml").write_text(
            f"port: {PORT}\nbind_addresses: [{ROOMS}]\nkeys:\n  {KEY}: {SECRET}\nrtc:\n  tcp_port: {TCP_PORT}\n"
            f"  port_range_start: 20000\n  port_range_end: 20999\n  node_ip: {ROOMS}\n  use_external_ip: false\n"
            "  enable_loopback_candidate: true\n  interfaces:\n    includes: [lo]\n  stun_servers: []\n"
            + ("  turn_servers:\n" + listed if listed else ""))
        with open(folder / "livekit.log", "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "--config", folder / "livekit.yaml"], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        reachable(ROOMS, PORT)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
