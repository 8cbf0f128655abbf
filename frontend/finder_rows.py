"""The rows of a list of meetings as HTML.

Written here and not in a template, which took half of a page's time (docs/finder.md). Every value is
escaped where it is put in (frontend.markup); words are translated once a language, days written once a day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from frontend.finder_filters import type_name
from frontend.markup import NOTHING, joined, put
from frontend.templatetags.zone_names import in_words, kilometres, town, zone_name
from ground.wall import to_wall
from meetings.selectors import finder

SOON = 180  # minutes before the start from which a row says how long it is
ROW = (
    '<li class="row{}"><div class="row-time">{}</div><div class="row-main"><a href="{}">{}</a>'
    '<p class="muted">{}</p>{}{}<p class="muted small">{}</p></div></li>\n'
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the page shows it: times in the zone of the page, and the meeting's own when its clock differs."""

    found: finder.Found
    local: datetime | None
    there: datetime | None
    minutes: int  # until it starts, or while on now: until it ends
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows under one heading. `day`: what the heading says when "Today" is no longer today; else empty."""

    heading: str
    day: str
    rows: SafeString


@dataclass(frozen=True, slots=True)
class Words:
    """What rows say, in one language."""

    ask: str
    unlisted: str
    on_hold: str
    no_more: str
    now: str
    on_now: str
    online: str
    also_online: str
    on_request: str
    undated: str
    left: str
    wait: str
    there: str
    about: str
    confirmed: str


@lru_cache(maxsize=32)
def _words(language: str | None) -> Words:
    return Words(
        ask=_("ask"),
        unlisted=_("no longer listed"),
        on_hold=_("closed for now"),
        no_more=_("no date to come"),
        now=_("now"),
        on_now=_("on now"),
        online=_("Online"),
        also_online=_("also online"),
        on_request=_("Place on request"),
        undated=_("Confirmed: no date given"),
        left=_("%(left)s left"),
        wait=_("in %(wait)s"),
        there=_("%(there)s in %(zone)s"),
        about=_("about %(km)s"),
        confirmed=_("Confirmed on %(day)s"),
    )


def row_of(found: finder.Found, zone: str, now: datetime) -> Row:
    tags = [type_name(code) for code, _name in finder.tags_of(found.meeting)[:3]]
    if found.held is None:
        return Row(found, None, None, 0, tags)
    local = to_wall(found.held.starts_at, zone)
    there = to_wall(found.held.starts_at, found.meeting.zone)
    until = found.held.ends_at if found.in_progress else found.held.starts_at
    minutes = -((now - until) // timedelta(minutes=1))
    return Row(found, local, there if there != local else None, minutes, tags)


def written(rows: list[Row], *, dated: bool) -> SafeString:
    """As the items of a list; with `dated` each says its day."""
    words = _words(get_language())
    return joined([_row(row, words, dated=dated) for row in rows])


def by_day(rows: list[Row], today: date, sort: str) -> list[Part]:
    """In order: on now, today, tomorrow, further days, by appointment.

    Sorted otherwise the rows stand under one heading, and each says its day.
    """
    if sort and rows:
        return [Part(_("By name") if sort == finder.BY_NAME else _("Nearest first"), "", written(rows, dated=True))]
    named = {today: _("Today"), today + timedelta(days=1): _("Tomorrow")}

    def heading(row: Row) -> tuple[str, str]:
        if row.local is None:
            return _("By appointment"), ""
        day = row.local.date()
        if row.found.in_progress:
            return _("On now"), ""
        return (named[day], said(day, "l j F")) if day in named else (said(day, "l j F"), "")

    parts = []
    for (name, day), group in groupby(rows, key=heading):
        of_part = list(group)
        first = of_part[0].local
        then = said(first.date(), "l j F") if first and of_part[0].found.in_progress else day
        parts.append(Part(capfirst(name), capfirst(then), written(of_part, dated=False)))
    return parts


def said(day: date, form: str) -> str:
    """Django's date filter, which takes longer than all the rest of a row, once for each day."""
    return _said(day, form, get_language())


@lru_cache(maxsize=4096)
def _said(day: date, form: str, language: str | None) -> str:
    return date_format(day, form)


def _row(row: Row, words: Words, *, dated: bool) -> SafeString:
    meeting = row.found.meeting
    dated_on = meeting.confirmed_on
    return put(
        ROW,
        " row-now" if row.found.in_progress else "",
        _time(row, words, dated=dated),
        finder.path_of(meeting.slug),
        meeting.name,
        _where(row, words),
        _there(row, words) if row.there else NOTHING,
        _tags(row, words) if row.tags or row.found.in_progress else NOTHING,
        words.confirmed % {"day": said(dated_on, "j M Y")} if dated_on else words.undated,
    )


def _time(row: Row, words: Words, *, dated: bool) -> SafeString:
    if row.local is None or row.found.held is None:
        return put("<small>{}</small>", _undated(row.found, words))
    soon: str = ""
    if row.found.in_progress:
        soon = words.left % {"left": in_words(row.minutes)}
    elif row.minutes < SOON:
        soon = words.wait % {"wait": in_words(row.minutes)} if row.minutes > 0 else words.now
    return put(
        '<time datetime="{}">{}</time>{}{}',
        row.found.held.starts_at.astimezone(UTC).isoformat(),
        f"{row.local:%H:%M}",
        put("<small>{}</small>", said(row.local.date(), "D j M")) if dated else NOTHING,
        put("<small data-soon>{}</small>", soon) if soon else NOTHING,
    )


def _undated(found: finder.Found, words: Words) -> str:
    meeting = found.meeting
    if meeting.closed_at:
        return words.unlisted
    if meeting.on_hold:
        return words.on_hold
    return words.no_more if meeting.starts_local else words.ask


def _where(row: Row, words: Words) -> SafeString | str:
    meeting, distance = row.found.meeting, row.found.distance_km
    if meeting.mode == meeting.ONLINE:
        return words.online
    place = meeting.place or meeting.address or meeting.region or words.on_request
    if meeting.place and meeting.address:
        place = f"{place}, {town(meeting.address)}"
    away = NOTHING
    if distance is not None:
        km = kilometres(distance)
        away = put("<span data-distance>, {}</span>", words.about % {"km": km} if meeting.approximate else km)
    return put("{}{}{}", place, away, f" · {words.also_online}" if meeting.mode == meeting.HYBRID else "")


def _there(row: Row, words: Words) -> SafeString:
    assert row.there is not None
    there = f"{said(row.there.date(), 'D')} {row.there:%H:%M}"
    text = words.there % {"there": there, "zone": zone_name(row.found.meeting.zone)}
    return put('<p class="muted small">{}</p>', text)


def _tags(row: Row, words: Words) -> SafeString:
    on_now = put('<span class="tag tag-lamp" data-soon>{}</span>', words.on_now)
    kinds = joined([put('<span class="tag">{}</span>', tag) for tag in row.tags])
    return put('<div class="tags">{}{}</div>', on_now if row.found.in_progress else NOTHING, kinds)
