"""What coordinators see of the meeting lists: which there are, what one on its way in would change, what can be undone;
and what a group sees of the list that its meeting came from."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q

from meetings.list_values import UNITS, WORDS, as_text, revived
from meetings.models import Import, ImportChange, ListWord, Meeting, Source
from meetings.schedule import DAY_CODES
from people.models import Person
from people.selectors import is_coordinator

ROWS = 50  # changes on a page
KINDS = (ImportChange.ADDED, ImportChange.CHANGED, ImportChange.REMOVED, ImportChange.UNREAD)
OPEN = (*Import.AT_WORK, Import.READY)


def lists_for(actor: Person) -> list[Source]:
    """All lists by name, each with `listed` (its open meetings) and `coming` (imports on their way in)."""
    _refuse(actor)
    coming = Prefetch("imports", Import.objects.filter(state__in=[*OPEN, Import.REFUSED]).order_by("-pk"), "coming")
    listed = Count("meetings", filter=Q(meetings__closed_at=None))
    return list(Source.objects.annotate(listed=listed).prefetch_related(coming).order_by("name"))


def list_for(actor: Person, source_id: int) -> Source:
    """One list, with `listed` and its imports, the latest first, as `history`. Raises Source.DoesNotExist."""
    _refuse(actor)
    listed = Count("meetings", filter=Q(meetings__closed_at=None))
    history = Prefetch("imports", Import.objects.order_by("-pk")[: Import.KEPT], "history")
    return Source.objects.annotate(listed=listed).prefetch_related(history).get(pk=source_id)


@dataclass(frozen=True, slots=True)
class Look:
    """An import on a page: how many changes of each kind, and one page of one kind."""

    run: Import
    kinds: dict[str, int]
    kind: str
    rows: list[ImportChange]
    page: int
    more: bool
    undoable: bool

    @property
    def at_work(self) -> bool:
        return self.run.state in Import.AT_WORK

    @property
    def unreadable(self) -> bool:
        """Whether nothing in it can be read."""
        return 0 < self.run.entries <= self.kinds[ImportChange.UNREAD]

    @property
    def percent(self) -> int | None:
        """How much of it is read; None while that is not known."""
        given = self.run.bytes_given
        return min(99, self.run.bytes_read * 100 // given) if given else None


def import_for(actor: Person, import_id: int, *, kind: str = "", page: int = 1) -> Look:
    """What an import changes, or changed. Without a kind the first that there is. Raises Import.DoesNotExist."""
    _refuse(actor)
    run = Import.objects.select_related("source").get(pk=import_id)
    found = dict(run.changes.values_list("kind").annotate(Count("pk")).order_by())
    kinds = {one: found.get(one, 0) for one in KINDS}
    if kind not in KINDS:
        kind = next((one for one in KINDS if kinds[one]), ImportChange.ADDED)
    start = (page - 1) * ROWS
    rows = list(run.changes.filter(kind=kind).order_by("pk")[start : start + ROWS + 1])
    undoable = run.state == Import.DONE and run.undos.exists()
    return Look(run, kinds, kind, rows[:ROWS], page, len(rows) > ROWS, undoable)


@dataclass(frozen=True, slots=True)
class Difference:
    """What belongs together, as the group has it and as the list says: [(word, ours, theirs), …]."""

    unit: str
    lines: list[tuple[str, str, str]]


def differences_of(meeting: Meeting) -> list[Difference]:
    """Where the group's own edits and its list differ, unless the group has decided."""
    word = ListWord.objects.filter(meeting=meeting).first()
    if word is None:
        return []
    # PostgreSQL keeps no order of keys
    return [Difference(unit, _lines(meeting, word.offered[unit])) for unit in UNITS if unit in word.offered]


def _lines(meeting: Meeting, offered: dict[str, Any]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for column in (one for columns in UNITS.values() for one in columns if one in offered):
        ours, said = getattr(meeting, column), revived(column, offered[column])
        if column == "rrule":
            line = ("days", _digits(ours), _digits(said))
        else:
            line = (WORDS[column], as_text(column, ours), as_text(column, said))
        if line[1] != line[2]:
            found.append(line)
    return found


def _digits(rrule: str) -> str:
    """The weekdays of a rule as lists write them: digits, 0 = Monday; the rule itself when it says more than those."""
    days = rrule.removeprefix("FREQ=WEEKLY;BYDAY=").split(",")
    return "".join(str(DAY_CODES.index(day)) for day in days) if set(days) <= set(DAY_CODES) else rrule


def _refuse(actor: Person) -> None:
    if not is_coordinator(actor):
        raise PermissionDenied
