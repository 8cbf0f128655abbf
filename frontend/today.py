"""What Today shows: at most three cards (the next meeting, one answer owed, who wrote) and the quiet rest below.

The number of queries does not grow with what there is.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chat.selectors import cases_for, lines_of
from circle.selectors import chosen_state
from delivery.selectors import inbox_latest
from groups.selectors import groups_of
from meetings.selectors import attendance, open_lists
from people.selectors import code_pending
from support.selectors.asked import asked_of

if TYPE_CHECKING:
    from chat.selectors import Line
    from people.models import Person
    from support.selectors.asked import Asked

WEEK = timedelta(days=7)
# which notes ask something, the most pressing first, and for how long they are shown as an open question
ASKS = {
    "craving_offer": timedelta(minutes=30),
    "craving_page": timedelta(minutes=30),
    "craving_quiet": timedelta(minutes=30),
    "craving_prompt": timedelta(minutes=15),
    "final_notice": WEEK,
    "nudge": WEEK,
    "reminder": WEEK,
    "heads_up": WEEK,
    "soft_note": WEEK,
    "unreachable": WEEK,
    "invite_unreachable": WEEK,
    "consent_ends": WEEK,
}
SETTLES = ("all_sorted", "apology", "back_in_touch", "retraction")
NOTES = 3  # in the quiet rest


@dataclass(slots=True)
class Today:
    """`next_date`, `owed` and `wrote` are the three cards; the rest is quiet."""

    next_date: attendance.Date | None = None
    starts: datetime | None = None  # in the person's zone
    elsewhere: bool = False  # the meeting's wall time is another one
    on_now: bool = False
    asks: Any = None  # an inbox item that waits for an answer
    sheet: open_lists.Owed | None = None
    sheets_more: int = 0
    wrote: "list[Line]" = field(default_factory=list)
    unread: int = 0
    cases: int = 0  # messages in talk that wait for this facilitator's look
    notes: list[Any] = field(default_factory=list)
    chosen: "list[Asked]" = field(default_factory=list)  # who chose this person, one row each
    code_for: str = ""
    in_group: bool = False
    chose_someone: bool = False
    look_due: bool = False  # the quiet look at one's own people

    @property
    def waits(self) -> bool:
        """Whether anything stands on a card."""
        asked = any(one.told_at and not one.answer for one in self.chosen)
        return bool(self.next_date or self.asks or self.sheet or self.wrote or self.cases or asked)

    @property
    def settled_in(self) -> bool:
        return self.in_group and self.chose_someone


def today_of(person: "Person", now: datetime) -> Today:
    """Everything on the page for `person` at `now` (UTC)."""
    found = Today(code_for=code_pending(person, now))
    _next_meeting(found, person, now)
    items = inbox_latest(person)
    found.asks = _open_question(items, now)
    owed = open_lists.sheets_owed(person, now)
    if owed and found.asks is None:
        found.sheet, found.sheets_more = owed[0], len(owed) - 1
    elif owed:
        found.sheets_more = len(owed)
    found.wrote = [line for line in lines_of(person) if line.unread]
    found.unread = sum(line.unread for line in found.wrote)
    found.notes = [item for item in items if item != found.asks][:NOTES]
    found.chosen = asked_of(person, now)
    groups = groups_of(person)
    found.in_group = bool(groups)
    if any(own.role == own.FACILITATOR for own in groups):
        found.cases = len(cases_for(person))
    chosen = chosen_state(person, now)
    found.chose_someone, found.look_due = chosen.anybody, chosen.look_due
    return found


def _next_meeting(found: Today, person: "Person", now: datetime) -> None:
    dates = [date for date in attendance.next_for(person, now) if not date.cancelled]
    if not dates:
        return
    found.next_date = dates[0]
    starts = dates[0].held.starts_at
    found.starts = starts.astimezone(ZoneInfo(person.zone))
    found.elsewhere = found.starts.replace(tzinfo=None) != dates[0].local
    found.on_now = starts <= now


def _open_question(items: list[Any], now: datetime) -> Any:
    """The unread note that asks most pressingly, if it is fresh and was not settled by a later one."""
    settled = {item.delivery.topic for item in items if item.delivery.kind in SETTLES}
    asking = [
        item
        for item in items
        if item.read_at is None
        and item.delivery.kind in ASKS
        and item.delivery.topic not in settled
        and item.at > now - ASKS[item.delivery.kind]
    ]
    order = list(ASKS)
    return min(asking, key=lambda item: order.index(item.delivery.kind), default=None)
