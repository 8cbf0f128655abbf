"""What changed in a list, in a person's words."""

from typing import TYPE_CHECKING

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from meetings.selectors import lists

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from meetings.models import Meeting

WORDS: "dict[str, _StrPromise]" = {
    "days": gettext_lazy("days"),
    "name": gettext_lazy("name"),
    "time": gettext_lazy("time"),
    "length": gettext_lazy("length"),
    "zone": gettext_lazy("time zone"),
    "mode": gettext_lazy("in person or online"),
    "open or closed": gettext_lazy("closed for now"),
    "place": gettext_lazy("place"),
    "address": gettext_lazy("address"),
    "region": gettext_lazy("region"),
    "coordinates": gettext_lazy("place on the map"),
    "link": gettext_lazy("link"),
    "phone": gettext_lazy("phone"),
    "how to join": gettext_lazy("how to join"),
    "notes": gettext_lazy("notes"),
    "types": gettext_lazy("kind of meeting"),
    "fellowship": gettext_lazy("fellowship"),
    "confirmed on": gettext_lazy("confirmed on"),
    "further details": gettext_lazy("further details"),
}


def shown(word: str, value: str) -> str:
    """Weekdays and kinds of meetings by name; everything else as it is."""
    if word == "days" and (value.isdecimal() or not value):
        return ", ".join(str(WEEKDAYS_ABBR[int(day)]) for day in value) or _("by appointment")
    if word == "types":  # kept by their English names (meetings.list_values)
        return ", ".join(pgettext("type", name) for name in value.split(", ")) if value else ""
    return value


def differences_shown(meeting: "Meeting") -> "list[lists.Difference]":
    """Where a group's own edits and its meeting's list differ, with the words and values as people read them."""
    return [
        lists.Difference(
            one.unit,
            [
                (str(WORDS.get(word, word)), shown(word, ours) or _("nothing"), shown(word, theirs) or _("nothing"))
                for word, ours, theirs in one.lines
            ],
        )
        for one in lists.differences_of(meeting)
    ]
