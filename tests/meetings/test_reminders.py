"""A list that nobody closes (docs/rules.md 5): who is reminded when, what stops it, and each moment is decided once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

import delivery.worker
from delivery import transports
from delivery.kinds import kind_of
from delivery.models import Delivery
from delivery.transports.recording import RecordingTransport
from ground import clock
from groups.models import Membership
from meetings.models import Occurrence, Sheet
from meetings.selectors.open_lists import sheets_unclosed
from meetings.services import reminders, sheets
from meetings.services.commitments import excuse
from meetings.services.group_meetings import group_end, meeting_edit
from meetings.services.occurrences import (
    occurrence_cancel,
    occurrence_duty_set,
    occurrence_uncancel,
    occurrences_prepare,
)
from meetings.services.reminders import sheets_due
from people.services import coordinator_set, way_add
from tests.concurrently import at_once
from tests.group_stories import PLAN, join, make_circle, make_date, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_account, make_member

pytestmark = pytest.mark.django_db
END = NOW + timedelta(minutes=90)  # 20:30 in Berlin
MORNING = NOW.replace(hour=7) + DAY  # 08:00 in Berlin, the day after


@pytest.fixture
def post():
    recording = RecordingTransport()
    with transports.replaced({"email": recording}):
        yield recording


@pytest.fixture
def circle():
    found = make_circle()
    way_add(person=found.facilitator, kind="email", address="fa@example.org")
    return found


def second_facilitator(circle, address="second@example.org"):
    person = make_member()
    way_add(person=person, kind="email", address=address)
    return person, join(circle.group, person, role="facilitator", since=NOW - DAY)


def make_coordinator(address="co@example.org"):
    account = make_account()
    coordinator_set(alias=account.alias)
    way_add(person=account.person, kind="email", address=address)
    return account.person


def run(until, *, since=NOW, step=HOUR):
    """The lists and the outbox, hour by hour."""
    at = since
    while at <= until:
        with clock.frozen(at):
            sheets_due(now=at)
            while delivery.worker.tick(at):
                pass
        at += step


def heard(post):
    return [(message.kind, address) for address, message in post.sent]


def path_of(post, number=0):
    """Where the link of a note leads."""
    return "/" + post.sent[number][1].link.rsplit("/", 1)[1]


def decided():
    rows = Delivery.objects.order_by("due_at", "pk").values_list("kind", "recipient", "due_at")
    return [(kind, recipient, due - END) for kind, recipient, due in rows]


def test_the_moments_are_two_hours_a_day_two_days_and_a_week(circle):
    other, _membership = second_facilitator(circle)
    coordinator = make_coordinator()
    occurrence_duty_set(actor=circle.facilitator, occurrence=circle.occurrence, person=other)
    for at in (END + 2 * HOUR - timedelta(seconds=1), END + 2 * HOUR, END + DAY, END + 2 * DAY, END + 7 * DAY):
        with clock.frozen(at):
            sheets_due(now=at)
            sheets_due(now=at)
    assert decided() == [
        ("sheet_reminder", other.pk, 2 * HOUR),
        ("sheet_reminder", circle.facilitator.pk, DAY),
        ("sheet_reminder", other.pk, DAY),
        ("sheet_unclosed", coordinator.pk, 2 * DAY),
    ]
    circle.sheet.refresh_from_db()
    assert (circle.sheet.state, circle.sheet.step_at) == ("expired", None)


def test_nobody_named_means_all_facilitators_and_a_named_one_who_left_counts_as_nobody(circle):
    other, membership = second_facilitator(circle)
    occurrence_duty_set(actor=circle.facilitator, occurrence=circle.occurrence, person=other)
    Membership.objects.filter(pk=membership.pk).update(role="member")
    sheets_due(now=END + 2 * HOUR)
    assert [recipient for _kind, recipient, _due in decided()] == [circle.facilitator.pk]


def test_the_reminder_waits_for_the_morning_and_its_link_opens_the_list_without_signing_in(circle, post):
    make_regular(circle)
    run(END + 20 * HOUR, since=END)
    ((address, note),) = post.sent
    assert (note.kind, address) == ("sheet_reminder", "fa@example.org")
    assert Delivery.objects.get().handed_at == MORNING + timedelta(minutes=30), "the round after 08:00"
    assert "could you finish the list for Thu 15 Jan?" in note.text
    assert "circle" not in note.text
    with clock.frozen(END + 20 * HOUR):
        path = path_of(post)
        page = Client().get(path)
        assert page.status_code == 200
        assert "Who was there?" in page.content.decode()
        assert Client().post(path, {"action": "close", "rest": "unknown"}).status_code == 302
    circle.sheet.refresh_from_db()
    assert (circle.sheet.state, circle.sheet.closed_by) == ("closed", circle.facilitator)


def test_a_closed_list_reminds_nobody_and_what_waited_is_withdrawn(circle, post):
    make_coordinator()
    with clock.frozen(END + 2 * HOUR):
        sheets_due(now=END + 2 * HOUR)
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet)
    assert Delivery.objects.get().state == "cancelled"
    run(END + 8 * DAY, since=END + 3 * HOUR, step=6 * HOUR)
    assert heard(post) == []


def test_a_list_closed_without_the_outbox_hearing_of_it_is_seen_at_the_send(circle, post):
    sheets_due(now=END + 2 * HOUR)
    Sheet.objects.update(state="closed", closed_at=END, first_closed_at=END, revision=1, step_at=None)
    run(MORNING + HOUR, since=MORNING)
    assert (heard(post), Delivery.objects.get().reason) == ([], "the list is closed")


def test_it_did_not_take_place_said_by_the_link_stops_everything_until_it_is_taken_back(circle, post):
    coordinator = make_coordinator()
    run(MORNING + HOUR, since=END)
    path = path_of(post)
    with clock.frozen(MORNING + 2 * HOUR):
        assert Client().get(path + "?action=not_held").status_code == 200
        circle.occurrence.refresh_from_db()
        assert circle.occurrence.state == "scheduled", "opening a link changes nothing"
        said = Client().post(path, {"action": "not_held"}, follow=True)
        assert "not held" in said.content.decode()
        circle.occurrence.refresh_from_db()
        assert circle.occurrence.state == "cancelled"
    run(END + 30 * HOUR, since=MORNING + 3 * HOUR)
    assert len(post.sent) == 1
    with clock.frozen(END + 31 * HOUR):
        Client().post(path, {"action": "held"})
        circle.occurrence.refresh_from_db()
        assert circle.occurrence.state == "scheduled"
    run(END + 3 * DAY, since=END + 32 * HOUR)
    assert heard(post)[1:] == [("sheet_unclosed", "co@example.org")], "the moment that passed in silence stays silent"
    assert coordinator.name in post.sent[1][1].text


def test_a_cancelled_date_that_waits_in_the_outbox_is_withdrawn(circle):
    sheets_due(now=END + 2 * HOUR)
    occurrence_cancel(actor=circle.facilitator, occurrence=circle.occurrence)
    assert Delivery.objects.get().state == "cancelled"
    occurrence_uncancel(actor=circle.facilitator, occurrence=circle.occurrence)
    sheets_due(now=END + 3 * HOUR)
    assert Delivery.objects.count() == 1, "what was decided is not decided again"


@pytest.mark.parametrize("what", ["left", "member", "on_duty", "group", "account"])
def test_at_the_send_it_is_asked_whether_this_is_still_theirs(circle, post, what):
    other, membership = second_facilitator(circle)
    sheets_due(now=END + 2 * HOUR)
    reason = "no facilitator any more"
    if what == "left":
        Membership.objects.filter(pk=membership.pk).update(state="ended", until=END + 3 * HOUR)
    elif what == "member":
        Membership.objects.filter(pk=membership.pk).update(role="member")
    elif what == "on_duty":
        occurrence_duty_set(actor=other, occurrence=circle.occurrence, person=circle.facilitator)
        reason = "somebody else is on duty"
    elif what == "account":
        other.account.is_active = False
        other.account.save()
        reason = "the account is closed"
    else:
        group_end(actor=other, group=circle.group)
        reason = "the group has ended"
    run(MORNING, since=MORNING)
    assert Delivery.objects.get(recipient=other).reason == reason
    assert "second@example.org" not in [address for _kind, address in heard(post)]


def test_somebody_who_is_no_coordinator_any_more_reads_nothing(circle, post):
    coordinator = make_coordinator()
    for at in (END + 2 * HOUR, END + DAY, END + 2 * DAY):
        sheets_due(now=at)
    coordinator_set(alias=coordinator.account.alias, on=False)
    run(END + 3 * DAY, since=END + 3 * DAY - HOUR)
    assert Delivery.objects.get(kind="sheet_unclosed").reason == "no coordinator any more"


def test_after_an_outage_each_person_hears_once_and_an_expired_list_reminds_nobody(circle):
    coordinator = make_coordinator()
    old, _sheet = make_date(circle.meeting, NOW - 7 * DAY)
    sheets_due(now=END + 50 * HOUR)
    assert decided() == [
        ("sheet_reminder", circle.facilitator.pk, DAY),
        ("sheet_unclosed", coordinator.pk, 2 * DAY),
    ]
    assert Sheet.objects.get(occurrence=old).state == "expired"


def test_a_reminder_to_one_that_still_waits_gives_way_to_the_one_to_all(circle):
    sheets_due(now=END + 2 * HOUR)
    sheets_due(now=END + DAY)
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["cancelled", "pending"]


def test_two_workers_decide_each_moment_once(transactional_db):
    circle = make_circle()
    at_once([lambda: sheets_due(now=END + 2 * HOUR)] * 3)
    assert [recipient for _kind, recipient, _due in decided()] == [circle.facilitator.pk]


@pytest.mark.parametrize("groups", [1, 12])
def test_reminding_costs_the_same_for_one_list_as_for_twelve(groups, django_assert_max_num_queries):
    for _n in range(groups):
        make_circle()
    make_coordinator()
    with django_assert_max_num_queries(9):
        assert sheets_due(now=END + 2 * DAY) == groups
    assert Delivery.objects.count() == 2 * groups
    with django_assert_max_num_queries(1):
        assert sheets_due(now=END + 2 * DAY) == 0


@pytest.mark.parametrize("groups", [1, 12])
def test_at_the_hand_over_lists_are_asked_all_at_once(groups, django_assert_num_queries):
    circles = [make_circle() for _n in range(groups)]
    make_coordinator()
    sheets_due(now=END + 2 * DAY)
    Sheet.objects.filter(pk=circles[0].sheet.pk).update(state="expired", step=len(reminders.STEPS), step_at=None)
    found = list(Delivery.objects.select_related("recipient").order_by("pk"))
    for kind in (reminders.REMINDER, reminders.UNCLOSED):
        batch = [one for one in found if one.kind == kind]
        with django_assert_num_queries(3):
            reasons = kind_of(kind).reasons(batch, END + 2 * DAY)
        assert reasons == ["the list is expired"] + [None] * (groups - 1), kind
        with django_assert_num_queries(1 if kind == reminders.REMINDER else 0):
            kind_of(kind).fillings(batch)


def test_one_list_that_raises_rests_an_hour_and_harms_no_neighbour(circle, monkeypatch):
    other = make_circle()
    real = reminders._move_on

    def trip(sheet, now):
        if sheet.pk == circle.sheet.pk:
            raise RuntimeError("a bad row")
        return real(sheet, now)

    monkeypatch.setattr(reminders, "_move_on", trip)
    sheets_due(now=END + 2 * HOUR)
    assert [recipient for _kind, recipient, _due in decided()] == [other.facilitator.pk]
    circle.sheet.refresh_from_db()
    assert circle.sheet.step_at == END + 3 * HOUR


def test_a_list_opened_ahead_by_an_excuse_is_looked_at_after_its_end_also_when_the_length_changes(circle):
    member = make_regular(circle)
    with clock.frozen(NOW + 3 * HOUR):
        excuse(actor=member, meeting=circle.meeting, original_local=(NOW + 7 * DAY + HOUR).replace(tzinfo=None))
        meeting_edit(actor=circle.facilitator, meeting=circle.meeting, plan=replace(PLAN, minutes=60))
    coming = Sheet.objects.get(occurrence__starts_at=NOW + 7 * DAY)
    assert coming.step_at == NOW + 7 * DAY + 3 * HOUR


def test_every_list_that_opens_has_its_first_moment_and_the_schema_refuses_one_without(circle):
    Sheet.objects.all().delete()
    occurrences_prepare(NOW)
    sheet = Sheet.objects.get()
    assert (sheet.step, sheet.step_at) == (0, END + 2 * HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sheet.objects.update(step_at=None)


def test_the_link_of_a_list_that_expired_ends_a_week_later_and_the_list_can_still_be_closed(circle):
    make_regular(circle)
    token = sheets.sheet_link_give(actor=circle.facilitator, sheet=circle.sheet)
    sheets_due(now=END + 7 * DAY)
    with clock.frozen(END + 14 * DAY - HOUR):
        assert Client().get(f"/{token}").status_code == 200
    with clock.frozen(END + 14 * DAY):
        assert Client().get(f"/{token}").status_code == 410
        assert Client().post(f"/{token}", {"action": "not_held"}).status_code == 410
        facilitator = Client()
        facilitator.force_login(circle.facilitator.account)
        facilitator.post(f"/sheets/{circle.occurrence.pk}/", {"action": "close", "rest": "unknown"})
    circle.sheet.refresh_from_db()
    assert (circle.sheet.state, circle.sheet.step_at) == ("closed", None)


def test_a_foreign_a_forged_and_another_lists_link_do_nothing_here(circle):
    other = make_circle()
    token = sheets.sheet_link_give(actor=other.facilitator, sheet=other.sheet)
    second, membership = second_facilitator(circle)
    theirs = sheets.sheet_link_give(actor=second, sheet=circle.sheet)
    Membership.objects.filter(pk=membership.pk).update(state="ended", until=NOW)
    with clock.frozen(END):
        assert Client().post(f"/{token}", {"action": "not_held"}).status_code == 302
        assert Client().post(f"/{theirs}", {"action": "not_held"}).status_code == 403
        assert Client().post("/" + "a" * 13, {"action": "not_held"}).status_code == 404
    assert list(Occurrence.objects.filter(state="cancelled")) == [other.occurrence]


def test_an_outsider_closes_no_list_and_cancels_no_date_over_html(circle):
    make_regular(circle)
    outsider = Client()
    outsider.force_login(make_member().account)
    with clock.frozen(END):
        for action in ("close", "not_held", "save"):
            answer = outsider.post(f"/sheets/{circle.occurrence.pk}/", {"action": action, "rest": "absent"})
            assert answer.status_code == 403
    circle.sheet.refresh_from_db()
    circle.occurrence.refresh_from_db()
    assert (circle.sheet.state, circle.occurrence.state) == ("open", "scheduled")


def test_a_coordinator_reads_which_lists_wait_and_no_names(circle):
    member = make_regular(circle, "Quiet Rita")
    make_date(circle.meeting, NOW - 7 * DAY)
    coordinator = Client()
    coordinator.force_login(make_coordinator().account)
    with clock.frozen(END + 2 * DAY):
        sheets_due(now=END + 2 * DAY)
        page = coordinator.get("/coordinator/lists/").content.decode()
        rows = coordinator.get("/api/v1/coordinator/lists/").json()["results"]
        assert circle.group.name in page
        assert [(row["group"], row["expired"]) for row in rows] == [
            (circle.group.name, False),
            (circle.group.name, True),
        ]
        for name in (member.name, circle.facilitator.name):
            assert name not in page
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="unknown")
        assert len(coordinator.get("/api/v1/coordinator/lists/").json()["results"]) == 1
        for person in (circle.facilitator, member):
            other = Client()
            other.force_login(person.account)
            assert other.get("/coordinator/lists/").status_code == 403
            assert other.get("/api/v1/coordinator/lists/").status_code == 403
        assert Client().get("/coordinator/lists/").status_code == 302


def test_the_coordinators_page_costs_the_same_for_one_list_as_for_twelve(django_assert_max_num_queries):
    coordinator = make_coordinator()
    for _n in range(12):
        make_circle()
    with django_assert_max_num_queries(2):
        assert len(sheets_unclosed(coordinator, END + 2 * DAY)) == 12


def test_the_note_to_a_coordinator_leads_to_the_page_after_signing_in(circle, post):
    make_coordinator()
    run(END + 3 * DAY, since=END + 2 * DAY)
    number = [kind for kind, _address in heard(post)].index("sheet_unclosed")
    with clock.frozen(END + 3 * DAY):
        answer = Client().get(path_of(post, number))
    assert answer.headers["Location"] == "/coordinator/lists/"
