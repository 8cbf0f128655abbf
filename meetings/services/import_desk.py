"""The coordinator's desk for meeting lists: hand one in, look at what it would change, apply it, undo it; and how often
a list at a web address is looked at again. The worker does the work (import_work): nothing here waits for a list."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Protocol

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ground import clock, wake
from ground.errors import Conflict, Settled
from meetings import feed, fetching
from meetings.fellowships import FELLOWSHIPS
from meetings.models import Import, ImportPart, Meeting, Source
from meetings.services.import_rows import folded_of
from meetings.services.imports import most_bytes
from people.models import Person, check_zone
from people.selectors import is_coordinator

BATCH = 500
PIECE = 1 << 20  # bytes of a list in one row, before packing
MOST_FILES = 8
LENDING = timedelta(minutes=30)  # while a list is being handed in no worker takes it
SHORTEST_HOURS, LONGEST_HOURS = 1, 24 * 14


class Sent(Protocol):
    """A file that a browser sent."""

    @property
    def size(self) -> int | None: ...

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


def import_begin(*, actor: Person, name: str, zone: str = "", address: str = "", files: Sequence[Sent] = ()) -> Import:
    """Hand in a list: files, or an address outside. The worker reads it and says what it would change.

    Coordinators only. Raises ValidationError naming the field, Conflict when this list is on its way in already.
    """
    _refuse(actor)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise ValidationError({"name": _("Give the list a name of up to 80 characters.")})
    _check_zone(zone)
    if bool(address) == bool(files):
        raise ValidationError({"address": _("Choose a file, or give a web address.")})
    if address:
        _check_address(address)
    given = sum(file.size or 0 for file in files)
    if given > most_bytes() or len(files) > MOST_FILES:
        raise ValidationError(
            {"sent": _("That is more than this site takes: %(n)s MB.") % {"n": most_bytes() // 2**20}}
        )
    now = clock.now()
    with transaction.atomic():
        source, _made = Source.objects.get_or_create(name=name)
        if zone and source.zone != zone:
            Source.objects.filter(pk=source.pk).update(zone=zone)
        Import.objects.filter(source=source, state=Import.READY).delete()  # the newer list takes its place
        run = _open(source, Import(address=address, asked_at=now, bytes_given=given, lease_until=now + LENDING))
    try:
        for number, file in enumerate(files):
            parts_write(run, number, file.chunks(PIECE))
    except BaseException:  # half a list is none, and must not stand in the way of the next try
        run.delete()
        raise
    Import.objects.filter(pk=run.pk).update(lease_until=None)
    wake.publish("work")
    return run


def _open(source: Source, run: Import) -> Import:
    run.source = source
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as taken:
        raise Conflict(_("This list is on its way in already. Look at it first.")) from taken
    return run


def parts_write(run: Import, file: int, pieces: Iterable[bytes]) -> int:
    """Keep a file of a list as it was given. Returns its bytes."""
    total = 0
    for number, piece in enumerate(pieces):
        ImportPart.objects.create(of=run, file=file, number=number, data=zlib.compress(piece, 6))
        total += len(piece)
    return total


def import_agree(*, actor: Person, import_id: int) -> None:
    """Apply what was looked at. Coordinators only; Settled when it is not waiting for that."""
    _refuse(actor)
    _turn(import_id, Import.READY, Import.AGREED)


def import_take_back(*, actor: Person, import_id: int) -> None:
    """Undo an import. Coordinators only; Settled when there is nothing to undo, or a later one stands on it."""
    _refuse(actor)
    if not Import.objects.filter(pk=import_id, undos__isnull=False).exists():
        raise Settled(_("This can no longer be undone: a later import of this list stands on it."))
    _turn(import_id, Import.DONE, Import.UNDO)


def _turn(import_id: int, before: str, after: str) -> None:
    try:
        with transaction.atomic():
            turned = Import.objects.filter(pk=import_id, state=before).update(state=after, lease_until=None)
    except IntegrityError as taken:
        raise Conflict(_("This list is on its way in already. Look at it first.")) from taken
    if not turned:
        raise Settled(_("Somebody else has settled this list already."))
    wake.publish("work")


def import_drop(*, actor: Person, import_id: int) -> None:
    """Do not take this list in; a source of which nothing was ever taken in goes with it. Coordinators only."""
    _refuse(actor)
    with transaction.atomic():
        run = Import.objects.select_for_update().filter(pk=import_id).first()
        if run is None or run.state not in {Import.READY, Import.WAITING, Import.REFUSED}:
            raise Settled(_("Somebody else has settled this list already."))
        source = run.source
        run.delete()
        if source.imported_at is None and not source.meetings.exists() and not source.imports.exists():
            source.delete()


def refresh_set(*, actor: Person, source_id: int, address: str, hours: int | None, by_itself: bool) -> None:
    """How often a list is looked at again at its address; None for only by hand. `by_itself`: and applied.

    Coordinators only. Raises ValidationError naming the field, Source.DoesNotExist.
    """
    _refuse(actor)
    now = clock.now()
    if hours is not None:
        _check_address(address)
        if not SHORTEST_HOURS <= hours <= LONGEST_HOURS:
            raise ValidationError({"hours": _("Choose from one hour to two weeks.")})
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source_id)
        if address and address != source.address:
            source.etag = source.last_modified = ""
            source.address = address
        source.refresh_hours, source.by_itself = hours, by_itself and hours is not None
        source.refresh_at = None if hours is None else now
        source.failures, source.trouble, source.trouble_said = 0, "", {}
        source.save(
            update_fields=[
                "address", "etag", "last_modified", "refresh_hours", "by_itself", "refresh_at", "failures", "trouble",
                "trouble_said",
            ]
        )  # fmt: skip
    if hours is not None:
        wake.publish("work")


def fellowship_set(*, actor: Person, source_id: int, fellowship: str) -> None:
    """To which fellowship the meetings of a list belong that do not say it themselves; empty for none.

    Those that are here take it over, but for what a group here has: 500 in a transaction, so that a long list holds
    nobody up. Coordinators only.
    Raises ValidationError naming the field, Source.DoesNotExist.
    """
    _refuse(actor)
    if fellowship and fellowship not in FELLOWSHIPS:
        raise ValidationError({"fellowship": _("Choose one of the fellowships.")})
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source_id)
        before, source.fellowship = source.fellowship, fellowship
        source.save(update_fields=["fellowship"])
    last = 0
    while fellowship != before:
        with transaction.atomic():
            rows = Meeting.objects.select_for_update(of=("self",)).filter(source=source, pk__gt=last)
            rows = rows.filter(Q(group=None) | Q(group__closed_at__isnull=False), fellowship__in={before, ""})
            batch = list(rows.order_by("pk")[:BATCH])
            for meeting in batch:
                meeting.fellowship, last = fellowship, meeting.pk
                meeting.folded = folded_of(meeting)
            Meeting.objects.bulk_update(batch, ["fellowship", "folded"], batch_size=BATCH)
        if len(batch) < BATCH:
            break


def _check_address(address: str) -> None:
    try:
        fetching.parts_of(address)
    except feed.NotAList as wrong:
        raise ValidationError({"address": _("Give a whole web address, beginning with https://.")}) from wrong


def _check_zone(zone: str) -> None:
    if not zone:
        return
    try:
        check_zone(zone)
    except ValidationError as unknown:
        raise ValidationError({"zone": _("This time zone is not known here.")}) from unknown


def _refuse(actor: Person) -> None:
    if not is_coordinator(actor):
        raise PermissionDenied
