"""Reads around safety: limits, who asks very often, and what the word lists found, in counts."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q

from chat.models import Report
from cravings.models import Claim, Limit, Press, RiskSaid, WordsLook
from people.models import Person
from people.selectors import is_coordinator

SPAN = timedelta(days=30)
OFTEN = 2  # presses beyond the third in an hour, or people who say that it was not meant: from here on it is shown
WEEKS = 8
WEEK = timedelta(days=7)


def limit_of(person: Person, now: datetime) -> Limit | None:
    """What the coordinator decided about this person's presses, while it holds at `now` (UTC)."""
    return Limit.objects.filter(person=person, until__gt=now).first()


@dataclass(frozen=True, slots=True)
class Often:
    """Somebody who asks very often, for the coordinator alone: counts of 30 days, nothing that was said.

    beyond: presses beyond the third in an hour. not_meant: how many different people who came said so.
    """

    person: Person
    presses: int
    beyond: int
    not_meant: int
    limit: Limit | None


def often_for(actor: Person, now: datetime) -> list[Often]:
    """Who asks very often, or of whom several who came said that it was no wish for company; and whoever has a limit.

    Raises PermissionDenied for all but coordinators.
    """
    if not is_coordinator(actor):
        raise PermissionDenied
    recent = Press.objects.filter(pressed_at__gt=now - SPAN).order_by().values("person")
    rows = recent.annotate(n=Count("pk"), beyond=Count("pk", filter=Q(narrow=True)))
    counted = {row["person"]: (row["n"], row["beyond"]) for row in rows}
    said = Claim.objects.filter(at__gt=now - SPAN, not_meant=True).values_list("press__person", "person").distinct()
    not_meant = Counter(member for member, _peer in said)
    limits = {row.person_id: row for row in Limit.objects.filter(until__gt=now).select_related("by")}
    shown = {pk for pk, (_n, beyond) in counted.items() if beyond >= OFTEN} | set(limits)
    shown |= {pk for pk, people in not_meant.items() if people >= OFTEN}
    found = [
        Often(
            person,
            *counted.get(person.pk, (0, 0)),
            not_meant[person.pk],
            limits.get(person.pk),
        )
        for person in Person.objects.filter(pk__in=shown - {actor.pk})
    ]
    return sorted(found, key=lambda one: (-one.not_meant, -one.beyond, one.person.name))


@dataclass(frozen=True, slots=True)
class Week:
    """What the lists found in a week (its Monday, UTC). T1, T2: talks, and how many of them were meant otherwise. T3:
    messages that were held, given free (held wrongly), taken away; the rest waits for a moderator."""

    monday: date
    t1: int
    t1_otherwise: int
    t2: int
    t2_otherwise: int
    held: int
    freed: int
    removed: int
    looked_by: str
    looked: bool
    over: bool


def words_weeks(actor: Person, now: datetime) -> list[Week]:
    """The last eight weeks, this one first. No text, no room, no name. Raises PermissionDenied for all but
    coordinators."""
    if not is_coordinator(actor):
        raise PermissionDenied
    today = now.astimezone(UTC).date()
    this = today - timedelta(days=today.weekday())
    mondays = [this - WEEK * back for back in range(WEEKS)]
    since = datetime.combine(mondays[-1], datetime.min.time(), UTC)
    risks = Counter(
        (_monday(at), found, otherwise is not None)
        for at, found, otherwise in RiskSaid.objects.filter(at__gte=since).values_list(
            "at", "found", "meant_otherwise_at"
        )
    )
    held = Counter(
        (_monday(at), state) for at, state in Report.objects.filter(held=True, at__gte=since).values_list("at", "state")
    )
    looks = {look.week: look.by for look in WordsLook.objects.filter(week__gte=mondays[-1]).select_related("by")}
    return [
        Week(
            monday,
            risks[monday, "T1", True] + risks[monday, "T1", False],
            risks[monday, "T1", True],
            risks[monday, "T2", True] + risks[monday, "T2", False],
            risks[monday, "T2", True],
            sum(held[monday, state] for state in (Report.OPEN, Report.KEPT, Report.REMOVED)),
            held[monday, Report.KEPT],
            held[monday, Report.REMOVED],
            looked_by=by.name if (by := looks.get(monday)) else "",
            looked=monday in looks,
            over=monday < this,
        )
        for monday in mondays
    ]


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
