"""The button in numbers, for the coordinator and, from a size on, for everybody: no names, no content."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, Q, QuerySet

from cravings import shifts, waves
from cravings.models import Claim, Press
from cravings.selectors.roster import plans
from people.models import Person
from people.selectors import is_coordinator

SPAN = timedelta(days=30)
PUBLIC_SPAN = timedelta(days=90)
PUBLIC_FROM = 10  # different people and presses; fewer could point at somebody


@dataclass(frozen=True, slots=True)
class Numbers:
    """What became of the presses of a span. Times in seconds, from the first wave on; None where nobody came."""

    presses: int
    answered: int
    unanswered: int
    open_now: int
    asked_anew: int
    refused: int
    claim_p50: float | None
    claim_p90: float | None
    word_p50: float | None
    word_p90: float | None
    staffed: timedelta
    span: timedelta
    loads: tuple[int, ...]  # claims of each responder, the most first; no names

    @property
    def staffed_share(self) -> int:
        return round(100 * self.staffed / self.span)

    @property
    def unanswered_share(self) -> int:
        """Of those that are over, in percent."""
        over = self.answered + self.unanswered
        return round(100 * self.unanswered / over) if over else 0


@dataclass(frozen=True, slots=True)
class Incident:
    """A press that nobody answered, for review. Who asked is not said."""

    ref: str
    pressed_at: datetime
    asked: int
    on_call: int
    review: str


def numbers_for(actor: Person, now: datetime) -> Numbers:
    """The last 30 days. Raises PermissionDenied for all but coordinators."""
    if not is_coordinator(actor):
        raise PermissionDenied
    return _numbers(now, SPAN)


def numbers_public(now: datetime) -> Numbers | None:
    """The 90 days until midnight (UTC), from 10 presses of 10 people on; None while there are fewer.

    Nothing of today, so that nobody reads in them that somebody asks at this moment; and no times of fewer than 10.
    """
    now = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = _reached(now, PUBLIC_SPAN).aggregate(presses=Count("pk"), people=Count("person", distinct=True))
    enough = counted["presses"] >= PUBLIC_FROM and counted["people"] >= PUBLIC_FROM
    return _numbers(now, PUBLIC_SPAN, times_from=PUBLIC_FROM) if enough else None


def incidents_for(actor: Person, now: datetime) -> list[Incident]:
    """Presses of the last 90 days that nobody answered, those without a review first.

    Raises PermissionDenied for all but coordinators.
    """
    if not is_coordinator(actor):
        raise PermissionDenied
    found = Press.objects.filter(state=Press.UNANSWERED, pressed_at__gt=now - PUBLIC_SPAN)
    people = Count(
        "asked__person", distinct=True, filter=Q(asked__wave__lt=waves.PAGED)
    )  # without those who were paged
    rows = list(found.annotate(n=people).order_by("reviewed_at", "-pressed_at")[:100])
    known = plans() if rows else []
    return [
        Incident(
            press.ref,
            press.pressed_at,
            press.n,
            sum(len(turn.people) for turn in shifts.on_call(known, press.pressed_at)),
            press.review,
        )
        for press in sorted(rows, key=lambda press: (press.review != "", -press.pressed_at.timestamp()))
    ]


def _reached(now: datetime, span: timedelta) -> QuerySet[Press]:
    """Presses that somebody was asked for."""
    return Press.objects.filter(pressed_at__gt=now - span, pressed_at__lte=now, offered_at__isnull=False)


def _numbers(now: datetime, span: timedelta, *, times_from: int = 1) -> Numbers:
    rows = list(
        _reached(now, span)
        .annotate(first_claim=Min("came__at"), first_word=Min("came__first_word_at"))
        .values_list("state", "round", "wave1_at", "first_claim", "first_word")
    )
    claims = [(row[3] - row[2]).total_seconds() for row in rows if row[3]]
    words = [(row[4] - row[2]).total_seconds() for row in rows if row[4]]
    came = Claim.objects.filter(at__gt=now - span)
    per_peer = came.exclude(ended__in=[Claim.RELEASED]).order_by().values("person").annotate(n=Count("pk"))
    return Numbers(
        presses=len(rows),
        answered=sum(1 for row in rows if row[3] and row[0] != Press.UNANSWERED),
        unanswered=sum(1 for row in rows if row[0] == Press.UNANSWERED),
        open_now=sum(1 for row in rows if row[0] in Press.OPEN),
        asked_anew=sum(row[1] - 1 for row in rows),
        refused=came.filter(ended=Claim.REFUSED).count(),
        claim_p50=_share(claims, 50, times_from),
        claim_p90=_share(claims, 90, times_from),
        word_p50=_share(words, 50, times_from),
        word_p90=_share(words, 90, times_from),
        staffed=shifts.covered(plans(), now - span, now),
        span=span,
        loads=tuple(sorted((row["n"] for row in per_peer), reverse=True)),
    )


def _share(seconds: list[float], percent: int, at_least: int) -> float | None:
    """The value below which so many of 100 lie; None of fewer than `at_least`."""
    if len(seconds) < at_least:
        return None
    if len(seconds) == 1:
        return seconds[0]
    return quantiles(seconds, n=100, method="inclusive")[percent - 1]
