"""What is due in this room: changes are evaluated, outcomes read, steps taken; each in a transaction for many members.

When a batch raises it is taken again one member at a time: only the one that raises rests for an hour, and is reported.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from people.models import Change
from support.models import Rule, Stumble
from support.selectors import cases as reads
from support.selectors import due
from support.selectors.due import Order, next_due
from support.services.evaluation import changes_evaluate
from support.services.outcomes import outcomes_read
from support.services.steps import steps_take

log = logging.getLogger("porchlight.support")

BATCH = 200
REST = timedelta(hours=1)

__all__ = ["evaluate", "next_due", "tick"]

Work = Callable[[list[int], datetime], int]


def tick(now: datetime) -> int:
    """Do what is due at `now` (UTC), up to one batch of each; return how much was done. Idle: two statements."""
    done = evaluate(now)
    if due.anything(now):
        done += _in_batch(_with_outcomes(now), _read, now)
        people, last = _with_steps(now)
        done += _in_batch(people, partial(_step, last=last), now)
    return done


def evaluate(now: datetime) -> int:
    """Evaluate the changes that wait, and nothing else: what a change decides does not hang on the outbox."""
    return _in_batch(_changed(now), _evaluate, now)


def _changed(now: datetime) -> list[int]:
    return list(dict.fromkeys(due.changes(now).values_list("person_id", flat=True)[:BATCH]))


def _with_outcomes(now: datetime) -> list[int]:
    waiting = due.outcomes(now).order_by("pk").values_list("episode__watch__person_id", flat=True)
    return list(dict.fromkeys(waiting[:BATCH]))


def _with_steps(now: datetime) -> tuple[list[int], Order | None]:
    """Whose steps are due, and behind which one to stop: what lies there is for the next batch, in its order (4.6)."""
    waiting = list(due.steps(now).values_list("watch__person_id", flat=True)[:BATCH])
    if not waiting:
        return [], None
    rows = due.rows(now, BATCH)
    people = [person for _order, person in rows]
    if len(rows) == BATCH:
        return list(dict.fromkeys(people)), rows[-1][0]
    return list(dict.fromkeys([*people, *waiting])), None


def _in_batch(people: list[int], work: Work, now: datetime) -> int:
    """The members' work in one transaction; one by one when that raises."""
    if not people:
        return 0
    try:
        with transaction.atomic():
            return work(people, now)
    except Exception:
        log.exception("a batch of %s members raised and is taken one by one", len(people))
    return sum(_alone(person, work, now) for person in people)


def _alone(person: int, work: Work, now: datetime) -> int:
    try:
        with transaction.atomic():
            return work([person], now)
    except Exception:  # one bad row must harm no neighbour: an hour ahead, and reported
        log.exception("the watch of member %s raised and rests an hour", person)
        Stumble.objects.update_or_create(person_id=person, defaults={"until": now + REST})
        return 0


def _locked(people: list[int]) -> list[Rule]:
    """The members' rules that no other worker and no page holds at this moment; the others are left to those."""
    rules = Rule.objects.select_for_update(of=("self",), skip_locked=True).select_related("person")
    return list(rules.filter(person__in=people).order_by("pk"))


def _evaluate(people: list[int], now: datetime) -> int:
    """Members without a rule have nothing to evaluate: their changes are dropped."""
    rules = _locked(people)
    without = set(people) - {rule.person_id for rule in rules}  # or with one that somebody else holds
    dropped = 0
    if without:
        seen = Change.objects.filter(person__in=without, person__rule=None).values_list("pk", flat=True)
        dropped, _rows = Change.objects.filter(pk__in=list(seen)).delete()
    return changes_evaluate(rules=rules) + dropped


def _read(people: list[int], now: datetime) -> int:
    cases = reads.load(_locked(people))
    if not cases:
        return 0
    found = (
        due.outcomes(now)
        .filter(episode__watch__person__in=[case.rule.person_id for case in cases])
        .select_related("delivery", "episode__watch__person", "row__supporter")
    )
    messages = list(found.order_by("pk"))
    if messages:
        outcomes_read(cases, messages, now=now)
    return len(messages)


def _step(people: list[int], now: datetime, *, last: Order | None = None) -> int:
    return steps_take(cases=reads.load(_locked(people)), now=now, last=last)
