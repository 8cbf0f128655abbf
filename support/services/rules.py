"""The member's own rule: set, changed, switched on and off. Nobody else can (F23)."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from circle.models import Supporter
from delivery.selectors import usable_ways
from ground import clock
from meetings.services.plans import plans_rest, plans_rest_end
from people.models import Person
from people.selectors import account_of
from support.models import Rule, RuleSpan, RuleSupporter
from support.selectors import cases as reads
from support.services import evaluation
from support.services.own import act, rule_of
from support.streaks import Cause

Levels = Sequence[Sequence[Supporter]]
LEVELS = 2


def rule_set(
    *,
    actor: Person,
    threshold: int | None = None,
    scope: str | None = None,
    grace_hours: int | None = None,
    ok_stops: bool | None = None,
    levels: Levels | None = None,
    no_way_confirmed: bool = False,
) -> Rule:
    """Make the actor's own rule and switch it on, or change it; None leaves a thing as it is (`threshold` is needed
    first). Old misses count under the new rule, only a new one sends anything.

    no_way_confirmed: the member knows that no way outside the site reaches them. Raises PermissionDenied (no account,
    somebody else's supporter), ValidationError (1 to 10, 12 to 72 hours, two levels, nobody in both).
    """
    _check(threshold, scope, grace_hours, levels)
    _own(actor, levels)
    given = {"threshold": threshold, "scope": scope, "grace_hours": grace_hours, "ok_stops": ok_stops}
    wanted: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    now = clock.now()
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=actor.pk)  # two taps at once make one rule
        if not Rule.objects.filter(person=actor).exists():
            return _make(actor, wanted, levels, now, no_way_confirmed=no_way_confirmed)
        rule = rule_of(actor)
        _change(rule, wanted, now)
        if levels is not None:
            _levels_write(rule, levels)
    return rule


def rule_switch(*, actor: Person, on: bool, no_way_confirmed: bool = False) -> Rule:
    """Switch the rule off (all open episodes end silently) or on (it counts occurrences from now). Twice is once.

    Raises PermissionDenied, ValidationError (no rule; on, and no way outside reaches the member).
    """
    now = clock.now()
    with transaction.atomic():
        rule = rule_of(actor)
        if rule.on == on:
            return rule
        if on:
            _refuse_unreachable(actor, confirmed=no_way_confirmed)
            rule.on, rule.inside_only, rule.changed_at = True, no_way_confirmed, now
            rule.save(update_fields=["on", "inside_only", "changed_at"])
            RuleSpan.objects.create(rule=rule, since=now)
            _begin(rule, now)
        else:
            with act(rule, Cause.RULE_OFF, at=now):
                rule.on, rule.changed_at = False, now
                rule.save(update_fields=["on", "changed_at"])
                RuleSpan.objects.filter(rule=rule, until=None).update(until=now)
        # a pause is a pause of the watch: where none is on, notes before meetings need not rest
        pause = reads.running_pause(actor, now) if on else None
        if pause is None:
            plans_rest_end(person=actor)
        else:
            plans_rest(person=actor, until=pause.until)
    return rule


def _make(
    actor: Person, wanted: dict[str, object], levels: Levels | None, now: datetime, *, no_way_confirmed: bool
) -> Rule:
    account = account_of(actor)
    if account is None or not account.is_active:
        raise PermissionDenied
    if "threshold" not in wanted:
        raise ValidationError({"threshold": _("Choose after how many meetings.")})
    _refuse_unreachable(actor, confirmed=no_way_confirmed)
    rule = Rule.objects.create(person=actor, changed_at=now, inside_only=no_way_confirmed, **wanted)
    RuleSpan.objects.create(rule=rule, since=now)
    _levels_write(rule, levels or [[], []])
    _begin(rule, now)
    return rule


def _change(rule: Rule, wanted: dict[str, object], now: datetime) -> None:
    changed = {name: value for name, value in wanted.items() if getattr(rule, name) != value}
    if not changed:
        return
    cause = Cause.SCOPE_CHANGED if "scope" in changed else Cause.RULE_CHANGED
    before = rule.threshold if "threshold" in changed else None
    with act(rule, cause, at=now, threshold_before=before):
        for name, value in (changed | {"changed_at": now}).items():
            setattr(rule, name, value)
        rule.save(update_fields=[*changed, "changed_at"])


def _begin(rule: Rule, now: datetime) -> None:
    case = reads.load([rule])[0]
    reads.load_facts([case], now)
    evaluation.begin(case, now)


def _levels_write(rule: Rule, levels: Levels) -> None:
    """Who stands where from now on; open episodes keep their order, and ask this one again at the send."""
    RuleSupporter.objects.filter(rule=rule).delete()
    RuleSupporter.objects.bulk_create(
        RuleSupporter(rule=rule, supporter=supporter, level=number)
        for number, supporters in enumerate(levels, start=1)
        for supporter in supporters
    )


def _check(threshold: int | None, scope: str | None, grace_hours: int | None, levels: Levels | None) -> None:
    wrong = {}
    if threshold is not None and not 1 <= threshold <= 10:
        wrong["threshold"] = _("Choose a number from 1 to 10.")
    if scope not in {None, Rule.ANY, Rule.GROUP}:
        wrong["scope"] = _("Choose all groups together, or each group by itself.")
    if grace_hours is not None and not 12 <= grace_hours <= 72:
        wrong["grace_hours"] = _("Choose 12 to 72 hours.")
    if levels is not None:
        everybody = [supporter.pk for level in levels for supporter in level]
        if len(levels) > LEVELS or len(set(everybody)) != len(everybody):
            wrong["levels"] = _("Everybody stands in one place: first, or second.")
    if wrong:
        raise ValidationError(wrong)


def _own(actor: Person, levels: Levels | None) -> None:
    for supporter in (one for level in levels or [] for one in level):
        if supporter.member_id != actor.pk:
            raise PermissionDenied
        if supporter.state not in Supporter.ON_THE_LIST:
            raise ValidationError({"levels": _("%(name)s is no longer on your list.") % {"name": supporter.name}})


def _refuse_unreachable(actor: Person, *, confirmed: bool) -> None:
    """The member is always asked first; somebody whom nothing outside reaches must know that the inbox is all."""
    if not confirmed and not usable_ways(actor):
        raise ValidationError(
            {"no_way_confirmed": _("No way outside this site reaches you. Add one, or confirm that you look in here.")}
        )
