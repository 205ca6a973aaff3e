"""The control socket as a whole: many clients, rights, figures, and the configuration while the daemon runs."""
import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest

import device as device_module
from control import Control
from device import DONE, FAILED, NOT_ALLOWED, Device

CLIENTS = 50


@pytest.fixture(autouse=True)
def built():
    device_module.require_built()


@pytest.fixture
def idle(tmp_path):
    """-> a function that starts a daemon which is in no room."""
    with contextlib.ExitStack() as stack:
        def make(**values):
            values.setdefault("session_mode", "on-demand")
            return stack.enter_context(Device(tmp_path / "device", url="ws://127.0.0.1:1", **values))
        yield make


def memory_kb(device, field="RssAnon"):
    text = pathlib.Path(f"/proc/{device.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(field))


async def test_fifty_clients_and_one_that_never_reads(idle):
    device = idle()
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Control(device)) for _ in range(CLIENTS - 1)]
        deaf = stack.enter_context(socket.socket(socket.AF_UNIX))
        deaf.connect(str(device.folder / "control.sock"))
        deaf.setblocking(False)
        await asyncio.gather(*(c.ask("events.subscribe") for c in clients))
        deaf.send(b'{"jsonrpc":"2.0","id":0,"method":"events.subscribe"}\n')
        before = memory_kb(device)
        line = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n' * 100
        asked = 0
        for turn in range(40):
            # What the kernel takes; then the daemon does not read on until it is read.
            with contextlib.suppress(BlockingIOError):
                asked += deaf.send(line) if turn < 10 else 0
            answers = await asyncio.gather(*(c.ask("mute", on=turn % 2 == 0) for c in clients))
            assert all(a["muted"] is (turn % 2 == 0) for a in answers)
        assert asked >= len(line)
        grown = memory_kb(device) - before
        assert grown < 4096, f"{grown} kB for a client that does not read"
        # It finds its answers when it reads after all: whole lines, and with the next event how many it missed.
        text = b""
        for turn in range(2000):
            with contextlib.suppress(BlockingIOError):
                text += deaf.recv(1 << 20)
            await clients[0].ask("mute", on=turn % 2 == 0)
            if b'"event":"events.dropped"' in text:
                break
        assert b'"event":"events.dropped"' in text
        assert json.loads(text.split(b"\n")[0])["id"] == 0


async def test_one_client_too_many_is_told_so(idle):
    device = idle()
    with contextlib.ExitStack() as stack:
        for number in range(80):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(device.folder / "control.sock"))
            # A client that has gone keeps its place until the daemon notices.
            if number >= 60 and (result := await device.ask("status")).status != DONE:
                break
        assert result.status == FAILED and "as many as there may be" in result.error, result
    await asyncio.sleep(0.2)
    assert (await device.ask("status")).status == DONE


# -- rights ----------------------------------------------------------------------------------------------------

NOBODY = 65534


@pytest.fixture
def shared():
    """A folder that everybody may enter."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become somebody else")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lintel-", dir="/tmp"))
    folder.chmod(0o755)
    shutil.copy(device_module.BINARIES / "lintelctl", folder / "lintelctl")
    (folder / "lintelctl").chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def ctl_as(device, shared, groups, *arguments):
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={groups[0]}", f"--groups={','.join(map(str, groups))}",
               shared / "lintelctl", "--socket", device.folder / "control.sock", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    return device_module.Result(done.returncode, done.stdout, done.stderr)


async def test_rights(shared):
    with Device(shared / "device", url="ws://127.0.0.1:1", session_mode="on-demand", control_group="users",
                control_admin_group="staff", door_output="lock", door_local_when="never") as device:
        device.folder.chmod(0o755)
        users, staff = 100, 50
        outsider = ctl_as(device, shared, [NOBODY], "status")
        assert outsider.status == NOT_ALLOWED and "group" in outsider.error, outsider
        member = [NOBODY, users]
        for arguments in (["status"], ["mute", "on"], ["config", "show"], ["config", "check"], ["log-level"],
                          ["metrics"], ["stats"]):
            assert ctl_as(device, shared, member, *arguments).status == DONE, arguments
        # Who joins a server of his own choice is whoever that server calls him.
        token = shared / "token"
        token.write_text("a.b.c")
        token.chmod(0o644)
        for arguments in (["join", "--no-wait"], ["leave"]):
            assert ctl_as(device, shared, member, *arguments).status == DONE, arguments
        for arguments in (["join", "--url", "ws://127.0.0.1:2"], ["join", "--token-file", token]):
            refused = ctl_as(device, shared, member, *arguments)
            assert refused.status == NOT_ALLOWED and "staff may join another server" in refused.error, refused
            assert ctl_as(device, shared, member + [staff], *arguments, "--no-wait").status == DONE, arguments
            assert (await device.ask("leave")).status == DONE
        for arguments in (["config", "reload"], ["log-level", "debug"], ["door", "open", "--override"]):
            refused = ctl_as(device, shared, member, *arguments)
            assert refused.status == NOT_ALLOWED and "staff" in refused.error, refused
            assert ctl_as(device, shared, member + [staff], *arguments).status == DONE, arguments
            assert (await device.ask(*arguments)).status == DONE, "root"
        # The policy still says no to everybody who does not override it.
        assert (await device.ask("door", "open")).status == NOT_ALLOWED


# -- figures ---------------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def samples(text):
    """A strict reading of OpenMetrics: -> {sample: value}; every sample after its own description, the end marked."""
    assert text.endswith("# EOF\n")
    kinds, found, last = {}, {}, None
    for line in text.splitlines()[:-1]:
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in kinds, f"{name} twice"
            kinds[name], last = kind, name
        elif not line.startswith("# HELP "):
            sample, value = line.rsplit(" ", 1)
            name = sample.split("{")[0]
            suffix = {"counter": "_total", "info": "_info", "gauge": ""}[kinds[last]]
            assert name == last + suffix, line
            assert sample not in found
            found[sample] = float(value)
    return found


async def test_metrics_over_socket_and_http(idle):
    port = free_port()
    device = idle(metrics_listen=f"127.0.0.1:{port}")
    text = (await device.ask("metrics")).output
    figures = samples(text)
    assert figures['lintel_call_state{state="idle"}'] == 1 and figures["lintel_calls_total"] == 0
    stats = (await device.ask("--json", "stats")).value
    assert set(stats) == set(figures)

    def get(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.headers["Content-Type"], answer.read().decode()
    kind, body = await asyncio.to_thread(get, "/metrics")
    assert kind.startswith("application/openmetrics-text; version=1.0.0") and set(samples(body)) == set(figures)
    with pytest.raises(urllib.error.HTTPError) as refused:
        await asyncio.to_thread(get, "/")
    assert refused.value.code == 404

    # Clients that send nothing, rubbish or without end cost a place each for a while, and nobody else anything.
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(7)]
        assert (await asyncio.to_thread(get, "/metrics"))[1].endswith("# EOF\n")
        silent[0].sendall(b"x" * 3000)
        silent[0].sendall(b"x" * 3000)
        assert b" 431 " in silent[0].recv(100)
        silent[1].sendall(b"\x16\x03\x01\r\n\r\n")
        assert b" 400 " in silent[1].recv(100)


async def test_a_port_that_is_taken_keeps_no_door_shut(tmp_path):
    """It is said, shown by doctor, and served once the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        device = Device(tmp_path, url="ws://127.0.0.1:1", session_mode="on-demand", metrics_listen=address)
        device.start()
        try:
            assert f"listening on {address}: address already in use" in device.log()
            rows = (await device.ask("--json", "doctor")).value["rows"]
            assert any("metrics" in str(row) and address in str(row) for row in rows), rows
            taken.close()

            def served():
                try:
                    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
                        return answer.read().endswith(b"# EOF\n")
                except OSError:
                    return False
            deadline = time.monotonic() + 15
            while not await asyncio.to_thread(served):
                assert time.monotonic() < deadline, "the metrics are not served"
                await asyncio.sleep(0.2)
        finally:
            device.stop()


async def test_an_address_that_is_not_there_yet_keeps_no_door_shut(tmp_path):
    """DHCP brings it later (192.0.2.0/24 is nobody's)."""
    with Device(tmp_path, url="ws://127.0.0.1:1", session_mode="on-demand", metrics_listen="192.0.2.7:9100") as device:
        assert "192.0.2.7:9100" in device.log()
        assert (await device.ask("status")).status == DONE
        rows = (await device.ask("--json", "doctor")).value["rows"]
        assert any("192.0.2.7:9100" in str(row) for row in rows), rows


# -- the configuration -----------------------------------------------------------------------------------------

async def test_configuration_while_it_runs(idle):
    device = idle(audio_volume=40, door_output="lock", door_dtmf_code="90210")
    path = device.folder / "lintel.conf"
    text = path.read_text()
    shown = (await device.ask("config", "show")).output
    assert "volume = 40\n" in shown and "90210" not in shown

    path.write_text(text.replace("volume = 40", "volume = 140"))
    checked = await device.ask("config", "check")
    assert checked.status == FAILED and "140" in checked.output and "0 to 100" in checked.output
    refused = await device.ask("config", "reload")
    assert refused.status == FAILED and "nothing was changed" in refused.output
    assert (await device.status())["audio"]["volume"] == 40

    path.write_text(text.replace("volume = 40", "volume = 41").replace("id = door", "id = gate"))
    assert (await device.ask("config", "check")).output == "the configuration is as it should be\n"
    result = (await device.ask("--json", "config", "reload")).value
    assert result == {"applied": ["[audio] volume"], "needs_restart": ["[device] id"], "problems": []}
    assert (await device.status())["audio"]["volume"] == 41

    path.write_text(text.replace("volume = 40", "volume = 42"))
    device.process.send_signal(signal.SIGHUP)
    await device.until(lambda s: s["audio"]["volume"] == 42, what="reloaded by SIGHUP")


async def test_the_log_level(idle):
    device = idle()
    assert (await device.ask("log-level")).output == "the log level is info\n"
    assert (await device.ask("log-level", "loud")).status == FAILED
    assert (await device.ask("log-level", "debug")).status == DONE
    await device.ask("mute", "on")
    assert '"event":"audio.muted"' in device.log() or '"event":"audio.mute"' in device.log()
