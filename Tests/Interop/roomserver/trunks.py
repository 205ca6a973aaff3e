"""Trunks and dispatch rules of livekit.SIP, in memory. One outbound trunk is there from the start."""
import random

from livekit.protocol import sip

from . import sipchecks
from .settings import new_sid
from .sipchecks import normalized
from .twirp import TwirpError

DEFAULT_TRUNK = sip.SIPOutboundTrunkInfo(
    sip_trunk_id="ST_test", name="test", address="sip.example.com", numbers=["+15550199"], auth_username="lintel",
    auth_password="never-log-this")


class Trunks:
    """The methods of the service that keep things. `redis` is where the real server keeps them."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.outbound = {DEFAULT_TRUNK.sip_trunk_id: DEFAULT_TRUNK}
        self.inbound, self.rules = {}, {}

    # -- outbound ------------------------------------------------------------------------------------------

    def create_sip_outbound_trunk(self, request, _):
        sipchecks.outbound_trunk(request.trunk)
        return self._create(self.outbound, request.trunk, "sip_trunk_id", "ST_")

    def update_sip_outbound_trunk(self, request, _):
        return self._update(self.outbound, request, "sip_trunk_id", sipchecks.outbound_trunk)

    def get_sip_outbound_trunk(self, request, _):
        return sip.GetSIPOutboundTrunkResponse(trunk=self._find(self.outbound, request.sip_trunk_id))

    def list_sip_outbound_trunk(self, request, _):
        return sip.ListSIPOutboundTrunkResponse(items=self._listed(self.outbound, request))

    # -- inbound -------------------------------------------------------------------------------------------

    def create_sip_inbound_trunk(self, request, _):
        sipchecks.inbound_trunk(request.trunk)
        taken = {n for t in self.inbound.values() for n in t.numbers if not t.allowed_numbers}
        for number in request.trunk.numbers:
            if number in taken and not request.trunk.allowed_numbers:
                sipchecks.invalid(f'Conflicting inbound SIP Trunks: "<new>" and another, using the same number '
                                  f'"{number}"')
        return self._create(self.inbound, request.trunk, "sip_trunk_id", "ST_")

    def update_sip_inbound_trunk(self, request, _):
        return self._update(self.inbound, request, "sip_trunk_id", sipchecks.inbound_trunk)

    def get_sip_inbound_trunk(self, request, _):
        return sip.GetSIPInboundTrunkResponse(trunk=self._find(self.inbound, request.sip_trunk_id))

    def list_sip_inbound_trunk(self, request, _):
        return sip.ListSIPInboundTrunkResponse(items=self._listed(self.inbound, request))

    def delete_sip_trunk(self, request, _):
        self._find({**self.outbound, **self.inbound}, request.sip_trunk_id)
        found = self.outbound.pop(request.sip_trunk_id, None) or self.inbound.pop(request.sip_trunk_id, None)
        return sip.SIPTrunkInfo(sip_trunk_id=found.sip_trunk_id, name=found.name, metadata=found.metadata)

    # -- dispatch rules ------------------------------------------------------------------------------------

    def create_sip_dispatch_rule(self, request, _):
        info = request.dispatch_rule
        if not request.HasField("dispatch_rule"):
            info = sip.SIPDispatchRuleInfo(
                trunk_ids=request.trunk_ids, hide_phone_number=request.hide_phone_number, name=request.name,
                metadata=request.metadata, inbound_numbers=request.inbound_numbers, attributes=request.attributes,
                room_preset=request.room_preset, room_config=request.room_config)
            if request.HasField("rule"):
                info.rule.CopyFrom(request.rule)
        sipchecks.dispatch_rule(info)
        return self._create(self.rules, info, "sip_dispatch_rule_id", "SDR_")

    def update_sip_dispatch_rule(self, request, _):
        return self._update(self.rules, request, "sip_dispatch_rule_id", sipchecks.dispatch_rule)

    def list_sip_dispatch_rule(self, request, _):
        return sip.ListSIPDispatchRuleResponse(items=[
            rule for ident, rule in self.rules.items()
            if (not request.dispatch_rule_ids or ident in request.dispatch_rule_ids)
            and (not request.trunk_ids or not rule.trunk_ids or set(rule.trunk_ids) & set(request.trunk_ids))])

    def delete_sip_dispatch_rule(self, request, _):
        self._find(self.rules, request.sip_dispatch_rule_id, "requested sip dispatch rule does not exist")
        return self.rules.pop(request.sip_dispatch_rule_id)

    # -- what they have in common ----------------------------------------------------------------------------

    @staticmethod
    def _create(kept, info, field, prefix):
        made = type(info)()
        made.CopyFrom(info)
        setattr(made, field, new_sid(prefix))
        made.created_at.GetCurrentTime()
        made.updated_at.GetCurrentTime()
        kept[getattr(made, field)] = made
        return made

    @staticmethod
    def _find(kept, ident, words="requested sip trunk does not exist"):
        if ident not in kept:
            raise TwirpError("not_found", words)
        return kept[ident]

    def _update(self, kept, request, field, check):
        ident = getattr(request, field)
        old, made = self._find(kept, ident), type(next(iter(kept.values())))()
        if request.WhichOneof("action") == "replace":
            made.CopyFrom(request.replace)
        else:
            made.CopyFrom(old)
            _apply(request.update, made)
        setattr(made, field, ident)
        check(made)
        made.created_at.CopyFrom(old.created_at)
        made.updated_at.GetCurrentTime()
        kept[ident] = made
        return made

    @staticmethod
    def _listed(kept, request):
        return [trunk for ident, trunk in kept.items() if (not request.trunk_ids or ident in request.trunk_ids)
                and (not request.numbers or set(trunk.numbers) & set(request.numbers))]

    # -- look-ups of the bridge ------------------------------------------------------------------------------

    def inbound_for(self, caller, called):
        """The trunk that a call comes in by, or None."""
        def takes(trunk):
            return ((not trunk.numbers or normalized(called) in map(normalized, trunk.numbers))
                    and (not trunk.allowed_numbers or normalized(caller) in map(normalized, trunk.allowed_numbers)))
        return next((trunk for trunk in self.inbound.values() if takes(trunk)), None)

    def has_pins(self, trunk):
        return any((not rule.trunk_ids or trunk.sip_trunk_id in rule.trunk_ids)
                   and getattr(rule.rule, rule.rule.WhichOneof("rule")).pin for rule in self.rules.values())

    def rule_for(self, trunk, caller, called, pin):
        """The narrowest rule of that trunk with that PIN, or None."""
        def takes(rule):
            kind = getattr(rule.rule, rule.rule.WhichOneof("rule"))
            return ((not rule.trunk_ids or trunk.sip_trunk_id in rule.trunk_ids)
                    and (not rule.inbound_numbers or normalized(caller) in map(normalized, rule.inbound_numbers))
                    and (not rule.numbers or normalized(called) in map(normalized, rule.numbers))
                    and kind.pin == (pin or ""))
        found = [rule for rule in self.rules.values() if takes(rule)]
        return max(found, key=lambda r: (bool(r.trunk_ids), bool(r.inbound_numbers), bool(r.numbers)), default=None)


def number_of(trunk):
    return random.choice(trunk.numbers)


def _apply(update, made):
    """The fields that an update has; lists are set, added to, taken from or cleared."""
    for field, value in update.ListFields():
        if field.message_type and field.message_type.name == "ListUpdate":
            target = getattr(made, field.name)
            kept = list(value.set) or [v for v in target if v not in value.remove and not value.clear]
            kept += [v for v in value.add if v not in kept]
            del target[:]
            target.extend(kept)
        elif field.message_type and field.message_type.GetOptions().map_entry:
            getattr(made, field.name).clear()
            getattr(made, field.name).update(value)
        elif field.message_type:
            getattr(made, field.name).CopyFrom(value)
        else:
            setattr(made, field.name, value)
