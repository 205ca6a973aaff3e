"""What a technician types, what servers answer that are none, and phones that do what nobody expects."""
import asyncio
import subprocess

import pytest

from device import BINARIES, FAILED, USAGE
from telephone import Telephone
from test_phones import ANNA, BERT, door, nobody_rings_on, told

NONSENSE = {
    "a page": ({"status": 200, "body": "<html><body>hello</body></html>", "content_type": "text/html"}, "web page"),
    "10 MB": ({"status": 200, "body": '{"a":"', "pad_to": 10 << 20}, "large"),
    "half": ({"status": 200, "body": '{"participant_id": "PA_', "cut": True}, ""),
    "plain 404": ({"status": 404, "body": "404 page not found\n", "content_type": "text/plain"}, "404"),
    "a proxy's 502": ({"status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html"}, "502"),
    "words that are not UTF-8": ({"status": 400, "body": '{"code":"invalid_argument","msg":"\\ud83d"}'}, ""),
}


@pytest.mark.parametrize("what", NONSENSE)
async def test_what_a_server_answers_that_is_none(server, room, make_device, what):
    answer, word = NONSENSE[what]
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {}})
        device = door(make_device, server, room)
        await server.hook("api-answers", answers=[{"method": "CreateSIPParticipant", "times": 1, **answer}])
        try:
            done = await asyncio.wait_for(device.ask("dial", "anna"), 20)
        finally:
            await server.hook("api-answers", answers=[])
        assert done.status == FAILED and done.error.strip().count("\n") == 0, done
        assert len(done.error) < 300 and word in done.error.lower() and "<html" not in done.error, done.error
        await device.until(lambda s: s["room"]["connection"] == "disconnected", what="out of the room")
        await nobody_rings_on(telephone)
        # And the next one is dialled as if nothing had been.
        await telephone.phones({ANNA: {"answer": 0.1}})
        assert (await device.ask("dial", "anna")).status == 0


@pytest.mark.parametrize("lacks, words", [("bridge", "bridge"), ("redis", ""), ("connectors", None)])
async def test_a_server_that_has_less(server, room, make_device, lacks, words):
    async with Telephone(server) as telephone:
        device = door(make_device, server, room, directory_walter="whatsapp:15550199", phone_whatsapp_number_id="1",
                      phone_whatsapp_key_file=__file__)
        await server.hook("api", without=[lacks], unavailable_after=0.2)
        try:
            done = await asyncio.wait_for(device.ask("dial", "walter" if words is None else "anna", "--ring", "5"), 20)
        finally:
            await server.hook("api", without=[], unavailable_after=3.0)
        assert done.status == FAILED and done.error.strip() and (words or "") in done.error, done
        await nobody_rings_on(telephone)


async def test_what_is_typed(server, room, make_device):
    async with Telephone(server) as telephone:
        device = door(make_device, server, room)
        await device.ask("join")
        await server.hook("api-calls")
        for words, says in [
                (("dial", "+1555ABC"), ""), (("dial", "1" * 200), ""), (("dial", "+49 30 \N{PILE OF POO}"), ""),
                (("dial", "sip:anna@example.org"), ""), (("dial", "whatsapp:+0"), ""), (("dial", ""), ""),
                (("dial", "nobody"), "not in [directory]"), (("dial", "ann"), "anna"),
                (("dial", "anna", "--display-name", "x" * 129), "128"),
                (("dial", "anna", "--display-name", 'a "door"'), "quote"),
                (("dial", "anna", "--header", "Contact=x"), "contact"), (("dial", "anna", "--header", "no"), ""),
                (("dial", "anna", "--dtmf", "1x"), ""), (("dial", "anna", "--dtmf", "1" * 65), "64"),
                (("dial", "anna", "--ring", "0"), ""), (("dial", "anna", "--max", "-1"), ""),
                (("dial", "anna", "--from", "me"), ""), (("transfer", "anna", "nowhere@"), "")]:
            done = await device.ask(*words)
            assert done.status in (FAILED, USAGE), (words, done)
            assert done.error.strip() and says.lower() in done.error.lower(), (words, done.error)
        calls = (await telephone.get("api-calls"))["calls"]
        assert not [c for c in calls if c["service"] == "SIP"], "nothing of it reached the server"
        assert not told(device, "call.ringing", "call.answered")
        done = await device.ask("dial", "anna", "--header", "X-Door=north")
        assert done.status == FAILED, "nobody has that number"


async def test_a_trunk_that_does_not_exist(server, room, make_device):
    async with Telephone(server) as telephone:
        device = door(make_device, server, room, phone_trunk="ST_none")
        done = await device.ask("dial", "anna")
        assert done.status == FAILED and "trunk" in done.error, done
        await nobody_rings_on(telephone)


async def test_a_phone_that_sends_a_thousand_keys(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"answer": 0.2, "keys": [[0.3, "12#4" * 250, 0.002]]}})
        device = door(make_device, server, room, door_output="lock", door_dtmf_code="9876", door_dtmf_allow="called")
        assert (await device.ask("dial", "anna")).status == 0
        await telephone.until(ANNA, lambda leg: len(leg["keys"]) == 0 and leg["state"] == "active")
        await asyncio.sleep(4)
        status = await device.status()
        assert status["door"]["state"] == "closed" and status["call"]["state"] == "talking", status["door"]
        refused = (await device.ask("--json", "stats")).value["lintel_door_refusals_total"]
        assert refused > 0, "the keys did not reach the door"
        assert len(device.events()) < 200
        assert (await device.ask("hangup")).status == 0
        await nobody_rings_on(telephone)


async def test_two_presses_at_once_ring_once(server, room, make_device):
    async with Telephone(server) as telephone:
        await telephone.phones({"*": {"answer": 1.0}})
        device = door(make_device, server, room, call_plan="anna 15")
        await asyncio.gather(device.ask("press", "button"), device.ask("press", "button"))
        await telephone.state(ANNA, "active")
        assert len(await telephone.legs()) == 1


@pytest.mark.parametrize("late", [-0.03, -0.01, 0, 0.01, 0.03])
async def test_an_answer_in_the_moment_of_the_hang_up(server, room, make_device, late):
    async with Telephone(server) as telephone:
        await telephone.phones({ANNA: {"ring": 0.05}, BERT: {"ring": 0.05}})
        device = door(make_device, server, room, directory_both="anna + bert")
        await device.ask("dial", "both", "--no-wait")
        leg = await telephone.state(ANNA, "ringing")
        await telephone.state(BERT, "ringing")

        async def answers():
            await asyncio.sleep(max(0, late))
            await telephone.act(leg["id"], "answer")

        async def hangs_up():
            await asyncio.sleep(max(0, -late))
            await device.ask("hangup")
        await asyncio.gather(answers(), hangs_up())
        await nobody_rings_on(telephone)
        await device.until(lambda s: s["call"]["state"] == "idle" and s["room"]["connection"] == "disconnected",
                           what="idle")


def test_a_plan_that_names_itself(tmp_path):
    for directory, word in [("a = b\nb = a\n", "itself"), ("a = a + b\nb = sip:+15550100\n", "itself")]:
        (tmp_path / "lintel.conf").write_text(f"[directory]\n{directory}[call]\nplan = a 10\n")
        done = subprocess.run([BINARIES / "linteld", "--config", tmp_path / "lintel.conf", "--check-config"],
                              capture_output=True, text=True, timeout=10)
        assert done.returncode != 0 and word in done.stdout + done.stderr, done
