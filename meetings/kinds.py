"""The messages about lists: nobody closed one (T09 to facilitators, T30 to coordinators), or the group changes what it
writes down (T31 to its members); the note before what a member planned (T20); and of what the finder shows: a
correction waits (T32), thanks for one (T33), is all of it still right (T34). No names, no group."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from delivery.kinds import Kind, Subject, register
from delivery.models import Delivery
from groups.models import Group, Membership
from meetings.models import Commitment, Confirming, Correction, Mark, Occurrence, PlanReminder, Sheet
from meetings.selectors.attendance import local_of
from meetings.services import confirming, corrections, keeping, plans, reminders
from people.selectors import alive, coordinators_among

ROOM = 12  # characters that a text has for a name or a day
CLOSED = "the account is closed"


def _runs(groups: Collection[int | None], people: Collection[int]) -> set[tuple[int | None, int]]:
    """(group, person): who of these is a facilitator of which of these groups, in one statement."""
    running = Membership.objects.facilitators().filter(group__in=groups, person__in=people)
    return set(running.values_list("group_id", "person_id"))


def sheets_in(deliveries: Sequence[Delivery]) -> list[Sheet | None]:
    """The list that each is about, in one statement."""
    named = [delivery.payload.get("sheet", 0) for delivery in deliveries]
    lists = Sheet.objects.select_related("occurrence__meeting__group", "occurrence__on_duty")
    found = lists.in_bulk(set(named))
    return [found.get(pk) for pk in named]


def _waits(sheet: Sheet | None, delivery: Delivery, now: datetime) -> str | None:
    """The list still waits: open, its date held and over for as long as was decided, its group there."""
    if sheet is None:
        return "the list is gone"
    if sheet.state != Sheet.OPEN:
        return f"the list is {sheet.state}"
    occurrence = sheet.occurrence
    group = occurrence.meeting.group
    if occurrence.state != Occurrence.SCHEDULED:
        return "the date is not held"
    if group is None or group.closed_at is not None:
        return "the group has ended"
    if occurrence.ends_at + reminders.STEPS[delivery.payload["step"]] > now:
        return "the date was moved"
    return None


def check_reminders(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """And the recipient is a facilitator; at the first moment also on duty, if somebody is named. Three statements."""
    sheets = sheets_in(deliveries)
    living = alive({delivery.recipient_id for delivery in deliveries})
    asked = {delivery.recipient_id for delivery in deliveries}
    asked |= {sheet.occurrence.on_duty_id for sheet in sheets if sheet and sheet.occurrence.on_duty_id}
    groups = {sheet.occurrence.meeting.group_id for sheet in sheets if sheet and sheet.occurrence.meeting.group_id}
    runs = _runs(groups, asked)

    def bar(delivery: Delivery, sheet: Sheet | None) -> str | None:
        barred = _waits(sheet, delivery, now) or (None if delivery.recipient_id in living else CLOSED)
        if sheet is None or barred is not None:
            return barred
        group, duty = sheet.occurrence.meeting.group_id, sheet.occurrence.on_duty_id
        if (group, delivery.recipient_id) not in runs:
            return "no facilitator any more"
        named = duty if (group, duty) in runs else None
        if delivery.payload["step"] == reminders.DUTY and named not in {None, delivery.recipient_id}:
            return "somebody else is on duty"
        return None

    return list(map(bar, deliveries, sheets))


def check_unclosed(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """And the recipient is a coordinator. Three statements for all."""
    people = {delivery.recipient_id for delivery in deliveries}
    living, coordinators = alive(people), coordinators_among(people)

    def bar(delivery: Delivery, sheet: Sheet | None) -> str | None:
        barred = _waits(sheet, delivery, now) or (None if delivery.recipient_id in living else CLOSED)
        return barred or (None if delivery.recipient_id in coordinators else "no coordinator any more")

    return list(map(bar, deliveries, sheets_in(deliveries)))


def reminder_contexts(deliveries: Sequence[Delivery]) -> list[dict[str, str]]:
    return list(map(_reminder_context, deliveries, sheets_in(deliveries)))


def _reminder_context(delivery: Delivery, sheet: Sheet | None) -> dict[str, str]:
    if sheet is None:
        return {}
    with translation.override(delivery.recipient.language):
        day = formats.date_format(local_of(sheet.occurrence), "D j M")
    return {"fa": delivery.recipient.name, "day": day[:ROOM]}


def name_context(delivery: Delivery) -> dict[str, str]:
    return {"me": delivery.recipient.name}


def sheet_link(delivery: Delivery) -> Subject:
    """The one list, without signing in, for this facilitator."""
    return ("sheet", delivery.payload["sheet"])


def lists_link(delivery: Delivery) -> Subject:
    """The coordinator's own page, which asks them to sign in."""
    return ("lists", 0)


def check_keeping(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """Still in the group, and it still keeps what was decided. Three statements for all."""
    people = {delivery.recipient_id for delivery in deliveries}
    groups = Group.objects.filter(closed_at=None).in_bulk({delivery.payload["group"] for delivery in deliveries})
    standing = Membership.objects.standing().filter(group__in=groups, person__in=people)
    members, living = set(standing.values_list("group_id", "person_id")), alive(people)

    def bar(delivery: Delivery) -> str | None:
        group = groups.get(delivery.payload["group"])
        if group is None:
            return "the group has ended"
        if group.head_count_only != delivery.payload["heads"]:
            return "it was changed back"
        if (group.pk, delivery.recipient_id) not in members:
            return "no member any more"
        return None if delivery.recipient_id in living else CLOSED

    return list(map(bar, deliveries))


def check_plans(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """For each: the date stands as decided and has not begun; they still plan to come, want the note, and have not
    said no. Six statements for all."""
    found = _Plans(deliveries)
    return [found.barred(delivery, now) for delivery in deliveries]


class _Plans:
    """What stands now about the dates and the people of these notes."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        people = {one.recipient_id for one in deliveries}
        dates = Occurrence.objects.select_related("meeting__group")
        self.dates = dates.in_bulk({one.payload["occurrence"] for one in deliveries})
        meetings = {row.meeting_id for row in self.dates.values()}
        groups = {row.meeting.group_id for row in self.dates.values() if row.meeting.group_id is not None}
        self.wanted = {row.person_id: row for row in PlanReminder.objects.filter(person__in=people)}
        members = Membership.objects.standing().filter(group__in=groups, person__in=people)
        self.members = set(members.values_list("group_id", "person_id"))
        plans = Commitment.objects.standing().filter(meeting__in=meetings, person__in=people)
        self.since = {(meeting, person): at for meeting, person, at in plans.values_list("meeting", "person", "since")}
        said = Mark.objects.filter(sheet__occurrence__in=self.dates, person__in=people, value__isnull=False)
        self.said = set(said.values_list("sheet__occurrence_id", "person_id"))
        self.alive = alive(people)

    def barred(self, delivery: Delivery, now: datetime) -> str | None:
        row = self.dates.get(delivery.payload["occurrence"])
        if row is None:
            return "the date is gone"
        barred = _date_barred(row, delivery, now) or self._note(delivery, now) or self._plan(row, delivery.recipient_id)
        return barred or (None if delivery.recipient_id in self.alive else CLOSED)

    def _note(self, delivery: Delivery, now: datetime) -> str | None:
        wanted = self.wanted.get(delivery.recipient_id)
        if wanted is None or wanted.lead_minutes != delivery.payload["lead"]:
            return "switched off, or another time chosen"
        return "paused" if wanted.resting_until is not None and wanted.resting_until > now else None

    def _plan(self, row: Occurrence, person: int) -> str | None:
        if (row.meeting.group_id, person) not in self.members:
            return "no member any more"
        since = self.since.get((row.meeting_id, person))
        if since is None or since > row.starts_at:
            return "not planned any more"
        return "answered already" if (row.pk, person) in self.said else None


def _date_barred(row: Occurrence, delivery: Delivery, now: datetime) -> str | None:
    group = row.meeting.group
    if row.state != Occurrence.SCHEDULED:
        return "the date is not held"
    if row.starts_at != datetime.fromisoformat(delivery.payload["starts"]):
        return "the date was moved"
    if row.starts_at <= now:
        return "it has begun"
    return "the group has ended" if group is None or group.closed_at is not None else None


def plan_context(delivery: Delivery) -> dict[str, str]:
    """The time alone, in the member's own zone."""
    person = delivery.recipient
    starts = datetime.fromisoformat(delivery.payload["starts"]).astimezone(ZoneInfo(person.zone))
    with translation.override(person.language):
        return {"me": person.name, "when": formats.date_format(starts, "D H:i")[:ROOM]}


def plan_link(delivery: Delivery) -> Subject:
    """One date of one member, without signing in: coming, or not this time."""
    return ("plan", delivery.payload["occurrence"])


def keeping_link(delivery: Delivery) -> Subject:
    """The group's page, which asks the member to sign in."""
    return ("keeping", delivery.payload["group"])


def check_corrections(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """It still waits, and the recipient still decides about it (policies.can_correct). Four statements for all."""
    people = {delivery.recipient_id for delivery in deliveries}
    rows = Correction.objects.select_related("meeting__group")
    found = rows.in_bulk({delivery.payload["correction"] for delivery in deliveries})
    runs = _runs({row.meeting.group_id for row in found.values()}, people)
    coordinators, living = coordinators_among(people), alive(people)

    def bar(delivery: Delivery) -> str | None:
        row, person = found.get(delivery.payload["correction"]), delivery.recipient_id
        if row is None:
            return "the correction is gone"
        if row.state != Correction.OPEN:
            return f"the correction is {row.state}"
        group = row.meeting.group
        if not (person in coordinators if group is None or group.closed_at else (group.pk, person) in runs):
            return "somebody else decides now"
        return None if person in living else CLOSED

    return list(map(bar, deliveries))


def check_thanks(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """What they noticed was taken over. Two statements for all."""
    named = {delivery.payload["correction"] for delivery in deliveries}
    taken = set(Correction.objects.filter(pk__in=named, state=Correction.ACCEPTED).values_list("pk", "by_id"))
    living = alive({delivery.recipient_id for delivery in deliveries})

    def bar(delivery: Delivery) -> str | None:
        if (delivery.payload["correction"], delivery.recipient_id) not in taken:
            return "the correction is gone"
        return None if delivery.recipient_id in living else CLOSED

    return list(map(bar, deliveries))


def check_confirms(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """Nobody has said so since, the meeting is held, and the recipient still runs its group. Three statements."""
    people = {delivery.recipient_id for delivery in deliveries}
    named = {delivery.payload["meeting"] for delivery in deliveries}
    rows = {
        row.meeting_id: row for row in Confirming.objects.select_related("meeting__group").filter(meeting__in=named)
    }
    groups = {row.meeting.group_id for row in rows.values()}
    runs, living = _runs(groups, people), alive(people)

    def bar(delivery: Delivery) -> str | None:
        row = rows.get(delivery.payload["meeting"])
        if row is None or not confirming.still_held(row.meeting):
            return "the meeting has ended"
        if row.due_at is not None:
            return "confirmed meanwhile"
        if (row.meeting.group_id, delivery.recipient_id) not in runs:
            return "no facilitator any more"
        return None if delivery.recipient_id in living else CLOSED

    return list(map(bar, deliveries))


def correction_link(delivery: Delivery) -> Subject:
    """The page of the correction, which asks the one who decides to sign in."""
    return ("correction", delivery.payload["correction"])


def thanks_link(delivery: Delivery) -> Subject:
    """The meeting's own page, open to everybody."""
    return ("corrected", delivery.payload["correction"])


def confirm_link(delivery: Delivery) -> Subject:
    """One meeting for one facilitator, without signing in: all of it is right."""
    return ("confirm", delivery.payload["meeting"])


def enter() -> None:
    """Called from apps.py."""
    register(Kind(reminders.REMINDER, "T09", checks=check_reminders, contexts=reminder_contexts, link=sheet_link))
    register(Kind(reminders.UNCLOSED, "T30", checks=check_unclosed, context=name_context, link=lists_link))
    register(Kind(keeping.TOLD, "T31", checks=check_keeping, context=name_context, link=keeping_link))
    register(Kind(corrections.WAITS, "T32", checks=check_corrections, context=name_context, link=correction_link))
    register(Kind(corrections.THANKS, "T33", checks=check_thanks, context=name_context, link=thanks_link))
    register(Kind(confirming.REMINDER, "T34", checks=check_confirms, context=name_context, link=confirm_link))
    register(Kind(plans.REMINDER, "T20", checks=check_plans, context=plan_context, link=plan_link))
