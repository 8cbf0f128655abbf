"""The only writers of presses, claims, availability and crisis lines.

(press) --> asking --claim--> claimed --either closes, or rests--> closed
              |  |
              |  +--30 min--> unanswered
              +--undo, cancel--> cancelled
"""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chat.services import notice_post
from cravings import lines, policies, selectors
from cravings.models import Asked, Availability, CrisisLine, Press
from delivery.catalogue import text_of
from delivery.services import cancel, message_enqueue
from ground import clock, wake
from ground.errors import Conflict, Settled
from people.models import Person
from people.selectors import is_coordinator
from people.services import person_settings

UNDO = timedelta(seconds=3)
NOBODY_YET = timedelta(minutes=5)
UNANSWERED = timedelta(minutes=30)
RESTS = timedelta(hours=4)  # a claimed press that nobody closed
AVAILABLE = timedelta(hours=8)

KIND = "craving_offer"


def topic_of(press_id: int) -> str:
    """What a withdrawal cancels together."""
    return f"press:{press_id}"


# --- the member's own press ----------------------------------------------------------------------------------


def press_make(*, actor: Person, client_key: UUID, late: bool = False, again: bool = False) -> Press:
    """Ask for somebody. Never refused; committed when this returns.

    The same client key again is the same press. While one press of the member is open, another tap is that press;
    `again` ends one that somebody has taken and asks anew. People hear of it 3 s later, at once when `late`.
    """
    known = selectors.press_by_key(actor, client_key)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            if again:
                _end(Press.objects.filter(person=actor, state=Press.CLAIMED), Press.CLOSED, clock.now())
            open_press = selectors.press_open(actor)
            return open_press or _press_write(actor, client_key, late=late)
    except IntegrityError:  # two taps, or two pages, at the same moment: the first one made it
        raced = selectors.press_by_key(actor, client_key) or selectors.press_open(actor)
        if raced is None:
            raise
        return raced


def _press_write(actor: Person, client_key: UUID, *, late: bool) -> Press:
    now = clock.now()
    press = Press.objects.create(
        person=actor,
        client_key=client_key,
        pressed_at=now,
        late=late,
        wave1_at=now if late else now + UNDO,
        nobody_yet_at=now + NOBODY_YET,
        unanswered_at=now + UNANSWERED,
    )
    transaction.on_commit(lambda: wake.publish("work"))
    return press


def press_now(*, actor: Person, ref: str) -> Press:
    """ "Ask now": skip what is left of the 3 s. Nothing changes when people were asked already."""
    press = _own(actor, ref)
    now = clock.now()
    with transaction.atomic():
        waiting = Press.objects.filter(pk=press.pk, state=Press.ASKING, offered_at=None, wave1_at__gt=now)
        if waiting.update(wave1_at=now):
            transaction.on_commit(lambda: wake.publish("work"))
    press.refresh_from_db()
    return press


def press_undo(*, actor: Person, ref: str) -> Press:
    """Take it back, at any time, in one tap. Before the first wave nobody ever hears of it.

    A press that somebody has taken is closed. What is over stays as it is.
    """
    press = _own(actor, ref)
    now = clock.now()
    with transaction.atomic():
        mine = Press.objects.filter(pk=press.pk)
        # the row is the referee: the worker's offer and this update wait for each other
        if not _end(mine.filter(state=Press.ASKING), Press.CANCELLED, now):
            _end(mine.filter(state=Press.CLAIMED), Press.CLOSED, now)
        cancel(topic=topic_of(press.pk), reason="the press was taken back")
    press.refresh_from_db()
    return press


def press_undo_by_key(*, actor: Person, client_key: UUID) -> Press:
    """Take back a tap that the browser is not sure to have sent.

    The key is spent: should the tap arrive later, it asks nobody.
    """
    now = clock.now()
    press = selectors.press_by_key(actor, client_key)
    if press is not None:
        return press_undo(actor=actor, ref=press.ref)
    spent = {"pressed_at": now, "wave1_at": now, "nobody_yet_at": now, "unanswered_at": now}
    press, made = Press.objects.get_or_create(
        person=actor, client_key=client_key, defaults={**spent, "state": Press.CANCELLED, "ended_at": now}
    )
    return press if made else press_undo(actor=actor, ref=press.ref)  # the tap arrived at this very moment


def press_close(*, actor: Person, ref: str, how: str = "") -> Press:
    """End a talk. Either of the two may; only who pressed may say how it is: better, same, worse, used, or nothing.

    The word can be given later too, and is told to nobody. Raises ValidationError for another word, PermissionDenied
    for anybody else, Conflict while nobody is there yet.
    """
    if how not in {"", *Press.HOWS}:
        raise ValidationError({"how": _("Please choose one of the answers.")})
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.may_close(actor, press) or (how and not policies.is_own(actor, press)):
        raise PermissionDenied
    with transaction.atomic():
        _end(Press.objects.filter(pk=press.pk, state=Press.CLAIMED), Press.CLOSED, clock.now())
        if how:
            Press.objects.filter(pk=press.pk).exclude(state=Press.ASKING).update(how=how)
    press.refresh_from_db()
    if press.state == Press.ASKING:
        raise Conflict(_("People are still being asked. You can cancel that first."))
    return press


def _own(actor: Person, ref: str) -> Press:
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.is_own(actor, press):
        raise PermissionDenied
    return press


def _end(presses: QuerySet[Press], state: str, now: datetime) -> int:
    return presses.update(state=state, ended_at=now)


# --- being there ---------------------------------------------------------------------------------------------


def press_claim(*, actor: Person, ref: str = "", press_id: int | None = None) -> Press:
    """Take a press. Atomic: one winner; the same person again has it still.

    Raises PermissionDenied for outsiders, for one's own, across a block and before it was offered; Conflict when
    somebody else has it; Settled when it is over.
    """
    press = selectors.press_offered_to(actor, ref=ref, pk=press_id)
    if press is None:
        raise PermissionDenied
    now = clock.now()
    with transaction.atomic():
        won = Press.objects.filter(pk=press.pk, state=Press.ASKING, unanswered_at__gt=now).update(
            state=Press.CLAIMED, claimed_by=actor, claimed_at=now, close_at=now + RESTS
        )
        if won:
            cancel(topic=topic_of(press.pk), reason="somebody is there")
    press.refresh_from_db()
    if won or (press.state == Press.CLAIMED and press.claimed_by_id == actor.pk):
        return press
    if press.state == Press.CLAIMED:
        raise Conflict(_("Someone is there, thank you."))
    raise Settled(_("This is settled. Thank you for looking."))


def available_set(*, actor: Person) -> Availability:
    """ "I'm available": for 8 hours from now. Tapping again starts the 8 hours anew.

    Raises ValidationError for somebody who is in no group: nobody could ask them.
    """
    if not selectors.groups_of(actor).exists():
        raise ValidationError(_("Join a group first: it is your groups that may ask you."))
    now = clock.now()
    row, _made = Availability.objects.update_or_create(person=actor, defaults={"since": now, "until": now + AVAILABLE})
    return row


def available_end(*, actor: Person) -> None:
    """No longer available, at once. Messages that have not left are withdrawn by their kind's check."""
    Availability.objects.filter(person=actor).delete()


# --- what the worker does ------------------------------------------------------------------------------------


def press_offer(*, press_id: int, now: datetime) -> bool:
    """Wave 1, once, due at `now` (UTC): the member's rooms and up to 8 available peers, in one transaction.

    No name and no text goes out. False when the press was taken back or another worker offered it.
    """
    with transaction.atomic():
        due = Press.objects.filter(pk=press_id, state=Press.ASKING, offered_at=None, wave1_at__lte=now)
        if not due.update(offered_at=now):
            return False
        press = Press.objects.select_related("person").get(pk=press_id)
        offer = text_of("T10", "en", {"link": f"/need/{press.ref}/claim/"})
        notice_post(groups=list(selectors.groups_of(press.person)), kind="offer", body=offer)
        for peer in selectors.available_peers(press.person, now)[: selectors.ASKED_AT_ONCE]:
            Asked.objects.create(press=press, person=peer, at=now)
            message_enqueue(
                kind=KIND,
                topic=topic_of(press.pk),
                recipient=peer,
                dedupe_key=f"{KIND}:{press.pk}:{peer.pk}",
                not_before=now,
                payload={"press": press.pk},
                to_inbox=True,
                any_hour=True,  # they said that they are available
            )
    return True


def press_unanswered(*, press_id: int, now: datetime) -> bool:
    """30 minutes and nobody: say so honestly, and withdraw what has not left."""
    with transaction.atomic():
        waiting = Press.objects.filter(pk=press_id, state=Press.ASKING, unanswered_at__lte=now)
        if not _end(waiting, Press.UNANSWERED, now):
            return False
        cancel(topic=topic_of(press_id), reason="nobody answered in time")
    return True


def presses_rest(*, now: datetime) -> int:
    """Close claimed presses that both left open, at their `close_at` (UTC)."""
    return _end(Press.objects.filter(state=Press.CLAIMED, close_at__lte=now), Press.CLOSED, now)


def press_postpone(*, press_id: int, by: timedelta) -> None:
    """A press whose offer raised is taken up again a little later; its neighbours are not held up."""
    Press.objects.filter(pk=press_id, state=Press.ASKING, offered_at=None).update(wave1_at=clock.now() + by)


# --- lines ---------------------------------------------------------------------------------------------------


def region_choose(*, actor: Person, region: str) -> None:
    """Remember where the member is, for the lines to call; empty means elsewhere. Raises ValidationError."""
    region_check(region)
    person_settings(actor=actor, region=region)


def region_check(region: str) -> None:
    """Raises ValidationError for a region without entries."""
    if region and region not in lines.regions():
        raise ValidationError({"region": _("Please choose a place from the list.")})


def crisis_lines_load() -> int:
    """Bring the shipped lines into the table; return how many were added or changed.

    A line that a person here has checked is theirs and stays as it is.
    """
    changed = 0
    with transaction.atomic():
        for line in lines.shipped():
            key = {"region": line.region, "number": line.number}
            rest = {name: value for name, value in asdict(line).items() if name not in key}
            row, made = CrisisLine.objects.get_or_create(**key, defaults=rest)
            if made:
                changed += 1
            elif row.checked_on is None and any(getattr(row, name) != value for name, value in rest.items()):
                CrisisLine.objects.filter(pk=row.pk).update(**rest)
                changed += 1
    return changed


def crisis_line_check(*, actor: Person, region: str, number: str, on: date) -> None:
    """The coordinator called the number and it is right. Raises PermissionDenied, ValidationError."""
    if not is_coordinator(actor):
        raise PermissionDenied
    found = CrisisLine.objects.filter(region=region, number=number)
    if not found.update(checked_on=on, checked_by=actor.name):
        raise ValidationError(_("This line is not in the list."))
