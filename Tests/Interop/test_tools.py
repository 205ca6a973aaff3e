"""The tools themselves, official client against official client: what measures the device must be right."""
import asyncio
import json
import shutil
import subprocess
import sys
import zlib

import numpy as np
import pytest

import analysis
from peers import RATE, Peer, wait_for
from servers import HERE


def test_power_share_and_levels():
    tone = analysis.tone(440, 1, 16000)
    noise = np.random.default_rng(1).normal(0, 800, 16000)
    assert analysis.power_share(tone, 16000, 440) > 0.999
    assert analysis.power_share(tone, 16000, 500) < 0.001
    assert 0.9 < analysis.power_share(tone + noise, 16000, 440) < 0.99
    assert analysis.power_share(np.zeros(16000), 16000, 440) == 0
    assert abs(analysis.level_db(tone) - analysis.tone_level_db(tone, 16000, 440)) < 0.1
    assert analysis.tone_level_db(tone, 16000, 700) < -90 and analysis.level_db(np.zeros(10)) == pytest.approx(-120)


def test_gaps():
    tone = analysis.tone(440, 1, 16000)
    tone[4000:4800] = 0                     # 50 ms at 0.25 s
    tone[8000:8480] = 0                     # 30 ms
    found = analysis.gaps(tone, 16000)
    assert len(found) == 1 and abs(found[0][0] - 0.25) < 0.01 and abs(found[0][1] - 0.05) < 0.011
    assert analysis.gaps(np.zeros(16000), 16000) == [(0.0, 1.0)]
    assert analysis.first_sound(np.concatenate([np.zeros(1600), tone]), 16000) == pytest.approx(0.1, abs=0.011)
    assert len(analysis.trim_silence(np.concatenate([np.zeros(16000), tone, np.zeros(16000)]), 16000)) < 18000


def speech(path, words):
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    subprocess.run(["espeak-ng", "-w", path, words], check=True)
    return analysis.read_wav(path)


def test_likeness(tmp_path):
    said, rate = speech(tmp_path / "a.wav", "There is a parcel for you at the door.")
    other, _ = speech(tmp_path / "b.wav", "Please ring the bell on the second floor, then wait.")
    late = np.concatenate([np.zeros(rate), said * 0.4, np.zeros(rate // 2)])
    narrow = analysis.resample(analysis.resample(late, rate, 8000), 8000, 16000)
    score, delay = analysis.likeness(said, rate, narrow, 16000)
    assert score > 0.93 and abs(delay - 1.0) < 0.05
    assert analysis.likeness(said, rate, other, rate)[0] < 0.75
    stretched = np.concatenate([said[:rate], said[rate - rate // 10:]])         # 0.1 s twice, as a jitter buffer does
    assert analysis.likeness(said, rate, stretched, rate)[0] > 0.93
    assert analysis.likeness(said, rate, np.zeros(rate), rate)[0] == 0
    assert analysis.likeness(said, rate, said[:rate // 2], rate)[0] < 0.9


def test_wav_without_lengths(tmp_path):
    tone = analysis.tone(440, 0.5, 16000)
    analysis.write_wav(tmp_path / "a.wav", tone, 16000)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[40:44] = bytes(4)                  # as a killed writer leaves it
    (tmp_path / "b.wav").write_bytes(data)
    for name in "ab":
        samples, rate = analysis.read_wav(tmp_path / f"{name}.wav")
        assert rate == 16000 and np.array_equal(samples, tone)


def test_waveform_picture(tmp_path):
    path = tmp_path / "waves.png"
    analysis.draw_waveforms(path, [("said: 440 hz", analysis.tone(440, 1, 16000), 16000),
                                   ("heard", analysis.tone(440, 2, 48000), 48000)], width=400)
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND"
    size = int.from_bytes(data[33:37], "big")
    pixels = zlib.decompress(data[41:41 + size])
    assert len(pixels) == 220 * (1 + 400 * 3)
    assert pixels.count(bytes(analysis.WAVE)) > 1000


async def test_official_clients_hear_each_other(server, room):
    async with Peer(server, room, "a") as a, Peer(server, room, "b") as b:
        await a.publish(440)
        await b.publish(1000, red=True)
        at_b, at_a = await asyncio.gather(b.hear("a", 4), a.hear("b", 4))
        for samples, frequency in ((at_b, 440), (at_a, 1000)):
            assert analysis.power_share(samples[RATE // 2:], RATE, frequency) > 0.99
            assert not analysis.gaps(samples[RATE // 2:], RATE)
        a.mute(True)
        await wait_for(lambda: b.muted.get("a"), 2, "b sees a muted")
        await wait_for(lambda: analysis.level_db(b.heard("a").samples()[-RATE // 4:]) < -80, 3, "silence")
        a.mute(False)
        await b.hear("a", 0.5, timeout=3)
        await a.unpublish()
        await wait_for(lambda: not b.room.remote_participants["a"].track_publications, 3, "the track is gone")


@pytest.mark.parametrize("variant", [["--ice-lite"], ["--answer-setup", "passive"], ["--offer-setup", "active"],
                                     ["--offer-setup", "passive"]], ids=" ".join)
async def test_official_clients_on_other_transports(own_server, room, variant):
    server = own_server(*variant)
    async with Peer(server, room, "a") as a, Peer(server, room, "b") as b:
        await a.publish(440)
        heard = await b.hear("a", 2)
        assert analysis.power_share(heard[RATE // 2:], RATE, 440) > 0.99


async def test_official_clients_exchange_data(server, room):
    async with Peer(server, room, "a") as a, Peer(server, room, "b") as b:
        got = []
        b.room.on("data_received", lambda packet: got.append((packet.topic, packet.data)))
        await asyncio.sleep(0.5)
        await a.room.local_participant.publish_data(b"hello", topic="greeting", reliable=True)
        await wait_for(lambda: got == [("greeting", b"hello")], 3, "the packet arrives")


async def test_agent_answers_an_official_client(server, room, tmp_path):
    said, rate = speech(tmp_path / "said.wav", "Good morning. I have a parcel for the second floor.")
    reply, reply_rate = speech(tmp_path / "answer.wav", "Thank you. Please come up, the door is open.")
    agent = await asyncio.create_subprocess_exec(
        sys.executable, HERE / "agent.py", "--url", server.url, "--api-key", server.key, "--api-secret", server.secret,
        "--room", room, "--answer", tmp_path / "answer.wav", "--recording", tmp_path / "heard.wav", "--report",
        tmp_path / "report.json", "--timeout", "20", stdout=asyncio.subprocess.PIPE)
    assert b"agent ready" in await asyncio.wait_for(agent.stdout.readline(), 20)
    async with Peer(server, room, "door") as door:
        await door.publish()
        await door.sees_track_of("agent")
        await asyncio.sleep(1)
        door.voice.say(said, rate)
        assert await asyncio.wait_for(agent.wait(), 40) == 0
        back = door.heard("agent").samples()
        door.heard("agent").save(tmp_path / "back.wav")
    heard, heard_rate = analysis.read_wav(tmp_path / "heard.wav")
    assert analysis.likeness(said, rate, heard, heard_rate)[0] > 0.9
    assert analysis.likeness(reply, reply_rate, back, RATE)[0] > 0.9
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["answered"] and report["first_audio_s"] < report["sentence_end_s"] < report["answer_begin_s"]
