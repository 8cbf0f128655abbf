"""What a member types about the watch, turned into what services take. Nothing is written here."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from circle.selectors import supporters_of
from ground.wall import to_utc

if TYPE_CHECKING:
    from circle.models import Supporter
    from people.models import Person
    from support.selectors.pages import WatchView


def typed(page: "WatchView", actor: "Person", posted: QueryDict) -> "WatchView":
    """The page with what was typed into its form, so that nothing has to be typed again after a mistake."""

    def kept(name: str, stored: int, allowed: range) -> int:
        given = posted.get(name, "")
        return int(given) if given.isdecimal() and len(given) < 4 and int(given) in allowed else stored

    chosen = {supporter.pk: level for level, people in enumerate(levels(actor, posted), 1) for supporter in people}
    by_pid = {str(one.person.pid): chosen.get(one.pk, 0) for one in supporters_of(actor)}
    return replace(
        page,
        threshold=kept("threshold", page.threshold, range(1, 11)),
        grace_hours=kept("grace_hours", page.grace_hours, range(12, 73)),
        scope=given if (given := posted.get("scope", "")) in {"any", "group"} else page.scope,
        ok_stops=posted.get("ok_stops") == "yes",
        form_people=[replace(one, level=by_pid.get(one.pid, one.level)) for one in page.people],
    )


def number(posted: QueryDict, name: str) -> int:
    """Raises ValidationError, named for the field, for what is no whole number."""
    try:
        return int(posted.get(name, ""))
    except ValueError:
        raise ValidationError({name: _("Please give a whole number.")}) from None


def levels(actor: "Person", posted: QueryDict) -> "list[list[Supporter]]":
    """The member's own people by the place chosen for each: `level-PID` is 1, 2, or anything else for not at all."""
    found: list[list[Supporter]] = [[], []]
    for supporter in supporters_of(actor):
        place = posted.get(f"level-{supporter.person.pid}", "")
        if place in {"1", "2"}:
            found[int(place) - 1].append(supporter)
    return found


def pause_end(actor: "Person", posted: QueryDict, now: datetime) -> datetime | None:
    """The end of a pause: the last moment of the chosen day in the member's zone; None for open.

    `days`: so many whole days after today instead of a date. Raises ValidationError for a day that does not exist.
    """
    given, days = posted.get("until", "").strip(), posted.get("days", "")
    if not given and not days:
        return None
    try:
        if days:
            day = now.astimezone(ZoneInfo(actor.zone)).date() + timedelta(days=int(days))
        else:
            day = date.fromisoformat(given)
        return to_utc(datetime.combine(day + timedelta(days=1), time()), actor.zone)
    except (ValueError, OverflowError):
        raise ValidationError({"until": _("There is no such day. Choose one from the calendar.")}) from None
