"""Takes a meeting list in: what is new, what changed field by field, what is gone, what cannot be read and why.

An entry is known by (source, slug). Entries of one list that are alike but for their weekday, and whose slugs are
equal or `slug`, `slug-2`, `slug-3`, are the days of one meeting. Everything is counted in entries, as the list does.
An entry that cannot be read this time leaves its meeting as it was. What the list drops is closed, never deleted,
and comes back with the entry; a meeting that a group here has claimed is not closed: the group keeps it from then on.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from ground import clock
from ground.sentences import Sentence
from meetings import feed, guide
from meetings.fetching import Fetching
from meetings.guide import Entry, Unread
from meetings.guide_slugs import ROOM, slug_out
from meetings.models import Import, ImportPart, ImportUndo, Listing, Meeting, Source
from meetings.readers import LETS_GO, MeetingList, open_lists
from meetings.services.import_rows import in_a_zone
from meetings.services.import_writing import OnChange, OnStep, Report, Walk, note
from meetings.services.sorting import Sorting

__all__ = ["Report", "feed_import", "most_bytes"]


@dataclass(slots=True)
class Given:
    """A list that lies in files here, ready to be read. `place` is where it came from, for people."""

    paths: Sequence[Path]
    place: str


def most_bytes() -> int:
    """The largest list that is accepted, in bytes."""
    return int(getattr(settings, "MEETINGS_MAX_FEED_BYTES", feed.MOST_BYTES))


def feed_import(
    *,
    address: str | Sequence[str],
    zone: str = "",
    name: str = "",
    dry_run: bool = False,
    on_bytes: feed.OnBytes | None = None,
    on_entries: OnStep | None = None,
) -> Report:
    """Import the list at `address` (file or http(s)); several are one list, with what lies beside its meetings.

    `zone` is for entries that have neither a zone nor coordinates. One transaction: all or nothing; a dry run only
    reads. Raises feed.NotAList, with nothing written, when it is no list of meetings, or when nobody named it and it
    is plainly not the list that was known by its file name or host so far.
    `on_bytes(n)` hears of bytes read, `on_entries(n)` of entries compared.
    """
    addresses = [address] if isinstance(address, str) else list(address)
    with at_hand(addresses) as given:
        found = open_lists(given.paths, most_bytes=most_bytes())
        report = Report(source=name or feed.name_of(_meant(addresses)))
        # read wholly before the transaction: a slow or broken list never holds the database
        with sorting(found, zone) as table:
            gather(found, table, report, zone=zone, on_bytes=on_bytes)
            if report.read:
                take_in(
                    table, report, found, given, zone=zone, named=bool(name), write=not dry_run, on_entries=on_entries
                )
    return report


def _meant(addresses: Sequence[str]) -> str:
    """The address that names the list: the first; what lies beside the meetings may come in any order after it."""
    return addresses[0]


@contextmanager
def at_hand(addresses: Sequence[str]) -> Iterator[Given]:
    """The lists in files: those named, and what is fetched from the web, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="lists-") as folder:
        fetching = Fetching(Path(folder), trusted=True, most_bytes=most_bytes())
        paths: list[Path] = []
        for address in addresses:
            paths += fetching.fetch(address).paths if feed.is_web(address) else [Path(address)]
        yield Given(paths, feed.place_of(addresses[0]))


def gather(
    found: MeetingList, table: Sorting, report: Report, *, zone: str, on_bytes: feed.OnBytes | None = None
) -> None:
    """Read a list to its end and lay it on the table; what is written as it was is not read again.

    Raises feed.NotAList.
    """
    context = guide.digest_of([found.context(), zone])
    source = Source.objects.filter(name=report.source).first()
    if source is not None:
        rows = Listing.objects.filter(source=source).exclude(raw="").values_list("raw", "key", "core", "digest", "days")
        table.put_read(
            (raw, key.partition("#")[0], core, digest, days)
            for raw, key, core, digest, days in rows.iterator(chunk_size=2000)
        )
    for element in found.elements(on_bytes):
        report.entries += 1
        raw = guide.digest_of([context, element])
        if table.put_again(raw, element, by_id=found.by_id):
            report.read += 1
            continue
        entry = _placed(found.read(element), zone)
        if isinstance(entry, Entry):
            report.read += 1
            table.put(entry, raw, by_id=found.by_id)
            continue
        report.unread += 1
        report.unread_reasons[entry.reason] += 1
        note(report.unread_entries, entry)
        if entry.reason not in LETS_GO:
            table.put_unread(entry.slug)


def sorting(found: MeetingList, zone: str) -> Sorting:
    """The table for a list."""
    return Sorting(lambda element: _placed(found.read(element), zone))


def _placed(entry: Entry | Unread, zone: str) -> Entry | Unread:
    if isinstance(entry, Unread):
        return entry
    return in_a_zone(entry, zone) or Unread(guide.NO_ZONE, label=entry.name, slug=entry.slug)


def take_in(
    table: Sorting,
    report: Report,
    found: MeetingList,
    given: Given,
    *,
    zone: str,
    named: bool,
    write: bool,
    on_entries: OnStep | None = None,
    on_change: OnChange | None = None,
    run: Import | None = None,
) -> None:
    """Compare what lies on the table with what is known, and with `write` make it so, in one transaction.

    With a `run` the caller's own transaction has settled that nobody else has it.
    """
    with transaction.atomic() if write else nullcontext():
        # locked before it is compared: two imports of one list at once follow each other
        source = Source.objects.select_for_update() if write else Source.objects.all()
        known = source.filter(name=report.source).first()
        _lay_known(table, known)
        table.sort()
        if not named and known is not None:
            _refuse_a_stranger(table, known, given.place)
        if write:
            known = _source(report.source, found, given, zone)
            if run is None and not table.quiet():
                run = Import.objects.create(source=known, state=Import.DONE, address=given.place, asked_at=clock.now())
        Walk(
            table, report, known, now=clock.now(), carries=found.carries, write=write, run=run if write else None,
            on_change=on_change, on_step=on_entries,
        ).walk()  # fmt: skip
        if write and run is not None:
            settle(run, report)


def settle(run: Import, report: Report) -> None:
    """The import is done; what it can be undone from takes the place of what the one before left.

    Of what was before it the latest stay to be read: a list that is looked at every six hours has no end of them.
    """
    run.state, run.settled_at, run.lease_until = Import.DONE, clock.now(), None
    run.numbers = run.numbers | report.numbers() | {"changed_fields": dict(report.changed_fields.most_common())}
    run.entries = report.entries
    run.save(update_fields=["state", "settled_at", "lease_until", "numbers", "entries"])
    settled = Import.objects.filter(source=run.source_id).exclude(state__in=[*Import.AT_WORK, Import.READY])
    older = settled.exclude(pk=run.pk).order_by("-pk")
    ImportUndo.objects.filter(of__source=run.source_id).exclude(of=run).delete()
    Import.objects.filter(pk__in=list(older.values_list("pk", flat=True)[Import.KEPT - 1 :])).delete()
    ImportPart.objects.filter(of=run).delete()


def _source(name: str, found: MeetingList, given: Given, zone: str) -> Source:
    source, _made = Source.objects.get_or_create(name=name)
    source.address, source.kind, source.imported_at = given.place, found.kind, clock.now()
    source.about = source.about | found.about
    source.zone = zone or source.zone
    source.save(update_fields=["address", "kind", "imported_at", "about", "zone"])
    return source


def _lay_known(table: Sorting, source: Source | None) -> None:
    if source is None:
        table.put_known([])
        return
    rows = Listing.objects.filter(source=source).values_list("key", "pk", "meeting_id", "digest", "days", "gone_at")
    table.put_known(
        (key, pk, meeting, digest, days, gone is not None)
        for key, pk, meeting, digest, days, gone in rows.iterator(chunk_size=2000)
    )
    named = Meeting.objects.filter(source=source).values_list("slug", "source_key")
    table.put_aliases(
        (name, key)
        for slug, key in named.iterator(chunk_size=2000)
        for name in {slug, slug_out(slug)}
        if name != key and (slug != key or len(slug) > ROOM)
    )


def _refuse_a_stranger(table: Sorting, source: Source, place: str) -> None:
    """Two lists called `meetings.json` must not close each other's meetings."""
    live, losing = table.live(), table.losing()
    if source.address != place and losing * 2 > live:
        raise feed.NotAList(
            _(
                "Another list called %(name)s was read from %(address)s, and this would close %(losing)s of its "
                "%(live)s entries: name this list with --source NAME, or say --source %(name)s if it takes the "
                "other's place."
            ),
            name=source.name,
            address=source.address or Sentence(_("elsewhere")),
            losing=losing,
            live=live,
        )
