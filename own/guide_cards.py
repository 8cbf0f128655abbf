"""Five short cards for somebody who was chosen as a contact: what helps, what not to say, when to call for help.

They open from any supporter's link, without signing in, and nobody notes who read them. Plain words: reading grade 8
at most (a test measures it). They name no substance and no group: the reader may not have said yes.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class GuideCard:
    slug: str
    title: Promise | str
    lines: tuple[Promise | str, ...]
    urgent: bool = False


CARDS = (
    GuideCard(
        "start",
        _("Getting in touch"),
        (
            _("A short call or a short note is enough. You do not need a plan."),
            _("Say hello, say you were thinking of them, and ask how they are."),
            _("No answer? Leave a kind word. Try once more later that day."),
        ),
    ),
    GuideCard(
        "helps",
        _("What helps"),
        (
            _("Listen more than you talk. A pause is fine."),
            _("Ask: “What would be good right now?” Then do a small part of it."),
            _("Offer one clear thing: a walk, a meal, a lift, or just your company."),
            _("You do not have to fix it. Being there is the help."),
        ),
    ),
    GuideCard(
        "words",
        _("What not to say"),
        (
            _("No “why did you” and no “you promised”. Blame makes people hide."),
            _("Do not count, test or check up on them."),
            _("No threats and no deals. They make the next call harder."),
            _("Try this: “I am glad you picked up.” Or: “I am on your side.”"),
        ),
    ),
    GuideCard(
        "emergency",
        _("When to call for help at once"),
        (
            _("You cannot wake them. Their breath is slow or has stopped. Their lips are blue or grey."),
            _("They speak of ending their life, or they are in danger."),
            _("Call the emergency number: 112 in Europe, 911 in the US and Canada, 999 in the UK."),
            _("You do not need to be sure. Stay with them. Lay them on their side if they breathe."),
        ),
        urgent=True,
    ),
    GuideCard(
        "you",
        _("Look after yourself"),
        (
            _("You can say “I can't now”. Nobody will ask you why."),
            _("You are one of the people they chose. You do not carry this alone."),
            _("You can stop these messages at any time, with one tap."),
        ),
    ),
)
