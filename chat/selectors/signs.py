"""One message with what was done to it, for the page on which things are done to it."""

from collections.abc import Collection
from dataclasses import dataclass

from chat import posts
from chat.models import Message, Room
from chat.selectors.log import visible
from people.models import Person


@dataclass(frozen=True, slots=True)
class Sign:
    """A reaction under a message: how many gave it, and whether the reader did."""

    sign: str
    count: int
    mine: bool


def signs_of(room_pk: int, seqs: Collection[int], reader: Person) -> dict[int, list[Sign]]:
    """The signs under these messages by seq: of each person and sign the latest word counts."""
    if not seqs:
        return {}
    said = Message.objects.filter(room=room_pk, of__in=seqs, kind__in=[posts.REACT, posts.UNREACT])
    on: dict[tuple[int, str, int | None], bool] = {}
    for entry in visible(said.order_by("seq").select_related("sender"), reader):
        on[entry.of or 0, entry.body, entry.sender_id] = entry.kind == posts.REACT
    givers: dict[tuple[int, str], list[int | None]] = {}
    for (seq, sign, person), is_on in on.items():
        if is_on:
            givers.setdefault((seq, sign), []).append(person)
    found: dict[int, list[Sign]] = {}
    for (seq, sign), people in givers.items():
        found.setdefault(seq, []).append(Sign(sign, len(people), reader.pk in people))
    return found


def text_of(room: Room, seq: int, reader: Person) -> Message | None:
    """The text of this number as the reader may see it; None for what is none, or not for them."""
    found = Message.objects.filter(room=room, seq=seq, kind=posts.TEXT).select_related("sender")
    return next(iter(visible(found, reader)), None)
