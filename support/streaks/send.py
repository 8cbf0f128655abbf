"""What is looked at again when a message is taken up and handed over (docs/rules.md 4.6 to 4.9).

Every check gives the reason to suppress, which the member can see, or None: it may go.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from support.streaks.decide import MessageKind
from support.streaks.escalate import Contact
from support.streaks.records import utc

MASS_COUNT = 20  # 4.6
MASS_TIME = timedelta(minutes=60)  # 4.6
TOO_LATE = timedelta(hours=72)  # 4.8
_SOFT_RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))  # 4.9


class Purpose(StrEnum):
    """What consent is given for, of those that a watch needs."""

    ABSENCE = "absence"
    BACK_IN_TOUCH = "back_in_touch"


NEEDS: dict[MessageKind, frozenset[Purpose]] = {
    MessageKind.NUDGE: frozenset({Purpose.ABSENCE}),
    MessageKind.REMINDER: frozenset({Purpose.ABSENCE}),
    MessageKind.RETRACTION: frozenset({Purpose.ABSENCE}),
    MessageKind.BACK_IN_TOUCH: frozenset({Purpose.ABSENCE, Purpose.BACK_IN_TOUCH}),
}
"""The live consent a message to a supporter needs (4.7)."""


class Reason(StrEnum):
    """Why a message was suppressed."""

    STREAK_LOWER = "streak_lower"
    EPISODE_ENDED = "episode_ended"
    DECISION_VOID = "decision_void"
    PAUSED = "paused"
    RULE_OFF = "rule_off"
    HUSHED = "threshold_raised"
    SEARCH_OVER = "reached"
    BEFORE_GRACE = "before_grace"
    NOT_ACCEPTED = "not_accepted"
    NOT_IN_LEVEL = "not_in_level"
    UNREACHABLE = "unreachable"
    NO_CONSENT = "no_consent"
    NO_CLAIM = "no_claim"


@dataclass(frozen=True, slots=True)
class NudgeFacts:
    """What a nudge or reminder is checked against, all as of the hand-over.

    `in_level`: the supporter stands in the same level of the present rule; for a reminder, in any. `final_attempt` is
    the attempt of the final notice (after 4.8 of the further one), None when there was none. `consent` is the live one
    for `absence`.
    """

    episode_open: bool
    decision_stands: bool
    paused: bool
    rule_on: bool
    hushed: bool
    search_over: bool
    final_attempt: datetime | None
    grace: timedelta
    contact: Contact
    in_level: bool
    consent: bool


def check_soft_note(streak: int) -> Reason | None:
    """4.7: a soft note needs s >= 1."""
    return None if streak >= 1 else Reason.STREAK_LOWER


def check_heads_up(streak: int, threshold: int) -> Reason | None:
    """4.7: a heads-up needs s >= N-1, N as when it was decided."""
    return None if streak >= threshold - 1 else Reason.STREAK_LOWER


def check_final_notice(*, decision_stands: bool, further: bool = False, paused: bool = False) -> Reason | None:
    """4.7: a final notice needs a decision that stands; a further one (4.8) also no active pause (section 3)."""
    if not decision_stands:
        return Reason.DECISION_VOID
    return Reason.PAUSED if further and paused else None


def check_nudge(facts: NudgeFacts, now: datetime) -> Reason | None:
    """4.7 for a nudge of either level, with section 3 (N raised) and 4.4 ("I reached them"); never within the grace.

    Whether a level 2 nudge is due at all as things stand is asked of `level2_due`, not here.
    """
    return next((reason for bars, reason in _bars(facts, now) if bars), None)


def check_reminder(facts: NudgeFacts, now: datetime, *, claim_stands: bool) -> Reason | None:
    """4.7 for a reminder: what a nudge needs but the grace, which a further notice (4.8) may have begun anew; and a
    claim that stands (4.4)."""
    barred = (reason for bars, reason in _bars(facts, now) if bars and reason is not Reason.BEFORE_GRACE)
    return next(barred, None if claim_stands else Reason.NO_CLAIM)


def _bars(facts: NudgeFacts, now: datetime) -> list[tuple[bool, Reason]]:
    final, accepted = facts.final_attempt, facts.contact.accepted_at
    return [
        (not facts.episode_open, Reason.EPISODE_ENDED),
        (not facts.decision_stands, Reason.DECISION_VOID),
        (facts.paused, Reason.PAUSED),
        (not facts.rule_on, Reason.RULE_OFF),
        (facts.hushed, Reason.HUSHED),
        (facts.search_over, Reason.SEARCH_OVER),
        (final is None or utc(now) < utc(final) + facts.grace, Reason.BEFORE_GRACE),
        (accepted is None or (final is not None and accepted >= final), Reason.NOT_ACCEPTED),
        (not facts.in_level, Reason.NOT_IN_LEVEL),
        (facts.contact.out_at is not None, Reason.UNREACHABLE),
        (not facts.consent, Reason.NO_CONSENT),
    ]


def check_closing(
    kind: MessageKind, *, accepted: bool, reachable: bool, consents: AbstractSet[Purpose]
) -> Reason | None:
    """4.7: retraction needs `absence`, back in touch `absence` and `back_in_touch`; both acceptance and reachability.

    All sorted, apology and unreachable are not checked.
    """
    if kind not in {MessageKind.RETRACTION, MessageKind.BACK_IN_TOUCH}:
        return None
    if not accepted:
        return Reason.NOT_ACCEPTED
    if not reachable:
        return Reason.UNREACHABLE
    return None if NEEDS[kind] <= consents else Reason.NO_CONSENT


def withdrawn_by_revoking(purpose: Purpose) -> frozenset[MessageKind]:
    """Section 3: the pending messages to a supporter that need the consent that was revoked. STOP, decline: all."""
    return frozenset(kind for kind, needed in NEEDS.items() if purpose in needed)


def mass_error(at: datetime, attempted: Iterable[datetime]) -> bool:
    """4.6: a level 1 nudge taken up at `at` is held for a coordinator when 20 went less than 60 minutes before it.

    `attempted`: the level 1 nudges of the same group (of the deciding MISS) that went before it in `take_up_order`.
    """
    return sum(timedelta() <= utc(at) - utc(one) < MASS_TIME for one in attempted) >= MASS_COUNT


def take_up_order(
    *, due: datetime, member: str, group: str, recipient: str, kind: str, level: int | None
) -> tuple[datetime, str, str, str, str, int]:
    """4.6: the sort key in which what is due is taken up.

    `due` after rules 4.1 and 4.5; `group` of the watch, "" in scope any; names as plain text; `level` None for what is
    no nudge.
    """
    return (utc(due), member, group, recipient, kind, level or 0)


def overdue(due: datetime, now: datetime) -> bool:
    """4.8: a nudge taken up more than 72 h after its due time (after 4.1 and 4.5) is not sent; 72 h is not more."""
    return utc(now) - utc(due) > TOO_LATE


def take_up_now(*, nudge: bool, due: datetime, now: datetime, next_allowed: datetime) -> bool:
    """4.1 and 4.8: what is due is taken up inside its window; a nudge more than 72 h overdue whatever its window.

    `next_allowed` is the first moment of the recipient's window from `now` on.
    """
    return due <= now and (next_allowed <= now or (nudge and overdue(due, now)))


def soft_retry_delay(attempts: int) -> timedelta | None:
    """4.9: how long after the soft error of attempt number `attempts` (from 1) to try again; None: now a hard error."""
    if attempts < 1:
        raise ValueError("the first attempt is number 1")
    return _SOFT_RETRIES[attempts - 1] if attempts <= len(_SOFT_RETRIES) else None
