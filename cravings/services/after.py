"""What follows a press: one tap two hours later, the next day, on the third day; told to nobody."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cravings import selectors, waves
from cravings.models import Aftercare, Press, Wishes
from delivery.services import cancel, message_enqueue
from ground import clock, links
from ground.errors import Settled
from people.models import Person

KINDS = {waves.HOURS: "aftercare_hours", waves.NEXT_DAY: "aftercare_next_day", waves.DAY_THREE: "aftercare_day_three"}


def topic_of(press_id: int) -> str:
    return f"aftercare:{press_id}"


def aftercare_plan(*, press: Press, now: datetime) -> None:
    """Plan the questions, in the transaction that ends the press. Those of an earlier press are not asked any more."""
    earlier = Aftercare.objects.filter(press__person=press.person_id, sent_at=None, skipped="")
    earlier.exclude(press=press).update(skipped="a later press")
    wishes = selectors.wishes_of(press.person)
    if not wishes.aftercare:
        return
    times = waves.aftercare_times(now, press.person.zone, wishes.hour)
    Aftercare.objects.bulk_create(
        (Aftercare(press=press, step=step, due_at=due) for step, due in times.items()), ignore_conflicts=True
    )


def aftercare_send(*, question_id: int, now: datetime) -> bool:
    """Decide one question that is due at `now` (UTC): send it, or leave it out. False when it was decided already."""
    with transaction.atomic():
        rows = Aftercare.objects.select_for_update(of=("self",)).select_related("press__person")
        one = rows.filter(pk=question_id, sent_at=None, skipped="", due_at__lte=now).first()
        if one is None:
            return False
        skip = _why_not(one, now)
        if skip:
            Aftercare.objects.filter(pk=one.pk).update(skipped=skip)
            return True
        Aftercare.objects.filter(pk=one.pk).update(sent_at=now)
        message_enqueue(
            kind=KINDS[one.step],
            topic=topic_of(one.press_id),
            recipient=one.press.person,
            dedupe_key=f"aftercare:{one.pk}",
            not_before=now,
            payload={"question": one.pk},
            to_inbox=True,
            any_hour=one.step != waves.HOURS,  # the member chose the hour
        )
    return True


def _why_not(one: Aftercare, now: datetime) -> str:
    if not selectors.wishes_of(one.press.person).aftercare:
        return "not wished"
    if now > one.due_at + waves.STALE:
        return "too late"
    if selectors.press_open(one.press.person) is not None:
        return "asking again"
    order = Aftercare.STEPS.index(one.step)
    rows = Aftercare.objects.filter(press=one.press, step__in=Aftercare.STEPS[:order])
    before = sorted(rows, key=lambda row: Aftercare.STEPS.index(row.step))
    asked = [waves.Question(row.step, row.sent_at is not None, row.answer != "") for row in before]
    return "" if waves.still_asked(asked) else "no answer twice"


def aftercare_answer(*, actor: Person, question_id: int, answer: str) -> Aftercare:
    """One tap: fine, hard, or stop asking. Told to nobody. The last answer counts; "stop" ends all questions.

    Raises PermissionDenied for anybody else's, ValidationError for another answer, Settled 7 days later.
    """
    one = aftercare_question(actor=actor, question_id=question_id)
    if answer not in Aftercare.ANSWERS:
        raise ValidationError({"answer": _("Please choose one of the answers.")})
    now = clock.now()
    with transaction.atomic():
        Aftercare.objects.filter(pk=one.pk).update(answer=answer, answered_at=now)
        if answer == "stop":
            left = Aftercare.objects.filter(press__person=actor, sent_at=None, skipped="")
            left.update(skipped="not wished")
            cancel(topic=topic_of(one.press_id), reason="not wished")
    one.refresh_from_db()
    return one


def aftercare_question(*, actor: Person, question_id: int) -> Aftercare:
    """The actor's own question. Raises PermissionDenied for anybody else's, Settled 7 days after it was due."""
    one = Aftercare.objects.select_related("press").filter(pk=question_id).first()
    if one is None or one.press.person_id != actor.pk:
        raise PermissionDenied
    if links.is_over(one.due_at, clock.now()):
        raise Settled(_("This is settled. Thank you for looking."))
    return one


def aftercare_postpone(*, question_id: int, until: datetime) -> None:
    """A question that raised is taken up again at `until` (UTC)."""
    Aftercare.objects.filter(pk=question_id, sent_at=None, skipped="", due_at__lt=until).update(due_at=until)


def aftercare_due(now: datetime, limit: int) -> list[int]:
    due = Aftercare.objects.filter(sent_at=None, skipped="", due_at__lte=now).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def wishes_set(*, actor: Person, gender: str, ask: str, aftercare: bool, hour: int, lead: bool = False) -> Wishes:
    """What a member wishes around the button. Raises ValidationError: a wish for the same needs one's own word."""
    if gender not in Wishes.GENDERS or ask not in {Wishes.ANYBODY, Wishes.FIRST, Wishes.ONLY}:
        raise ValidationError(_("Please choose one of the answers."))
    if ask and not gender:
        raise ValidationError({"gender": _("Say yours first, or leave it at anybody.")})
    if not 0 <= hour <= 23:
        raise ValidationError({"hour": _("Please choose an hour of the day.")})
    row, _made = Wishes.objects.update_or_create(
        person=actor, defaults={"gender": gender, "ask": ask, "aftercare": aftercare, "hour": hour, "lead": lead}
    )
    return row


def wishes_lead(*, actor: Person, on: bool) -> None:
    """Whether the safety lead hears that the member wrote words of danger, never which. Asked at sign-up."""
    Wishes.objects.update_or_create(person=actor, defaults={"lead": on})
