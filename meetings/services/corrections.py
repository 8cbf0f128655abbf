"""Corrections: anybody proposes a change of what the finder shows; who keeps the meeting accepts it, or does not.

    open      nothing of it is shown
    accepted  the ticked fields are written; a member who sent it is thanked
    declined  nothing is written; nobody is told

The facilitators of the meeting's group decide; of a meeting that no group here has, the coordinators. Each hears of the
first that waits; what comes after it is there when they look.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time
from hashlib import blake2b
from json import dumps
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from delivery.services import Draft, messages_enqueue, withdraw
from ground import clock
from ground.errors import Settled, TooMany, Unknown
from ground.wall import to_wall
from groups.models import Membership
from meetings import schedule
from meetings.models import Correction, Meeting
from meetings.policies import can_correct
from meetings.selectors.attendance import stored_local
from meetings.selectors.corrections import fields_for
from meetings.selectors.held import rule_of
from meetings.selectors.proposals import JOINING, MOST_WORDS, Wanted, read, standing
from meetings.services.confirming import confirming_put_off
from meetings.services.group_meetings import meeting_end
from meetings.services.import_rows import folded_of
from meetings.services.list_words import list_word_begin
from meetings.services.occurrences import occurrences_rematch
from meetings.services.placing import COLUMNS, place_roughly
from meetings.services.upcoming import schedule_write
from people.models import Person
from people.selectors import coordinators

WAITS, THANKS = "correction_waits", "correction_thanks"
MOST_OPEN = 10  # of one meeting; more is no help to anybody
WHEN = {"days", "starts", "minutes", "gone"}


def correction_send(*, actor: Person | None, meeting: Meeting, given: Mapping[str, Any], words: str = "") -> Correction:
    """Propose that some fields say something else; `actor` None is a guest. The same twice is the first one.

    Raises ValidationError naming the field, or when nothing differs; Settled for a meeting that is no longer listed;
    TooMany when ten of it wait already. The faces limit how often one address may send.
    """
    if meeting.closed_at is not None:
        raise Settled(_("This meeting is no longer listed."))
    now = clock.now()
    wanted = read(meeting, given, fields_for(actor, meeting, now))
    words = words.strip()
    if len(words) > MOST_WORDS:
        raise ValidationError({"words": _("Please keep it to %(most)s letters.") % {"most": MOST_WORDS}})
    if not wanted and not words:
        raise ValidationError(
            _("Nothing here differs from what stands there now. Change what is not right, or say it in your own words.")
        )
    digest = blake2b(dumps([wanted, words], sort_keys=True).encode(), digest_size=16).hexdigest()
    with transaction.atomic():
        Meeting.objects.select_for_update(of=("self",), no_key=True).filter(pk=meeting.pk).first()
        waiting = Correction.objects.filter(meeting=meeting, state=Correction.OPEN)
        if (same := waiting.filter(digest=digest).first()) is not None:
            return same
        number = waiting.count()
        if number >= MOST_OPEN:
            raise TooMany(_("Several corrections of this meeting wait to be looked at. Thank you all the same."))
        made = Correction.objects.create(
            meeting=meeting, by=actor, wanted=wanted, was=standing(meeting, list(wanted)), words=words, digest=digest,
            sent_at=now,
        )  # fmt: skip
        if not number:
            messages_enqueue(list(_drafts(made, now)))
    return made


def correction_read(*, actor: Person, correction_id: int) -> Correction:
    """One that is open or settled. Raises Correction.DoesNotExist, PermissionDenied for who does not decide."""
    found = Correction.objects.select_related("meeting__group", "meeting__source").get(pk=correction_id)
    if not can_correct(actor, found.meeting):
        raise PermissionDenied
    return found


def corrected_meeting(*, correction_id: int) -> str:
    """The address of the meeting that was corrected. Raises Unknown when it is not known any more."""
    slug = Meeting.objects.filter(corrections=correction_id).values_list("slug", flat=True).first()
    if slug is None:
        raise Unknown(_("This is settled, and was forgotten since."))
    return slug


def correction_accept(*, actor: Person, correction: Correction, fields: Collection[str]) -> Correction:
    """Write these of the proposed fields; none of them where it has words only.

    Raises PermissionDenied, Settled when somebody decided or the meeting has ended, ValidationError for a field that
    was not proposed or that the meeting cannot take.
    """
    now = clock.now()
    with transaction.atomic():
        row, meeting = _locked(actor, correction)
        if unknown := sorted(set(fields) - set(row.wanted)):
            raise ValidationError({name: _("This was not proposed.") for name in unknown})
        taken = {name: value for name, value in row.wanted.items() if name in fields}
        if row.wanted and not taken:
            raise ValidationError(_("Tick what is right, or leave it as it is."))
        _write(actor, meeting, taken, now)
        _settle(row, actor, Correction.ACCEPTED, now, taken=list(taken))
        if row.by is not None and row.by_id != actor.pk:
            thanks = Draft(
                kind=THANKS, topic=f"correction:{row.pk}", recipient=row.by, dedupe_key=f"thanks:{row.pk}",
                not_before=now, payload={"correction": row.pk}, to_inbox=True,
            )  # fmt: skip
            messages_enqueue([thanks])
    return row


def correction_decline(*, actor: Person, correction: Correction) -> Correction:
    """Leave everything as it is. Raises PermissionDenied, Settled when somebody decided."""
    with transaction.atomic():
        row, _meeting = _locked(actor, correction)
        _settle(row, actor, Correction.DECLINED, clock.now(), taken=[])
    return row


def deciders(meeting: Meeting) -> Iterable[Person]:
    """Who decides about the corrections of this meeting."""
    if meeting.group is not None and meeting.group.closed_at is None:
        runs = Membership.objects.facilitators().filter(group=meeting.group).select_related("person")
        return [membership.person for membership in runs.order_by("pk")]
    return coordinators()


def _drafts(correction: Correction, now: datetime) -> Iterable[Draft]:
    for person in deciders(correction.meeting):
        yield Draft(
            kind=WAITS, topic=f"correction:{correction.pk}", recipient=person,
            dedupe_key=f"correction:{correction.pk}:{person.pk}", not_before=now,
            payload={"correction": correction.pk}, to_inbox=True,
        )  # fmt: skip


def _locked(actor: Person, correction: Correction) -> tuple[Correction, Meeting]:
    """Both rows, locked; the meeting first, as in correction_send."""
    found = Meeting.objects.select_for_update(of=("self",)).select_related("group")
    meeting = found.get(pk=correction.meeting_id)
    if not can_correct(actor, meeting):
        raise PermissionDenied
    row = Correction.objects.select_for_update(of=("self",)).select_related("by").get(pk=correction.pk)
    if row.state != Correction.OPEN:
        raise Settled(_("Somebody has decided about this already."))
    row.meeting = meeting
    return row, meeting


def _settle(row: Correction, actor: Person, state: str, now: datetime, *, taken: list[str]) -> None:
    row.state, row.settled_at, row.settled_by, row.taken = state, now, actor, taken
    row.save(update_fields=["state", "settled_at", "settled_by", "taken"])
    withdraw(topics=[f"correction:{row.pk}"], kinds=[WAITS], reason="somebody decided")


def _write(actor: Person, meeting: Meeting, taken: Wanted, now: datetime) -> None:
    """The group's, or here the coordinator's, word: what its list says otherwise does not undo it."""
    if not taken:
        return
    if meeting.closed_at is not None:
        raise Settled(_("This meeting has ended."))
    if taken.get("gone") and meeting.source_id is None:
        meeting_end(actor=actor, meeting=meeting)
        return
    list_word_begin(meeting=meeting, now=now)
    columns = _put(meeting, taken, now)
    if meeting.mode == Meeting.ONLINE and not any(getattr(meeting, name) for name in (*JOINING, "notes")):
        raise ValidationError({"mode": _("An online meeting needs its address.")})
    meeting.folded = folded_of(meeting)
    meeting.save(update_fields=[*columns, "folded"])
    if WHEN & set(taken):
        if meeting.group_id is not None:
            occurrences_rematch(meetings=[meeting], now=now)
        schedule_write(meetings=[meeting], now=now)
    confirming_put_off(meeting=meeting, now=now)


def _put(meeting: Meeting, taken: Wanted, now: datetime) -> list[str]:
    """Set the columns in memory and name them. Raises ValidationError for a time that leaves no date to come."""
    columns = [name for name in taken if name not in {"days", "starts", "gone"}]
    for name in columns:
        setattr(meeting, name, taken[name])
    if "address" in taken:
        place_roughly(meeting)
        columns += COLUMNS
    if "gone" in taken:
        meeting.on_hold = taken["gone"]
        columns.append("on_hold")
    if {"days", "starts"} & set(taken):
        rule = rule_of(meeting)
        if rule is None:
            raise Settled(_("This meeting has no time any more."))
        if "days" in taken:
            meeting.rrule = schedule.ending(schedule.weekly(taken["days"]), schedule.last_day(rule.rrule))
        at = time.fromisoformat(taken["starts"]) if "starts" in taken else rule.starts_local.time()
        since = datetime.combine(rule.starts_local.date(), at)
        moved = schedule.Rule(since, meeting.zone, meeting.minutes, meeting.rrule)
        first = schedule.first_after(moved, to_wall(now, meeting.zone))
        if first is None:
            raise ValidationError({"starts": _("No date to come would be left.")})
        meeting.starts_local = stored_local(first)
        columns += ["starts_local", "rrule"]
    return columns
