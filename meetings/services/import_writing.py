"""Writes what the sorting table found: new meetings, changed ones, closed ones; and notes how to undo it.

The same walk without writing says what would change. Everything is done in batches, whatever the list's length.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from meetings.guide import Unread
from meetings.list_values import plain
from meetings.models import Import, ImportUndo, Listing, Meeting, MeetingDay, Source
from meetings.services import list_words
from meetings.services.bulk import rows_insert
from meetings.services.import_rows import differences, folded_of, slug_for, told, values_of, with_extra_kept
from meetings.services.occurrences import occurrences_rematch
from meetings.services.sorting import Member, Series, Sorting
from meetings.services.upcoming import days_for, schedule_write, upcoming_refresh, upcoming_set

BATCH = 500
SHOWN = 1000  # entries of each kind that a report names; the numbers are always whole
RULE = {"starts_local", "rrule", "minutes", "zone", "on_hold"}  # columns that move the occurrences

Told = dict[str, tuple[str, str]]
OnChange = Callable[[str, str, str, Told], object]  # (kind, key, name, word -> (before, after))
OnStep = Callable[[int], object]


@dataclass(slots=True)
class Report:
    """What an import did, or with a dry run would do. Counted in entries: read + unread == entries."""

    source: str
    entries: int = 0
    read: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unread: int = 0
    unread_reasons: Counter[str] = field(default_factory=Counter)
    changed_fields: Counter[str] = field(default_factory=Counter)
    unread_entries: list[Unread] = field(default_factory=list)
    added_entries: list[str] = field(default_factory=list)
    removed_entries: list[str] = field(default_factory=list)
    changed_entries: list[tuple[str, list[str]]] = field(default_factory=list)

    def numbers(self) -> dict[str, Any]:
        return {
            "entries": self.entries,
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unread": self.unread,
            "unread_reasons": dict(self.unread_reasons.most_common()),
        }


class Walk:
    """One walk over what the table found, for one source. With `write` inside the caller's transaction.

    An entry counts as added or removed when a date comes or goes by it: `slug-2` that only takes over a day which
    `slug` had is no news.
    """

    def __init__(
        self,
        table: Sorting,
        report: Report,
        source: Source | None,
        *,
        now: datetime,
        carries: frozenset[str],
        write: bool,
        run: Import | None = None,
        on_change: OnChange | None = None,
        on_step: OnStep | None = None,
    ) -> None:
        self.table, self.report, self.source, self.now = table, report, source, now
        self.carries, self.write, self.run = carries, write, run
        self.on_change, self.on_step = on_change, on_step

    def walk(self) -> None:
        for batch in _batches(self.table.lost()):
            self._remove(batch)
        for fresh in self.table.batches(
            BATCH, new=True
        ):  # first: an entry that went its own way is compared with where it was
            self._add(fresh)
            self._step(fresh)
        for kept in self.table.batches(BATCH, new=False):
            self._change(kept)
            self._step(kept)

    # --- gone

    def _remove(self, batch: list[tuple[str, int, bool, bool]]) -> None:
        """Mark the listings as gone; close the meetings that no other entry holds, but those a group has claimed."""
        names = dict(Meeting.objects.filter(pk__in={meeting for _, meeting, _, _ in batch}).values_list("pk", "name"))
        for key, meeting, _, said in batch:
            if not said:
                self.report.removed += 1
                note(self.report.removed_entries, key)
                self._tell("removed", key, names.get(meeting, ""), {})
        if not self.write:
            return
        assert self.source is not None
        undo: dict[int, ImportUndo] = {}
        rows = Listing.objects.filter(source=self.source, key__in=[key for key, *_ in batch])
        for listing in rows:
            self._undo_of(undo, listing.meeting_id).listings.append(_as_it_was(listing))
        rows.update(gone_at=self.now)
        lost = Meeting.objects.filter(pk__in={meeting for _, meeting, held, _ in batch if not held}, closed_at=None)
        claimed = lost.filter(group__isnull=False, group__closed_at=None)
        for row in claimed:
            one = self._undo_of(undo, row.pk)
            one.was = {"source_id": row.source_id, "source_key": row.source_key}
            one.written = {"source_id": None, "source_key": ""}
        claimed.update(source=None, source_key="")
        closing = list(lost.filter(source__isnull=False).values_list("pk", flat=True))
        for pk in closing:
            one = self._undo_of(undo, pk)
            one.was, one.written = {"closed_at": None}, {"closed_at": plain("closed_at", self.now)}
        Meeting.objects.filter(pk__in=closing).update(closed_at=self.now)
        upcoming_refresh(meeting_ids=closing, now=self.now)
        self._keep(undo)

    # --- new

    def _add(self, batch: list[Series]) -> None:
        left = Meeting.objects.in_bulk(
            {one.was_meeting for series in batch for one in series.members if one.was_meeting is not None}
        )
        words: dict[str, Told] = {}
        made: list[Meeting] = []
        for series in batch:
            values = self._values(series)
            for one in series.members:
                if one.was_meeting is not None:  # it went its own way: compared with where it was
                    words[series.leader] = told(left[one.was_meeting], values)
            if self.write:
                made.append(self._made(series, values))
        if self.write:
            self._insert(batch, made)
        for series in batch:
            self._count(series, words.get(series.leader, {}), own_way=True)

    def _made(self, series: Series, values: dict[str, Any]) -> Meeting:
        meeting = Meeting(source=self.source, source_key=series.leader, created_at=self.now, **values)
        meeting.folded = folded_of(meeting)
        return meeting

    def _insert(self, batch: list[Series], meetings: list[Meeting]) -> None:
        self._name(meetings)
        days: list[MeetingDay] = []
        for meeting in meetings:
            own = days_for(meeting)
            upcoming_set(meeting, own, now=self.now)
            days += own
        rows_insert(meetings, numbered=True)
        for day in days:
            day.meeting_id = day.meeting.pk  # only now it has a number
        rows_insert(days)
        undo: dict[int, ImportUndo] = {}
        for series, meeting in zip(batch, meetings, strict=True):
            series.meeting = meeting.pk
            self._undo_of(undo, meeting.pk).made = True
        self._list(batch, undo)
        self._keep(undo)

    def _name(self, meetings: list[Meeting]) -> None:
        """Give each new meeting an address of its own: the list's name for it, never its name for another."""
        assert self.source is not None
        wanted = [slug_for(meeting.source_key, meeting.name) for meeting in meetings]
        taken = set(Meeting.objects.filter(slug__in=wanted).values_list("slug", flat=True))
        for meeting, slug in zip(meetings, wanted, strict=True):
            free, number = slug, 1
            if slug != meeting.source_key and self.table.has(slug):
                taken.add(slug)
            while free in taken or (number > 1 and Meeting.objects.filter(slug=free).exists()):
                number += 1
                free = f"{slug}-{self.source.pk}-{number}"
            taken.add(free)
            meeting.slug = free

    # --- changed

    def _change(self, batch: list[Series]) -> None:
        rows = Meeting.objects.select_related("group").in_bulk([one.meeting for one in batch if one.meeting])
        claimed = list_words.of_their_own(rows.values())
        notes = list_words.words_of(claimed, self.now) if claimed else {}
        undo: dict[int, ImportUndo] = {}
        moved: list[Meeting] = []
        for series in batch:
            assert series.meeting is not None
            meeting = rows[series.meeting]
            values = with_extra_kept(meeting, self._values(series), self.carries)
            note = notes.get(meeting.pk)
            said = note.said if note else None
            free = list_words.merge(meeting, values, note) if note else values
            words = told(meeting, free)
            self._count(series, words)
            if self.write:
                columns = self._write(meeting, free, series, self._undo_of(undo, meeting.pk))
                if said:
                    undo[meeting.pk].was["said"] = said
                if (RULE | {"closed_at"}) & set(columns):
                    moved.append(meeting)
        if not self.write:
            return
        if moved:
            occurrences_rematch(meetings=[m for m in moved if m.group_id is not None], now=self.now)
            schedule_write(meetings=moved, now=self.now)
        list_words.words_write(notes.values())
        self._list(batch, undo)
        self._keep(undo)

    def _write(self, meeting: Meeting, values: dict[str, Any], series: Series, undo: ImportUndo) -> list[str]:
        """Only what changed, never the whole row. Returns the columns."""
        assert self.source is not None
        columns = differences(meeting, values)
        if meeting.closed_at is not None or meeting.source_id is None:
            values = values | {"closed_at": None, "source_id": self.source.pk, "source_key": series.leader}
            columns = [*columns, "closed_at", "source_id", "source_key"]
        if not columns:
            return []
        undo.was = {column: plain(column, getattr(meeting, column)) for column in columns}
        undo.written = {column: plain(column, values[column]) for column in columns}
        for column in columns:
            setattr(meeting, column, values[column])
        meeting.folded = folded_of(meeting)
        meeting.save(update_fields=["source" if column == "source_id" else column for column in (*columns, "folded")])
        return columns

    # --- what all share

    def _values(self, series: Series) -> dict[str, Any]:
        values = values_of(series.entry, series.days, series.confirmed_on)
        said = series.entry.fellowship or (self.source.fellowship if self.source else "")
        return values | {"fellowship": said} if said else values

    def _list(self, batch: list[Series], undo: dict[int, ImportUndo]) -> None:
        """Write the listings of these meetings."""
        fresh: list[Listing] = []
        stale: list[Listing] = []
        was = Listing.objects.in_bulk([one.pk for series in batch for one in series.members if one.pk])
        for series in batch:
            assert series.meeting is not None
            note = self._undo_of(undo, series.meeting)
            for one in series.members:
                row = Listing(
                    pk=one.pk, source=self.source, key=one.key, meeting_id=series.meeting, days=one.days,
                    digest=one.digest, core=one.core, raw=one.raw, gone_at=None,
                )  # fmt: skip
                if one.pk is None:
                    fresh.append(row)
                    note.fresh.append(one.key)
                else:
                    stale.append(row)
                    note.listings.append(_as_it_was(was[one.pk]))
        rows_insert(fresh)
        Listing.objects.bulk_update(stale, ["meeting_id", "days", "digest", "core", "raw", "gone_at"], batch_size=BATCH)

    def _count(self, series: Series, words: Told, *, own_way: bool = False) -> None:
        """Count the entries of a meeting. `own_way`: the meeting is new, though an entry of it may be known."""
        before, after = set(series.before or ""), {str(day) for day in series.days}
        for one in series.members:
            if one.pk is None or one.gone:
                if own_way or series.before is None or not set(one.days) <= before:
                    self.report.added += 1
                    note(self.report.added_entries, one.key)
                    self._tell("added", one.key, one.name, {})
            elif one.was_digest != one.digest:
                self._count_changed(one, words, regrouped=set(one.days) <= before and set(one.was_days) <= after)

    def _count_changed(self, one: Member, words: Told, *, regrouped: bool) -> None:
        if one.was_days != one.days and not regrouped:
            words = {"days": (one.was_days, one.days)} | words
        if words:
            self.report.changed += 1
            self.report.changed_fields.update(words.keys())
            note(self.report.changed_entries, (one.key, sorted(words)))
            self._tell("changed", one.key, one.name, words)

    def _tell(self, kind: str, key: str, name: str, words: Told) -> None:
        if self.on_change:
            self.on_change(kind, key, name, words)

    def _step(self, batch: list[Series]) -> None:
        if self.on_step:
            self.on_step(sum(len(series.members) for series in batch))

    def _undo_of(self, undo: dict[int, ImportUndo], meeting_id: int) -> ImportUndo:
        return undo.setdefault(meeting_id, ImportUndo(of=self.run, meeting_id=meeting_id))

    def _keep(self, undo: dict[int, ImportUndo]) -> None:
        if self.run is not None:
            rows_insert(list(undo.values()))


def _as_it_was(row: Listing) -> list[Any]:
    return [row.key, row.days, row.digest, row.meeting_id, row.gone_at.isoformat() if row.gone_at else None]


T = TypeVar("T")


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def note(entries: list[Any], entry: Any) -> None:
    if len(entries) < SHOWN:
        entries.append(entry)
