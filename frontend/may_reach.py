"""What this site may send a member, word for word, and when: for the page "What reaches me".

Left out: what only people on call for others hear of their own shifts and talks (T61 to T68), which their pages tell.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from delivery.catalogue import text_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from people.models import Person

ROOM = 12  # characters that a text has for a name
BLANK = "[…]"  # what only the moment knows; a link as well
WHEN: "dict[str, _StrPromise]" = {
    "T14": _("After one meeting without you, if your number is three or more"),
    "T01": _("One meeting before your number is reached"),
    "T02": _("When your number is reached, before anybody else hears"),
    "T15": _("If the reason for that is gone before anybody was written to"),
    "T16": _("If somebody was written to by our mistake"),
    "T18": _("If a message to one of your people did not arrive"),
    "T12": _("When you end what somebody may hear"),
    "T19": _("Two weeks before what you allowed ends"),
    "T20": _("Before a meeting that you planned, if you switched that on"),
    "T31": _("If a group of yours changes what it writes down"),
    "T09": _("If you run a group and a list waits"),
    "T30": _("If you coordinate this site and a list has waited for two days"),
    "T32": _("If you look after a meeting and somebody noticed a detail"),
    "T34": _("If you run a group and nobody has confirmed its meeting for half a year"),
    "T33": _("If a detail that you noticed was taken over"),
    "T40": _("If somebody wrote in a room of yours while you were away, in your browser only"),
    "T41": _("If somebody named you there"),
    "T10": _("While you say that you are there for others"),
    "T13": _("In the days after you asked for somebody, if you agreed"),
}


def may_reach(person: "Person") -> "list[tuple[_StrPromise, str]]":
    """When, and the text in the person's language with their name; all other blanks stay blank."""
    name = person.name[:ROOM]
    blanks = {"me": name, "fa": name, "su": BLANK, "when": BLANK, "day": BLANK, "link": BLANK}
    return [(when, " ".join(text_of(key, person.language, blanks).split())) for key, when in WHEN.items()]
