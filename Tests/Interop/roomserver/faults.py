"""A bad network on demand: loss, late packets and silence, seeded, for one participant or for all."""
import random


class Faults:
    """What happens to the datagrams of one participant. Loss and reordering touch media only, so that
    signalling-like traffic (STUN, DTLS) shows what media loss alone does; silence drops everything."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.loss_up = self.loss_down = self.late_up = self.late_down = 0.0
        self.late_by = 0.045
        self.held_down = 0                  # first packets of a track that wait for each other, and leave in one go
        self.silent = False
        self.dropped = self.delayed = 0

    def set(self, values):
        for name, value in values.items():
            if name not in ("loss_up", "loss_down", "late_up", "late_down", "late_by", "held_down", "silent"):
                raise ValueError(f"unknown fault {name!r}")
            setattr(self, name, {"silent": bool, "held_down": int}.get(name, float)(value))

    def delay(self, data, up):
        """None: drop it. Otherwise the seconds by which it comes late, normally 0."""
        if self.silent:
            self.dropped += 1
            return None
        if not data or not 128 <= data[0] <= 191:
            return 0.0
        loss, late = (self.loss_up, self.late_up) if up else (self.loss_down, self.late_down)
        if loss and self.random.random() < loss:
            self.dropped += 1
            return None
        if late and self.random.random() < late:
            self.delayed += 1
            return self.late_by
        return 0.0
