"""Tells whether the machine itself stood still: then what was heard says nothing about the device."""
import threading
import time

STEP_SECONDS = 0.005
STALL_SECONDS = 0.030                       # longer than sound is buffered anywhere


class StallWatch:
    """Use `with StallWatch() as watch`, then `watch.longest`: the longest time in seconds that a thread which wanted
    to run had to wait."""

    def __enter__(self):
        self.longest, self.running = 0.0, True
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()

    def _watch(self):
        while self.running:
            before = time.monotonic()
            time.sleep(STEP_SECONDS)
            self.longest = max(self.longest, time.monotonic() - before - STEP_SECONDS)
