"""A running machine from outside: its monitor pulls cards and cables, its agent runs commands.

    python3 remote.py FOLDER unplug-card | plug-card | cut-network | restore-network | power-off
    python3 remote.py FOLDER delay-network MILLISECONDS[,JITTER[,LOSS%]]
    python3 remote.py FOLDER run COMMAND ...

FOLDER is that of `board/vm`; `run` waits until the machine answers, and ends with the command's own exit status.
"""
import base64
import json
import pathlib
import socket
import sys
import threading
import time

ANSWER_SECONDS = 60
BOOT_SECONDS = 600
SYNC_SECONDS = 10
CARD = {"driver": "usb-audio", "id": "card", "bus": "usb.0", "audiodev": "speaker"}
WIRE = "wire"
ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root",
               "DEBIAN_FRONTEND=noninteractive", "PAGER=cat"]


class NoMachine(Exception):
    """Nothing runs there, or it does not answer."""


class Refused(Exception):
    """The machine's own words for why not."""


class Lines:
    """JSON, a value a line, over a Unix socket that QEMU listens on."""

    def __init__(self, path):
        self.socket, self.waiting = socket.socket(socket.AF_UNIX), b""
        try:
            self.socket.connect(str(path))
        except OSError as why:
            raise NoMachine(f"no machine at {path}: {why.strerror}") from None

    def send(self, value):
        self.socket.settimeout(ANSWER_SECONDS)
        try:
            self.socket.sendall(json.dumps(value).encode() + b"\n")
        except OSError as why:
            raise NoMachine(f"the machine is gone: {why}") from None

    def receive(self, deadline):
        """-> the next value, or None at the deadline."""
        while b"\n" not in self.waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return None
            except OSError as why:
                raise NoMachine(f"the machine is gone: {why.strerror}") from None
            if not data:
                raise NoMachine("the machine is gone")
            self.waiting += data
        line, self.waiting = self.waiting.split(b"\n", 1)
        # The agent marks the answer to a synchronisation, and leftovers of an older client may stand before it.
        return json.loads(line.rpartition(b"\xff")[2] or b"{}")

    def close(self):
        self.socket.close()


class Monitor:
    """QEMU's own socket (QMP): what happens to the machine's hardware."""

    def __init__(self, folder):
        self.lines, self.events = Lines(pathlib.Path(folder) / "monitor.sock"), []
        self.lines.receive(time.monotonic() + ANSWER_SECONDS)
        self.command("qmp_capabilities")

    def command(self, name, /, **arguments):
        self.lines.send({"execute": name, "arguments": arguments})
        while True:
            answer = self.lines.receive(time.monotonic() + ANSWER_SECONDS)
            if answer is None:
                raise NoMachine(f"no answer to {name}")
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise Refused(answer["error"]["desc"])
            else:
                return answer["return"]

    def unplug_card(self):
        self.command("device_del", id=CARD["id"])

    def plug_card(self):
        self.command("device_add", **CARD)

    def cut_network(self):
        self.command("set_link", name=WIRE, up=False)

    def restore_network(self):
        self.command("set_link", name=WIRE, up=True)

    def cut_power(self):
        """And gives it back at once: what was not on the disk is lost."""
        self.command("system_reset")

    def close(self):
        self.lines.close()


class Result:
    def __init__(self, status, output, error):
        self.status, self.output, self.error = status, output, error

    def __repr__(self):
        return f"<exit {self.status}: {self.output.strip()[-1500:]} {self.error.strip()[-1500:]}>"


class Agent:
    """QEMU's guest agent in the machine. It needs no network, so it sees what happens without one."""

    def __init__(self, folder):
        self.lines = Lines(pathlib.Path(folder) / "agent.sock")
        self.lock, self.numbers, self.in_step = threading.Lock(), 0, False

    def _synchronise(self, deadline):
        """An agent that was restarted, or whose last answer never came, is asked until it gives this number back."""
        while time.monotonic() < deadline:
            self.numbers += 1
            self.lines.send({"execute": "guest-sync", "arguments": {"id": self.numbers}})
            until = min(deadline, time.monotonic() + SYNC_SECONDS)
            while (answer := self.lines.receive(until)) is not None:
                if answer.get("return") == self.numbers:
                    self.in_step = True
                    return
        raise NoMachine("the machine does not answer")

    def ask(self, name, seconds=ANSWER_SECONDS, /, **arguments):
        deadline = time.monotonic() + seconds
        with self.lock:
            if not self.in_step:
                self._synchronise(deadline)
            self.lines.send({"execute": name, "arguments": arguments})
            answer = self.lines.receive(deadline)
            if answer is None:
                self.in_step = False
                raise NoMachine(f"no answer to {name}")
        if "error" in answer:
            raise Refused(answer["error"]["desc"])
        return answer.get("return")

    def wait(self, seconds=BOOT_SECONDS):
        """Until the machine answers, which may have been started, or started again, just now."""
        with self.lock:
            self.in_step = False
            self._synchronise(time.monotonic() + seconds)

    def run(self, *command, seconds=ANSWER_SECONDS, text=None):
        """Runs a command in the machine as its root; `text` is its standard input."""
        path, *arguments = map(str, command)
        options = {"input-data": base64.b64encode(text.encode()).decode()} if text is not None else {}
        started = self.ask("guest-exec", path=path, arg=arguments, env=ENVIRONMENT, **{"capture-output": True}, **options)
        deadline, pause = time.monotonic() + seconds, 0.02
        while not (answer := self.ask("guest-exec-status", pid=started["pid"]))["exited"]:
            if time.monotonic() > deadline:
                self.ask("guest-exec", path="kill", arg=["-9", str(started["pid"])], env=ENVIRONMENT)
                raise NoMachine(f"{' '.join(map(str, command))} takes more than {seconds} s")
            time.sleep(pause)
            pause = min(0.5, pause * 1.5)
        output, error = (base64.b64decode(answer.get(n, "")).decode(errors="replace") for n in ("out-data", "err-data"))
        return Result(answer.get("exitcode", 128 + answer.get("signal", 0)), output, error)

    def power_off(self):
        self.lines.send({"execute": "guest-shutdown", "arguments": {"mode": "powerdown"}})

    def close(self):
        self.lines.close()


def delay(agent, words):
    """The kernel's own delay, jitter and loss on what the machine sends."""
    milliseconds, jitter, loss = (words.split(",") + ["0", "0"])[:3]
    agent.run("tc", "qdisc", "del", "dev", "eth0", "root")
    if words != "0":
        result = agent.run("tc", "qdisc", "add", "dev", "eth0", "root", "netem", "limit", "1000", "delay",
                           f"{milliseconds}ms", f"{jitter}ms", "loss", f"{loss.rstrip('%')}%")
        if result.status:
            raise Refused(result.error.strip())


def main(folder, action, *words):
    if action in ("run", "delay-network", "power-off"):
        agent = Agent(folder)
        agent.wait()
        if action == "delay-network":
            delay(agent, *words)
        elif action == "power-off":
            agent.power_off()
        else:
            result = agent.run(*words, seconds=24 * 3600)
            sys.stdout.write(result.output)
            sys.stderr.write(result.error)
            return result.status
    else:
        getattr(Monitor(folder), action.replace("-", "_"))()
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except (NoMachine, Refused) as why:
        sys.exit(str(why))
