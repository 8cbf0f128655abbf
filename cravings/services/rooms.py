"""Where the two talk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from chat.models import Message
from chat.services import room_of
from cravings import selectors
from cravings.models import Press


@dataclass(frozen=True, slots=True)
class Words:
    """When somebody wrote in a room, first and last (UTC)."""

    first: datetime
    last: datetime


def open_for(press: Press) -> str:
    """The key of the room of those who talk now; whoever is not there any more is no longer in it."""
    key = selectors.room_of(press)
    group = None if key or press.claimed_by is None else selectors.shared_groups(press.person, press.claimed_by).first()
    return room_of(group).key if group is not None else key


def close(press: Press) -> None:
    """The talk is over: it can be read for a while, and nobody writes there any more."""


def empty(press: Press) -> None:
    """Who was there is gone: whoever comes next gets a room of their own and reads nothing of before."""
    close(press)
    Press.objects.filter(pk=press.pk).update(room="")


def words_of(press: Press, people: Iterable[int], since: datetime) -> dict[int, Words]:
    """Who of these people wrote in the press's room since a moment, by their id."""
    key = press.room or selectors.room_of(press)
    found = Message.objects.filter(room__key=key, sender__in=set(people), at__gte=since, kind="text")
    counted = found.order_by().values("sender").annotate(first=Min("at"), last=Max("at"))
    return {row["sender"]: Words(row["first"], row["last"]) for row in counted}
