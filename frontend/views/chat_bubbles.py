"""A room's entries as its pages show them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from chat import naming, posts, selectors

SHOWN = 50  # entries of a page
DOTS = 8  # colours beside a name; talk/log.js counts them the same way


@dataclass(frozen=True, slots=True)
class Bubble:
    """One entry as it is shown; `at` is local."""

    seq: int
    own: bool
    name: str
    dot: int
    body: str
    at: datetime
    pid: str = ""
    edited: bool = False
    gone: str = ""  # deleted: by its sender; removed: by a facilitator
    held: bool = False  # only its sender sees it, until a facilitator has looked
    of: int | None = None
    quote: str = ""  # the beginning of what it answers
    names_me: bool = False
    signs: Sequence[Any] = ()  # under it; the page puts buttons in their place


def bubbles_of(room: Any, entries: Collection[Any], actor: Any) -> list[Bubble]:
    """The words among the entries; what was done to them is in them already."""
    zone = ZoneInfo(actor.zone)
    said = {entry.seq: entry for entry in entries if entry.kind == posts.TEXT}
    signs = selectors.signs_of(room.pk, said.keys(), actor)
    return [bubble_of(entry, actor, zone, said.get(entry.of), signs.get(entry.seq, ())) for entry in said.values()]


def bubble_of(entry: Any, actor: Any, zone: ZoneInfo, answered: Any | None = None, signs: Sequence[Any] = ()) -> Bubble:
    sender = entry.sender
    return Bubble(
        seq=entry.seq,
        own=sender is not None and sender.pk == actor.pk,
        name=entry.sender_name or _("former member"),
        dot=int(sender.pid.hex[:2], 16) % DOTS if sender else 0,
        body=entry.body,
        at=entry.at.astimezone(zone),
        pid=str(sender.pid) if sender else "",
        edited=entry.edited_at is not None,
        gone=entry.gone,
        held=entry.held,
        of=entry.of,
        quote=f"{answered.sender_name}: {answered.body[:80]}" if answered is not None and not answered.gone else "",
        names_me=bool(naming.named_in(entry.body, [actor.name])),
        signs=() if entry.gone else signs,
    )
