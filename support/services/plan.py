"""When each supporter of an open episode is looked at next. Every timer is a column; planning twice changes nothing."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from delivery.services import in_window
from support import streaks
from support.models import Episode, EpisodeSupporter
from support.selectors.cases import Case
from support.selectors.contacts import People, grace_of, level2_due

PLANNED = ("due_at", "take_at", "waits", "reminder_at")


def plan_many(pairs: Iterable[tuple[Case, Episode]], people: People) -> None:
    """Work out anew when the nudges and reminders of these episodes are due (4.3 to 4.5), and when to look next.

    What changed is written, in two statements however many there are.
    """
    rows: list[EpisodeSupporter] = []
    stepped: list[Episode] = []
    for case, episode in pairs:
        rows += _plan(case, episode, people)
        step = _next_step(case, episode)
        if step != episode.next_step_at:
            episode.next_step_at = step
            stepped.append(episode)
    rows_save(rows, PLANNED)
    if len(stepped) == 1:
        Episode.objects.filter(pk=stepped[0].pk).update(next_step_at=stepped[0].next_step_at)
    elif stepped:
        Episode.objects.bulk_update(stepped, ["next_step_at"])


def rows_save(rows: Collection[EpisodeSupporter], fields: Sequence[str]) -> None:
    """These fields of these rows, in one statement."""
    if len(rows) == 1:  # the usual, and the simplest statement
        next(iter(rows)).save(update_fields=fields)
    elif rows:
        EpisodeSupporter.objects.bulk_update(rows, fields)


def _plan(case: Case, episode: Episode, people: People) -> list[EpisodeSupporter]:
    """The rows whose times changed."""
    second = level2_due(case, episode, people)
    changed = []
    for row in case.rows.get(episode.pk, []):
        before = [getattr(row, name) for name in PLANNED]
        _plan_nudge(episode, row, people, second)
        _plan_reminder(episode, row, people)
        if before != [getattr(row, name) for name in PLANNED]:
            changed.append(row)
    return changed


def _next_step(case: Case, episode: Episode) -> datetime | None:
    """While a further notice (4.8) waits, nobody is asked: its attempt plans anew, reminders too."""
    if episode.notice_attempted_at is None:
        return None
    rows = case.rows.get(episode.pk, [])
    return min((time for row in rows for time in (row.take_at, row.reminder_at) if time is not None), default=None)


def _plan_nudge(episode: Episode, row: EpisodeSupporter, people: People, second: datetime | None) -> None:
    """Only a nudge that waits has a time; one that was decided or is over keeps the due time it had."""
    if row.state != EpisodeSupporter.WAITING:
        row.take_at = None
        return
    due, row.waits = _nudge_due(episode, row, people, second)
    allowed = None if due is None else in_window(row.supporter.person, due)
    if allowed != row.due_at or (allowed is None) != (row.take_at is None):
        row.due_at = row.take_at = allowed


def _nudge_due(
    episode: Episode, row: EpisodeSupporter, people: People, second: datetime | None
) -> tuple[datetime | None, bool]:
    """The due time before rule 4.1, and whether 4.5 holds it back."""
    if episode.ended_at is not None or episode.notice_attempted_at is None:
        return None, False
    if row.level != 1:
        return second, False
    due = streaks.level1_due(
        final_attempt=episode.notice_attempted_at,
        grace=grace_of(episode),
        last_nudge_handed_over_at=people.last_told.get(row.supporter_id),
    )
    return due.at, due.waits


def _plan_reminder(episode: Episode, row: EpisodeSupporter, people: People) -> None:
    over = episode.ended_at is not None or episode.search_over or episode.hushed
    due = None
    if row.state == EpisodeSupporter.TOLD and not over:
        due = streaks.reminder_due(people.standing(row), reminded=row.reminded)
    allowed = None if due is None else in_window(row.supporter.person, due)
    if allowed is None or row.reminder_at is None or row.reminder_at < allowed:
        row.reminder_at = allowed  # a later one stays: an outage kept it outside the window
