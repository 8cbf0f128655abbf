"""What is public of the meetings here, row by row, for every feed: the join rule is applied in this one place.

Links that an imported public list shows stay public until a group here has the meeting; a group's are in a
feed only where it said so (docs/feeds.md). Rows come as a stream from one query; cancelled
and moved dates only where they are asked for.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from meetings.guide import IN_PERSON
from meetings.guide_slugs import slug_out
from meetings.models import Meeting, Source
from meetings.out.public import Public, held_to_itself
from meetings.schedule import Rule
from meetings.selectors.held import changes_of

COLUMNS = (
    "pk", "slug", "name", "starts_local", "rrule", "zone", "minutes", "mode", "on_hold", "place", "address", "region",
    "latitude", "longitude", "approximate", "conference_url", "conference_phone", "conference_notes", "notes", "types",
    "extra", "confirmed_on", "created_at", "source_id", "source__name", "group_id", "group__closed_at", "join_shown",
)  # fmt: skip
CHUNK = 1000


def open_meetings(*, source: str = "", slugs: Collection[str] | None = None) -> QuerySet[Meeting]:
    """Meetings that are listed: all, those of one list, or those with these addresses."""
    rows = Meeting.objects.filter(closed_at=None)
    if source:
        rows = rows.filter(source__name=source)
    if slugs is not None:
        rows = rows.filter(slug__in=slugs)
    return rows


def published(rows: QuerySet[Meeting], *, order: tuple[str, ...] = ("pk",)) -> Iterator[Public]:
    """The public side of these meetings, as a stream. One query (a cursor on PostgreSQL)."""
    for values in rows.order_by(*order).values_list(*COLUMNS).iterator(chunk_size=CHUNK):
        yield public_of(values)


def public_of(values: Iterable[Any]) -> Public:
    """The public side of one meeting from its COLUMNS."""
    (
        pk, slug, name, starts_local, rrule, zone, minutes, mode, on_hold, place, address, region, latitude, longitude,
        approximate, url, phone, how, notes, types, extra, confirmed_on, created_at, source, source_name, group,
        group_closed_at, join_shown,
    ) = values  # fmt: skip
    kept = group is not None and group_closed_at is None and join_shown != Meeting.ALL
    if kept:  # a group here has it: the ways in are its members'
        url = phone = how = ""
        notes = notes if mode == IN_PERSON else ""  # passcodes often stand in the notes
        extra = held_to_itself(extra, mode)
    return Public(
        pk=pk, slug=slug, name=name, zone=zone,
        rule=Rule(starts_local.replace(tzinfo=None), zone, minutes, rrule) if starts_local else None,
        mode=mode, on_hold=on_hold, place=place, address=address, region=region, latitude=latitude,
        longitude=longitude, approximate=approximate, conference_url=url, conference_phone=phone,
        conference_notes=how, notes=notes, types=tuple(types), extra=extra, confirmed_on=confirmed_on,
        created_at=created_at, source=source, source_name=source_name or "",
    )  # fmt: skip


def public_from(meeting: Meeting) -> Public:
    """The public side of a meeting that is loaded already, with its group and list."""
    group, source = meeting.group, meeting.source
    known = {"source__name": source.name if source else None, "group__closed_at": group.closed_at if group else None}
    return public_of(known[name] if name in known else getattr(meeting, name) for name in COLUMNS)


def with_changes(rows: Iterable[Public], now: datetime) -> Iterator[Public]:
    """The same with their cancelled and moved dates that are not long over. One query for each thousand."""
    stream = iter(rows)
    while batch := list(islice(stream, CHUNK)):
        meetings = [Meeting(pk=one.pk, zone=one.zone, minutes=one.minutes) for one in batch]
        changes = changes_of(meetings, now)
        for one in batch:
            yield replace(one, changes=changes[one.pk]) if one.pk in changes else one


def published_one(slug: str, now: datetime) -> Public | None:
    """One open meeting with its changes; None when it is not listed."""
    return next(with_changes(published(open_meetings(slugs=[slug])), now), None)


def published_of_group(group_slug: str, now: datetime) -> list[Public]:
    """The open meetings of a group, by the address that only those know who were given it."""
    rows = Meeting.objects.filter(closed_at=None, group__slug=group_slug, group__closed_at=None)
    return list(with_changes(published(rows), now))


def published_by_pk(pks: Collection[int], now: datetime) -> list[Public]:
    return list(with_changes(published(Meeting.objects.filter(closed_at=None, pk__in=pks)), now))


def numbered_slugs() -> frozenset[str]:
    """The slugs out of meetings that end in a number: `slug-2` of one may be the slug of another."""
    rows = Meeting.objects.filter(Q(slug__regex=r"-[0-9]{1,3}$"), closed_at=None)
    return frozenset(slug_out(slug) for slug in rows.values_list("slug", flat=True).iterator(chunk_size=CHUNK))


def source_names() -> dict[int, tuple[str, str]]:
    """The lists with open meetings: id -> (name, web address or empty)."""
    rows = Source.objects.filter(meetings__closed_at=None).distinct().order_by("pk")
    return {
        pk: (name, address if address.startswith(("http://", "https://")) else "")
        for pk, name, address in rows.values_list("pk", "name", "address")
    }
