"""What the JSON doors of this room read and show alike: a day, a date's key, a list."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, TypeGuard

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from groups.api import text_of
from meetings.models import Sheet
from meetings.schedule import key_read
from meetings.selectors import attendance
from meetings.services import sheets

MOST_MARKS = 500


def day_named(name: str, text: str) -> date:
    """A day as in 2026-01-15. Raises ValidationError under `name` for one that does not exist."""
    try:
        day = parse_date(text)
    except ValueError:  # a date that does not exist
        day = None
    if day is None:
        raise ValidationError({name: _("Give a day that exists, as in 2026-01-15.")})
    return day


def only_known(body: dict[str, Any], names: Collection[str]) -> None:
    """Raises ValidationError naming what this door does not know: a misspelt name is never dropped in silence."""
    if unknown := sorted(set(body) - set(names)):
        raise ValidationError({name: _("This is not known here.") for name in unknown})


def is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def key_named(text: str) -> datetime:
    """The original wall start that stands in an address. Raises Http404."""
    try:
        return key_read(text)
    except ValueError as wrong:
        raise Http404 from wrong


def marks_named(body: dict[str, Any], sheet: Sheet) -> dict[Any, str | None]:
    """{pid: value | null} with the persons in place of their pids. Raises ValidationError, PermissionDenied."""
    given = body.get("marks", {})
    known = isinstance(given, dict) and len(given) <= MOST_MARKS
    if not known or not all(value is None or isinstance(value, str) for value in given.values()):
        raise ValidationError({"marks": _("Send an object of ids and marks.")})
    people = attendance.people_named(sheet.occurrence, given)
    return {people[pid]: value for pid, value in given.items()}


def closing_of(body: dict[str, Any], sheet: Sheet) -> dict[str, Any]:
    """marks, rest and revision for closing a list. Raises ValidationError, PermissionDenied."""
    revision = body.get("revision")
    if revision is not None and not is_whole(revision):
        raise ValidationError({"revision": _("Please send a whole number.")})
    rest = text_of(body, "rest") if body.get("rest") is not None else None
    return {"marks": marks_named(body, sheet), "rest": rest, "revision": revision}


def head_count_of(body: dict[str, Any]) -> int:
    """Raises ValidationError for what is no whole number."""
    number = body.get("head_count")
    if not is_whole(number):
        raise ValidationError({"head_count": _("Give a number from 0 to 999.")})
    return number


def sheet_shown(sheet: Sheet) -> dict[str, Any]:
    return {
        "occurrence": sheet.occurrence_id,
        "state": sheet.state,
        "revision": sheet.revision,
        "head_count": sheet.head_count,
    }


def view_shown(view: sheets.View) -> dict[str, Any]:
    """A list as its facilitators see it."""
    rows = [
        {"pid": row.pid, "name": row.person.name, "value": row.value, "expected": row.expected} for row in view.rows
    ]
    return sheet_shown(view.sheet) | {"starts_at": view.occurrence.starts_at, "people": rows}
