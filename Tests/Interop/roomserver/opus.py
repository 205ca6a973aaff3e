"""Opus frames of 20 ms to and from samples at 48 kHz."""
import av
import numpy as np

RATE, FRAME = 48000, 960
FRAME_SECONDS = FRAME / RATE
SILENCE = bytes([0xF8, 0xFF, 0xFE])         # 20 ms of nothing, as every encoder writes it
BIT_RATE = 32000
QUIETEST = 127                              # of the audio level extension, in -dBov


class Encoder:
    def __init__(self):
        self.codec, self.count = None, 0

    def encode(self, samples):
        if self.codec is None:
            self.codec = av.CodecContext.create("libopus", "w")
            self.codec.bit_rate, self.codec.format = BIT_RATE, "s16"
            self.codec.layout, self.codec.sample_rate = "mono", RATE
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self.count * FRAME
        self.count += 1
        packets = self.codec.encode(frame)
        return bytes(packets[0]) if packets else SILENCE


class Decoder:
    def __init__(self):
        self.codec = None

    def decode(self, payload):
        """-> the frames in it; none of what is no Opus."""
        if self.codec is None:
            self.codec = av.CodecContext.create("libopus", "r")
            self.codec.format, self.codec.layout, self.codec.sample_rate = "s16", "stereo", RATE
        try:
            sounds = [frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in self.codec.decode(av.Packet(payload))]
        except (av.FFmpegError, ValueError):
            return []
        return [sound[at:at + FRAME] for sound in sounds for at in range(0, len(sound) - FRAME + 1, FRAME)]


def mixed(frames):
    """-> int16, or None of none."""
    if not frames:
        return None
    if len(frames) == 1:
        return frames[0]
    return np.sum(frames, axis=0, dtype=np.int32).clip(-32768, 32767).astype(np.int16)


def level(samples):
    """As the audio level extension has it: 0 is the loudest, 127 silence."""
    if samples is None:
        return QUIETEST
    root = np.sqrt(np.mean(np.square(samples.astype(np.float32)))) / 32768
    return int(min(QUIETEST, max(0, -20 * np.log10(root)))) if root > 0 else QUIETEST
