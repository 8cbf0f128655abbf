"""The button in numbers, for the coordinator and, from a size on, for everybody: no names, no content."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles

from django.core.exceptions import PermissionDenied
from django.db.models import Avg, Count, Min, Q, QuerySet

from cravings import shifts, waves
from cravings.messages import OFFER, topic_of
from cravings.models import Aftercare, Claim, Press
from cravings.selectors.roster import plans
from delivery.models import Delivery
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
    push_p50: float | None
    push_p90: float | None
    claim_p50: float | None
    claim_p90: float | None
    word_p50: float | None
    word_p90: float | None
    staffed: timedelta
    span: timedelta
    loads: tuple[int, ...]  # claims of each responder, the most first; no names
    eased: tuple[float, float] | None  # the mean mark (0 to 10) before and after, of 10 people who gave both or more
    asked_after: int  # presses that were asked about afterwards
    reached_after: int  # and of which one question was answered

    @property
    def staffed_share(self) -> int:
        return round(100 * self.staffed / self.span)

    @property
    def reached_share(self) -> int:
        """Of those that were asked about afterwards, in percent."""
        return round(100 * self.reached_after / self.asked_after) if self.asked_after else 0

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
        .values_list("state", "round", "wave1_at", "first_claim", "first_word", "pk")
    )
    pushed = _pushed({row[5]: row[2] for row in rows})
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
        push_p50=_share(pushed, 50, times_from),
        push_p90=_share(pushed, 90, times_from),
        claim_p50=_share(claims, 50, times_from),
        claim_p90=_share(claims, 90, times_from),
        word_p50=_share(words, 50, times_from),
        word_p90=_share(words, 90, times_from),
        staffed=shifts.covered(plans(), now - span, now),
        span=span,
        loads=tuple(sorted((row["n"] for row in per_peer), reverse=True)),
        eased=_eased(now, span),
        asked_after=_asked_after(now, span, answered=False),
        reached_after=_asked_after(now, span, answered=True),
    )


def _pushed(begun: dict[int, datetime]) -> list[float]:
    """Seconds until the first message was handed over, by press with the moment of its first wave."""
    topics = {topic_of(pk): at for pk, at in begun.items()}
    offers = Delivery.objects.filter(topic__in=topics, kind=OFFER, state="handed_over").order_by()
    firsts = offers.values("topic").annotate(first=Min("handed_at")).values_list("topic", "first")
    return [max(0.0, (first - topics[topic]).total_seconds()) for topic, first in firsts if first is not None]


def _eased(now: datetime, span: timedelta) -> tuple[float, float] | None:
    """The member alone sees their marks, so a mean stands only where ten people gave both."""
    both = _reached(now, span).exclude(before=None).exclude(level=None)
    found = both.aggregate(people=Count("person", distinct=True), before=Avg("before"), after=Avg("level"))
    return (found["before"], found["after"]) if found["people"] >= PUBLIC_FROM else None


def _asked_after(now: datetime, span: timedelta, *, answered: bool) -> int:
    """How many presses were asked about afterwards, or of these, at how many one question was answered."""
    asked = Aftercare.objects.filter(press__in=_reached(now, span), sent_at__isnull=False).order_by()
    found = asked.exclude(answer="") if answered else asked
    return found.values("press").distinct().count()


def _share(seconds: list[float], percent: int, at_least: int) -> float | None:
    """The value below which so many of 100 lie; None of fewer than `at_least`."""
    if len(seconds) < at_least:
        return None
    if len(seconds) == 1:
        return seconds[0]
    return quantiles(seconds, n=100, method="inclusive")[percent - 1]
