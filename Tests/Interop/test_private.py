"""Encryption from end to end, against the official client: sound and words both ways, keys that do not fit, keys that
change, and what comes in the clear."""
import asyncio
import base64
import hashlib
import json
import pathlib
import resource
import signal
import tarfile
import time

import numpy as np
import pytest
from livekit import rtc

import analysis
from device import DONE
from peers import Peer, wait_for
from rawclient import RawClient
from sound import MICROPHONE_HZ, PEER_HZ, assert_tone, both_ways, hum

PASSPHRASE, OTHER = "the blue door opens inwards", "the green door opens outwards"


def private(make_device, server, room, folder, passphrase=PASSPHRASE, mode="required", keys=None, **values):
    """A device that hums, with its passphrase in a file."""
    folder.mkdir(exist_ok=True)
    for name, text in (("passphrase", passphrase), ("keys", keys)):
        if text is not None:
            path = folder / name
            path.write_text(text + "\n")
            path.chmod(0o600)
            values[f"e2ee_{name}_file"] = path
    return make_device(server, room, microphone=hum(), e2ee_mode=mode, **values)


def call(peer, method, payload="", timeout=8):
    return peer.room.local_participant.perform_rpc(
        destination_identity="door", method=method, payload=payload, response_timeout=timeout)


def privacy(status, identity="peer"):
    return [t["privacy"] for p in status["participants"] if p["identity"] == identity for t in p["tracks"]]


async def test_sound_and_words_both_ways(server, room, make_device, tmp_path):
    device = private(make_device, server, room, tmp_path / "keys", rpc_allow="any")
    async with Peer(server, room, "peer", encryption=PASSPHRASE, kind="agent") as peer:
        heard = {"chat": [], "file": []}

        @peer.room.local_participant.register_rpc_method("turn.round")
        async def turn_round(data):
            return data.payload[::-1]

        async def chat(reader, identity):
            heard["chat"].append(await reader.read_all())

        async def file(reader, identity):
            heard["file"].append(hashlib.sha256(b"".join([part async for part in reader])).hexdigest())

        peer.room.register_text_stream_handler("lk.chat", lambda r, i: peer.tasks.append(asyncio.ensure_future(chat(r, i))))
        peer.room.register_byte_stream_handler("plans", lambda r, i: peer.tasks.append(asyncio.ensure_future(file(r, i))))
        await peer.publish(PEER_HZ)
        await both_ways(device, peer, 1)
        status = await device.status()
        assert privacy(status) == ["private"] and status["encryption"]["sends"] == "encrypted", status["encryption"]
        assert status["encryption"]["problems"] == [] and status["encryption"]["failed"] == 0

        assert json.loads(await call(peer, "lintel.status"))["device"]["id"] == "door"
        printed = await device.ask("rpc", "peer", "turn.round", "abc")
        assert printed.status == DONE and printed.output == "cba\n"
        assert (await device.ask("send", "to be read by one")).status == DONE
        plans = tmp_path / "plans.bin"
        plans.write_bytes(bytes(range(256)) * 200)
        assert (await device.ask("send-file", "--topic", "plans", str(plans))).status == DONE
        await wait_for(lambda: heard["chat"] == ["to be read by one"] and heard["file"], 8, lambda: heard)
        assert heard["file"] == [hashlib.sha256(plans.read_bytes()).hexdigest()]
        await peer.room.local_participant.send_text("to be read by the door", topic="lk.chat")
        await peer.room.local_participant.publish_data(b"some bytes", topic="notes")
        await wait_for(lambda: any(e["text"] == "to be read by the door" for e in device.events("chat"))
                       and any(e["topic"] == "notes" for e in device.events("data")), 5, lambda: device.events())

        manager = peer.room.e2ee_manager.key_provider
        manager.ratchet_shared_key(0)
        # The client first works off what came before we followed, some tenths of a second a frame.
        since = time.monotonic()
        await device.plays(PEER_HZ)
        await wait_for(lambda: peer.recordings["door"].first_sound_at(since + 1), 40, "the peer hears the door again")
        figures = (await device.ask("metrics")).output
        assert 'lintel_encryption_ratchets_total 1' in figures, figures


async def test_another_passphrase_is_silence_and_a_sentence(server, room, make_device, tmp_path):
    device = private(make_device, server, room, tmp_path / "keys", passphrase=OTHER)
    async with Peer(server, room, "peer", encryption=PASSPHRASE) as peer:
        await peer.publish(PEER_HZ)
        words = "peer is encrypted with another key than this device has, so nothing it says is understood"
        status = await device.until(lambda s: s["encryption"]["problems"] == [words], 12, "told of the other key")
        assert privacy(status) == ["wrong-key"]
        played, rate = await device.play_for(0.5)
        assert analysis.tone_level_db(played, rate, PEER_HZ) < -60
        printed = (await device.ask("status")).output
        fingerprint = status["encryption"]["fingerprint"]
        assert words in " ".join(printed.split()) and fingerprint in printed
        report, refused = await asyncio.gather(
            device.ask("--json", "doctor", "--yes"), call(peer, "lintel.status", timeout=2), return_exceptions=True)
        assert isinstance(refused, rtc.RpcError), refused
        row = next(r for r in report.value["rows"] if r["name"] == "encryption")
        assert row["verdict"].lower() == "fail" and row["finding"] == words and fingerprint in row["advice"], row
        # Before its cipher is in place the client may play what is encrypted, which is noise and no tone.
        told = peer.recordings["door"].samples(time.monotonic() - 1)
        assert len(told) == 0 or analysis.tone_level_db(told, 48000, MICROPHONE_HZ) < -60
        # The same passphrase from now on, without a restart; nothing of either is anywhere to be read.
        (tmp_path / "keys" / "passphrase").write_text(PASSPHRASE)
        assert (await device.ask("config", "reload")).status == DONE
        # The other way takes longer: the client tries its next 16 keys on each frame that it could not read.
        await device.plays(PEER_HZ)
        status = await device.status()
        assert status["encryption"]["fingerprint"] != fingerprint and privacy(status) == ["private"]
        await peer.room.local_participant.publish_data(b"some bytes")
        shown = [device.log(), device.events_path.read_text(), json.dumps(status)]
        for command in (("status",), ("metrics",), ("stats",), ("config", "show"), ("events",), ("participants",)):
            shown.append((await device.ask(*command)).output)
        for secret in (PASSPHRASE, OTHER):
            key = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"LKFrameEncryptionKey", 100_000, 16)
            for text in (secret, secret.replace(" ", ""), key.hex(), repr(list(key))):
                assert not any(text in one for one in shown), f"{text!r} is told"


async def test_what_comes_in_the_clear_is_refused_and_named(server, room, make_device, tmp_path):
    device = private(make_device, server, room, tmp_path / "keys", door_output="lock", door_rpc_allow="any",
                     door_dtmf_allow="any", door_dtmf_code="4711", door_rpc_when="always", door_dtmf_when="always",
                     rpc_allow="any")
    async with Peer(server, room, "peer", kind="agent") as peer:
        await peer.publish(PEER_HZ)
        words = "peer is not encrypted, so it is not played ([e2ee] mode is required)"
        status = await device.until(lambda s: s["encryption"]["problems"] == [words], 8, "told of the clear track")
        assert privacy(status) == ["clear"]
        played, rate = await device.play_for(0.5)
        assert analysis.tone_level_db(played, rate, PEER_HZ) < -60
        with pytest.raises(rtc.RpcError) as refused:
            await call(peer, "lintel.door.open")
        assert "encrypted" in refused.value.message
        for digit in "4711":
            await peer.room.local_participant.publish_dtmf(code=int(digit), digit=digit)
        await peer.room.local_participant.publish_dtmf(code=11, digit="#")
        await peer.room.local_participant.send_text("in the clear", topic="lk.chat")
        await peer.room.local_participant.publish_data(b"in the clear", topic="notes")
        await wait_for(lambda: len(device.events("encryption.refused")) >= 8, 5, lambda: device.events())
        status = await device.status()
        assert status["door"]["state"] != "open" and status["door"]["last_opened_by"] is None
        for name in ("chat", "data", "dtmf", "rpc", "door.opened"):
            assert device.events(name) == [], name
        assert "peer" in device.log() and "a call of lintel.door.open" in device.log()
        row = next(r for r in (await device.ask("--json", "doctor", "--yes")).value["rows"] if r["name"] == "encryption")
        assert row["verdict"].lower() == "fail" and "others are not encrypted" in row["advice"], row


async def test_a_key_for_each_participant(server, room, make_device, tmp_path):
    device = private(make_device, server, room, tmp_path / "keys", passphrase=None, mode="wanted",
                     keys="; of this house\ndoor = the door's own\npeer #3 = what the peer says\npeer = before that")
    async with Peer(server, room, "peer", encryption=rtc.KeyProviderOptions()) as peer:
        provider = peer.room.e2ee_manager.key_provider
        provider.set_key("door", b"the door's own", 0)
        provider.set_key("peer", b"before that", 0)
        provider.set_key("peer", b"what the peer says", 3)
        await peer.publish(PEER_HZ)
        await both_ways(device, peer, 1)
        for cryptor in peer.room.e2ee_manager.frame_cryptors():
            if cryptor.participant_identity == "peer":
                cryptor.set_key_index(3)
        await asyncio.sleep(0.3)
        await both_ways(device, peer, 1)
        # Somebody without keys is heard, where encryption is only wanted, and said to be in the clear.
        async with Peer(server, room, "plain") as plain:
            await plain.publish(1730)
            await device.plays(1730)
            status = await device.status()
            assert privacy(status, "plain") == ["clear"] and privacy(status) == ["private"]
            assert "plain is not encrypted, so the server can listen to it" in status["encryption"]["problems"]


FIRST_WORDS = "lk.agent.pre-connect-audio-buffer"


async def test_first_words_are_heard_in_full(server, room, make_device, tmp_path):
    device = private(make_device, server, room, tmp_path / "keys", session_mode="on-demand", audio_dtx="off")
    words = []
    pressed = time.monotonic()
    assert (await device.ask("call", "--no-wait")).status == DONE
    await asyncio.sleep(1)
    agent = Peer(server, room, "agent", encryption=PASSPHRASE, kind="agent", agent=True)

    async def listen(reader, identity):
        words.append((reader.info, b"".join([part async for part in reader])))

    agent.room.register_byte_stream_handler(
        FIRST_WORDS, lambda reader, identity: agent.tasks.append(asyncio.ensure_future(listen(reader, identity))))
    async with agent:
        await agent.publish(PEER_HZ)
        status = await device.until(lambda s: s["audio"]["pre_connect"]["sent_ms"], 15, "sent its recording")
        taken = time.monotonic() - pressed
        await wait_for(lambda: words, 8, "the first words")
        await both_ways(device, agent, 1)
    info, recorded = words[0]
    samples = np.frombuffer(recorded, dtype=np.int16)
    rate = int(info.attributes["sampleRate"])
    # All of it, from the press on: a second passed before anybody was there.
    assert 1 < len(samples) / rate < taken + 1
    assert abs(len(samples) / rate * 1000 - status["audio"]["pre_connect"]["sent_ms"]) < 40
    assert_tone(samples, rate, MICROPHONE_HZ)


async def test_first_words_never_leave_in_the_clear(server, room, make_device, tmp_path):
    device = private(make_device, server, room, tmp_path / "keys", session_mode="on-demand", audio_dtx="off")
    # An agent without a key gets what the server could read.
    async with RawClient(server, room, "agent", kind="agent", agent=True) as agent:
        assert (await device.ask("call", "--no-wait")).status == DONE
        await device.until(lambda s: s["audio"]["pre_connect"]["sent_ms"], 15, "sent its recording")
        await wait_for(lambda: len(agent.data) >= 3 and len(agent.packets) > 20, 8,
                       lambda: f"{len(agent.data)} packets, {len(agent.packets)} frames")
        seen = [packet for _, packet in agent.data]
        frames = [packet.payload for _, packet in agent.packets]
    told = [packet.WhichOneof("value") for packet in seen if packet.participant_identity == "door"]
    assert told and set(told) == {"encrypted_packet"}, told
    assert not any(FIRST_WORDS.encode() in packet.SerializeToString() for packet in seen)
    # The server's own frames, with which it fills a track, come from nobody's microphone.
    spoken = [frame for frame in frames if len(frame) > 30 and frame[1:] != bytes(len(frame) - 1)]
    assert spoken and all(frame[-2:] == b"\x0c\x00" for frame in spoken), [frame[-4:].hex() for frame in spoken][:5]


def shapes(secret):
    """Everything that a passphrase, and what is made of it, could be written as."""
    found = [secret.encode(), secret.replace(" ", "").encode()]
    keys = [hashlib.pbkdf2_hmac("sha256", secret.encode(), b"LKFrameEncryptionKey", 100_000, 16),
            hashlib.pbkdf2_hmac("sha256", secret.encode(), b"LKFrameEncryptionKey", 100_000, 32)]
    for raw in [secret.encode(), *keys]:
        found += [raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw).rstrip(b"="),
                  base64.urlsafe_b64encode(raw).rstrip(b"="), repr(list(raw)).encode(), repr(list(raw))[1:-1].encode()]
    return found


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
async def test_no_key_is_anywhere_not_even_after_a_crash(server, room, make_device, tmp_path, number):
    folder = tmp_path / "keys"
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        device = private(make_device, server, room, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    assert (await device.ask("log-level", "debug")).status == DONE
    async with Peer(server, room, "peer", encryption=PASSPHRASE) as peer:
        await peer.publish(PEER_HZ)
        await both_ways(device, peer, 1)
        support = tmp_path / "support.tar.gz"
        shown = []
        for command in (("status",), ("--json", "status"), ("metrics",), ("stats",), ("--json", "stats"), ("events",),
                        ("config", "show"), ("participants",), ("doctor", "--yes", "--support", str(support))):
            done = await device.ask(*command)
            shown.append((done.output + done.error).encode())
        assert support.stat().st_size and not any(len(one) == 0 for one in shown[:4])
        with tarfile.open(support) as archive:
            shown += [archive.extractfile(one).read() for one in archive.getmembers() if one.isfile()]
        limits = pathlib.Path(f"/proc/{device.process.pid}/limits").read_text()
        assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")][0] in (["1", "1"], ["0", "0"])
        device.process.send_signal(number)
        status = await asyncio.to_thread(device.process.wait, 10)
    if not device.runner:
        assert status == -number
    places = [path for path in pathlib.Path(device.folder).rglob("*") if path.is_file() and folder not in path.parents]
    shown += [path.read_bytes() for path in places]
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    where = [device.folder, pathlib.Path.cwd()] + ([pathlib.Path(pattern).parent] if pattern.startswith("/") else [])
    cores = [path for one in where for path in one.glob("*core*") if path.is_file() and path.stat().st_mtime > tmp_path.stat().st_ctime]
    assert not cores, cores
    for shape in shapes(PASSPHRASE):
        assert not any(shape in one for one in shown), f"{shape!r} is told"
