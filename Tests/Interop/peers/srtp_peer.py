"""Protects and unprotects SRTP packets with libsrtp, one request a line, for the SRTP tests in Swift.

A request is `rtp|rtcp protect|unprotect PROFILE KEYANDSALT PACKET`, the last two in hexadecimal. The answer is the
packet in hexadecimal, or `error WORDS`. Sessions live as long as the process, so that roll-over counters do.
"""

import sys

import pylibsrtp

PROFILES = {
    "aes128CMSHA1": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "aeadAES128GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "aeadAES256GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}

sessions = {}


def session(direction, profile, key):
    """The libsrtp session of these keys in this direction."""
    name = (direction, profile, key)
    if name not in sessions:
        inbound = direction == "unprotect"
        policy = pylibsrtp.Policy(
            key=bytes.fromhex(key),
            ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND if inbound else pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
            srtp_profile=PROFILES[profile],
        )
        policy.window_size = 128
        sessions[name] = pylibsrtp.Session(policy)
    return sessions[name]


def main():
    for line in sys.stdin:
        kind, direction, profile, key, packet = line.split()
        method = direction if kind == "rtp" else direction + "_rtcp"
        try:
            answer = getattr(session(direction, profile, key), method)(bytes.fromhex(packet)).hex()
        except pylibsrtp.Error as error:
            answer = f"error {error}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
