"""From the package to a call that comes back from everything, in a real systemd."""
import contextlib
import json
import socket
import time

import pytest

from door import (BACK_SECONDS, PROVISION, ROOM, STATUS_SECONDS, connected, ctl, heard, installed, main_process, provision,
                  restarted, status, talks, until)
from endpoint import BEARER

FAULT_AT, NONE, HUNG = 4, 0, 5
RESET = "/etc/lintel/reset-network"


@pytest.fixture
def running(machine, endpoint):
    """The device is provisioned and in its room."""
    installed(machine)
    if "always-on" not in machine.run("cat", "/etc/lintel/lintel.conf.d/50-provision.conf").output:
        provision(machine, *PROVISION, f"token.endpoint={endpoint.url}", "session.mode=always-on")
        machine.check("systemctl", "restart", "linteld.service")
    machine.check("systemctl", "reset-failed", "linteld.service", "linteld.socket")
    machine.check("systemctl", "start", "linteld.service")
    connected(machine)
    return machine


def test_installs_and_is_idle_until_provisioned(machine):
    assert machine.run("dpkg", "-s", "lintel").status, "a fresh machine has no lintel"
    installed(machine)
    for unit in ("linteld.service", "linteld.socket"):
        assert machine.run("systemctl", "is-enabled", unit).output.strip() == "enabled"
        assert machine.show(unit, "ActiveState") == "inactive"
        assert machine.show(unit, "ConditionResult") == "no"
    assert machine.check("systemctl", "list-units", "--failed", "--no-legend", "linteld*").strip() == ""
    assert "audio" in machine.check("id", "-Gn", "lintel").split()
    # No upgrade can ask about a file that is none of the package's.
    assert machine.check("dpkg-query", "-W", "-f", "${Conffiles}", "lintel").strip() == ""
    assert machine.check("cat", "/etc/lintel/lintel.conf").startswith("; The configuration of this device")
    assert machine.check("linteld", "--print-config") == machine.check("cat", "/usr/share/doc/lintel/lintel.conf")
    assert machine.run("linteld", "--check-config").status == 0
    unreachable = ctl(machine, "status")
    assert unreachable.status == 3 and "systemctl status linteld" in unreachable.error, unreachable


def test_provisioned_booted_and_a_visitor_presses_the_button(machine, endpoint, server):
    installed(machine)
    done = provision(machine, *PROVISION, f"token.endpoint={endpoint.url}", "session.mode=on-demand")
    assert "systemctl restart linteld" in done
    assert machine.check("stat", "-c", "%a %U", "/etc/lintel/token-bearer").strip() == "600 root"
    machine.reboot()
    assert machine.check("systemctl", "is-active", "linteld.service").strip() == "active"
    until(lambda: "call idle" in machine.show("linteld.service", "StatusText"), STATUS_SECONDS, "waiting for a visitor")
    assert ctl(machine, "press", "button").status == 0
    connected(machine)
    assert "call talking" in talks(machine, server)
    assert endpoint.bearers and set(endpoint.bearers) == {BEARER}
    assert endpoint.bodies[0]["room_name"] == ROOM and endpoint.bodies[0]["participant_identity"] == "door"
    assert ctl(machine, "hangup").status == 0
    until(lambda: "call idle" in machine.show("linteld.service", "StatusText"), STATUS_SECONDS, "idle again")
    examined = ctl(machine, "--json", "doctor")
    rows = {row["name"]: row for row in json.loads(examined.output)["rows"]}
    assert rows["token"]["verdict"] == "pass" and rows["room"]["verdict"] == "pass", rows


def test_manual_pages_and_completion_name_every_command(machine):
    installed(machine)
    commands = [line.split()[0] for line in ctl(machine, "--help").output.split("Commands:")[1].split("Options:")[0].splitlines()
                if line.startswith("  ") and line[2].isalpha()]
    assert "status" in commands and "events" in commands
    page = machine.check("sh", "-c", "zcat /usr/share/man/man1/lintelctl.1.gz")
    completed = machine.check("bash", "-c", "source /usr/share/bash-completion/completions/lintelctl; "
                              "COMP_WORDS=(lintelctl ''); COMP_CWORD=1; _lintelctl; echo ${COMPREPLY[@]}").split()
    for command in commands:
        assert f".SS {command}\n" in page
        assert command in completed
    muted = machine.check("bash", "-c", "source /usr/share/bash-completion/completions/lintelctl; "
                          "COMP_WORDS=(lintelctl mute o); COMP_CWORD=2; _lintelctl; echo ${COMPREPLY[@]}").split()
    assert muted == ["on", "off"]
    for name in ("man8/linteld.8.gz", "man5/lintel.conf.5.gz"):
        assert ".SH NAME" in machine.check("zcat", f"/usr/share/man/{name}")


def test_units_are_clean_and_the_sandbox_is_tight(machine):
    installed(machine)
    # The owner's program, for which there is a unit.
    machine.write(RESET, "#!/bin/sh\n", 0o755)
    verified = machine.run("systemd-analyze", "verify", "--man=no", "linteld.service", "linteld.socket",
                           "lintel-reset-network.path", "lintel-reset-network.service")
    machine.check("rm", RESET)
    assert verified.status == 0 and not verified.error.strip(), verified
    # Known since Debian 13.
    rules = machine.run("udevadm", "verify", "/lib/udev/rules.d/99-lintel.rules")
    assert rules.status == 0 or "Unknown command verb" in rules.error, rules
    rated = machine.run("systemd-analyze", "security", "--threshold=17", "--no-pager", "linteld.service")
    assert rated.status == 0, rated.output.splitlines()[-1]
    print(rated.output.splitlines()[-1])


def test_status_line_is_true(running, server):
    assert running.check("systemctl", "is-active", "linteld.service").strip() == "active"
    heard(server)

    def agree():
        said, now = running.show("linteld.service", "StatusText"), status(running)
        state = now["call"]["state"].replace("waiting-agent", "waiting for the agent")
        return f"call {state}" in said and f"room {ROOM} {now['room']['connection']}" in said
    until(agree, 15, "the status line says what status says")
    assert ctl(running, "mute", "on").status == 0
    until(lambda: "muted" in running.show("linteld.service", "StatusText"), 10, "the status line says that it is muted")
    assert ctl(running, "mute", "off").status == 0
    until(lambda: "muted" not in running.show("linteld.service", "StatusText"), 10, "the status line forgets the mute")


def test_the_secret_is_a_credential(running):
    process = main_process(running)
    names = running.check("ls", "/run/credentials/linteld.service").split()
    assert {"token", "token-bearer", "door-code", "api-secret"} <= set(names)
    # The daemon's user cannot read the file itself.
    assert running.run("runuser", "-u", "lintel", "--", "cat", "/etc/lintel/token-bearer").status != 0
    assert running.check("stat", "-c", "%U", f"/proc/{process}").strip() == "lintel"
    assert BEARER not in running.check("sh", "-c", f"tr '\\0' ' ' < /proc/{process}/cmdline")


def test_what_comes_later_is_there_for_the_service(running):
    """A chip whose number nobody knew when the service started; what is no chip, key or sound card is refused."""
    process = main_process(running)
    running.check("touch", "/dev/gpiochip17")
    running.check("test", "-e", f"/proc/{process}/root/dev/gpiochip17")
    running.check("rm", "/dev/gpiochip17")
    assert running.show("linteld.service", "DevicePolicy") == "closed"
    allowed = running.show("linteld.service", "DeviceAllow")
    assert {"char-gpiochip", "char-input", "char-116"} <= set(allowed.split()), allowed


def test_the_socket_keeps_its_group_and_its_rights(running):
    assert running.check("stat", "-c", "%a %G", "/run/lintel/control.sock").strip() == "660 lintel"
    running.shell("id inside || useradd -G lintel inside; id outside || useradd outside")
    assert running.run("runuser", "-u", "inside", "--", "lintelctl", "status").status == 0
    refused = running.run("runuser", "-u", "outside", "--", "lintelctl", "status")
    assert refused.status == 4 and "group" in refused.error, refused


def test_the_socket_outlives_the_daemon_and_starts_it(running):
    before = main_process(running)
    running.check("systemctl", "stop", "linteld.service")
    assert running.show("linteld.service", "ActiveState") == "inactive"
    assert running.show("linteld.service", "Result") == "success"
    assert ctl(running, "status").status == 0
    assert main_process(running) not in (0, before)
    connected(running)


def test_the_journal_has_priorities_and_fields(running):
    running.check("systemctl", "restart", "linteld.service")
    connected(running)
    started = running.journal("-u", "linteld", "LINTEL_EVENT=device.started")
    assert started and started[-1]["PRIORITY"] == "5" and "is ready" in started[-1]["MESSAGE"], started
    joined = running.journal("-u", "linteld", "LINTEL_EVENT=room.connection", f"LINTEL_ROOM={ROOM}")
    assert joined and joined[-1]["_SYSTEMD_UNIT"] == "linteld.service", joined
    told = json.dumps(running.journal("-u", "linteld"))
    assert BEARER not in told and "eyJ" not in told, "a secret is in the journal"


def test_a_hung_reactor_is_killed_and_comes_back_into_the_call(running, server):
    before = main_process(running)
    running.check("sh", "-c", f"kill -STOP {before}")
    restarted(running, before)
    assert any("watchdog" in line["MESSAGE"].lower() for line in running.journal("-u", "linteld", "_PID=1", "-n", "200"))
    connected(running, BACK_SECONDS)
    heard(server)


def fault(machine, kind):
    for half in ("microphone", "speaker"):
        machine.check("sh", "-c", f"printf '\\{kind:03o}\\000\\000\\000' | "
                      f"dd of=/run/lintel/card.{half} bs=1 seek={FAULT_AT} conv=notrunc status=none")


def test_a_hung_audio_thread_is_killed_and_comes_back_into_the_call(running, server):
    before = main_process(running)
    fault(running, HUNG)
    try:
        restarted(running, before)
    finally:
        fault(running, NONE)
    told = running.journal("-u", "linteld", "LINTEL_EVENT=device.limit")
    assert told and "the audio thread has not moved" in told[-1]["MESSAGE"], told
    crashed = [line for line in running.journal("-u", "linteld", f"_PID={before}") if "crashed: SIGABRT" in line["MESSAGE"]]
    assert crashed and crashed[-1]["PRIORITY"] == "2", "the watchdog's end left no line"
    connected(running, BACK_SECONDS)
    heard(server)


def test_a_crash_leaves_a_line_and_comes_back(running):
    before = main_process(running)
    running.check("sh", "-c", f"kill -SEGV {before}")
    restarted(running, before)
    lines = [line["MESSAGE"] for line in running.journal("-u", "linteld", f"_PID={before}")]
    crashed = [line for line in lines if line.startswith("crashed: SIGSEGV")]
    assert len(crashed) == 1 and "in thread linteld" in crashed[0] and "called from" in crashed[0], lines[-5:]
    connected(running, BACK_SECONDS)


def test_too_many_descriptors_are_told_and_then_cured_by_a_clean_restart(running):
    running.write("/etc/lintel/lintel.conf.d/watch.conf", "[watch]\ndescriptors = 40\n")
    running.check("systemctl", "restart", "linteld.service")
    connected(running)
    before = main_process(running)
    path = f"/proc/{running.leader}/root/run/lintel/control.sock"
    try:
        with contextlib.ExitStack() as clients:
            for _ in range(30):
                client = clients.enter_context(socket.socket(socket.AF_UNIX))
                client.connect(path)
                time.sleep(0.15)
                if main_process(running) != before:
                    break
            restarted(running, before)
        told = [line["MESSAGE"] for line in running.journal("-u", "linteld", "LINTEL_EVENT=device.limit", f"_PID={before}")]
        assert len(told) >= 2 and "file descriptors are open, more than 30" in told[0], told
        assert "more than 40; starting anew" in told[-1], told
        assert any("status=75" in line["MESSAGE"] for line in running.journal("-u", "linteld", "_PID=1", "-n", "100"))
        connected(running, BACK_SECONDS)
    finally:
        running.check("rm", "/etc/lintel/lintel.conf.d/watch.conf")
        running.check("systemctl", "restart", "linteld.service")


def test_holding_the_button_resets_the_network(running):
    """The service leaves a wish; systemd runs the owner's program for it, as root, once."""
    running.write(RESET, "#!/bin/sh\nid -un >> /run/network-was-reset\nexit 1\n", 0o755)
    running.write("/etc/lintel/lintel.conf.d/press.conf", "[device]\nlong-press = reset-network\nlong-press-s = 8\n")
    running.check("systemctl", "enable", "--now", "lintel-reset-network.path")
    running.check("systemctl", "restart", "linteld.service")
    connected(running)
    before = main_process(running)
    try:
        assert ctl(running, "press", "button", "--for", "9000").status == 0
        restarted(running, before)
        until(lambda: running.run("cat", "/run/network-was-reset").output == "root\n", STATUS_SECONDS, "reset by root")
        assert running.run("test", "-e", "/var/lib/lintel/reset-network").status, "the wish is fulfilled"
        connected(running, BACK_SECONDS)
        # One that fails is not run again and again.
        assert running.check("cat", "/run/network-was-reset") == "root\n"
        assert running.show("lintel-reset-network.path", "ActiveState") == "active"
    finally:
        running.check("systemctl", "disable", "--now", "lintel-reset-network.path")
        running.check("rm", "-f", RESET, "/etc/lintel/lintel.conf.d/press.conf")
        running.check("systemctl", "restart", "linteld.service")


def test_installing_again_keeps_the_configuration_and_restarts(running):
    running.check("sh", "-c", "echo '# a word of the technician' >> /etc/lintel/lintel.conf")
    before = main_process(running)
    running.check("dpkg", "-i", "/mnt/share/lintel.deb", seconds=180)
    until(lambda: main_process(running) not in (0, before), BACK_SECONDS, "another process")
    assert "a word of the technician" in running.check("cat", "/etc/lintel/lintel.conf")
    connected(running, BACK_SECONDS)


def test_purging_leaves_nothing(running):
    running.check("dpkg", "-r", "lintel", seconds=120)
    assert running.run("systemctl", "is-active", "linteld.service").status != 0
    assert running.run("test", "-e", "/etc/lintel/lintel.conf").status == 0
    running.check("dpkg", "-P", "lintel", seconds=120)
    for path in ("/etc/lintel", "/var/lib/lintel", "/run/lintel", "/etc/systemd/system/multi-user.target.wants/linteld.service"):
        assert running.run("test", "-e", path).status, path
