"""The member's own press: make it, take it back, end it."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cravings import policies, selectors, waves
from cravings.models import Limit, Press
from cravings.services import rooms
from cravings.services.after import aftercare_plan
from cravings.services.common import claims_close, own, poke, tell_all, withdraw
from cravings.services.danger import danger_look
from ground import clock
from ground.errors import Conflict
from people.models import Person


def press_make(*, actor: Person, client_key: UUID, late: bool = False, again: bool = False) -> Press:
    """Ask for somebody. Never refused; committed when this returns.

    The same client key again is the same press. While one press of the member is open, another tap is that press;
    `again` ends one that somebody has taken and asks anew. People hear of it 3 s later, at once when `late`.
    From the fourth within an hour only people on call are asked. Where the coordinator decided so for a while, only
    they are, or nobody: then it is over at once, and the screen says so.
    """
    known = selectors.press_by_key(actor, client_key)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            if again:
                for claimed in Press.objects.select_for_update().filter(person=actor, state=Press.CLAIMED):
                    press_end(claimed, Press.CLOSED, clock.now())
            open_press = selectors.press_open(actor)
            return open_press or _press_write(actor, client_key, late=late)
    except IntegrityError:  # two taps, or two pages, at the same moment: the first one made it
        raced = selectors.press_by_key(actor, client_key) or selectors.press_open(actor)
        if raced is None:
            raise
        return raced


def _press_write(actor: Person, client_key: UUID, *, late: bool) -> Press:
    now = clock.now()
    times = waves.times_of(now, late=late)
    limit = selectors.limit_of(actor, now)
    nobody = limit is not None and limit.kind == Limit.LINES
    press = Press.objects.create(
        person=actor,
        client_key=client_key,
        pressed_at=now,
        late=late,
        narrow=limit is not None or selectors.pressed_lately(actor, now) >= waves.MANY,
        wave1_at=times.wave1_at,
        wave_at=None if nobody else times.wave1_at,
        nobody_yet_at=times.nobody_yet_at,
        page_at=None if nobody else times.page_at,
        unanswered_at=times.unanswered_at,
        lines_only=nobody,
        state=Press.CANCELLED if nobody else Press.ASKING,
        ended_at=now if nobody else None,
    )
    poke()
    return press


def press_now(*, actor: Person, ref: str) -> Press:
    """ "Ask now": skip what is left of the 3 s. Nothing changes when people were asked already."""
    press = own(actor, ref)
    now = clock.now()
    with transaction.atomic():
        waiting = Press.objects.filter(pk=press.pk, state=Press.ASKING, offered_at=None, wave1_at__gt=now)
        if waiting.update(wave1_at=now, wave_at=now):
            poke()
    press.refresh_from_db()
    return press


def press_undo(*, actor: Person, ref: str) -> Press:
    """Take it back, at any time, in one tap. Before the first wave nobody ever hears of it.

    A press that somebody has taken is closed. What is over stays as it is.
    """
    press = own(actor, ref)
    now = clock.now()
    with transaction.atomic():
        # the row is the referee: the worker's wave and this update wait for each other
        if not press_end(press, Press.CANCELLED, now, was=Press.ASKING):
            press_end(press, Press.CLOSED, now, was=Press.CLAIMED)
        withdraw(press, "the press was taken back")
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


def press_close(*, actor: Person, ref: str, how: str = "", level: int | None = None) -> Press:
    """End a talk. Either of the two may; only who pressed may say how it is: better, same, worse, used, or nothing,
    and from 0 to 10 if they like.

    The word can be given later too, and is told to nobody. Raises ValidationError for another word, PermissionDenied
    for anybody else, Conflict while nobody is there yet.
    """
    if how not in {"", *Press.HOWS}:
        raise ValidationError({"how": _("Please choose one of the answers.")})
    if level is not None and not 0 <= level <= 10:
        raise ValidationError({"level": _("Please choose a number from 0 to 10.")})
    press = Press.objects.filter(ref=ref).first()
    said = {name: value for name, value in {"how": how, "level": level}.items() if value not in {"", None}}
    if press is None or not policies.may_close(actor, press) or (said and not policies.is_own(actor, press)):
        raise PermissionDenied
    with transaction.atomic():
        press_end(press, Press.CLOSED, clock.now(), was=Press.CLAIMED)
        if said:
            Press.objects.filter(pk=press.pk).exclude(state=Press.ASKING).update(**said)
            tell_all(press)
    press.refresh_from_db()
    if press.state == Press.ASKING:
        raise Conflict(_("People are still being asked. You can cancel that first."))
    return press


def press_mark(*, actor: Person, ref: str, level: int) -> Press:
    """How strong it is, 0 to 10, said while waiting if the member likes: theirs alone, counted from ten people on.

    The first one stands. Raises PermissionDenied for anybody else's, ValidationError for another number.
    """
    press = own(actor, ref)
    if not 0 <= level <= 10:
        raise ValidationError({"level": _("Please choose a number from 0 to 10.")})
    Press.objects.filter(pk=press.pk, state__in=Press.OPEN, before=None).update(before=level)
    press.refresh_from_db()
    return press


def press_end(press: Press, state: str, now: datetime, *, was: str = Press.CLAIMED) -> bool:
    """The press is over, if it is still in the state `was`; in the caller's transaction. Whoever is there has talked,
    the room closes, and the questions afterwards are planned unless it was only cancelled."""
    if was == Press.CLAIMED and press.room:
        danger_look(press, now)
    ended = Press.objects.filter(pk=press.pk, state=was).update(
        state=state,
        ended_at=now,
        wave_at=None,
        page_at=None,
        lease_until=None,
        look_at=None,
        second=Press.NO_SECOND,
    )
    if not ended:
        return False
    claims_close(press, now)
    rooms.close(press)
    withdraw(press, "the press is over")
    if state != Press.CANCELLED:
        aftercare_plan(press=press, now=now)
    tell_all(press, asked=True)
    return True
