"""Takes a Meeting Guide list in: what is new, what changed field by field, what is gone, what cannot be read and why.

An entry is known by (source, slug). Entries of one list that are alike but for their weekday, and whose slugs are
equal or `slug`, `slug-2`, `slug-3`, are the days of one meeting. Everything is counted in entries, as the list does.
An entry that cannot be read this time leaves its meeting as it was. What the list drops is closed, never deleted,
and comes back with the entry; a meeting that a group here has claimed is not closed: the group keeps it from then on.
"""

import pickle
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any, TypeVar

from django.conf import settings
from django.db import transaction

from ground import clock
from meetings import feed, guide
from meetings.guide import Entry, Unread
from meetings.models import Listing, Meeting, MeetingDay, Source
from meetings.services.import_rows import differences, folded_of, in_a_zone, slug_for, values_of, words_for
from meetings.services.occurrences import occurrences_rematch
from meetings.services.upcoming import days_for, schedule_write, upcoming_refresh, upcoming_set

BATCH = 500
SHOWN = 1000  # entries of each kind that a report names; the numbers are always whole
SPOOLED = 16 * 1024 * 1024  # bytes held in memory; what is more waits in a temporary file
RULE = {"starts_local", "rrule", "minutes", "zone", "on_hold"}  # columns that move the occurrences
NUMBERED = re.compile(r"^(.+)-\d{1,3}$")

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


def feed_import(
    *,
    address: str,
    zone: str = "",
    name: str = "",
    dry_run: bool = False,
    on_bytes: feed.OnBytes | None = None,
    on_entries: OnStep | None = None,
) -> Report:
    """Import the list at `address` (file or http(s)). `zone` is for entries that have neither a zone nor coordinates.

    One transaction: all or nothing. Raises feed.NotAList, with nothing written, when it is no list of meetings, or
    when nobody named it and it is plainly not the list that was known by its file name or host so far.
    `on_bytes(n)` hears of bytes read, `on_entries(n)` of entries compared.
    """
    report = Report(source=name or feed.name_of(address))
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED) as spool:
        # read wholly before the transaction: a slow or broken list never holds the database
        gathered = _gather(address, zone, report, spool, on_bytes)
        if not report.read:
            return report
        with transaction.atomic():
            run = _Import(report, gathered, address)
            if not name:
                run.refuse_a_stranger()
            run.run(lambda: _replay(spool), on_entries)
            if dry_run:
                transaction.set_rollback(True)
    return report


# --- reading -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Brief:
    """What must be known of every entry at once."""

    key: str
    slug: str
    core: str
    digest: str
    days: str


@dataclass(slots=True)
class _Gathered:
    briefs: dict[str, _Brief] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)  # slugs of entries that are there, but could not be read


def _gather(address: str, zone: str, report: Report, spool: IO[bytes], on_bytes: feed.OnBytes | None) -> _Gathered:
    gathered = _Gathered()
    limit = int(getattr(settings, "MEETINGS_MAX_FEED_BYTES", feed.MOST_BYTES))
    for raw in feed.elements(address, on_bytes=on_bytes, most_bytes=limit):
        report.entries += 1
        entry = _understood(raw, zone)
        if isinstance(entry, Unread):
            report.unread += 1
            report.unread_reasons[entry.reason] += 1
            _note(report.unread_entries, entry)
            gathered.unreadable.add(entry.slug)
            continue
        report.read += 1
        key, number = entry.slug, 1
        while key in gathered.briefs:  # the same slug again: told apart by its turn in the list
            number += 1
            key = f"{entry.slug}#{number}"
        days = "".join(map(str, entry.days))
        gathered.briefs[key] = _Brief(key, entry.slug, entry.core(), entry.digest(), days)
        pickle.dump((key, entry), spool, protocol=pickle.HIGHEST_PROTOCOL)
    return gathered


def _understood(raw: object, zone: str) -> Entry | Unread:
    entry = guide.read(raw)
    if isinstance(entry, Unread):
        return entry
    return in_a_zone(entry, zone) or Unread(guide.NO_ZONE, label=entry.name, slug=entry.slug)


def _replay(spool: IO[bytes]) -> Iterator[tuple[str, Entry]]:
    """The entries again. Only what this process wrote is ever unpickled."""
    spool.seek(0)
    while True:
        try:
            yield pickle.load(spool)  # noqa: S301
        except EOFError:
            return


# --- comparing and writing -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """A listing as the database has it."""

    pk: int
    meeting_id: int
    digest: str
    days: str
    gone: bool


@dataclass(slots=True)
class _Series:
    """The entries that make one meeting. `leader` gives the columns; `meeting_id` is None for a new one."""

    leader: str
    meeting_id: int | None
    keys: list[str] = field(default_factory=list)
    entry: Entry | None = None
    confirmed: list[Any] = field(default_factory=list)


class _Import:
    """One run over one source, inside the transaction."""

    def __init__(self, report: Report, gathered: _Gathered, address: str) -> None:
        self.report, self.briefs, self.unreadable = report, gathered.briefs, gathered.unreadable
        self.now = clock.now()
        self.source, _ = Source.objects.get_or_create(name=report.source)
        self.before, self.address = self.source.address, feed.place_of(address)
        Source.objects.filter(pk=self.source.pk).update(address=self.address, imported_at=self.now)
        self.known = self._known()
        self.as_it_was: dict[int, str] = {}  # meeting -> weekdays of its entries that could not be read this time
        for key, known in self.known.items():
            if not known.gone and key not in self.briefs and key.partition("#")[0] in gathered.unreadable:
                self.as_it_was[known.meeting_id] = self.as_it_was.get(known.meeting_id, "") + known.days

        self.gone = [
            key for key, known in self.known.items() if not known.gone and key not in self.briefs
            and key.partition("#")[0] not in self.unreadable
        ]  # fmt: skip

    def refuse_a_stranger(self) -> None:
        """Two lists called `meetings.json` must not close each other's meetings."""
        live = sum(not known.gone for known in self.known.values())
        if self.before != self.address and len(self.gone) * 2 > live:
            raise feed.NotAList(
                f"Another list called {self.source.name} was read from {self.before or 'elsewhere'}, and this would "
                f"close {len(self.gone)} of its {live} entries: name this list with --source NAME, or say "
                f"--source {self.source.name} if it takes the other's place."
            )

    def run(self, entries: Callable[[], Iterable[tuple[str, Entry]]], on_entries: OnStep | None) -> None:
        series = self._series()
        touched = self._touched(series, self.gone)
        by_key = {key: one for one in touched for key in one.keys}
        for key, entry in entries():
            if on_entries:
                on_entries(1)
            if one := by_key.get(key):
                one.confirmed.append(entry.confirmed_on)
                if key == one.leader:
                    one.entry = entry
        self._remove(self.gone, {one.meeting_id for one in series.values()} | set(self.as_it_was))
        fresh, kept = [one for one in touched if not one.meeting_id], [one for one in touched if one.meeting_id]
        for batch in _batches(fresh):  # first: an entry that went its own way is compared with where it was
            self._add(batch)
        for batch in _batches(kept):
            self._change(batch)

    def _known(self) -> dict[str, _Known]:
        rows = Listing.objects.filter(source=self.source).values_list(
            "key", "pk", "meeting_id", "digest", "days", "gone_at"
        )
        return {
            key: _Known(pk, meeting_id, digest, days, gone_at is not None)
            for key, pk, meeting_id, digest, days, gone_at in rows.iterator()
        }

    def _series(self) -> dict[str, _Series]:
        """All entries by the leader of their meeting."""
        leads: dict[int, str] = {}  # meeting -> the shortest of its keys in the list: `slug` before `slug-2`
        for key in sorted(self.briefs, key=lambda key: (len(key), key)):
            if key in self.known:
                leads.setdefault(self.known[key].meeting_id, key)
        found: dict[str, _Series] = {}
        split: dict[tuple[int, str], str] = {}
        for key, brief in self.briefs.items():
            known = self.known.get(key)
            if known is None:
                leader = self._base_of(brief, leads)
            else:
                leader = leads[known.meeting_id]
                if self.briefs[leader].core != brief.core:  # it went its own way
                    leader = split.setdefault((known.meeting_id, brief.core), key)
            at = self.known.get(leader)
            keeps = at is not None and leads.get(at.meeting_id) == leader
            one = found.setdefault(leader, _Series(leader, at.meeting_id if at and keeps else None))
            one.keys.append(key)
        return found

    def _base_of(self, brief: _Brief, leads: dict[int, str]) -> str:
        """The leader a new entry joins: that of `slug` for `slug` again and for `slug-2`, if only the day differs."""
        candidates = [brief.slug] if brief.key != brief.slug else []
        if numbered := NUMBERED.match(brief.slug):
            candidates.append(numbered[1])
        for base in candidates:
            other = self.briefs.get(base)
            if other is not None and base != brief.key and other.core == brief.core:
                known = self.known.get(base)
                leader = self._base_of(other, leads) if known is None else leads[known.meeting_id]
                return leader if self.briefs[leader].core == brief.core else brief.key
        return brief.key

    def _touched(self, series: dict[str, _Series], gone: list[str]) -> list[_Series]:
        """The meetings for which anything differs from what is stored; the others are not even loaded."""
        losing = {self.known[key].meeting_id for key in gone}
        members: dict[int, set[str]] = {}
        for key, known in self.known.items():
            if not known.gone and key in self.briefs:
                members.setdefault(known.meeting_id, set()).add(key)
        return [
            one
            for one in series.values()
            if one.meeting_id is None
            or one.meeting_id in losing
            or members.get(one.meeting_id) != set(one.keys)
            or any(self.known[key].digest != self.briefs[key].digest for key in one.keys)
        ]

    # each of the three writes its rows in bulk and counts entries

    def _add(self, batch: list[_Series]) -> None:
        meetings = [Meeting(source=self.source, source_key=one.leader, created_at=self.now) for one in batch]
        self._name(meetings, batch)
        left = Meeting.objects.in_bulk(
            {self.known[key].meeting_id for one in batch for key in one.keys if key in self.known}
        )
        words: dict[str, set[str]] = {}
        days: list[MeetingDay] = []
        for meeting, one in zip(meetings, batch, strict=True):
            values = self._values(one)
            for key in one.keys:
                if known := self.known.get(key):
                    words[one.leader] = words_for(left[known.meeting_id], values)
            for column, value in values.items():
                setattr(meeting, column, value)
            meeting.folded = folded_of(meeting)
            own = days_for(meeting)
            upcoming_set(meeting, own, now=self.now)
            days += own
        Meeting.objects.bulk_create(meetings)
        MeetingDay.objects.bulk_create(days)
        for meeting, one in zip(meetings, batch, strict=True):
            one.meeting_id = meeting.pk
        self._list(batch, words)

    def _change(self, batch: list[_Series]) -> None:
        rows = Meeting.objects.select_related("group").in_bulk([one.meeting_id for one in batch if one.meeting_id])
        words: dict[str, set[str]] = {}
        moved: list[Meeting] = []
        for one in batch:
            assert one.meeting_id is not None
            meeting = rows[one.meeting_id]
            values = self._values(one)
            columns = differences(meeting, values)
            words[one.leader] = words_for(meeting, values)
            if meeting.closed_at is not None or meeting.source_id is None:
                values |= {"closed_at": None, "source": self.source, "source_key": one.leader}
                columns = [*columns, "closed_at", "source", "source_key"]
            if not columns:
                continue
            for column in columns:
                setattr(meeting, column, values[column])
            meeting.folded = folded_of(meeting)
            meeting.save(update_fields=[*columns, "folded"])  # only what changed, never the whole row
            if RULE & set(columns) or "closed_at" in columns:
                moved.append(meeting)
        if moved:
            occurrences_rematch(meetings=[m for m in moved if m.group_id is not None], now=self.now)
            schedule_write(meetings=moved, now=self.now)
        self._list(batch, words)

    def _remove(self, gone: list[str], held: set[int | None]) -> None:
        """Mark the listings as gone; close the meetings that no other entry holds, but those a group has claimed."""
        self.report.removed = len(gone)
        self.report.removed_entries = sorted(gone)[:SHOWN]
        for keys in _batches(gone):
            Listing.objects.filter(source=self.source, key__in=keys).update(gone_at=self.now)
            ids = {self.known[key].meeting_id for key in keys} - held
            lost = Meeting.objects.filter(pk__in=ids, closed_at=None)
            lost.filter(group__isnull=False, group__closed_at=None).update(source=None, source_key="")
            closing = list(lost.filter(source__isnull=False).values_list("pk", flat=True))
            Meeting.objects.filter(pk__in=closing).update(closed_at=self.now)
            upcoming_refresh(meeting_ids=closing, now=self.now)

    def _list(self, batch: list[_Series], words: dict[str, set[str]]) -> None:
        """Write the listings of these meetings and count their entries."""
        fresh: list[Listing] = []
        stale: list[Listing] = []
        for one in batch:
            assert one.meeting_id is not None
            for key in one.keys:
                brief, known = self.briefs[key], self.known.get(key)
                row = Listing(
                    pk=known.pk if known else None, source=self.source, key=key, meeting_id=one.meeting_id,
                    days=brief.days, digest=brief.digest, gone_at=None,
                )  # fmt: skip
                (stale if known else fresh).append(row)
                self._count(key, known, brief, words.get(one.leader, set()))
        Listing.objects.bulk_create(fresh)
        Listing.objects.bulk_update(stale, ["meeting_id", "days", "digest", "gone_at"], batch_size=BATCH)

    def _count(self, key: str, known: _Known | None, brief: _Brief, words: set[str]) -> None:
        if known is None or known.gone:
            self.report.added += 1
            _note(self.report.added_entries, key)
        elif known.digest != brief.digest:
            if known.days != brief.days:
                words = words | {"days"}
            if words:
                self.report.changed += 1
                self.report.changed_fields.update(words)
                _note(self.report.changed_entries, (key, sorted(words)))

    def _values(self, one: _Series) -> dict[str, Any]:
        assert one.entry is not None
        days = {int(day) for key in one.keys for day in self.briefs[key].days}
        days |= {int(day) for day in self.as_it_was.get(one.meeting_id or 0, "")}
        confirmed = [day for day in one.confirmed if day is not None]
        return values_of(one.entry, days, max(confirmed) if confirmed else None)

    def _name(self, meetings: list[Meeting], batch: list[_Series]) -> None:
        """Give each new meeting an address of its own."""
        wanted = [slug_for(one.leader, one.entry.name if one.entry else "") for one in batch]
        taken = set(Meeting.objects.filter(slug__in=wanted).values_list("slug", flat=True))
        for meeting, slug in zip(meetings, wanted, strict=True):
            free, number = slug, 1
            while free in taken or (number > 1 and Meeting.objects.filter(slug=free).exists()):
                number += 1
                free = f"{slug}-{self.source.pk}-{number}"
            taken.add(free)
            meeting.slug = free


T = TypeVar("T")


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _note(entries: list[Any], entry: Any) -> None:
    if len(entries) < SHOWN:
        entries.append(entry)
