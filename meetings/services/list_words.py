"""A meeting that a group here has claimed and the list it came from: the group's own edits win.

What the group never changed follows the list. Where both say something of their own the row stays as the group has
it, and the group is shown what the list says: it may take it over, or keep its own until the list says something new.
A meeting that no group has may have been corrected here (services.corrections): that stands until the list says
something new, which is then what holds.
What belongs together is taken or kept together: a time without its days would be no meeting's.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Settled
from meetings.list_values import UNITS, plain, revived
from meetings.models import ListWord, Meeting
from meetings.policies import can_run_meeting
from meetings.services.import_rows import differences, folded_of
from meetings.services.occurrences import occurrences_rematch
from meetings.services.upcoming import schedule_write
from people.models import Person

COLUMNS = tuple(column for columns in UNITS.values() for column in columns)
Words = dict[str, Any]


def list_word_begin(*, meeting: Meeting, now: datetime) -> None:
    """From now on the group's own edits win: note what the list says, before the first of them."""
    if meeting.source_id is not None:
        ListWord.objects.get_or_create(meeting=meeting, defaults={"said": said_by(meeting), "at": now})


def said_by(meeting: Meeting) -> Words:
    """The row's columns as JSON keeps them."""
    return {column: plain(column, getattr(meeting, column)) for column in COLUMNS}


def merge(meeting: Meeting, values: Words, word: ListWord) -> Words:
    """The list's `values` without what the group has its own word on; that is noted in `word`, which is not saved."""
    free: Words = {}
    offered: dict[str, Words] = {}
    for unit, columns in UNITS.items():
        given = {column: values[column] for column in columns if column in values}
        if not given:  # of its fellowship a list may say nothing
            continue
        ours = {column: plain(column, getattr(meeting, column)) for column in columns}
        theirs = {column: plain(column, value) for column, value in given.items()}
        said = {column: word.said.get(column, ours[column]) for column in columns}
        edited = bool(word.said) and not _alike(unit, ours, said)
        if edited and not _has_group(meeting) and not _alike(unit, theirs, said):
            edited = False
        if not edited:
            free |= given
        elif not _alike(unit, ours, theirs) and word.kept.get(unit) != theirs:
            offered[unit] = theirs
    word.said = word.said | {column: plain(column, values[column]) for column in COLUMNS if column in values}
    word.offered = offered
    return free


def of_their_own(meetings: Iterable[Meeting]) -> list[Meeting]:
    """Those of a list's meetings of which somebody here has a word: a group that has it, or who corrected it."""
    rows = list(meetings)
    corrected = set(ListWord.objects.filter(meeting__in=rows).values_list("meeting_id", flat=True))
    return [row for row in rows if _has_group(row) or row.pk in corrected]


def _has_group(meeting: Meeting) -> bool:
    return meeting.group is not None and meeting.group.closed_at is None


def _alike(unit: str, one: Words, other: Words) -> bool:
    """Equal, but for the date of the first start where both repeat: lists name weekdays, not the day it began."""
    if unit == "when" and one["rrule"] and other.get("rrule") and one["starts_local"] and other["starts_local"]:
        # `2001-01-01T19:00:00+00:00`: the time of day
        return {**one, "starts_local": one["starts_local"][11:]} == {
            **other, "starts_local": other["starts_local"][11:],
        }  # fmt: skip
    return one == other


def list_words_end(*, meetings: Iterable[Meeting], now: datetime) -> None:
    """Their group is gone, and the list alone speaks of these meetings again: what the group changed goes with it,
    above all its own link, which was for its members. In the transaction that ends the group."""
    listed = {meeting.pk: meeting for meeting in meetings if meeting.source_id is not None}
    words = ListWord.objects.filter(meeting__in=listed)
    moved: list[Meeting] = []
    for word in words:
        row = listed[word.meeting_id]
        columns = _take(row, {column: revived(column, value) for column, value in word.said.items()})
        if columns:
            row.folded = folded_of(row)
            row.save(update_fields=[*columns, "folded"])
            moved.append(row)
    schedule_write(meetings=moved, now=now)
    words.delete()


def list_word_accept(*, actor: Person, meeting: Meeting, unit: str) -> None:
    """The group takes over what the list says. Facilitators only; Settled when the list does not say so any more."""
    word = _word(actor, meeting)
    now = clock.now()
    with transaction.atomic():
        word = ListWord.objects.select_for_update().get(pk=word.pk)
        offered = word.offered.pop(unit, None)
        if offered is None:
            raise Settled(_("The list does not say this any more."))
        row = Meeting.objects.select_for_update().get(pk=meeting.pk)
        columns = _take(row, {column: revived(column, value) for column, value in offered.items()})
        row.folded = folded_of(row)
        row.save(update_fields=[*columns, "folded"])
        if unit in {"when", "hold"}:
            occurrences_rematch(meetings=[row], now=now)
            schedule_write(meetings=[row], now=now)
        word.kept.pop(unit, None)
        word.save(update_fields=["offered", "kept"])


def list_word_decline(*, actor: Person, meeting: Meeting, unit: str) -> None:
    """The group keeps its own; it hears of it again when the list says something new. Facilitators only; Settled."""
    word = _word(actor, meeting)
    with transaction.atomic():
        word = ListWord.objects.select_for_update().get(pk=word.pk)
        offered = word.offered.pop(unit, None)
        if offered is None:
            raise Settled(_("The list does not say this any more."))
        word.kept[unit] = offered
        word.save(update_fields=["offered", "kept"])


def _word(actor: Person, meeting: Meeting) -> ListWord:
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    word = ListWord.objects.filter(meeting=meeting).first()
    if word is None:
        raise Settled(_("The list does not say this any more."))
    return word


def _take(row: Meeting, values: Words) -> list[str]:
    columns = differences(row, values)
    for column in columns:
        setattr(row, column, values[column])
    return columns


def words_of(meetings: Collection[Meeting], now: datetime) -> dict[int, ListWord]:
    """By meeting, for those that a group has; one that is not saved yet has said nothing."""
    found = {word.meeting_id: word for word in ListWord.objects.filter(meeting__in=meetings)}
    for meeting in meetings:
        found.setdefault(meeting.pk, ListWord(meeting=meeting))
    for word in found.values():
        word.at = now
    return found


def words_write(words: Iterable[ListWord]) -> None:
    fresh: list[ListWord] = []
    stale: list[ListWord] = []
    for word in words:
        (stale if word.pk else fresh).append(word)
    ListWord.objects.bulk_create(fresh)
    ListWord.objects.bulk_update(stale, ["said", "offered", "at"])
