"""From a change to its effects: each watch of a member is evaluated with `support.streaks`, the effects carried out.

One transaction of the caller holds the member's rule locked, reads the changes, then the records, so that a change
which is deleted afterwards was seen; one that commits later is a change of its own.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from meetings.models import Sheet
from people.models import Change
from support import streaks
from support.models import Rule, Watch
from support.selectors import cases as reads
from support.selectors import contacts
from support.selectors.cases import Case
from support.services.carrying import carry_out, withdraw_silenced
from support.services.plan import plan_many
from support.streaks import Cause, ChangeInfo, FirstClosing

LEFT = {cause.value: cause for cause in (Cause.LEFT_GROUP, Cause.GROUP_CLOSED, Cause.GROUP_COUNTS_HEADS)}
OWN_ACTS = {  # written only when the member's own act could not be evaluated at once
    "paused": Cause.PAUSED,
    "resumed": Cause.RESUMED,
    "said_ok": Cause.SAID_OK,
    "rule_changed": Cause.RULE_CHANGED,
    "scope_changed": Cause.SCOPE_CHANGED,
    "rule_off": Cause.RULE_OFF,
}


# all rows in one value: as arrays each quotation mark of a snapshot is escaped one by one, a third of an evaluation
SAVE = """
UPDATE support_watch SET snapshot = new.snapshot, streak = new.streak, evaluated_at = new.at
FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, snapshot jsonb, streak smallint, at timestamptz)
WHERE support_watch.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to one member since the last evaluation, taken as one change at `at` (UTC)."""

    at: datetime
    info: ChangeInfo


def changes_evaluate(*, rules: Sequence[Rule]) -> int:
    """Evaluate what waits for these members, whose rules (with person) the caller holds locked; return how many.

    Two statements beside those of `reads.load`, however many members and changes there are; more only for effects.
    """
    changes: dict[int, list[Change]] = {}
    for change in Change.objects.filter(person__in=[rule.person_id for rule in rules]).order_by("at", "pk"):
        changes.setdefault(change.person_id, []).append(change)
    if not changes:
        return 0
    every = [change for found in changes.values() for change in found]
    touched = reads.load([rule for rule in rules if rule.person_id in changes], changed=True)
    closings = _closings(every)
    now = max(change.at for change in every)
    reads.load_facts(touched, now)
    people = contacts.load(touched, now) if any(case.rows for case in touched) else contacts.People()
    for case in touched:
        _evaluate_case(case, changes[case.person.pk], closings, people)
    opened = [(case, episode) for case in touched for episode in case.episodes.values()]
    plan_many((one for one in opened if one[1].decided_at is not None), people)
    save([watch for case in touched for watch in case.watches])
    Change.objects.filter(pk__in=[change.pk for change in every]).delete()
    return len(changes)


def _evaluate_case(
    case: Case, changes: list[Change], closings: dict[int, FirstClosing], people: contacts.People
) -> None:
    causes = frozenset(_cause(change) for change in changes)
    first = tuple(closings[c.ref] for c in changes if c.cause == "sheet_closed" and c.ref in closings)
    raised = [change.ref for change in changes if change.cause == "rule_changed" and change.ref is not None]
    info = ChangeInfo(causes, first, min(raised, default=None))
    _make_watches(case)
    evaluate(case, Step(max(change.at for change in changes), info))
    asked = {c.ref for c in changes if c.cause in {"consent_changed", "supporter_changed"} and c.ref is not None}
    for episode in case.episodes.values() if asked else ():
        if episode.decided_at is not None:
            withdraw_silenced(case, episode, asked, people, changes[-1].at)


def evaluate(case: Case, step: Step, watches: Iterable[Watch] | None = None) -> None:
    """Evaluate the watches of the rule's scope (or these) and carry out what follows. The caller saves the watches."""
    assert case.facts is not None
    if watches is None:
        active = case.active()
        watches = [watch for watch in case.watches if watch in active or watch.pk in case.episodes]
    for watch in watches:
        after = streaks.snapshot(case.facts, group=watch.group_id)
        # a change that committed late is evaluated at the moment of the one before it: time does not run backwards
        moment = max(step.at, watch.evaluated_at or step.at)
        episode = case.episodes.get(watch.pk)
        effects = streaks.decide(
            before=case.known(watch),
            after=after,
            now=moment,
            terms=case.terms(moment),
            episode=case.state(episode) if episode else None,
            change=step.info,
        )
        carry_out(case, watch, effects, at=step.at)
        remember(case, watch, after, moment)


def remember(case: Case, watch: Watch, records: streaks.Snapshot, moment: datetime) -> None:
    """Note the records on the watch (unsaved), as far back as they can still play a part."""
    episode = case.episodes.get(watch.pk)
    decision = reads.decision_of(episode) if episode else None
    watch.snapshot = records.since(streaks.horizon(moment, decision)).to_json()
    watch.streak = streaks.streak_at(records, moment).count
    watch.evaluated_at = moment


def begin(case: Case, moment: datetime) -> None:
    """The rule starts, or starts anew: its watches begin with the records of now, so only a new MISS sends anything."""
    assert case.facts is not None
    _make_watches(case)
    for watch in case.active():
        remember(case, watch, streaks.snapshot(case.facts, group=watch.group_id), moment)
    save(case.active())


def _make_watches(case: Case) -> None:
    """One over all groups, or one for every group the member is or was in. A new one has seen nothing yet."""
    assert case.facts is not None
    have = {watch.group_id for watch in case.watches}
    wanted: set[int | None] = {None}
    if case.rule.scope == Rule.GROUP:
        wanted = {membership.group for membership in case.facts.memberships}
    for group in sorted(wanted - have, key=lambda pk: pk or 0):
        watch = Watch.objects.create(person=case.person, group_id=group)
        case.watches.append(watch)


def save(watches: list[Watch]) -> None:
    """Only what was evaluated has a moment; one statement."""
    done = [watch for watch in watches if watch.evaluated_at is not None]
    if done and connection.vendor == "postgresql":
        rows = [
            {"id": one.pk, "snapshot": one.snapshot, "streak": one.streak, "at": one.evaluated_at.isoformat()}
            for one in done
            if one.evaluated_at is not None
        ]
        with connection.cursor() as cursor:
            cursor.execute(SAVE, [json.dumps(rows)])
    elif done:
        # an upsert of rows that are there: bulk_update spends three quarters of an evaluation on building its statement
        changed = ["snapshot", "streak", "evaluated_at"]
        Watch.objects.bulk_create(done, update_conflicts=True, unique_fields=["pk"], update_fields=changed)


def _closings(changes: Iterable[Change]) -> dict[int, FirstClosing]:
    """By sheet id: what was closed for the first time, in one statement."""
    refs = {change.ref for change in changes if change.cause == "sheet_closed" and change.ref is not None}
    if not refs:
        return {}
    sheets = Sheet.objects.filter(pk__in=refs, first_closed_at__isnull=False).select_related("occurrence")
    return {
        sheet.pk: FirstClosing(
            reads.occurrence_key(sheet.occurrence_id), sheet.occurrence.ends_at, sheet.first_closed_at
        )
        for sheet in sheets
        if sheet.first_closed_at is not None
    }


def _cause(change: Change) -> Cause:
    return LEFT.get(change.cause) or OWN_ACTS.get(change.cause, Cause.RECORDS)
