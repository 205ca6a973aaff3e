"""The machine of board/vm: started, asked, pulled at, ended."""
import asyncio
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "board/machine"))

import remote  # noqa: E402
from shell import Shell  # noqa: E402

START_SECONDS = 600
RESET_SECONDS = 200
SPEAKER_HZ, SAMPLE_BYTES, HEADER_BYTES = 48000, 2, 44
UNREACHABLE = 3


class CannotRun(Exception):
    """Why there can be no machine here."""


class Machine(Shell):
    """Use from tests that may be coroutines: `run` and its like block, `ask` and `until` do not."""

    def __init__(self, folder, release, package, memory_max):
        self.folder = pathlib.Path(folder)
        self.share = self.folder / "share"
        self.share.mkdir(parents=True)
        self.log = open(self.folder / "vm.log", "wb")
        self.process = subprocess.Popen(
            [ROOT / "board/vm", "--release", release, "--package", package, "--folder", folder, "--memory-max", memory_max, "--headless"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / "agent.sock").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise CannotRun((self.folder / "vm.log").read_text(errors="replace")[-1000:])
            time.sleep(0.1)
        try:
            self.agent, self.monitor = remote.Agent(self.folder), remote.Monitor(self.folder)
            self.agent.wait()
        except remote.NoMachine as why:
            self.stop()
            raise CannotRun(f"{why}; {self.console()[-1000:]}") from None

    def console(self):
        path = self.folder / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    # -- commands ----------------------------------------------------------------------------------------

    def run(self, *command, **options):
        """Runs a command in the machine, as its root; -> remote.Result"""
        return self.agent.run(*command, **options)

    def shell(self, line, **options):
        return self.check("sh", "-c", line, **options)

    def ctl(self, *arguments, **options):
        return self.run("lintelctl", *arguments, **options)

    def show(self, name, unit="linteld.service"):
        return self.check("systemctl", "show", "--value", "-p", name, unit).strip()

    def status(self):
        """-> what `lintelctl status` answers; None while there is no daemon."""
        result = self.ctl("--json", "status")
        assert result.status in (0, UNREACHABLE), result
        return json.loads(result.output) if result.status == 0 else None

    async def ask(self, *arguments, **options):
        """A lintelctl command that leaves the peers of the test their time."""
        return await asyncio.to_thread(self.ctl, *arguments, **options)

    async def until(self, condition, seconds, what):
        """Polls the status until condition(status); -> the status."""
        deadline = time.monotonic() + seconds
        while True:
            status = await asyncio.to_thread(self.status)
            if status and condition(status):
                return status
            assert time.monotonic() < deadline, f"after {seconds} s still not {what}: {json.dumps(status)}"
            await asyncio.sleep(0.2)

    def journal(self, *matches):
        lines = self.check("journalctl", "-o", "json", "--no-pager", "-u", "linteld", *matches).splitlines()
        return [json.loads(line) for line in lines]

    def cut_power(self):
        """-> seconds until systemd's agent answers again."""
        started = time.monotonic()
        self.monitor.cut_power()
        self.agent.wait()
        return time.monotonic() - started

    def reboot(self):
        """An orderly one. Where the virtual PC then hangs in its own reset, behind everything, its power is cut."""
        boot = self.check("cat", "/proc/sys/kernel/random/boot_id")
        self.run("systemctl", "--no-block", "reboot")
        deadline = time.monotonic() + START_SECONDS
        patience = time.monotonic() + RESET_SECONDS
        while time.monotonic() < deadline:
            try:
                self.agent.wait(30)
                if self.check("cat", "/proc/sys/kernel/random/boot_id") != boot:
                    return
            except (remote.NoMachine, remote.Refused):
                pass
            if time.monotonic() > patience and self.console().rstrip().endswith("reboot: Restarting system"):
                print("hangs in the reset")
                self.monitor.cut_power()
                patience = deadline
            time.sleep(0.5)
        raise AssertionError("the machine does not come back")

    # -- the speaker -------------------------------------------------------------------------------------

    def spoken(self, seconds):
        """The newest seconds that the USB card recorded; fewer samples if there are not so many."""
        path = self.folder / "speaker.wav"
        if not path.exists():
            return np.zeros(0, dtype=np.int16)
        wanted = int(seconds * SPEAKER_HZ) * SAMPLE_BYTES
        with open(path, "rb") as file:
            frames = max(0, os.fstat(file.fileno()).st_size - HEADER_BYTES) // SAMPLE_BYTES * SAMPLE_BYTES
            file.seek(HEADER_BYTES + max(0, frames - wanted))
            return np.frombuffer(file.read(min(wanted, frames)), dtype=np.int16)

    def speaker_size(self):
        path = self.folder / "speaker.wav"
        return path.stat().st_size if path.exists() else 0
