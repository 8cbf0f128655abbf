"""The words of a consent (privacy rule D1, after 42 CFR 2.31): what a member reads, signs, and what is stored.

Every element has a column of its own and stands in the text: who agrees, who may tell, who may be told, what exactly,
what for, from when until when, the right to end it, and the signature. Change a word: change VERSION.
"""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

VERSION = "2026-01"
DAYS = 180  # how long a consent lasts unless the member says otherwise
MAX_DAYS = 366
REMIND_DAYS = 14


@dataclass(frozen=True, slots=True)
class Purpose:
    """One kind of thing a supporter may hear. `kinds` are the messages that need it (docs/rules.md 4.7).

    `says` names each message that this permission alone lets through, and when it would come.
    """

    name: str
    title: Promise | str
    hears: Promise | str  # what they would hear, in their words
    data_class: Promise | str
    why: Promise | str
    kinds: tuple[str, ...]
    says: tuple[tuple[str, Promise | str], ...] = ()


PURPOSES = {
    purpose.name: purpose
    for purpose in (
        Purpose(
            "absence",
            gettext_lazy("A nudge to get in touch"),
            gettext_lazy("“{me} once asked us to nudge you to get in touch. A call today? It may be nothing.”"),
            gettext_lazy(
                "one short message that you asked us to nudge them, a note if that was our mistake, and if they said "
                "they would look after it, one question how it went; no group, place, date, count or reason"
            ),
            gettext_lazy("so that somebody you trust gets in touch with you"),
            ("nudge", "reminder", "retraction", "back_in_touch"),
            (
                ("nudge", gettext_lazy("When you were asked first and did not answer")),
                ("reminder", gettext_lazy("Once, two days after they said they would look after it")),
                ("retraction", gettext_lazy("If our message was a mistake")),
            ),
        ),
        Purpose(
            "back_in_touch",
            gettext_lazy("Good news afterwards"),
            gettext_lazy("“Good news on our last message about {me}: it is settled. No need to reply.”"),
            gettext_lazy("one short message that our last message about you is settled; nothing else"),
            gettext_lazy("so that somebody who was asked to get in touch need not go on worrying"),
            ("back_in_touch",),
            (("back_in_touch", gettext_lazy("When it is settled, if they had been asked")),),
        ),
        Purpose(
            "craving",
            gettext_lazy("A request for company"),
            gettext_lazy("“{me} would like to hear a voice now.”"),
            gettext_lazy("one short message that you would like company now; no reason"),
            gettext_lazy("so that you are not alone when you ask not to be"),
            ("craving_supporter",),
            (("craving_supporter", gettext_lazy("When you asked for someone and nobody came within three minutes")),),
        ),
    )
}
OFFERED = ("absence", "back_in_touch", "craving")  # what this version sends
FIRST_OFFERED = ("absence", "back_in_touch")  # ticked when somebody is added; the rest is a choice of its own


@dataclass(frozen=True, slots=True)
class Wording:
    """One consent as the member reads and signs it."""

    purpose: str
    version: str
    text: str
    member_name: str
    discloser: str
    recipient: str
    data_class: str
    right_to_revoke: str


def wording(*, purpose: str, member_name: str, recipient: str, signed_as: str, start: date, end: date) -> Wording:
    """The whole text for one purpose, in the language that is active. Raises KeyError for an unknown purpose."""
    known = PURPOSES[purpose]
    discloser = _("Porchlight at %(host)s") % {"host": settings.HOST}
    right = _(
        "I can end this at any time, on this page, at once and without a reason. %(recipient)s is not told when I do. "
        "What was sent before cannot be called back."
    ) % {"recipient": recipient}
    text = _(
        "I, %(me)s, allow %(discloser)s to tell %(recipient)s: %(what)s. This is %(why)s.\n\n"
        "It holds from %(start)s until %(end)s, and ends by itself then. %(right)s\n\n"
        "I choose this myself; nothing I get here depends on it. Signed in my own session as %(alias)s, %(start)s."
    ) % {
        "me": member_name,
        "discloser": discloser,
        "recipient": recipient,
        "what": known.data_class,
        "why": known.why,
        "start": formats.date_format(start, "DATE_FORMAT"),
        "end": formats.date_format(end, "DATE_FORMAT"),
        "right": right,
        "alias": signed_as,
    }
    return Wording(purpose, VERSION, text, member_name, discloser, recipient, str(known.data_class), right)
