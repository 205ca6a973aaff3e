"""The room server's bridge, inbound, and the webhooks that tell of it: judged by official clients."""
import asyncio
import time

from aiohttp import web
from livekit import api, rtc
from livekit.rtc import DisconnectReason as Reason
import pytest

import analysis
from peers import Peer
from telephone import Notes, Telephone, direct, duration, individual

CALLER, OTHER = "+15550100", "+15550101"
IDENTITY = f"sip_{CALLER}"


def numbers():
    """A number of ours that no other test has."""
    numbers.last += 1
    return f"+1555077{numbers.last:04}"


numbers.last = 0


async def test_it_rings_until_somebody_publishes(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        trunk, rule = await telephone.rule(ours, rule=direct(room), metadata="mm", attributes={"door": "front"},
                                           trunk={"include_headers": "SIP_X_HEADERS"})
        notes = Notes(door, IDENTITY)
        await telephone.rings_us(CALLER, ours, tone=440, headers={"X-Gate": "north"}, keys=[[0.4, "42"]], hang_up=1.5)
        await notes.reaches("ringing")
        caller = notes.participant
        assert (caller.kind, caller.name, caller.metadata) == (
            rtc.ParticipantKind.PARTICIPANT_KIND_SIP, f"Phone {CALLER}", "mm")
        assert {"door": "front", "sip.h.x-gate": "north", "sip.ruleID": rule.sip_dispatch_rule_id,
                "sip.trunkID": trunk.sip_trunk_id, "sip.phoneNumber": CALLER,
                "sip.trunkPhoneNumber": ours}.items() <= caller.attributes.items()
        await asyncio.sleep(0.4)
        assert (await telephone.leg(CALLER))["state"] == "ringing" and "active" not in notes.statuses
        begin = time.time()
        await door.publish(600)
        await notes.reaches("active")
        leg = await telephone.leg(CALLER)
        assert leg["answered_at"] - begin < 0.5 and leg["final"] == 200
        heard = await door.hear(IDENTITY, 0.6)
        assert analysis.power_share(heard, 48000, 440) > 0.95
        assert await notes.left() == Reason.CLIENT_INITIATED and notes.statuses == ["ringing", "active", "hangup"]
        assert notes.keys == ["4", "2"]
        assert (await telephone.get(f"phones/heard?leg={leg['id']}&since=-0.5"))["frequency"] == pytest.approx(600, abs=4)


async def test_refused_given_up_and_not_answered(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.rule(ours, rule=direct(room), trunk={"ringing_timeout": duration(0.6)})
        for do, reason, statuses, final in [
                ("EndCall", Reason.CLIENT_INITIATED, ["ringing", "hangup"], (486, "Rejected")),
                ("remove", Reason.PARTICIPANT_REMOVED, ["ringing"], (486, "Rejected")),
                ("CANCEL", Reason.CLIENT_INITIATED, ["ringing", "hangup"], (487, "Request Terminated")),
                ("nothing", Reason.CLIENT_INITIATED, ["ringing"], (486, "Rejected"))]:
            notes = Notes(door, IDENTITY)
            await telephone.rings_us(CALLER, ours)
            await notes.reaches("ringing")
            await door.sees_track_of(IDENTITY)          # before that its end would be told with the next batch
            if do == "EndCall":
                answer = await door.room.local_participant.perform_rpc(
                    destination_identity=IDENTITY, method="lk.sip.EndCall", payload='{"headers": {"X-Why": "no"}}')
                assert answer == "{}"
                assert (await telephone.state(CALLER, "over"))["bye_headers"] == {"X-Why": "no"}
            elif do == "remove":
                await server.remove(room, IDENTITY)
            elif do == "CANCEL":
                await telephone.act(CALLER, "hang_up")
            assert (await notes.left(), notes.statuses) == (reason, statuses), do
            leg = await telephone.state(CALLER, "over")
            assert (leg["final"], leg["reason"]) == final, do


async def test_two_callers_answer_each_other_and_a_twin_cuts_the_first(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.rule(ours, rule=direct(room))
        await telephone.rings_us(CALLER, ours, tone=440)
        first = await telephone.state(CALLER, "ringing")
        await asyncio.sleep(0.3)
        await telephone.rings_us(OTHER, ours, tone=900)
        for number in (CALLER, OTHER):
            await telephone.state(number, "active")
        await asyncio.sleep(0.8)
        assert (await telephone.get(f"phones/heard?leg={first['id']}&since=-0.3"))["frequency"] == pytest.approx(900, abs=5)
        # A key of one phone is played to the other.
        await telephone.act(CALLER, "keys", keys="7")
        await telephone.until(OTHER, lambda leg: [k["key"] for k in leg["keys"]] == ["7"])
        again = await telephone.rings_us(CALLER, ours)
        await telephone.until(CALLER, lambda leg: leg["id"] == again and leg["state"] == "active")
        legs = {leg["id"]: leg for leg in await telephone.legs(CALLER)}
        assert legs[first["id"]]["ended"] == {"how": "bye", "by": "bridge"}
        assert door.present() == {IDENTITY, f"sip_{OTHER}"}


async def test_of_two_callers_both_are_answered_whatever_is_done_about_the_second(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.rule(ours, rule=direct(room))
        first = Notes(door, IDENTITY)
        await telephone.rings_us(CALLER, ours)
        await first.reaches("ringing")
        await asyncio.sleep(0.3)
        assert first.statuses == ["ringing"]
        ended = []
        door.room.on("participant_connected", lambda p: ended.append(asyncio.ensure_future(
            door.room.local_participant.perform_rpc(
                destination_identity=p.identity, method="lk.sip.EndCall", payload="{}"))))
        await telephone.rings_us(OTHER, ours)
        leg = await telephone.state(OTHER, "over")
        assert leg["answered_at"] and leg["ended"] == {"how": "bye", "by": "bridge"}
        await first.reaches("active")
        await asyncio.gather(*ended, return_exceptions=True)
        assert (await telephone.leg(CALLER))["state"] == "active"


async def test_who_is_removed_as_soon_as_he_came_hears_it_late(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, Peer(server, room, "door") as door:
        await telephone.rule(ours, rule=direct(room))
        await server.hook("phones/bridge", connecting_seconds=1.0)
        notes = Notes(door, IDENTITY)
        await telephone.rings_us(CALLER, ours)
        await notes.reaches("ringing")
        await door.sees_track_of(IDENTITY)
        begin = time.time()
        await server.remove(room, IDENTITY)
        assert await notes.left() == Reason.PARTICIPANT_REMOVED
        leg = await telephone.state(CALLER, "over", 12)
        assert 9.5 < leg["over_at"] - begin < 11 and (leg["final"], leg["reason"]) == (486, "Rejected")


async def test_rules_name_rooms_and_people(server, room):
    async with Telephone(server) as telephone:
        hidden, callee, pin = numbers(), numbers(), numbers()
        await telephone.rule(hidden, rule=individual(room, no_randomness=True), hide_phone_number=True)
        await telephone.rule(callee, rule=api.SIPDispatchRule(
            dispatch_rule_callee=api.SIPDispatchRuleCallee(room_prefix=room, randomize=True)))
        await telephone.rule(pin, rule=direct(room, pin="1234"))
        await telephone.rings_us(CALLER, hidden)
        leg = await telephone.until(CALLER, lambda leg: leg["room"])
        assert (leg["room"], leg["identity"]) == (f"{room}_0100", "sip_602cd7fbbe41688e")
        info = (await server.participants(leg["room"]))[leg["identity"]]
        assert info.name == "Phone 0100" and "sip.phoneNumber" not in info.attributes
        await telephone.rings_us(OTHER, callee)
        leg = await telephone.until(OTHER, lambda leg: leg["room"])
        assert leg["room"].startswith(f"{room}_{callee}_") and len(leg["room"]) == len(f"{room}_{callee}_") + 12
        await telephone.rings_us("+15550102", pin, pin="1234")
        leg = await telephone.until("+15550102", lambda leg: leg["room"])
        assert leg["room"] == room and leg["answered_at"]
        await telephone.rings_us("+15550103", "+15559999", gives_up=0.4)
        leg = await telephone.state("+15550103", "over")
        assert leg["ringing_at"] and leg["room"] is None and leg["final"] == 487


class EndPoint:
    """A web server that takes webhooks and checks them with the official receiver."""

    def __init__(self, server):
        self.receiver = api.WebhookReceiver(api.TokenVerifier(server.key, server.secret))
        self.events = []
        self.answers, self.room = [], ""    # statuses for the next events of rooms of that name's beginning

    async def __aenter__(self):
        application = web.Application()
        application.router.add_post("/hook", self._take)
        self.runner = web.AppRunner(application)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def _take(self, request):
        assert request.content_type == "application/webhook+json"
        body = (await request.read()).decode()
        event = self.receiver.receive(body, request.headers["Authorization"])
        self.events.append((time.time(), event))
        refuses = self.answers and event.room.name.startswith(self.room)
        return web.Response(status=self.answers.pop(0) if refuses else 200)

    def of(self, room):
        return [event for _, event in self.events if event.room.name == room]


async def test_webhooks_tell_of_a_caller_and_are_repeated(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, EndPoint(server) as end_point:
        await server.hook("webhooks", urls=[end_point.url], retries=[0.2, 0.3])
        try:
            await telephone.rule(ours, rule=individual(room, no_randomness=True), attributes={"door": "front"})
            end_point.answers, end_point.room = [500, 500], room
            begin = time.time()
            await telephone.rings_us(CALLER, ours)
            name = f"{room}_{CALLER}"
            await telephone.until(CALLER, lambda leg: leg["room"])
            await asyncio.sleep(0.8)
            started = end_point.of(name)
            # What is refused comes again under the same id, and whatever comes behind it waits.
            assert [event.event for event in started][:4] == ["room_started"] * 3 + ["participant_joined"]
            assert len({event.id for event in started[:3]}) == 1 and started[0].id.startswith("EV_")
            assert next(at for at, event in end_point.events if event is started[3]) - begin > 0.5
            joined = started[3].participant
            assert (joined.identity, joined.kind, joined.name) == (IDENTITY, api.ParticipantInfo.SIP, f"Phone {CALLER}")
            assert joined.attributes["sip.callStatus"] == "ringing" and joined.attributes["door"] == "front"
            await telephone.act(CALLER, "hang_up")
            await asyncio.sleep(0.3)
            ended = [event.event for event in end_point.of(name)][4:]
            assert ended == ["track_published", "track_unpublished", "participant_left", "room_finished"]
            left = end_point.of(name)[-2].participant
            assert left.disconnect_reason == api.DisconnectReason.CLIENT_INITIATED
            assert left.attributes["sip.callStatus"] == "hangup"
        finally:
            await server.hook("webhooks", urls=[])


async def test_rung_by_webhook_joined_and_answered(server, room):
    ours = numbers()
    async with Telephone(server) as telephone, EndPoint(server) as end_point:
        await server.hook("webhooks", urls=[end_point.url])
        try:
            await telephone.rule(ours, rule=individual(room))
            await telephone.rings_us(CALLER, ours, tone=440)
            leg = await telephone.until(CALLER, lambda leg: leg["room"] and any(
                event.event == "participant_joined" for event in end_point.of(leg["room"])))
            assert next(at for at, event in end_point.events if event.room.name == leg["room"]) - leg["invited_at"] < 0.3
            async with Peer(server, leg["room"], "door") as door:
                await door.publish(600)
                await telephone.state(CALLER, "active")
                assert len(await door.hear(IDENTITY, 0.3))
        finally:
            await server.hook("webhooks", urls=[])
