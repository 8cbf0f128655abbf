"""The plan of a meeting as JSON: what a form's fields say, by the names of services.series_plan.Plan."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from groups.api import text_of
from meetings.api.reading import day_named, is_whole
from meetings.models import Meeting
from meetings.schedule import LONGEST, PLACES_IN_MONTH
from meetings.selectors import series
from meetings.services.series_plan import LONGEST_NAME, MOST_TIMES, Plan

DAY = {"type": ["string", "null"], "format": "date"}
CLOCK = {"type": "string", "pattern": r"^\d\d:\d\d$"}
TEXT = {"type": "string"}
# as OpenAPI says it (porchlight.openapi)
PLAN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": LONGEST_NAME},
        "repeats": {"type": "string", "enum": ["weekly", "fortnightly", "monthly", "once", "appointment"]},
        "weekdays": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 6}},
        "places": {"type": "array", "items": {"type": "integer", "enum": list(PLACES_IN_MONTH)}},
        "first": DAY,
        "last": DAY,
        "starts": {**CLOCK, "type": ["string", "null"]},
        "also": {"type": "array", "items": CLOCK, "maxItems": MOST_TIMES - 1},
        "minutes": {"type": "integer", "minimum": 1, "maximum": LONGEST},
        "zone": TEXT,
        "mode": {"type": "string", "enum": ["in_person", "online", "hybrid"]},
        "place": {"type": "string", "maxLength": 255},
        "address": {"type": "string", "maxLength": 255},
        "conference_url": TEXT,
        "join_shown": {"type": "string", "enum": ["members", "soon", "all"]},
        "fellowship": TEXT,
    },
}


def plan_read(body: dict[str, Any], start: dict[str, Any]) -> Plan:
    """The plan that `start` (names and values of a Plan) becomes by what was sent. Raises ValidationError by name.

    All that cannot be read is named at once; what the values mean together is for the service to say.
    """
    values, wrong = dict(start), {}
    for name in body:
        try:
            values[name] = READ[name](body, name)
        except ValidationError as refused:
            wrong.update(refused.error_dict)
    if wrong:
        raise ValidationError(wrong)
    return Plan(**values)


def plan_start(meeting: Meeting) -> dict[str, Any]:
    """A meeting as the plan that changes nothing of it."""
    held: dict[str, Any] = series.plan_of(meeting)
    held["name"] = held.pop("title")
    names = {field.name for field in fields(Plan)}
    lists = {name: tuple(held[name]) for name in ("weekdays", "places")}
    return {name: value for name, value in held.items() if name in names} | lists


def plan_shown(meeting: Meeting) -> dict[str, Any]:
    """A meeting as its facilitators may send it back; `also`: the other times of day that were made with it."""
    shown = plan_start(meeting)
    for name in ("first", "last"):
        shown[name] = shown[name].isoformat() if shown[name] else None
    shown["starts"] = _clock(shown["starts"]) if shown["starts"] else None
    others = series.series_of(meeting)
    also = [_clock(one.starts_local.time()) for one in others if one.starts_local]
    return {"slug": meeting.slug, **shown, "also": also, "series": [one.slug for one in others]}


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _day(body: dict[str, Any], name: str) -> date | None:
    return None if body[name] is None else day_named(name, text_of(body, name))


def _time(value: object, name: str) -> time:
    try:
        if isinstance(value, str) and WRITTEN.fullmatch(value):
            return time.fromisoformat(value)
    except ValueError:  # 25:00
        pass
    raise ValidationError({name: _("Give a time of day, as in 18:30.")})


def _starts(body: dict[str, Any], name: str) -> time | None:
    return None if body[name] is None else _time(body[name], name)


def _also(body: dict[str, Any], name: str) -> tuple[time, ...]:
    return tuple(_time(value, name) for value in _list(body, name))


def _numbers(body: dict[str, Any], name: str) -> tuple[int, ...]:
    if not all(is_whole(value) for value in _list(body, name)):
        raise ValidationError({name: _("Please send a list of whole numbers.")})
    return tuple(body[name])


def _list(body: dict[str, Any], name: str) -> list[object]:
    if not isinstance(body[name], list) or len(body[name]) > MOST:
        raise ValidationError({name: _("Please send a short list.")})
    return list(body[name])


def _whole(body: dict[str, Any], name: str) -> int:
    if not is_whole(body[name]):
        raise ValidationError({name: _("Please send a whole number.")})
    return int(body[name])


WRITTEN = re.compile(r"\d\d:\d\d(:00)?", re.ASCII)
MOST = 20  # of a list: more than there are weekdays, places in a month or times
READ: dict[str, Callable[[dict[str, Any], str], Any]] = {
    "name": text_of, "zone": text_of, "mode": text_of, "place": text_of, "address": text_of, "repeats": text_of,
    "conference_url": text_of, "fellowship": text_of, "join_shown": text_of, "weekdays": _numbers, "places": _numbers,
    "first": _day, "last": _day, "starts": _starts, "also": _also, "minutes": _whole,
}  # fmt: skip
