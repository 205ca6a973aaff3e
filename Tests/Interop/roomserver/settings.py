"""What can be chosen when the server starts, and the times that a client can observe."""
from dataclasses import dataclass, field
import secrets
import time

SERVER_VERSION = "1.13.5"
SERVER_PROTOCOL = 17
NAME_BYTES_MAX, METADATA_BYTES_MAX, ATTRIBUTES_BYTES_MAX = 256, 512 << 10, 64 << 10
ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass
class Timing:
    """All in seconds; the defaults are what livekit-server 1.13.5 was seen to do."""
    ping_interval: float = 5
    ping_timeout: float = 15
    websocket_ping: float = 10
    negotiation_debounce: float = 0.150     # between two subscriber offers
    negotiation_delay: float = 0.010        # from an event to its offer, when nothing was negotiated lately
    removal_delay: float = 0.205            # from the end of a track to its offer
    answer_timeout: float = 15
    visibility_batch: float = 3             # participants who do not publish
    ice_disconnected: float = 10
    ice_failed: float = 5
    resume_window: float = 5                # after a transport failed
    never_active: float = 60
    status_tick: float = 5                  # room_update, connection_quality
    speakers_tick: float = 0.4
    receiver_report: float = 1
    sender_report: float = 3
    nack_default_rtt: float = 0.070
    nack_age_max: float = 0.100
    late_subscription: float = 0.6          # how probably a track of the room misses the first answer of v1
    dismissal_spread: float = 0.4           # between the first and the last sign of a dismissal, at most
    quality_lost: float = 14


@dataclass
class Settings:
    host: str = "127.0.0.1"
    port: int = 7880
    key: str = "devkey"
    secret: str = "secret-that-is-at-least-32-bytes-long"
    node_ip: str = "127.0.0.1"
    announce: tuple = ()                    # further addresses that lead to node_ip: a NAT in front of us
    ice_lite: bool = False
    force_tcp: bool = False                 # only the TCP candidate is offered
    ice_servers: tuple = ()                 # (URL, user name, credential) of each
    answer_setup: str = "active"            # our a=setup in answers to actpass
    offer_setup: str = "actpass"            # our a=setup in subscriber offers
    tls: tuple = ()                         # (certificate chain file, key file)
    seed: int = 1                           # of the injected faults, and of the order of dismissals
    clock_offset: float = 0.0               # seconds that our clock is ahead; tokens are judged by it
    without: tuple = ()                     # parts that this server lacks: "bridge", "redis", "connectors"
    unavailable_after: float = 3.0          # what the API waits for a room or identity that nobody serves
    timing: Timing = field(default_factory=Timing)

    def now(self):
        return time.time() + self.clock_offset


def new_sid(prefix):
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(12))
