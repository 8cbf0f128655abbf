"""Safety beside the talk: the weekly look at the word lists, the claim right after upheld reports, limits."""

from collections import Counter
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from chat.models import Report
from cravings import policies
from cravings.models import Availability, Claim, Limit, Press, Responder, RiskSaid, WordsLook
from cravings.services.common import tell_all
from ground import clock
from people.models import Person
from people.selectors import is_coordinator

UPHELD = 2  # reports that end the right to answer
LIMIT_DAYS = (1, 7, 30)


def words_meant_otherwise(*, actor: Person, ref: str, found: str) -> None:
    """Either of those who talk: what stands above the room does not fit. Counted for the weekly look; it stays there.

    Raises PermissionDenied for anybody else, ValidationError for another list.
    """
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.may_close(actor, press):
        raise PermissionDenied
    if found not in RiskSaid.LISTS:
        raise ValidationError(_("Please choose one of the answers."))
    RiskSaid.objects.filter(press=press, found=found, meant_otherwise_at=None).update(meant_otherwise_at=clock.now())


def words_looked(*, actor: Person, week: date) -> None:
    """A coordinator looked at a week's counts, `week` its Monday. Raises PermissionDenied, ValidationError."""
    if not is_coordinator(actor):
        raise PermissionDenied
    if week.weekday() != 0 or week > clock.now().date():
        raise ValidationError(_("Please choose one of the weeks."))
    WordsLook.objects.get_or_create(week=week, defaults={"by": actor, "at": clock.now()})


# --- the right to answer ---------------------------------------------------------------------------------------


def claim_rights_check(*, now: datetime) -> int:
    """Whoever had two messages taken away by a moderator answers nobody any more, until the coordinator says otherwise.

    Returns how many. Only decisions after the coordinator gave the right back count.
    """
    upheld = Report.objects.filter(state=Report.REMOVED, sender__responder__barred_at=None).exclude(
        sender__responder=None
    )
    fresh = upheld.filter(Q(sender__responder__cleared_at=None) | Q(decided_at__gt=F("sender__responder__cleared_at")))
    counted = Counter(sender for sender, *_message in fresh.values_list("sender", "room", "seq").distinct())
    ended = [sender for sender, count in counted.items() if count >= UPHELD]
    if not ended:
        return 0
    with transaction.atomic():
        Availability.objects.filter(person__in=ended).delete()
        return Responder.objects.filter(person__in=ended, barred_at=None).update(barred_at=now, barred_for="reports")


# --- misuse ----------------------------------------------------------------------------------------------------


def press_not_meant(*, actor: Person, ref: str) -> None:
    """Who came says that it was no wish for company. The coordinator counts such words, of different people.

    Raises PermissionDenied for anybody who did not come.
    """
    came = Claim.objects.filter(press__ref=ref, person=actor)
    if not came.update(not_meant=True):
        raise PermissionDenied
    press = Press.objects.get(ref=ref)
    with transaction.atomic():
        tell_all(press)


def limit_set(*, actor: Person, person: Person, kind: str, days: int) -> Limit:
    """The coordinator decides about somebody's presses for some days; another decision takes the place of the first.

    Raises PermissionDenied for all but coordinators and about oneself, ValidationError for another kind or time.
    """
    _decides(actor, person)
    if kind not in {Limit.NARROW, Limit.LINES} or days not in LIMIT_DAYS:
        raise ValidationError(_("Please choose one of the answers."))
    now = clock.now()
    row, _made = Limit.objects.update_or_create(
        person=person, defaults={"kind": kind, "at": now, "until": now + timedelta(days=days), "by": actor}
    )
    return row


def limit_end(*, actor: Person, person: Person) -> None:
    """The coordinator takes a decision back. Raises PermissionDenied."""
    _decides(actor, person)
    Limit.objects.filter(person=person).delete()


def _decides(actor: Person, person: Person) -> None:
    if not is_coordinator(actor) or person.pk == actor.pk:
        raise PermissionDenied
