"""What the worker does about meeting lists: reads what was handed in, applies what was agreed to, undoes, and looks
again at lists with a web address when it is time. One list a call; one that cannot be read harms no other."""

import logging
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop as _

from ground import clock
from ground.sentences import Sentence
from meetings import feed
from meetings.fetching import Fetching, Unchanged
from meetings.models import Import, ImportChange, ImportPart, Source
from meetings.readers import MeetingList, open_lists
from meetings.services.bulk import rows_insert
from meetings.services.import_desk import PIECE, parts_write
from meetings.services.import_undoing import undo
from meetings.services.import_writing import Report, Told
from meetings.services.imports import Given, gather, most_bytes, sorting, take_in
from meetings.services.sorting import Sorting

log = logging.getLogger("porchlight.lists")
LEASE = timedelta(minutes=20)
FIRST_RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(days=7)
SAID_EVERY = 2**20  # bytes between two words about how far it is
AT_ONCE = 500
OUR_FAULT = Sentence(
    _("Something went wrong on our side, and nothing was written. Whoever runs the server finds it in the log.")
)


def imports_due(*, now: datetime) -> int:
    """Hand in the lists that are due to be looked at, then do one piece of work. Returns how many things were done."""
    return _schedule(now) + _work(now)


def _schedule(now: datetime) -> int:
    """A list whose time has come is handed in; the next time is set before anything is fetched."""
    done = 0
    for source in Source.objects.filter(refresh_at__lte=now).exclude(refresh_hours=None).order_by("refresh_at")[:20]:
        coming = now + timedelta(hours=source.refresh_hours or 1)
        with transaction.atomic():
            if not Source.objects.filter(pk=source.pk, refresh_at=source.refresh_at).update(refresh_at=coming):
                continue  # another worker was first
            Import.objects.filter(source=source, state=Import.READY, scheduled=True).delete()  # the newer one counts
            if not Import.objects.filter(source=source, state__in=[*Import.AT_WORK, Import.READY]).exists():
                Import.objects.create(source=source, address=source.address, scheduled=True, asked_at=now)
                done += 1
    return done


def _work(now: datetime) -> int:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    waiting = Import.objects.filter(free, state__in=Import.AT_WORK).order_by("asked_at", "pk")
    for run in waiting.select_related("source")[:5]:
        mine = Import.objects.filter(free, pk=run.pk, state=run.state).update(lease_until=now + LEASE)
        if mine:
            _do(run)
            return 1
    return 0


def _do(run: Import) -> None:
    try:
        if run.state == Import.UNDO:
            undo(run)
        elif run.state == Import.AGREED:
            _apply(run)
        else:
            _look(run)
    except Unchanged:
        _nothing_new(run)
    except feed.NotAList as refused:
        _refused(run, refused.said)
    except Exception:
        log.exception("the list %s could not be taken in", run.source.name)
        _refused(run, OUR_FAULT)


# --- reading


def _look(run: Import) -> None:
    """Fetch it if need be, read it, and say what it would change. A scheduled one may be applied at once."""
    if run.address and not run.parts.exists():
        _fetch(run)
    report, risky = _compare(run)
    news = report.added + report.changed + report.removed
    if run.scheduled and not news:
        _nothing_new(run)
    elif run.scheduled and run.source.by_itself and not risky:
        _apply(run)
    else:
        numbers = run.numbers | report.numbers() | {"changed_fields": dict(report.changed_fields.most_common())}
        Import.objects.filter(pk=run.pk).update(
            state=Import.READY, lease_until=None, numbers=numbers, entries=report.entries
        )
        _well(run)


def _fetch(run: Import) -> None:
    source = run.source
    known = run.scheduled and source.address == run.address
    with tempfile.TemporaryDirectory(prefix="lists-") as folder:
        fetched = Fetching(Path(folder), most_bytes=most_bytes(), on_bytes=_Progress(run)).fetch(
            run.address, etag=source.etag if known else "", last_modified=source.last_modified if known else ""
        )
        run.bytes_given = 0
        for number, path in enumerate(fetched.paths):
            with path.open("rb") as raw:
                run.bytes_given += parts_write(run, number, iter(lambda: raw.read(PIECE), b""))
    run.numbers = {"etag": fetched.etag, "last_modified": fetched.last_modified}
    run.bytes_read = 0
    run.save(update_fields=["bytes_given", "bytes_read", "numbers"])


def _compare(run: Import) -> tuple[Report, bool]:
    """Read and compare without writing anything but what is shown. True: it would close more than half of the list."""
    ImportChange.objects.filter(of=run).delete()
    changes = _Changes(run)
    with _given(run) as given, _opened(run, given) as (found, table):
        report = Report(source=run.source.name)
        gather(found, table, report, zone=run.source.zone, on_bytes=_Progress(run))
        if report.read:
            take_in(table, report, found, given, zone=run.source.zone, named=True, write=False, on_change=changes.add)
        risky = table.losing() * 2 > table.live() if report.read else True
    changes.add_unread(report)
    changes.flush()
    return report, risky


def _apply(run: Import) -> None:
    """Compare again, since the site may have moved on, and write."""
    with _given(run) as given, _opened(run, given) as (found, table):
        report = Report(source=run.source.name)
        gather(found, table, report, zone=run.source.zone, on_bytes=_Progress(run))
        with transaction.atomic():
            # whoever else took it meanwhile has settled it
            if not Import.objects.select_for_update().filter(pk=run.pk, state=run.state).exists():
                return
            ImportChange.objects.filter(of=run).delete()
            changes = _Changes(run)
            take_in(
                table, report, found, given, zone=run.source.zone, named=True, write=True, on_change=changes.add,
                run=run,
            )  # fmt: skip
            changes.add_unread(report)
            changes.flush()
    _well(run)


@contextmanager
def _given(run: Import) -> Iterator[Given]:
    """The list as it was given, in files again."""
    with tempfile.TemporaryDirectory(prefix="lists-") as folder:
        paths: list[Path] = []
        parts = ImportPart.objects.filter(of=run).order_by("file", "number")
        for part in parts.iterator(chunk_size=1):
            path = Path(folder) / f"{part.file}.list"
            if path not in paths:
                paths.append(path)
            with path.open("ab") as out:
                out.write(zlib.decompress(bytes(part.data)))
        if not paths:
            raise feed.NotAList(_("The file is empty: a meeting list is a JSON array of entries."))
        yield Given(paths, run.address)


@contextmanager
def _opened(run: Import, given: Given) -> Iterator[tuple[MeetingList, Sorting]]:
    found = open_lists(given.paths, most_bytes=most_bytes())
    with sorting(found, run.source.zone) as table:
        yield found, table


class _Progress:
    """Says how far the reading is, where the page can see it, and keeps the lease."""

    def __init__(self, run: Import) -> None:
        self._run, self._read, self._said = run, 0, 0

    def __call__(self, n: int) -> None:
        self._read += n
        if self._read - self._said >= SAID_EVERY:
            self._said = self._read
            Import.objects.filter(pk=self._run.pk).update(bytes_read=self._read, lease_until=clock.now() + LEASE)


class _Changes:
    """The rows of the page that shows what an import changes, written in batches."""

    def __init__(self, run: Import) -> None:
        self._run, self._rows = run, list[ImportChange]()

    def add(self, kind: str, key: str, name: str, words: Told) -> None:
        fields = [[word, before[:2000], after[:2000]] for word, (before, after) in words.items()]
        self._rows.append(ImportChange(of=self._run, kind=kind, key=key, label=name[:255], fields=fields))
        if len(self._rows) >= AT_ONCE:
            self.flush()

    def add_unread(self, report: Report) -> None:
        for one in report.unread_entries:
            self._rows.append(
                ImportChange(
                    of=self._run, kind=ImportChange.UNREAD, key=one.slug[:210], label=one.label[:255], reason=one.reason
                )
            )

    def flush(self) -> None:
        rows_insert(self._rows)
        self._rows.clear()


# --- how it ended


def _well(run: Import) -> None:
    """The address answered with a list; what was applied is what its server calls by this etag."""
    now = clock.now()
    columns: dict[str, object] = {"checked_at": now, "failures": 0, "trouble": "", "trouble_said": {}}
    if run.state == Import.DONE:
        columns |= {key: run.numbers.get(key, "") for key in ("etag", "last_modified")}
    if run.address:
        Source.objects.filter(pk=run.source_id).update(**columns)


def _nothing_new(run: Import) -> None:
    """A scheduled look that found what is known leaves no trace but when it was."""
    columns: dict[str, object] = {"checked_at": clock.now(), "failures": 0, "trouble": "", "trouble_said": {}}
    if "etag" in run.numbers:
        columns |= {key: run.numbers[key] for key in ("etag", "last_modified")}
    with transaction.atomic():
        Source.objects.filter(pk=run.source_id).update(**columns)
        Import.objects.filter(pk=run.pk).delete()


def _refused(run: Import, said: Sentence) -> None:
    """Say why. A list that is looked at by itself is tried again, later each time."""
    now = clock.now()
    with transaction.atomic():
        if run.scheduled and run.state == Import.WAITING:
            source = Source.objects.select_for_update().get(pk=run.source_id)
            usual = timedelta(hours=source.refresh_hours or 24)
            wait = min(min(usual, FIRST_RETRY) * 2**source.failures, LONGEST_RETRY)
            coming = None if source.refresh_at is None else now + wait
            Source.objects.filter(pk=source.pk).update(
                failures=F("failures") + 1,
                trouble=str(said),
                trouble_said=said.kept(),
                checked_at=now,
                refresh_at=coming,
            )
            Import.objects.filter(pk=run.pk).delete()
            return
        ImportPart.objects.filter(of=run).delete()
        state = Import.DONE if run.state == Import.UNDO else Import.REFUSED
        Import.objects.filter(pk=run.pk).update(
            state=state, reason=str(said), said=said.kept(), lease_until=None, settled_at=now
        )
