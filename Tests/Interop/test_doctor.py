"""lintelctl doctor: each thing that can be wrong is found, with its remedy, and nothing else is blamed for it."""
import asyncio
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import socket
import struct
import subprocess
import tarfile
import threading
import time

import jwt
import numpy as np
import pytest

import analysis
import device as device_module
import peers
from device import DONE, FAILED, RATE
from simulatedcard import FAULT_AT, NONE, UNPLUGGED
from test_bad_input import certificate

BUSY = 4
NOISE = (np.random.default_rng(7).standard_normal(RATE) * 300).astype(np.int16)


@pytest.fixture(autouse=True)
def built():
    device_module.require_built()


async def examine(device):
    """-> {row name: row}"""
    result = await device.ask("--json", "doctor", seconds=120)
    rows = {row["name"]: row for row in result.value["rows"]}
    assert len(rows) == len(result.value["rows"]), "a row twice"
    assert all(row["verdict"] in ("pass", "warn", "fail") and row["finding"] for row in rows.values())
    assert all(row["advice"] for row in rows.values() if row["verdict"] != "pass"), rows
    worst = {row["verdict"] for row in rows.values()}
    assert result.value["verdict"] == next(v for v in ("fail", "warn", "pass") if v in worst)
    assert result.status == (FAILED if "fail" in worst else DONE), result
    return rows


async def finds(device, name, words, advice, verdict="fail", others=()):
    """One row has the verdict and these words; no other row fails but `others`. -> the rows"""
    rows = await examine(device)
    assert rows[name]["verdict"] == verdict, rows
    for word in words:
        assert word in rows[name]["finding"], rows[name]
    assert advice in rows[name]["advice"], rows[name]
    assert {n for n, row in rows.items() if row["verdict"] == "fail"} - {name} <= set(others), rows
    return rows


def well(make_device, server, room, **options):
    options.setdefault("microphone", NOISE)
    options.setdefault("session_mode", "on-demand")
    return make_device(server, room, **options)


async def test_a_device_that_is_well(server, room, make_device):
    device = well(make_device, server, room, simulated_loop="yes")
    rows = await examine(device)
    failing = {name: row for name, row in rows.items() if row["verdict"] == "fail"}
    assert not failing, failing
    for name in ("board", "microphone", "speaker", "level", "clock", "token", "dns", "server", "tls", "room", "udp", "loss"):
        assert rows[name]["verdict"] == "pass", rows[name]
    assert "door in room " + room in rows["token"]["finding"] and "UTC" in rows["token"]["finding"]
    # It joined for the test, and left.
    await device.until(lambda s: s["call"]["state"] == "idle", what="idle again")
    text = (await device.ask("doctor", seconds=60)).output
    assert all(len(line) <= 80 for line in text.splitlines()) and "\npass  room " in text


async def test_in_a_call_it_stays_in_the_call(server, room, make_device):
    device = well(make_device, server, room, session_mode="always-on")
    await device.connected()
    rows = await examine(device)
    assert rows["room"]["verdict"] == rows["udp"]["verdict"] == "pass"
    assert (await device.status())["room"]["connection"] == "connected"
    assert not [e for e in device.events("room.connection") if e["state"] == "disconnected"]


async def test_in_a_call_it_asks_before_it_makes_a_sound(server, room, make_device):
    device = well(make_device, server, room, session_mode="always-on", simulated_loop="yes")
    async with peers.Peer(server, room, "visitor"):
        await device.until(lambda s: s["participants"], what="in company")
        refused = await device.ask("--json", "doctor")
        assert refused.status == FAILED and "--yes" in refused.error and "rows" not in refused.value, refused
        # Whoever sits at a terminal is asked there.
        for answer, status in (b"n\n", FAILED), (b"y\n", DONE):
            leader, follower = os.openpty()
            asked = subprocess.Popen(device._command("doctor"), stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            os.close(follower)
            os.write(leader, answer)
            output, error = await asyncio.to_thread(asked.communicate, timeout=60)
            os.close(leader)
            assert b"[y/N]" in error and asked.returncode == status, (output, error)
            assert (b"room" in output) == (status == DONE)
        assert (await device.ask("doctor", "--yes", seconds=60)).status == DONE
        assert (await device.status())["room"]["connection"] == "connected"


def with_echo(make_device, server, room, **options):
    """A device whose microphone hears what its speaker records."""
    device = well(make_device, server, room, start=False, simulated_loop="no", **options)
    speaker = device.folder / "speaker.wav"
    analysis.write_wav(speaker, np.zeros(0, dtype=np.int16), RATE)
    path = device.folder / "lintel.conf"
    path.write_text(path.read_text().replace(f"microphone = {device.folder / 'microphone.wav'}", f"microphone = {speaker}"))
    device.start()
    return device


@pytest.mark.timing
async def test_the_canceller_and_the_clocks_are_measured(server, room, make_device):
    device = with_echo(make_device, server, room, audio_aec="on")
    result = await device.ask("--json", "doctor", seconds=120)
    rows = {row["name"]: row for row in result.value["rows"]}
    measured = result.value["measured"]
    assert measured["canceller"] == "active" and rows["canceller"]["verdict"] == "pass", (rows, measured)
    assert measured["tone_db"] - measured["left_db"] >= 10, measured
    # Both halves of the simulated card count the same samples.
    assert abs(measured["speaker_ppm"]) <= 5 and rows["drift"]["verdict"] == "pass", (rows, measured)


# A dropout of a busy machine moves the recording against the ear.
@pytest.mark.timing
async def test_the_tone_is_heard(server, room, make_device):
    device = with_echo(make_device, server, room)
    rows = await examine(device)
    # Without the canceller (which these tests turn off) that is worth a warning.
    assert rows["echo"]["verdict"] == "warn" and "aec = on" in rows["echo"]["advice"], rows["echo"]
    assert "came back after" in rows["echo"]["finding"]
    delay = int(rows["echo"]["finding"].split("after ")[1].split()[0])
    assert 0 <= delay <= 300


# -- the sound card --------------------------------------------------------------------------------------------

def break_card(device, half, fault):
    control = pathlib.Path(f"{device.folder}/card.{half}")
    with open(control, "r+b") as file:
        file.seek(FAULT_AT)
        file.write(struct.pack("<i", fault))


@pytest.mark.parametrize("half, name", [("microphone", "microphone"), ("speaker", "speaker")])
async def test_unplugged(server, room, make_device, tmp_path, half, name):
    device = well(make_device, server, room, simulated_control=tmp_path / "device0/card")
    break_card(device, half, UNPLUGGED)
    await device.until(lambda s: s["audio"]["capture" if half == "microphone" else "playback"]["state"] == "absent")
    await finds(device, name, [half], "plug it in")
    break_card(device, half, NONE)
    await device.until(lambda s: s["audio"]["capture" if half == "microphone" else "playback"]["state"] == "running")
    assert (await examine(device))[name]["verdict"] == "pass"


async def test_a_silent_microphone(server, room, make_device):
    device = well(make_device, server, room, microphone=np.zeros(RATE, dtype=np.int16))
    rows = await finds(device, "level", ["delivers silence"], "alsamixer")
    assert rows["microphone"]["verdict"] == "pass"


async def test_a_busy_device(server, room, make_device, tmp_path):
    device = well(make_device, server, room, simulated_control=tmp_path / "device0/card")
    for half in ("microphone",):
        break_card(device, half, UNPLUGGED)
        await device.until(lambda s: s["audio"]["capture"]["state"] == "absent")
        break_card(device, half, BUSY)
    await device.until(lambda s: "in use by" in (s["audio"]["capture"]["reason"] or ""), what="busy")
    await finds(device, "microphone", ["is in use by"], "end that program")


# -- clock, names, certificates --------------------------------------------------------------------------------

class Future(http.server.BaseHTTPRequestHandler):
    """A server whose clock says another year than ours."""

    def do_GET(self):
        self.send_response_only(404)
        then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1500)
        self.send_header("Date", then.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def future():
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Future)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    yield page.server_address[1]
    page.shutdown()
    page.server_close()


async def test_a_wrong_clock(server, room, make_device):
    with future() as port:
        device = well(make_device, server, room, url=f"ws://127.0.0.1:{port}")
        # The stand-in is no room server, which is said too.
        await finds(device, "clock", ["the server's says"], "timedatectl", others=("room",))


async def test_a_clock_before_the_token(server, room, make_device):
    claims = jwt.decode(peers.token(server, room, "door"), options={"verify_signature": False})
    claims["nbf"] = int(time.time()) + 86400
    claims["exp"] = claims["nbf"] + 3600
    device = well(make_device, server, room, token=jwt.encode(claims, server.secret, algorithm="HS256"))
    rows = await finds(device, "token", ["valid"], "correct the clock")
    assert rows["clock"]["verdict"] == "pass" and "the server says the same" in rows["clock"]["finding"]


async def test_no_dns(server, room, make_device):
    device = well(make_device, server, room, url="wss://no-such-host.invalid:7880")
    rows = await finds(device, "dns", ["no-such-host.invalid"], "resolvectl")
    assert not {"server", "tls", "room", "udp"} & set(rows)


async def test_an_untrusted_certificate(own_server, room, make_device, tmp_path):
    made = certificate(tmp_path, "server", issuer=certificate(tmp_path, "authority", host=None), host="localhost")
    server = own_server(tls=made[2])
    device = well(make_device, server, room, url=server.url.replace("127.0.0.1", "localhost"))
    rows = await finds(device, "tls", ["authority", "not trusted"], "[server] ca-file")
    assert rows["dns"]["verdict"] == rows["server"]["verdict"] == "pass" and "room" not in rows


# -- token and room --------------------------------------------------------------------------------------------

async def test_an_expired_token(server, room, make_device):
    device = well(make_device, server, room, token=peers.token(server, room, "door", lifetime_seconds=-7200))
    rows = await finds(device, "token", ["expired"], "fresh token")
    assert "room" not in rows and rows["server"]["verdict"] == "pass"
    assert device.token not in str(rows)


async def test_a_token_that_may_not_publish(server, room, make_device):
    device = well(make_device, server, room, token=peers.token(server, room, "door", can_publish=False))
    rows = await finds(device, "token", ["may not publish"], "canPublish")
    assert rows["room"]["verdict"] == "pass"


async def test_the_server_is_down(server, room, make_device):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    device = well(make_device, server, room, url=f"ws://127.0.0.1:{port}")
    rows = await finds(device, "server", ["nothing listens"], "start the room server")
    assert rows["dns"]["verdict"] == "pass" and "tls" not in rows


async def test_udp_is_blocked(server, room, make_device):
    server.require_hooks()
    await server.hook("network", room=room, silent=True, joining=True)
    device = well(make_device, server, room, session_connect_timeout="3")
    rows = await finds(device, "udp", [], "open UDP")
    assert rows["room"]["verdict"] == "pass"


# -- without a daemon ------------------------------------------------------------------------------------------

async def test_without_a_daemon(server, room, make_device):
    device = well(make_device, server, room, start=False)
    arguments = ["--json", "doctor", "--config", device.folder / "lintel.conf"]
    result = await device.ask(*arguments, seconds=60)
    rows = {row["name"]: row for row in result.value["rows"]}
    assert result.status == FAILED and rows["daemon"]["verdict"] == "fail" and "systemctl" in rows["daemon"]["advice"]
    assert {name for name, row in rows.items() if row["verdict"] == "fail"} == {"daemon"}, rows
    assert rows["room"]["verdict"] == rows["udp"]["verdict"] == "pass"

    (device.folder / "lintel.conf").write_text("[audio]\nvolume = loud\n")
    result = await device.ask(*arguments, seconds=60)
    rows = {row["name"]: row for row in result.value["rows"]}
    assert "volume" in rows["config"]["finding"] and "0 to 100" in rows["config"]["finding"]


# -- an archive for the maker ------------------------------------------------------------------------------------

def archive(path):
    """-> {name: text}"""
    assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_size < 4 << 20
    with tarfile.open(path) as tar:
        assert all(member.isfile() and member.mode == 0o600 for member in tar)
        return {member.name: tar.extractfile(member).read().decode(errors="replace") for member in tar}


async def test_an_archive_without_secrets(server, room, make_device, tmp_path):
    """Nothing that opens a door or a room is in it, with a daemon and without."""
    secrets = {"door-code": "73519264", "api-secret": "hmac-and-cheese", "turn-password": 'pass"word\\1',
               "token-bearer": "bearer-of-secrets"}
    device = well(make_device, server, room, start=False, door_output="lock", door_dtmf_code_file=tmp_path / "device0/door-code",
                  token_endpoint="https://tokens.example.org/t?key=query-of-secrets", simulated_loop="yes",
                  network_proxy="http://anna@192.0.2.1:3128", network_no_proxy="127.0.0.0/8")
    for name, text in secrets.items():
        (device.folder / name).write_text(text + "\n")
        (device.folder / name).chmod(0o600)
    device.start()
    forbidden = [device.token, "query-of-secrets", *secrets.values(), json.dumps(secrets["turn-password"])[1:-1]]
    # Somebody types secrets where they do not belong.
    await device.ask("send", "--topic", device.token, "x")
    await device.ask("press", "5")
    path = tmp_path / "support.tar.gz"
    names = {f"lintel-support/{name}" for name in (
        "about.txt", "status.json", "stats.json", "events.json", "configuration.txt", "hardware.txt", "doctor.json",
        "journal.txt")}
    for is_running in (True, False):
        result = await device.ask("doctor", "--support", path, "--config", device.folder / "lintel.conf", seconds=120)
        assert f"wrote {path}" in result.error and (result.status == DONE) == is_running, result
        texts = archive(path)
        assert set(texts) == names
        for name, text in texts.items():
            for secret in forbidden:
                assert secret not in text, (name, secret)
        assert "[door]" in texts["lintel-support/configuration.txt"]
        assert "== /proc/asound/cards" in texts["lintel-support/hardware.txt"] and "Linux version" in texts["lintel-support/hardware.txt"]
        rows = {row["name"]: row for row in json.loads(texts["lintel-support/doctor.json"])["rows"]}
        assert ("daemon" in rows) != is_running and rows["room"]["verdict"] == "pass", rows
        if is_running:
            assert json.loads(texts["lintel-support/status.json"])["device"]["id"] == "door"
            assert "lintel_downlink_unplayed_total" in texts["lintel-support/stats.json"]
            device.stop()
        else:
            assert "linteld does not run" in texts["lintel-support/status.json"]
    refused = await device.ask("doctor", "--support", "/nowhere/x.tar.gz")
    assert refused.status == FAILED and "/nowhere" in refused.error
