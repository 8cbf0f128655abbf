"""The member's watch in plain words: the rule, what happened and why. Every sentence is translated when it is read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from support.models import EpisodeEvent


def rule_in_words(threshold: int, per_week: float) -> str:
    """ "After 3 meetings in a row, about 2 weeks"; `per_week` are the meetings the member plans to come to."""
    base = ngettext("After %(n)s meeting", "After %(n)s meetings in a row", threshold) % {"n": threshold}
    if per_week <= 0:
        return base
    weeks = threshold / per_week
    if weeks < 1:
        return _("%(rule)s, less than a week") % {"rule": base}
    about = ngettext("about %(n)s week", "about %(n)s weeks", round(weeks)) % {"n": round(weeks)}
    return _("%(rule)s, %(time)s") % {"rule": base, "time": about}


def grace_in_words(hours: int) -> str:
    """How long the member is asked first."""
    if hours % 24:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


def reason(plain: str) -> str:
    """Why a message was not sent. The plain words are what the outbox keeps."""
    known: dict[str, Callable[[], str]] = {
        "no longer needed": lambda: _("it was no longer needed"),
        "it is over": lambda: _("it was over already"),
        "the episode ended": lambda: _("it was over already"),
        "something later was decided": lambda: _("a later message took its place"),
        "the decision no longer stands": lambda: _("the reason for it was gone"),
        "a pause": lambda: _("you had paused"),
        "the watch is off": lambda: _("your watch was off"),
        "you changed your rule": lambda: _("you had changed your rule"),
        "somebody reached you": lambda: _("somebody had reached you"),
        "before the time you set": lambda: _("it was too early"),
        "had not said yes in time": lambda: _("no yes had come in time"),
        "not on your list at this place": lambda: _("you had changed your list"),
        "cannot be reached": lambda: _("no way was left to reach them, or they do not want messages"),
        "you had not allowed it": lambda: _("you do not allow it any more"),
        "consent revoked": lambda: _("you do not allow it any more"),
        "not looking after it any more": lambda: _("they were not looking after it any more"),
        "as you set it": lambda: _("that is how you set it"),
        "muted": lambda: _("that is how you set it"),
        "they asked for a rest": lambda: _("they had asked for a rest"),
        "not due as things stand": lambda: _("it was not needed as things stood"),
        "late by more than three days": lambda: _("it was more than three days late"),
        "somebody is looking after it": lambda: _("somebody is looking after it"),
        "the account is closed": lambda: _("the account was closed"),
    }
    return known.get(plain, lambda: _("it was withdrawn"))()


def _named(sentences: dict[str, str], kind: str, name: str) -> str:
    return sentences.get(kind, "") % {"name": name}


def _of(event: EpisodeEvent) -> tuple[str, str]:
    return event.detail.get("kind", ""), event.detail.get("name", "")


def _sent(event: EpisodeEvent) -> str:
    return _named(
        {
            "soft_note": _("We sent you a hello."),
            "heads_up": _("We asked you whether we should talk."),
            "final_notice": _("We told you who would be written to, and when."),
            "all_sorted": _("We told you that all is sorted."),
            "apology": _("We told you about our mistake."),
            "unreachable": _("We told you that a message did not arrive."),
            "nudge": _("%(name)s was asked to get in touch with you."),
            "reminder": _("%(name)s was asked whether they got hold of you."),
            "retraction": _("%(name)s was told that it was our mistake."),
            "back_in_touch": _("%(name)s was told that it is settled."),
        },
        *_of(event),
    )


def _message(kind: str, name: str) -> str:
    return _named(
        {
            "soft_note": _("Our hello to you"),
            "heads_up": _("Our question to you"),
            "final_notice": _("Our notice to you"),
            "all_sorted": _("Our note to you"),
            "apology": _("Our apology to you"),
            "unreachable": _("Our note to you"),
            "nudge": _("The message to %(name)s"),
            "reminder": _("The question to %(name)s"),
            "retraction": _("The correction to %(name)s"),
            "back_in_touch": _("The good news to %(name)s"),
        },
        kind,
        name,
    )


def waits(kind: str, name: str) -> str:
    """A message that is decided, or a question that is planned, and has not left; its moment is told beside it."""
    return _("%(message)s is to leave.") % {"message": _message(kind, name)}


def held(name: str) -> str:
    return _("The message to %(name)s waits until somebody has looked: many were due at once.") % {"name": name}


def asleep(name: str) -> str:
    return _("Nothing goes to %(name)s: they asked for a rest.") % {"name": name}


def second(name: str) -> str:
    return _("%(name)s only later, if nobody before them could.") % {"name": name}


def _not_sent(event: EpisodeEvent) -> str:
    return _("%(message)s was not sent: %(reason)s.") % {
        "message": _message(*_of(event)),
        "reason": reason(event.detail.get("reason", "")),
    }


def _ended(event: EpisodeEvent) -> str:
    return {
        "hit": _("You were there again. It is settled."),
        "void": _("The list was put right. It is settled."),
        "said_ok": _("You said that you are fine. It is settled."),
        "faded": _("It settled by itself."),
        "left_group": _("You left the group. It is settled."),
        "group_closed": _("The group has ended. It is settled."),
        "group_counts_heads": _("The group now writes down only how many come, not who. It is settled."),
        "paused": _("You paused. It is settled."),
        "raised": _("You changed your rule. It is settled."),
        "scope_changed": _("You changed your rule. It is settled."),
        "rule_off": _("You switched your watch off. It is settled."),
    }.get(event.detail.get("reason", ""), _("It is settled."))


def line(event: EpisodeEvent) -> str:
    """One event of an episode as its member reads it."""
    name: dict[str, Any] = {"name": event.detail.get("name", "")}
    plain: dict[str, Callable[[], str]] = {
        "opened": lambda: _("A meeting that you had planned took place without you."),
        "decided": lambda: _("The number you set was reached. You are asked first, before anybody else."),
        "sent": lambda: _sent(event),
        "unsure": lambda: (
            _("%(message)s left; we do not know whether it arrived.") % {"message": _message(*_of(event))}
        ),
        "bounced": lambda: _("%(message)s did not arrive.") % {"message": _message(*_of(event))},
        "suppressed": lambda: _not_sent(event),
        "withdrawn": lambda: _not_sent(event),
        "nudge_withdrawn": lambda: (
            _("Nothing goes to %(name)s: %(reason)s.") % (name | {"reason": reason(event.detail.get("reason", ""))})
        ),
        "nudge_held": lambda: (
            _("Many messages were due at once, so somebody looks before %(name)s is written to.") % name
        ),
        "nudge_dropped": lambda: _("Somebody has looked: nothing goes to %(name)s.") % name,
        "nudge_released": lambda: _("Somebody has looked, and the message may go."),
        "asked_anew": lambda: _("We could not send for more than three days, so you are asked again first."),
        "claim": lambda: _("%(name)s said: I’m on it.") % name,
        "reached": lambda: _("%(name)s said: I reached them. Nobody else is asked.") % name,
        "cannot": lambda: _("%(name)s cannot just now.") % name,
        "said_ok": lambda: _("You said that you are fine."),
        "suspended": lambda: _("You paused: nothing goes while the pause is on."),
        "resumed": lambda: _("The pause is over."),
        "hushed": lambda: _("You changed your rule: nobody else is asked."),
        "ended": lambda: _ended(event),
    }
    return plain.get(event.what, lambda: "")()


def moment_in(moment: datetime, zone: str) -> str:
    """ "Thu 15 Jan, 20:35" in the zone and the language that is active."""

    return formats.date_format(moment.astimezone(ZoneInfo(zone)), "D j M, H:i")
