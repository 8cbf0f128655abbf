"""The only writers of the watch."""

from support.services.answers import answer_give
from support.services.held import nudge_drop, nudge_release, nudges_drop, nudges_release
from support.services.own import ok_say, pause_begin, pause_end
from support.services.rules import rule_set, rule_switch

__all__ = [
    "answer_give",
    "nudge_drop",
    "nudge_release",
    "nudges_drop",
    "nudges_release",
    "ok_say",
    "pause_begin",
    "pause_end",
    "rule_set",
    "rule_switch",
]
