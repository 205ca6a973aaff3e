"""A simulated card for the official client, which has none of its own on a machine without a sound server: what a program
does that plays the frames as they come, with no more in the card than Lintel begins with."""
import ctypes

PLAYBACK, NONBLOCK, S16_LE, INTERLEAVED = 0, 1, 2, 3
# Room for one frame more than it starts with: what a stall piles up beyond that would stay in the card for ever.
BUFFER_MICROSECONDS = 30_000
RAN_DRY = -32                               # EPIPE


def configuration(plugin, recording, control):
    """The text for ALSA_CONFIG_PATH: the card is `speaker`, and what it plays is in the file."""
    return (f'pcm_type.lintel {{ lib "{plugin}" }}\n'
            f'pcm.speaker {{ type lintel file "{recording}" control "{control}" rate 48000 channels 1 }}\n')


class Speaker:
    """Frames of 10 ms, 16-bit mono at 48 kHz. Two of them are in the card when it starts."""

    def __init__(self):
        self.alsa = ctypes.CDLL("libasound.so.2")
        self.alsa.snd_pcm_writei.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong]
        self.alsa.snd_pcm_writei.restype = ctypes.c_long
        for name in ("snd_pcm_prepare", "snd_pcm_start", "snd_pcm_close"):
            getattr(self.alsa, name).argtypes = [ctypes.c_void_p]
        number, count = ctypes.c_int, ctypes.c_uint
        self.alsa.snd_pcm_set_params.argtypes = [ctypes.c_void_p, number, number, count, count, number, count]
        self.card = ctypes.c_void_p()
        self._check(self.alsa.snd_pcm_open(ctypes.byref(self.card), b"speaker", PLAYBACK, NONBLOCK))
        self._check(self.alsa.snd_pcm_set_params(self.card, S16_LE, INTERLEAVED, 1, 48000, 0, BUFFER_MICROSECONDS))
        self.runs = False

    @staticmethod
    def _check(answer):
        if answer < 0:
            raise RuntimeError(f"the simulated card: error {-answer}")

    def play(self, frame):
        """What does not fit is late, and left out."""
        if self.runs:
            if self._write(frame) != RAN_DRY:
                return
            self._check(self.alsa.snd_pcm_prepare(self.card))
        self._write(bytes(len(frame)))
        self._write(frame)
        self._check(self.alsa.snd_pcm_start(self.card))
        self.runs = True

    def _write(self, frame):
        return self.alsa.snd_pcm_writei(self.card, frame, len(frame) // 2)

    def close(self):
        self.alsa.snd_pcm_close(self.card)
