"""Due steps: nudges and reminders are taken up in the order of rule 4.6 and decided, held, or put off.

The decision and the step are written in one transaction of the caller, who holds the members' rules locked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from delivery.services import in_window
from groups.models import Group
from support import streaks
from support.models import Episode, EpisodeMessage, EpisodeSupporter
from support.selectors import contacts
from support.selectors.cases import Case
from support.selectors.contacts import People
from support.selectors.due import Order
from support.services.messages import note, to_member, to_supporter
from support.services.plan import plan_many
from support.streaks.send import MASS_TIME


@dataclass(slots=True)
class Round:
    """One round of taking up what is due at `now` (UTC)."""

    now: datetime
    people: People
    attempted: dict[int, list[datetime]] = field(default_factory=dict)  # by group: level 1 nudges attempted (4.6)
    on_the_way: set[int] = field(default_factory=set)  # supporters with a level 1 nudge in the outbox
    done: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A nudge or reminder to be looked at now."""

    case: Case
    row: EpisodeSupporter
    reminder: bool
    group: str  # the name of the watch's group, "" in scope any

    @property
    def order(self) -> Order:
        """Rule 4.6."""
        row = self.row
        due = row.reminder_at if self.reminder else row.due_at
        assert due is not None
        return streaks.take_up_order(
            due=due,
            member=self.case.person.name,
            group=self.group,
            recipient=row.supporter.name,
            kind="reminder" if self.reminder else "nudge",
            level=None if self.reminder else row.level,
        )


def steps_take(*, cases: Sequence[Case], now: datetime, last: Order | None = None) -> int:
    """Take up what is due for these members at `now` (UTC); return how many nudges and reminders moved on.

    What lies behind `last` in the order of rule 4.6 is left for the next batch.
    """
    round_ = Round(now, contacts.load(cases, now))
    # answers and hand-overs may have come since the step was planned
    opened = [(case, episode) for case in cases for episode in case.episodes.values()]
    plan_many((one for one in opened if one[1].notice_attempted_at is not None), round_.people)
    groups = Group.objects.in_bulk({watch.group_id for case in cases for watch in case.watches if watch.group_id})
    due = [one for case in cases for one in _due(case, groups, now) if last is None or one.order <= last]
    _prepare(round_, due)
    touched = {}
    for one in sorted(due, key=lambda one: one.order):
        if one.row.episode.notice_attempted_at is None:
            continue  # a further final notice was decided in this round
        if one.reminder:
            _take_reminder(round_, one)
        else:
            _take_nudge(round_, one)
        touched[one.row.episode_id] = one
    plan_many(((one.case, one.row.episode) for one in touched.values()), round_.people)
    return round_.done


def _due(case: Case, groups: dict[int, Group], now: datetime) -> list[Due]:
    found = []
    for row in (row for rows in case.rows.values() for row in rows):
        of = row.episode.watch.group_id
        group = groups[of].name if of is not None else ""
        if row.take_at is not None and row.take_at <= now:
            found.append(Due(case, row, reminder=False, group=group))
        if row.reminder_at is not None and row.reminder_at <= now:
            found.append(Due(case, row, reminder=True, group=group))
    return found


def _prepare(round_: Round, due: list[Due]) -> None:
    """What rules 4.5 and 4.6 ask about level 1 nudges: those on the way, and those of the group in the last hour."""
    first = [one.row for one in due if not one.reminder and one.row.level == 1]
    if not first:
        return
    leaving = EpisodeSupporter.objects.filter(
        supporter__in={row.supporter_id for row in first}, level=1, state=EpisodeSupporter.LEAVING
    )
    round_.on_the_way = set(leaving.values_list("supporter_id", flat=True))
    groups = {group for row in first if (group := row.episode.deciding_group_id) is not None}
    # one worker at a time counts a group's nudges
    list(Group.objects.select_for_update(no_key=True).filter(pk__in=groups).order_by("pk").values_list("pk"))
    sent = EpisodeMessage.objects.filter(level=1, episode__deciding_group__in=groups)
    recent = sent.filter(delivery__attempted_at__gt=round_.now - MASS_TIME)
    leaving_now = sent.filter(open=True, delivery__attempted_at=None, delivery__state__in=["pending", "sending"])
    for group, at in recent.values_list("episode__deciding_group", "delivery__attempted_at"):
        assert group is not None
        assert at is not None
        round_.attempted.setdefault(group, []).append(at)
    for group in leaving_now.values_list("episode__deciding_group", flat=True):
        assert group is not None
        round_.attempted.setdefault(group, []).append(round_.now)


def _take_nudge(round_: Round, one: Due) -> None:
    case, row, now = one.case, one.row, round_.now
    assert row.due_at is not None
    late = streaks.overdue(row.due_at, now)
    allowed = in_window(row.supporter.person, now)
    if not streaks.take_up_now(nudge=True, due=row.due_at, now=now, next_allowed=allowed):
        row.take_at = allowed  # an outage kept it: it waits for the window's next start
        row.save(update_fields=["take_at"])
        return
    barred = contacts.nudge_barred(case, row, round_.people, now)
    if late:
        _take_late(round_, case, row, barred)
        return
    if row.level == 1 and row.supporter_id in round_.on_the_way:
        return  # another episode's nudge to the same contact leaves at this moment: 4.5 is asked again after it
    if row.level == 1 and barred is None and _held(round_, row):
        row.state, row.take_at = EpisodeSupporter.HELD, None
        row.save(update_fields=["state", "take_at"])
        note(row.episode, now, "nudge_held", supporter=row.supporter_id, name=row.supporter.name)
        round_.done += 1
        return
    _decide_nudge(round_, row, counts=barred is None)


def _decide_nudge(round_: Round, row: EpisodeSupporter, *, counts: bool) -> None:
    """Into the outbox, whose gate asks the same bars again and keeps the reason of one that is suppressed."""
    assert row.due_at is not None
    key = f"nudge:{row.episode_id}:{row.supporter_id}:{row.level}" + (f":{row.serial}" if row.serial else "")
    to_supporter(row, "nudge", row.due_at, key=key, level=row.level)
    row.state, row.take_at = EpisodeSupporter.LEAVING, None
    row.save(update_fields=["state", "take_at"])
    if row.level == 1 and counts:
        round_.on_the_way.add(row.supporter_id)
        group = row.episode.deciding_group_id
        if group is not None:
            round_.attempted.setdefault(group, []).append(round_.now)
    round_.done += 1


def _take_late(round_: Round, case: Case, row: EpisodeSupporter, barred: str | None) -> None:
    """4.8: more than 72 h late is not sent. Barred: suppressed. Else the member is asked anew, before anybody."""
    episode, now = row.episode, round_.now
    round_.done += 1
    if barred is not None:
        row.state, row.take_at = EpisodeSupporter.SUPPRESSED, None
        row.save(update_fields=["state", "take_at"])
        note(episode, now, "suppressed", kind="nudge", name=row.supporter.name, level=row.level, reason=barred)
        return
    episode.notices += 1
    episode.notice_attempted_at = episode.next_step_at = None
    Episode.objects.filter(pk=episode.pk).update(notices=episode.notices, notice_attempted_at=None, next_step_at=None)
    to_member(episode, "final_notice", now, key=f"final_notice:{episode.pk}:{episode.notices}", number=episode.notices)
    note(episode, now, "asked_anew")


def _held(round_: Round, row: EpisodeSupporter) -> bool:
    """4.6: too many of one group within an hour is taken for a mistake until a coordinator has looked."""
    group = row.episode.deciding_group_id
    return not row.released and group is not None and streaks.mass_error(round_.now, round_.attempted.get(group, []))


def _take_reminder(round_: Round, one: Due) -> None:
    row, now = one.row, round_.now
    assert row.reminder_at is not None
    allowed = in_window(row.supporter.person, now)
    if allowed > now:
        row.reminder_at = allowed
        row.save(update_fields=["reminder_at"])
        return
    row.reminders += 1
    key = f"reminder:{row.episode_id}:{row.supporter_id}" + (f":{row.reminders}" if row.reminders > 1 else "")
    to_supporter(row, "reminder", row.reminder_at, key=key)
    row.reminded, row.reminder_at = True, None
    row.save(update_fields=["reminded", "reminder_at", "reminders"])
    round_.done += 1
