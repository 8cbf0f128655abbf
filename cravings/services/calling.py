"""Ask people, and the leads: the rows that say who was asked, and their messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cravings import selectors, waves
from cravings.messages import DANGER, OFFER, QUIET, topic_of
from cravings.models import Asked, Press
from cravings.selectors import people as folk
from delivery.services import Draft, messages_enqueue
from people.models import Person


def ask(
    press: Press,
    people: Sequence[Person],
    *,
    wave: int,
    told: bool,
    now: datetime,
    kind: str = OFFER,
    again: str = "",
    more: Mapping[str, object] | None = None,
) -> None:
    """Note who is asked, and decide their messages: at any hour, for they said that they may be asked. One of a kind
    in each round of asking, or with another `again`."""
    if not people:
        return
    rows = [Asked(press=press, person=one, round=press.round, wave=abs(wave), told=told, at=now) for one in people]
    Asked.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["press", "person", "round"],
        update_fields=["wave", "told", "at"],
    )
    if told:
        messages_enqueue(
            [
                Draft(
                    kind=kind,
                    topic=topic_of(press.pk),
                    recipient=one,
                    dedupe_key=f"{kind}:{press.pk}:{press.round}:{one.pk}{again}",
                    not_before=now,
                    payload={"press": press.pk, **(more or {})},
                    to_inbox=True,
                    any_hour=True,
                )
                for one in people
            ]
        )


def lead_call(press: Press, now: datetime) -> None:
    """Who asked has been silent for 10 minutes while somebody is there: the safety lead may join. In the caller's
    transaction; each silence is a call of its own."""
    leads = [lead for lead in leads_for(press, now) if lead.pk not in {press.claimed_by_id, press.second_by_id}]
    ask(press, leads, wave=waves.PAGED, told=True, now=now, kind=QUIET, again=f":{now:%Y%m%d%H%M%S}")


def leads_for(press: Press, now: datetime) -> list[Person]:
    """The leads, without the member and those with a block between them."""
    found = {person.pk for person in selectors.lead_now(now)}
    blocked = folk.blocked_with(press.person)
    return list(Person.objects.filter(pk__in=found - blocked - {press.person_id}).order_by("pk"))


def lead_hears(press: Press, author: int, now: datetime) -> None:
    """Words of danger were said by somebody who wished that the lead hears of it: that, and nothing of the words. In
    the caller's transaction, at most once an hour."""
    leads = [lead for lead in leads_for(press, now) if lead.pk not in {press.claimed_by_id, press.second_by_id, author}]
    ask(
        press,
        leads,
        wave=waves.PAGED,
        told=True,
        now=now,
        kind=DANGER,
        again=f":{now:%Y%m%d%H}",
        more={"author": author},
    )
