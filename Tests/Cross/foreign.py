"""Runs a command in the root of another architecture: foreign.py ARCH ROOT COMMAND...

The kernel starts its programs through QEMU's user mode emulation (binfmt_misc), registered for this command alone, in
a user and mount namespace of its own: the machine stays as it is. Where the kernel cannot do that (before Linux 6.7),
the machine's own registration has to serve, as Debian's qemu-user-static makes one at boot.
"""
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
IDENTITIES = 65536
# The first 20 bytes of a program, and which of them matter (elf(5)): class, byte order, type, machine.
MAGIC = {"arm64": (2, 0xB7), "armhf": (1, 0x28)}
EMULATOR = {"arm64": "qemu-aarch64-static", "armhf": "qemu-arm-static"}

libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0):
    checked(libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None), f"mount {target}")


def emulator(architecture):
    for folder in ("/usr/bin", *os.environ.get("PATH", "").split(":")):
        path = os.path.join(folder, EMULATOR[architecture])
        if os.access(path, os.X_OK):
            return path
    raise SystemExit(f"{EMULATOR[architecture]} is not installed")


def registration(architecture):
    width, machine = MAGIC[architecture]
    magic = b"\x7fELF" + bytes([width, 1, 1]) + bytes(9) + b"\x02\x00" + bytes([machine, 0])
    # The version of the system interface may be any; shared objects (3) are programs, too.
    mask = b"\xff" * 7 + b"\x00" + b"\xff" * 8 + b"\xfe\xff\xff\xff"

    def text(data):
        return b"".join(b"\\x%02x" % byte for byte in data)
    # P: the emulator gets argv[0] as it was; F: it is opened now, from outside the root.
    return b":lintel-%s:M::%s:%s:%s:PF" % (architecture.encode(), text(magic), text(mask),
                                          emulator(architecture).encode())


def enter(architecture, root):
    """In the namespaces: the emulator, then the root with what programs expect there."""
    mount("none", "/", flags=0x4000 | 0x40000)                                      # MS_REC | MS_PRIVATE
    try:
        mount("binfmt_misc", root + "/mnt", "binfmt_misc")
        with open(root + "/mnt/register", "wb") as register:
            register.write(registration(architecture))
    except OSError as error:
        print(f"no registration of our own ({error}); using the machine's", file=sys.stderr)
    for place in ("/proc", "/dev", "/sys"):
        mount(place, root + place, flags=0x1000 | 0x4000)                           # MS_BIND | MS_REC
    os.chroot(root)
    os.chdir("/")


def execute(command):
    """As os.execvp, which imports a module for that, and in the other root there is none."""
    for folder in os.environ["PATH"].split(":"):
        try:
            os.execv(os.path.join(folder, command[0]), command)
        except FileNotFoundError:
            pass
    print(f"{command[0]}: not found", file=sys.stderr)
    os._exit(127)


def main():
    architecture, root, *command = sys.argv[1:]
    root = os.path.realpath(root)
    ready, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare")
        os.write(ready[1], b"1")
        os.read(mapped[0], 1)
        os.setgid(0)
        os.setuid(0)
        enter(architecture, root)
        os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", LC_ALL="C",
                          DEBIAN_FRONTEND="noninteractive")
        execute(command)
    os.close(ready[1])
    if os.read(ready[0], 1):
        for kind in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{kind}", "w") as table:
                table.write(f"0 0 {IDENTITIES}")
    os.write(mapped[1], b"1")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
