"""What anybody may propose to put right about a meeting: its fields, how a proposal is read, what it would change.

A proposal is {field: value} as JSON keeps it: texts, `minutes` a number, `days` a list of weekdays (0 = Monday),
`starts` "HH:MM" in the meeting's own zone, `gone` true ("it is not held any more").
"""

from collections.abc import Collection, Mapping
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from meetings.fellowships import FELLOWSHIPS
from meetings.models import Meeting
from meetings.schedule import LONGEST, WEEKLY, repeats_of, weekdays
from meetings.selectors.held import rule_of

JOINING = ("conference_url", "conference_phone", "conference_notes")
ROOM = {
    "name": 255, "place": 255, "address": 255, "region": 120, "conference_url": 2000, "conference_phone": 255,
    "conference_notes": 1000, "notes": 4000,
}  # fmt: skip
MODES = (Meeting.IN_PERSON, Meeting.ONLINE, Meeting.HYBRID)
FIELDS = (
    "name", "days", "starts", "minutes", "mode", "place", "address", "region", *JOINING, "notes", "fellowship", "gone",
)  # fmt: skip
MOST_WORDS = 1000

Wanted = dict[str, Any]


def offered(meeting: Meeting, *, join_shown: bool) -> list[str]:
    """The fields that somebody may propose who sees, or does not see, how to join: nobody is asked about what is
    kept from them. Days only of a meeting that is held every week; a time of one that has a time."""
    hidden: set[str] = set()
    rule = rule_of(meeting)
    if rule is None:
        hidden |= {"days", "starts"}
    elif not rule.rrule or repeats_of(rule.rrule)[0] != WEEKLY or "BYDAY" not in rule.rrule:
        hidden.add("days")
    if meeting.mode != Meeting.IN_PERSON and not join_shown:
        hidden |= {*JOINING, "notes"}
    return [name for name in FIELDS if name not in hidden]


def standing(meeting: Meeting, fields: Collection[str]) -> Wanted:
    """What the row says now, in the words of a proposal."""
    rule = rule_of(meeting)
    special = {
        "days": sorted(weekdays(rule)) if rule else [],
        "starts": f"{rule.starts_local:%H:%M}" if rule else "",
        "gone": meeting.on_hold or meeting.closed_at is not None,
    }
    return {name: special[name] if name in special else getattr(meeting, name) for name in fields}


def read(meeting: Meeting, given: Mapping[str, Any], fields: Collection[str]) -> Wanted:
    """The fields of `given` that say something else than the row. Raises ValidationError naming the field."""
    wrong: dict[str, str] = {name: _("This is not known here.") for name in given if name not in fields}
    now = standing(meeting, fields)
    wanted: Wanted = {}
    for name in fields:
        if name not in given:
            continue
        try:
            value = _value(name, given[name])
        except ValidationError as refused:
            wrong[name] = " ".join(refused.messages)
            continue
        if value != now[name]:
            wanted[name] = value
    if wrong:
        raise ValidationError(wrong)
    return wanted


def _value(name: str, given: Any) -> Any:
    if name == "gone":
        if not isinstance(given, bool):
            raise ValidationError(_("Send true or false."))
        return given
    if name == "minutes":
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= LONGEST:
            raise ValidationError(_("A meeting lasts from one minute to seven days."))
        return given
    if name == "days":
        if not isinstance(given, list) or not given or any(day not in range(7) or day is True for day in given):
            raise ValidationError(_("Choose a day of the week."))
        return sorted({int(day) for day in given})
    if not isinstance(given, str):
        raise ValidationError(_("Please send text."))
    return _text(name, given.replace("\r\n", "\n").strip())


def _text(name: str, text: str) -> str:
    if name == "starts":
        try:
            return f"{time.fromisoformat(text):%H:%M}"
        except ValueError:
            raise ValidationError(_("Give a time of day, as in 19:30.")) from None
    if (name == "mode" and text not in MODES) or (name == "fellowship" and text and text not in FELLOWSHIPS):
        raise ValidationError(_("Choose one of those offered."))
    if name == "name" and not text:
        raise ValidationError(_("A meeting needs a name."))
    if len(text) > ROOM.get(name, 255):
        raise ValidationError(_("Please keep it to %(most)s letters.") % {"most": ROOM.get(name, 255)})
    if name == "conference_url" and text:
        try:
            URLValidator(schemes=["https", "http"])(text)
        except ValidationError:
            raise ValidationError(_("Give the whole address, with https:// in front.")) from None
    return text
