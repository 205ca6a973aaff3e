"""A machine with a real systemd: a Debian tree booted by systemd-nspawn, whose changes are thrown away at the end."""
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from shell import Shell

BOOT_SECONDS = 60
COMMAND_SECONDS = 60


class CannotRun(Exception):
    """Why there can be no machine here."""


class Result:
    def __init__(self, done):
        self.status, self.output, self.error = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"<exit {self.status}: {self.output.strip()[-1500:]} {self.error.strip()[-1500:]}>"


def children(process):
    try:
        return [int(p) for p in pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def descendant(process, name):
    """The nearest process of that name below another one."""
    waiting = children(process)
    while waiting:
        one = waiting.pop(0)
        try:
            if pathlib.Path(f"/proc/{one}/comm").read_text().strip() == name:
                return one
        except OSError:
            continue
        waiting += children(one)
    return None


class Machine(Shell):
    """`share` is a folder of this machine that is /mnt/share in there."""

    def __init__(self, tree, share):
        if os.geteuid() != 0:
            raise CannotRun("needs root")
        if not shutil.which("systemd-nspawn"):
            raise CannotRun("systemd-nspawn is not installed")
        self.share, self.console = pathlib.Path(share), []
        self.name = f"lintel-{os.getpid()}"
        self.layers = pathlib.Path(tempfile.mkdtemp(prefix="lintel-machine-"))
        self.root = self._layer_over(tree)
        try:
            self._start()
        except BaseException:
            self._drop_layers()
            raise

    def _start(self):
        self.leader = None
        controller, terminal = pty.openpty()
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "-M", self.name,
             "-D", self.root, f"--bind={self.share}:/mnt/share"],
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, close_fds=True)
        os.close(terminal)
        self.controller = controller
        threading.Thread(target=self._drain, args=[controller], daemon=True).start()
        self._boot()

    def _layer_over(self, tree):
        """A folder with the tree in it, whose changes are kept in memory until the machine is stopped."""
        mount = ["mount", "-t", "tmpfs", "tmpfs", str(self.layers)]
        if subprocess.run(mount, capture_output=True).returncode:
            raise CannotRun("no file system can be mounted")
        for name in ("changes", "work", "root"):
            (self.layers / name).mkdir()
        root = self.layers / "root"
        done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                               f"lowerdir={tree},upperdir={self.layers}/changes,workdir={self.layers}/work", str(root)],
                              capture_output=True, text=True)
        if done.returncode:
            self._drop_layers()
            raise CannotRun(f"no overlay can be mounted: {done.stderr.strip()}")
        # The changes of an ordinary folder belong to root, and others may look.
        for folder in (self.layers, root):
            folder.chmod(0o755)
        return root

    def _drop_layers(self):
        for folder in (self.layers / "root", self.layers):
            subprocess.run(["umount", "-l", str(folder)], capture_output=True)
        self.layers.rmdir()

    def _drain(self, controller):
        try:
            while data := os.read(controller, 4096):
                self.console.append(data)
        except OSError:
            pass

    def reboot(self):
        self._power_off()
        self._start()

    def _boot(self):
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise CannotRun("systemd-nspawn ended: " + b"".join(self.console).decode(errors="replace")[-400:])
            self.leader = descendant(self.process.pid, "systemd")
            if self.leader:
                state = self.run("systemctl", "is-system-running").output.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.1)
        self._power_off()
        raise CannotRun("systemd did not boot: " + b"".join(self.console).decode(errors="replace")[-400:])

    def run(self, *command, seconds=COMMAND_SECONDS, text=None):
        """Runs a command in the machine, as its root."""
        enter = ["nsenter", "-t", str(self.leader), "-m", "-p", "-n", "-u", "-i", "-C", "-r", "-w"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
        return Result(subprocess.run(
            [*enter, *map(str, command)], capture_output=True, text=True, timeout=seconds, input=text, env=environment,
            stdin=None if text is not None else subprocess.DEVNULL))

    def shell(self, line):
        return self.run("sh", "-c", line)

    def show(self, unit, name):
        return self.check("systemctl", "show", "--value", "-p", name, unit).strip()

    def journal(self, *matches):
        lines = self.check("journalctl", "-o", "json", "--no-pager", *matches).splitlines()
        return [json.loads(line) for line in lines]

    def outside(self, inside):
        """The number on this machine of a process of the other."""
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                numbers = next(line for line in status.read_text().splitlines() if line.startswith("NSpid:")).split()[1:]
            except (OSError, StopIteration):
                continue
            if len(numbers) > 1 and numbers[-1] == str(inside) and self._is_mine(int(numbers[0])):
                return int(numbers[0])
        return None

    def _is_mine(self, process):
        try:
            return os.readlink(f"/proc/{process}/ns/pid") == os.readlink(f"/proc/{self.leader}/ns/pid")
        except OSError:
            return False

    def _power_off(self):
        if self.process.poll() is None:
            if self.leader:
                # systemd(1): SIGRTMIN+4 powers off.
                os.kill(self.leader, signal.SIGRTMIN + 4)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.terminate()
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
        os.close(self.controller)

    def stop(self):
        self._power_off()
        self._drop_layers()
