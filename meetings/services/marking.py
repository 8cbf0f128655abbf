"""The one writer of marks and their history: a facilitator's list, one's own word, being away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from meetings.models import Mark, MarkWrite, Sheet
from meetings.schema import refusal_in_words
from people.models import Person


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to stand on a list about one person, and the mark that stands there now.

    `row`: one is made even when it says "no mark", as for everybody who was expected when a list is closed.
    """

    sheet: Sheet
    person: Person
    mark: Mark | None
    value: str | None
    expected: bool
    row: bool = False

    @property
    def before(self) -> str | None:
        return self.mark.value if self.mark else None


def marks_write(
    wishes: Iterable[Wish], *, actor: Person, now: datetime, revision: int
) -> dict[Person, tuple[str | None, str | None]]:
    """Write these marks, each with its line of history, in three statements; return what changed as (before, after).

    The caller holds the lists' rows and has asked who may write. What stands there already is not written again.
    """
    fresh: list[Mark] = []
    rewritten: list[Mark] = []
    writes: list[MarkWrite] = []
    changed: dict[Person, tuple[str | None, str | None]] = {}
    for wish in wishes:
        before = wish.before
        if before == wish.value and not (wish.mark is None and wish.row):
            continue
        mark = wish.mark or Mark(sheet=wish.sheet, person=wish.person)
        (rewritten if wish.mark else fresh).append(mark)
        mark.value, mark.expected, mark.at, mark.by = wish.value, wish.expected, now, actor
        writes.append(MarkWrite(mark=mark, before=before, after=wish.value, revision=revision, at=now, by=actor))
        if before != wish.value:
            changed[wish.person] = (before, wish.value)
    with refusal_in_words():
        Mark.objects.bulk_create(fresh)
    Mark.objects.bulk_update(rewritten, ["value", "expected", "at", "by"])
    MarkWrite.objects.bulk_create(writes)
    return changed
