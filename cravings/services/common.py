"""What the writers share: the topic of a press, telling open pages, leaving a round of asking for the next."""

from datetime import datetime
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction

from chat.hub import tell
from cravings import policies, waves
from cravings.messages import topic_of
from cravings.models import Asked, Claim, Press
from delivery.services import cancel
from ground import wake
from people.models import Person

TOLD_AT_ONCE = 60  # open pages of so many who were asked hear of a claim at once; the others when they look


def own(actor: Person, ref: str) -> Press:
    """The member's own press. Raises PermissionDenied for anybody else's."""
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.is_own(actor, press):
        raise PermissionDenied
    return press


def locked(press_id: int) -> Press:
    """The row as it is now, held until the transaction ends. Raises Press.DoesNotExist."""
    return Press.objects.select_for_update().get(pk=press_id)


def tell_all(press: Press, *, asked: bool = False) -> None:
    """After the commit the pages of those concerned look again: a hint, they look by themselves as well."""
    pks = {press.person_id, *Claim.objects.filter(press=press).values_list("person", flat=True)}
    if asked:
        pks |= set(Asked.objects.filter(press=press).values_list("person", flat=True)[:TOLD_AT_ONCE])
    transaction.on_commit(partial(_tell, pks, press.ref))


def _tell(pks: set[int], ref: str) -> None:
    for pk in pks:
        tell(Person(pk=pk), {"t": "press", "ref": ref})


def poke() -> None:
    """After the commit the worker looks at once."""
    transaction.on_commit(lambda: wake.publish("work"))


def withdraw(press: Press, reason: str) -> None:
    """What asks somebody for this press and has not left is withdrawn."""
    cancel(topic=topic_of(press.pk), reason=reason)


def ask_anew(press: Press, now: datetime) -> None:
    """Nobody is there any more: back to asking, everybody but those who came, at once. In the caller's transaction,
    on a row that it holds."""
    withdraw(press, "asked anew")
    Press.objects.filter(pk=press.pk).update(
        state=Press.ASKING,
        claimed_by=None,
        claimed_at=None,
        lease_until=None,
        look_at=None,
        close_at=None,
        peer_gone_at=None,
        quiet_step=0,
        second=Press.NO_SECOND,
        second_by=None,
        handing_over=False,
        unanswered_at=waves.asked_anew(press.unanswered_at, now),
        **next_round(press, now),
    )
    poke()


def next_round(press: Press, now: datetime) -> dict[str, object]:
    """The columns with which everybody is asked once more, from `now` (UTC) on."""
    return {"round": press.round + 1, "wave": 0, "wave_at": now, "round_at": now}


def claim_end(press: Press, person_id: int | None, ended: str, now: datetime) -> None:
    """One person is not there any more."""
    Claim.objects.filter(press=press, person=person_id, ended_at=None).update(ended_at=now, ended=ended)


def claims_close(press: Press, now: datetime) -> None:
    """Everybody who was there has talked."""
    Claim.objects.filter(press=press, ended_at=None).update(ended_at=now, ended=Claim.CLOSED)
