"""When messages go, whose answer counts, who is reachable (docs/rules.md 4.3 to 4.5).

All due times are before rule 4.1: whoever enqueues the message moves them into the recipient's window.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from support.streaks.records import utc

AFTER_FIRST_NUDGE = timedelta(hours=24)  # 4.4 a
AFTER_CLAIM = timedelta(hours=72)  # 4.4 c
REMINDER_AFTER_CLAIM = timedelta(hours=48)  # 4.4
BETWEEN_NUDGES = timedelta(hours=7 * 24)  # 4.5


class Answer(StrEnum):
    """What a supporter who was told said. STOP and decline count where they take back a claim (4.4)."""

    CLAIM = "claim"
    CANNOT = "cannot"
    REACHED = "reached"
    STOP = "stop"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one supporter stands. `taken_back_at`: when the latest claim that no longer stands was taken back."""

    claim_at: datetime | None = None
    cannot_at: datetime | None = None
    taken_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One supporter of a level in one episode.

    `out_at` is the first of decline, STOP and hard bounce, None while there is none. `nudged_at` is the hand-over of
    this episode's nudge, None when there was none or it bounced. `answers` are those of this episode, with their times.
    """

    accepted_at: datetime | None
    out_at: datetime | None = None
    nudged_at: datetime | None = None
    answers: tuple[tuple[datetime, Answer], ...] = ()


@dataclass(frozen=True, slots=True)
class Level1Due:
    """`waits` says that 4.5 holds the nudge back: the member sees it."""

    at: datetime
    waits: bool


def suggested_threshold(meetings_per_week: float) -> int:
    """The threshold to suggest: 3 for commitments to two or more meetings a week, else 2 (product.md)."""
    return 3 if meetings_per_week >= 2 else 2


def standing(answers: Iterable[tuple[datetime, Answer]]) -> Standing:
    """4.4: the latest of claim and "I can't now" counts; repeating it changes nothing, its time stays.

    "I can't now", STOP and decline take a claim back. Of equal times the later in order counts.
    """
    claim: datetime | None = None
    cannot: datetime | None = None
    taken_back: datetime | None = None
    for at, answer in sorted(((utc(at), answer) for at, answer in answers), key=lambda pair: pair[0]):
        if answer is Answer.CLAIM:
            claim, cannot = claim or at, None
            continue
        if answer in {Answer.CANNOT, Answer.STOP, Answer.DECLINE} and claim is not None:
            claim, taken_back = None, at
        if answer is Answer.CANNOT:
            cannot = cannot or at
    return Standing(claim, cannot, taken_back)


def search_over(answers: Iterable[tuple[datetime, Answer]]) -> bool:
    """4.4: "I reached them" from anyone told ends the search for good, whatever is said later."""
    return any(answer is Answer.REACHED for _, answer in answers)


def reachable(contact: Contact, final_attempt: datetime) -> bool:
    """4.4: accepted before the final notice's attempt, not declined, no STOP, no hard bounce. Consent plays no part."""
    return contact.accepted_at is not None and contact.accepted_at < final_attempt and contact.out_at is None


def level1_due(*, final_attempt: datetime, grace: timedelta, last_nudge_handed_over_at: datetime | None) -> Level1Due:
    """4.3 and 4.5: (attempt of the final notice) + grace; not sooner than 7 times 24 h after the last one handed over.

    That last one is the last level 1 nudge about this member to this supporter, of an earlier episode too. After 4.8
    `final_attempt` is that of the further final notice.
    """
    due = utc(final_attempt) + grace
    if last_nudge_handed_over_at is None:
        return Level1Due(due, waits=False)
    free = utc(last_nudge_handed_over_at) + BETWEEN_NUDGES
    return Level1Due(max(due, free), waits=free > due)


def level2_due(
    *, final_attempt: datetime, grace: timedelta, level1: Iterable[Contact], reached: bool
) -> datetime | None:
    """4.4: the earliest of a, b and c, never before (attempt of the final notice) + grace. None: not due as it stands.

    `level1` are the level 1 supporters at the decision; `reached`: anyone told, of either level, said "I reached them".
    "At once" is the moment at which it became true, so that looking again gives the same time. To be asked again at
    every answer, bounce, STOP and at the send.
    """
    contacts = tuple(level1)
    if reached or any(search_over(contact.answers) for contact in contacts):
        return None
    earliest = utc(final_attempt) + grace
    where = [standing(contact.answers) for contact in contacts]
    claims = [one.claim_at for one in where if one.claim_at is not None]
    times = [_all_out(contacts, where, final_attempt, earliest)]
    if claims:
        times.append(min(claims) + AFTER_CLAIM)
    else:
        times.append(_a_day_without_claim(contacts, where))
    due = min((time for time in times if time is not None), default=None)
    return None if due is None else max(due, earliest)


def _a_day_without_claim(contacts: tuple[Contact, ...], where: list[Standing]) -> datetime | None:
    """4.4 a; after a claim was taken back it counts again, at the earliest at once."""
    nudged = [utc(contact.nudged_at) for contact in contacts if contact.nudged_at is not None]
    if not nudged:
        return None
    return max(
        [min(nudged) + AFTER_FIRST_NUDGE, *(one.taken_back_at for one in where if one.taken_back_at is not None)]
    )


def _all_out(
    contacts: tuple[Contact, ...], where: list[Standing], final_attempt: datetime, earliest: datetime
) -> datetime | None:
    """4.4 b: when the last reachable level 1 supporter said "I can't now" or stopped being reachable."""
    moments = [earliest]
    for contact, one in zip(contacts, where, strict=True):
        if contact.accepted_at is None or contact.accepted_at >= final_attempt:
            continue  # never reachable in this episode
        gone = [utc(at) for at in (contact.out_at, one.cannot_at) if at is not None]
        if not gone:
            return None
        moments.append(min(gone))
    return max(moments)


def reminder_due(claim: Standing, *, reminded: bool) -> datetime | None:
    """4.4: 48 h after the claim that stands, at most one per episode. None without such a claim, or once attempted."""
    if reminded or claim.claim_at is None:
        return None
    return claim.claim_at + REMINDER_AFTER_CLAIM
