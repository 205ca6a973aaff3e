"""Words beside the voice, against the official client: RPC, telephone keys, data, texts, files, attributes."""
import asyncio
import hashlib
import json
import os
import re
import time

import pytest
from livekit import rtc

from control import Control, Refused
from device import DONE, FAILED
from peers import Peer, token, wait_for

MEGABYTE = 1_000_000
CALLS, AT_ONCE = 1000, 50


def call(peer, method, payload="", timeout=10):
    return peer.room.local_participant.perform_rpc(
        destination_identity="door", method=method, payload=payload, response_timeout=timeout)


async def both(server, room, make_device, kind="agent", **values):
    """-> (device, peer), each seeing the other; the caller disconnects the peer."""
    device = make_device(server, room, **values)
    peer = Peer(server, room, "peer", kind=kind, can_update_own_metadata=True)
    await peer.connect()
    await device.connected()
    await peer.sees("door")
    await device.until(lambda s: any(p["identity"] == "peer" for p in s["participants"]), 6, "in sight of the peer")
    return device, peer


async def test_a_thousand_calls_to_the_peer(server, room, make_device):
    device, peer = await both(server, room, make_device)
    try:
        @peer.room.local_participant.register_rpc_method("turn.round")
        async def turn_round(data):
            return data.payload[::-1]

        async with Control(device) as control:
            async def one(number):
                answer = await control.ask("rpc", identity="peer", method="turn.round", payload=f"n{number}")
                assert answer["payload"] == f"{number}"[::-1] + "n"

            for first in range(0, CALLS, AT_ONCE):
                await asyncio.gather(*(one(number) for number in range(first, first + AT_ONCE)))
        printed = await device.ask("rpc", "peer", "turn.round", "abc")
        assert printed.status == DONE and printed.output == "cba\n"
    finally:
        await peer.disconnect()


async def test_a_thousand_calls_of_the_peer(server, room, make_device):
    device, peer = await both(server, room, make_device)
    try:
        for first in range(0, CALLS, AT_ONCE):
            levels = [number % 101 for number in range(first, first + AT_ONCE)]
            answers = await asyncio.gather(*(call(peer, "lintel.volume", json.dumps({"level": n})) for n in levels))
            assert [json.loads(answer)["volume"] for answer in answers] == levels
        assert json.loads(await call(peer, "lintel.status"))["device"]["id"] == "door"
    finally:
        await peer.disconnect()


async def refused(answer):
    """-> the code of the RpcError."""
    with pytest.raises(rtc.RpcError) as caught:
        await answer
    return caught.value.code


async def test_every_error_of_the_peers_calls(server, room, make_device):
    device, peer = await both(server, room, make_device)
    stranger = Peer(server, room, "stranger")
    try:
        await stranger.connect()
        await stranger.sees("door")
        assert await refused(call(peer, "open.sesame")) == 1400
        assert await refused(call(peer, "lintel.volume", '{"level": 101}')) == 400
        assert await refused(call(peer, "lintel.volume", "{level")) == 400
        assert await refused(call(peer, "lintel.volume", '{"loudness": 1}')) == 400
        assert await refused(call(peer, "lintel.door.open")) == 409           # it has no door
        assert await refused(call(stranger, "lintel.volume", '{"level": 1}')) == 403
        assert (await device.status())["room"]["connection"] == "connected"
    finally:
        await stranger.disconnect()
        await peer.disconnect()


async def test_every_error_of_our_calls(server, room, make_device):
    device, peer = await both(server, room, make_device)
    try:
        local = peer.room.local_participant

        @local.register_rpc_method("own")
        async def own(data):
            raise rtc.RpcError(4711, "no more coffee", "beans")

        @local.register_rpc_method("broken")
        async def broken(data):
            raise ValueError("of the handler")

        @local.register_rpc_method("endless")
        async def endless(data):
            return "x" * 20_000

        @local.register_rpc_method("slow")
        async def slow(data):
            await asyncio.sleep(20)

        async with Control(device) as control:
            async def code(method, identity="peer", **params):
                with pytest.raises(Refused) as caught:
                    await control.ask("rpc", identity=identity, method=method, **params)
                return re.search(r"rpc\.(\d+)|$", json.dumps(caught.value.error)).group(1) or caught.value.error

            assert await code("own") == "4711"
            assert await code("broken") == "1500"
            assert await code("endless") == "1504"
            assert await code("none") == "1400"
            assert await code("own", identity="nobody") == "1401"
            with pytest.raises(Refused, match="15360"):
                await control.ask("rpc", identity="peer", method="own", payload="y" * 15_361)
            assert await code("slow", timeout=1) == "1502"
            leaving = asyncio.ensure_future(code("slow", timeout=15))
            await asyncio.sleep(0.5)
            await peer.disconnect()
            assert await leaving == "1503"
        told = await device.ask("rpc", "nobody", "own")
        assert told.status == FAILED and "1401" in told.error
    finally:
        await peer.disconnect()


async def test_telephone_keys_both_ways(server, room, make_device):
    device, peer = await both(server, room, make_device, kind="standard", door_dtmf_allow="agent")
    try:
        keys, codes = [], []
        peer.room.on("sip_dtmf_received", lambda dtmf: (keys.append(dtmf.digit), codes.append(dtmf.code)))
        assert (await device.ask("dtmf", "0123456789*#ABCD")).status == DONE
        await wait_for(lambda: len(keys) == 16, 5, "16 keys at the peer")
        assert "".join(keys) == "0123456789*#abcd" and codes == list(range(16))
        for code, digit in enumerate("0123456789*#ABCD"):
            await peer.room.local_participant.publish_dtmf(code=code, digit=digit)
        await wait_for(lambda: len(device.events("dtmf")) == 16, 5, "16 keys at the device")
        assert "".join(event["digit"] for event in device.events("dtmf")) == "0123456789*#ABCD"
    finally:
        await peer.disconnect()


async def test_data_to_one_and_to_all(server, room, make_device):
    device, peer = await both(server, room, make_device)
    other = Peer(server, room, "other")
    try:
        await other.connect()
        await other.sees("door")
        local = peer.room.local_participant
        for reliable in (True, False):
            await local.publish_data(b"to all", reliable=reliable, topic=f"all-{reliable}")
            await local.publish_data(b"to the door", reliable=reliable, topic=f"door-{reliable}",
                                     destination_identities=["door"])
            await local.publish_data(b"to the other", reliable=reliable, topic=f"other-{reliable}",
                                     destination_identities=["other"])
        await wait_for(lambda: len(device.events("data")) == 4, 5, "four packets at the device")
        assert {event["topic"] for event in device.events("data")} == {
            "all-True", "door-True", "all-False", "door-False"}
    finally:
        await other.disconnect()
        await peer.disconnect()


def read_texts(peer, topic):
    """-> the list into which the texts of that topic go: (text, identity)."""
    texts = []

    async def read(reader, identity):
        texts.append((await reader.read_all(), identity))
    peer.room.register_text_stream_handler(
        topic, lambda reader, identity: peer.tasks.append(asyncio.ensure_future(read(reader, identity))))
    return texts


async def test_a_long_text_each_way(server, room, make_device, tmp_path):
    device, peer = await both(server, room, make_device)
    try:
        text = "".join(f"{number}: Grüße aus Köln 🚪 — " for number in range(5000))
        text = text.encode()[:100_000].decode(errors="ignore")
        texts = read_texts(peer, "essay")
        path = tmp_path / "essay.txt"
        path.write_text(text)
        assert (await device.ask("send-file", "--text", "--topic", "essay", "--to", "peer", path)).status == DONE
        await wait_for(lambda: texts, 10, "the text at the peer")
        assert texts == [(text, "door")]
        # The device tells of a long text how it begins, and of every other stream how long it was.
        await peer.room.local_participant.send_text(text, topic="lk.chat", destination_identities=["door"])
        await wait_for(lambda: device.events("chat"), 10, "the text at the device")
        chat = device.events("chat")[0]
        assert chat["text"].startswith(text[:2000]) and chat["text"].endswith("...") and chat["identity"] == "peer"
        await peer.room.local_participant.send_text(text, topic="essay", destination_identities=["door"])
        await wait_for(lambda: device.events("file"), 10, "the other text at the device")
        essay = device.events("file")[0]
        assert (essay["topic"], essay["bytes"], essay["failure"]) == ("essay", len(text.encode()), None)
        chats = read_texts(peer, "lk.chat")
        assert (await device.ask("send", "hello")).status == DONE
        await wait_for(lambda: chats, 5, "the chat at the peer")
        assert chats == [("hello", "door")]
    finally:
        await peer.disconnect()


async def test_a_megabyte_each_way(server, room, make_device, tmp_path):
    device, peer = await both(server, room, make_device)
    try:
        data = os.urandom(MEGABYTE)
        path = tmp_path / "photo.jpg"
        path.write_bytes(data)
        arrived = []

        async def read(reader, identity):
            parts = [part async for part in reader]
            arrived.append((reader.info.name, reader.info.size, b"".join(parts)))
        peer.room.register_byte_stream_handler(
            "images", lambda reader, identity: peer.tasks.append(asyncio.ensure_future(read(reader, identity))))
        sent = await device.ask("send-file", "--topic", "images", "--to", "peer", path)
        assert sent.status == DONE, sent
        await wait_for(lambda: arrived, 20, "the file at the peer")
        name, size, content = arrived[0]
        assert (name, size, hashlib.sha256(content).digest()) == (
            "photo.jpg", MEGABYTE, hashlib.sha256(data).digest())
        await peer.room.local_participant.send_file(str(path), topic="images", destination_identities=["door"])
        await wait_for(lambda: device.events("file"), 20, "the file at the device")
        event = device.events("file")[0]
        assert (event["name"], event["bytes"], event["failure"]) == ("photo.jpg", MEGABYTE, None)
    finally:
        await peer.disconnect()


async def test_attributes_of_both(server, room, make_device):
    device = make_device(server, room, token=token(server, room, "door", can_update_own_metadata=True))
    async with Peer(server, room, "peer", kind="agent", can_update_own_metadata=True) as peer:
        await device.connected()
        await peer.sees("door")
        changes = []
        peer.room.on("participant_attributes_changed", lambda changed, who: changes.append((who.identity, changed)))
        done = await device.ask("attributes", "floor=3", "language=de")
        assert done.status == DONE, done
        await wait_for(lambda: ("door", {"floor": "3", "language": "de"}) in changes, 5, "the door's attributes")
        assert (await device.ask("attributes", "floor=")).status == DONE
        await wait_for(lambda: peer.room.remote_participants["door"].attributes == {"language": "de"}, 5, "one less")
        await peer.room.local_participant.set_attributes({"lk.agent.state": "thinking"})
        await device.until(lambda s: s["agent"] and s["agent"]["state"] == "thinking", 5, "told of the agent's state")
        assert device.events("agent.state")[-1]["state"] == "thinking"


async def test_what_the_device_is_is_published(server, room, make_device):
    """`publish-state`: the official client sees it as attributes; not more often than once a second."""
    device = make_device(server, room, token=token(server, room, "door", can_update_own_metadata=True),
                         session_publish_state="yes", door_output="lock", door_local_when="always", door_pulse_ms="2500")
    async with Peer(server, room, "peer") as peer:
        await device.connected()
        await peer.sees("door")
        told = lambda: dict(peer.room.remote_participants["door"].attributes)
        quiet = {"lintel.muted": "false", "lintel.hard_muted": "false", "lintel.door_open": "false", "lintel.tamper": "false",
                 "lintel.canceller": "off"}
        await wait_for(lambda: told() == quiet, 5, told)
        changes = []
        peer.room.on("participant_attributes_changed", lambda changed, who: changes.append((time.monotonic(), changed)))
        await device.ask("mute", "on")
        await wait_for(lambda: told()["lintel.muted"] == "true", 5, told)
        await device.ask("press", "mute", "--on")
        await device.ask("press", "tamper", "--on")
        await wait_for(lambda: told()["lintel.hard_muted"] == told()["lintel.tamper"] == "true", 5, told)
        assert (await device.ask("door", "open")).status == DONE
        await wait_for(lambda: told()["lintel.door_open"] == "true", 5, told)
        await wait_for(lambda: told()["lintel.door_open"] == "false", 5, told)
        for _ in range(8):
            await device.ask("press", "tamper", "--off")
            await device.ask("press", "tamper", "--on")
        await device.ask("press", "tamper", "--off")
        await wait_for(lambda: told() == {**quiet, "lintel.muted": "true", "lintel.hard_muted": "true"}, 5, told)
        assert all(later - sooner > 0.8 for (sooner, _), (later, _) in zip(changes, changes[1:])), changes


async def test_without_the_grant_nothing_is_published(server, room, make_device):
    device = make_device(server, room, token=token(server, room, "door"), session_publish_state="yes")
    async with Peer(server, room, "peer") as peer:
        await device.connected()
        await peer.sees("door")
        for state in "on", "off":
            await device.ask("mute", state)
            await asyncio.sleep(1.2)
        assert not peer.room.remote_participants["door"].attributes
        assert device.log().count("canUpdateOwnMetadata") == 1
