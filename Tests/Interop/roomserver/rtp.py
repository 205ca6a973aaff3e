"""RTP headers and RED payloads, as bytes in and bytes out (RFC 3550, RFC 8285, RFC 2198)."""
from typing import NamedTuple
import struct

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
OPUS_PAYLOAD_TYPE = 111
RED_PAYLOAD_TYPE = 63


class Packet(NamedTuple):
    marker: int
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extensions: dict                        # id -> bytes
    payload: bytes


def extensions_of(section):
    """-> {URI: id} of the header extensions that a section of a client's description names and we know."""
    found = {}
    for value in section.all("extmap"):
        words = value.split()
        if len(words) > 1 and words[1] in (AUDIO_LEVEL, MID):
            found[words[1]] = int(words[0].split("/")[0])
    return found


def is_rtcp(data):
    return len(data) >= 2 and 192 <= data[1] <= 223


def parse(data):
    """Raises ValueError on anything that is no RTP packet."""
    if len(data) < 12 or data[0] >> 6 != 2:
        raise ValueError("no RTP header")
    second, sequence, timestamp, ssrc = struct.unpack_from("!xBHLL", data)
    position, end, extensions = 12 + 4 * (data[0] & 15), len(data), {}
    if data[0] & 0x10:
        if position + 4 > end:
            raise ValueError("truncated header extension")
        profile, words = struct.unpack_from("!HH", data, position)
        position += 4
        if position + 4 * words > end:
            raise ValueError("header extension longer than the packet")
        if profile == 0xBEDE:
            extensions = _one_byte_extensions(data[position:position + 4 * words])
        position += 4 * words
    if data[0] & 0x20:
        end -= data[-1]
    if position > end:
        raise ValueError("packet shorter than its header")
    return Packet(second >> 7, second & 127, sequence, timestamp, ssrc, extensions, data[position:end])


def _one_byte_extensions(data):
    found, position = {}, 0
    while position < len(data):
        if data[position] == 0:
            position += 1
            continue
        ident, size = data[position] >> 4, (data[position] & 15) + 1
        if ident == 15:
            break
        found[ident] = data[position + 1:position + 1 + size]
        position += 1 + size
    return found


def build(payload_type, sequence, timestamp, ssrc, payload, marker=0, extensions=None):
    head = struct.pack("!BBHLL", 0x90 if extensions else 0x80, marker << 7 | payload_type, sequence & 0xFFFF,
                       timestamp & 0xFFFFFFFF, ssrc)
    if extensions:
        body = b"".join(bytes([ident << 4 | len(value) - 1]) + value for ident, value in extensions.items())
        body += bytes(-len(body) % 4)
        head += struct.pack("!HH", 0xBEDE, len(body) // 4) + body
    return head + payload


def red_primary(payload):
    """The primary block of a RED payload: what plain Opus would have carried."""
    position, redundant = 0, 0
    while position < len(payload) and payload[position] & 0x80:
        if position + 4 > len(payload):
            raise ValueError("truncated RED header")
        redundant += (payload[position + 2] & 3) << 8 | payload[position + 3]
        position += 4
    position += 1 + redundant
    if position > len(payload):
        raise ValueError("RED blocks longer than the packet")
    return payload[position:]


def newer(a, b):
    """Whether sequence number a comes after b, over the wrap."""
    return 0 < (a - b) & 0xFFFF < 0x8000
