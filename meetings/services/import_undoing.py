"""Undoes the latest import of a list: what it wrote is as it was, but for what was changed here since.

A meeting that the import made is closed, never deleted; one that a group has claimed since is the group's.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from ground import clock
from meetings.list_values import plain, revived
from meetings.models import Import, ImportUndo, Listing, ListWord, Meeting
from meetings.services.import_rows import folded_of
from meetings.services.occurrences import occurrences_rematch
from meetings.services.upcoming import schedule_write

BATCH = 500


def import_undo_latest(*, name: str) -> dict[str, int] | None:
    """Undo the latest import of the list of this name. Returns what was done; None when there is nothing to undo."""
    run = Import.objects.filter(source__name=name, state=Import.DONE).order_by("-settled_at", "-pk").first()
    if run is None or not run.undos.exists():
        return None
    return undo(run)


def undo(run: Import) -> dict[str, int]:
    """In one transaction. `meetings` that were written back, and of them `left`: those with a later change of ours."""
    now = clock.now()
    done = {"meetings": 0, "left": 0}
    with transaction.atomic():
        for batch in _batches(run):
            left = _write_back(run, batch, now)
            done["meetings"] += len({one.meeting_id for one in batch})
            done["left"] += left
        run.undos.all().delete()
        run.state, run.settled_at, run.lease_until = Import.UNDONE, now, None
        run.numbers = run.numbers | {"undone": done}
        run.save(update_fields=["state", "settled_at", "lease_until", "numbers"])
        # what is undone must not come back by itself an hour later
        run.source.refresh_at, run.source.by_itself = None, False
        run.source.etag = run.source.last_modified = ""
        run.source.save(update_fields=["refresh_at", "by_itself", "etag", "last_modified"])
    return done


def _batches(run: Import) -> Iterator[list[ImportUndo]]:
    rows = ImportUndo.objects.filter(of=run).order_by("-pk").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield batch


def _write_back(run: Import, batch: list[ImportUndo], now: datetime) -> int:
    meetings = Meeting.objects.select_related("group").in_bulk({one.meeting_id for one in batch})
    moved: dict[int, Meeting] = {}
    left = 0
    for one in batch:
        meeting = meetings[one.meeting_id]
        was, written = dict(one.was), one.written
        said = was.pop("said", None)
        if one.made:
            claimed = meeting.group is not None and meeting.group.closed_at is None
            left += claimed
            if not claimed:
                was, written = {"closed_at": now.isoformat()}, {"closed_at": None}
        columns = [c for c in was if plain(c, getattr(meeting, c)) == written[c]]
        left += len(columns) < len(was)
        if columns:
            _put_back(meeting, columns, was)
            moved[meeting.pk] = meeting
        if said is not None:
            ListWord.objects.filter(meeting=meeting).update(said=said, offered={})
    if moved:
        occurrences_rematch(meetings=[m for m in moved.values() if m.group_id is not None], now=now)
        schedule_write(meetings=list(moved.values()), now=now)
    _listings(run, batch, now)
    return left


def _put_back(meeting: Meeting, columns: list[str], was: dict[str, Any]) -> None:
    for column in columns:
        setattr(meeting, column, revived(column, was[column]))
    meeting.folded = folded_of(meeting)
    meeting.save(update_fields=["source" if column == "source_id" else column for column in (*columns, "folded")])


def _listings(run: Import, batch: list[ImportUndo], now: datetime) -> None:
    """The entries as they were known; those that were new are no longer listed."""
    fresh = [key for one in batch for key in one.fresh]
    Listing.objects.filter(source=run.source_id, key__in=fresh).update(gone_at=now, digest="", raw="")
    was = {row[0]: row for one in batch for row in one.listings}
    rows = list(Listing.objects.filter(source=run.source_id, key__in=was))
    for row in rows:
        _, row.days, row.digest, row.meeting_id, gone = was[row.key]
        row.gone_at = datetime.fromisoformat(gone) if gone else None
        row.raw = ""
    Listing.objects.bulk_update(rows, ["days", "digest", "raw", "meeting_id", "gone_at"], batch_size=BATCH)
