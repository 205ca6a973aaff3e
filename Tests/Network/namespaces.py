"""Networks of a test's own: a device behind a router behind a wire, and servers at its other end.

    device 10.77.N.2 -- cable -- 10.77.N.1 router 10.78.N.2 -- wire -- 10.78.N.1 home: servers 10.99.0.1 .. 10.99.0.4

Home is a network namespace that this process enters before it starts a thread: everything that the tests run without
a word lives there, the official client's threads included.
"""
import ctypes
import itertools
import os
import pathlib
import re
import shutil
import subprocess

ROOMS, TURN, PROXY, NAMES = "10.99.0.1", "10.99.0.2", "10.99.0.3", "10.99.0.4"
ETC = pathlib.Path("/etc/netns")            # what a namespace sees instead of /etc
CLONE_NEWNET = 0x40000000
WIRE = os.environ.get("LINTEL_WIRE", "")
numbers = itertools.count(1)


class CannotRun(Exception):
    """This machine does not let us have networks of our own."""


def run(*command, text=None):
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise CannotRun(f"{' '.join(map(str, command))}: {done.stderr.strip()[-300:]}")
    return done.stdout


def enter_home():
    """Gives this process a network namespace of its own, with the addresses of the servers."""
    if not WIRE:
        raise CannotRun("LINTEL_WIRE does not name the wire (board/test network builds it)")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise CannotRun(f"a network namespace of our own: {os.strerror(ctypes.get_errno())}; it needs root and CAP_NET_ADMIN")
    remove_leftovers()
    run("ip", "link", "set", "lo", "up")
    for address in (ROOMS, TURN, PROXY, NAMES):
        run("ip", "addr", "add", f"{address}/32", "dev", "lo")


def remove_leftovers():
    """Of test runs that were killed."""
    for folder in (pathlib.Path("/run/netns"), ETC):
        for path in folder.glob("lintel*n*"):
            owner = re.fullmatch(r"lintel(\d+)n\d+[dr]", path.name)
            if not owner or pathlib.Path("/proc", owner[1]).exists():
                continue
            if folder == ETC:
                shutil.rmtree(path)
            else:
                subprocess.run(["ip", "netns", "delete", path.name], capture_output=True)


class Space:
    """One named network namespace. `prefix` runs a command in it."""

    def __init__(self, name):
        self.name = name
        self.prefix = ["ip", "netns", "exec", name]
        run("ip", "netns", "add", name)
        self.configure("link set lo up")

    @property
    def path(self):
        return f"/run/netns/{self.name}"

    def run(self, *command, text=None):
        return run(*self.prefix, *command, text=text)

    def configure(self, *lines):
        """Commands of ip, in one go."""
        run("ip", "-n", self.name, "-batch", "-", text="\n".join(lines) + "\n")

    def close(self):
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)


class Wire:
    """The program wire.c between a namespace and home."""

    def __init__(self, space, name, home_name):
        self.process = subprocess.Popen([WIRE, f"/proc/{os.getpid()}/ns/net", home_name, space.path, name], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "up\n":
            raise CannotRun("the wire did not come up")

    def set(self, delay_ms=0, jitter_ms=0, loss=0.0, reordered=0.0, cut=False, direction="both"):
        """From now on. `direction`: "both", or "a" for what comes from home, "b" for what goes there."""
        self.process.stdin.write(f"{direction} {delay_ms} {jitter_ms} {loss * 1000} {reordered * 1000} {int(cut)}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def close(self):
        self.process.stdin.close()
        self.process.wait(5)


class Network:
    """A device's namespace, its router, and the wire from there to the servers."""

    def __init__(self, nat=False, names=(), name_server=None):
        """`names`: lines for the hosts file of the device; `name_server`: its only one, if any."""
        self.number = next(numbers)
        tag = f"lintel{os.getpid()}n{self.number}"
        self.device_address = f"10.77.{self.number}.2"
        self.etc = ETC / f"{tag}d"
        self.etc.mkdir(parents=True)
        (self.etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{line}\n" for line in names))
        (self.etc / "resolv.conf").write_text(f"nameserver {name_server}\n" if name_server else "")
        self.device, self.router = Space(f"{tag}d"), Space(f"{tag}r")
        self.wire = Wire(self.router, "wan", f"w{self.number}")
        n = self.number
        # Behind a NAT the device's own address leads nowhere.
        route = "" if nat else f"route add 10.77.{n}.0/24 via 10.78.{n}.2\n"
        run("ip", "-batch", "-", text=f"addr add 10.78.{n}.1/30 dev w{n}\nlink set w{n} up\n{route}")
        self.router.configure(f"addr add 10.78.{n}.2/30 dev wan", "link set wan up", f"route add default via 10.78.{n}.1",
                              f"link add lan type veth peer name eth0 netns {self.device.name}",
                              f"addr add 10.77.{n}.1/24 dev lan", "link set lan up")
        self.router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.device.configure(f"addr add {self.device_address}/24 dev eth0", "link set eth0 up",
                              f"route add default via 10.77.{n}.1")
        if nat:
            self.router.run("nft", "-f", "-", text="table ip nat {\n  chain out {\n    type nat hook postrouting priority 100\n"
                                                   "    oifname wan masquerade random\n  }\n}\n")

    def firewall(self, *rules):
        """What the router forwards, in nft's words; without rules everything. Dropped without a word, both ways."""
        body = "".join(f"    {rule}\n" for rule in rules)
        self.router.run("nft", "-f", "-", text="table inet firewall {}\ndelete table inet firewall\ntable inet firewall {\n"
                        "  chain through {\n    type filter hook forward priority 0; policy accept;\n" + body + "  }\n}\n")

    def only(self, *allowed):
        """A firewall that lets (protocol, address, port) through, and nothing else."""
        rules = [f"ip daddr {address} {protocol} dport {port} accept" for protocol, address, port in allowed]
        rules += [f"ip saddr {address} {protocol} sport {port} accept" for protocol, address, port in allowed]
        self.firewall(*rules, "drop")

    def move(self, address, keep_old=False):
        """The device gets another address, and loses the one it had at once."""
        lines = [f"addr add {address}/24 dev eth0"]
        if not keep_old:
            lines.insert(0, "addr flush dev eth0")
            lines.append(f"route replace default via 10.77.{self.number}.1")
        self.device.configure(*lines)
        self.device_address = address

    def close(self):
        self.wire.close()
        self.device.close()
        self.router.close()
        shutil.rmtree(self.etc)
