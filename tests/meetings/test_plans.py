"""A note before what a member planned (T20): opt-in, at their lead, answered in one tap, and when none goes."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from rest_framework.test import APIClient

import delivery.worker
from delivery import transports
from delivery.kinds import kind_of
from delivery.models import Delivery
from delivery.transports.recording import RecordingTransport
from ground import clock
from groups.models import Membership
from meetings.models import Mark, Occurrence
from meetings.services import plans
from meetings.services.commitments import commitment_end, commitment_make, excuse, membership_leave
from meetings.services.keeping import keeping_change
from meetings.services.occurrences import occurrence_cancel, occurrences_prepare
from meetings.services.plans import plan_reminder_set, plans_due
from people.services import way_add
from support.services.own import pause_begin, pause_end
from support.services.rules import rule_set, rule_switch
from tests.concurrently import at_once
from tests.group_stories import join, make_circle, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_contact, make_member

pytestmark = pytest.mark.django_db
START = NOW + 7 * DAY  # the next Thursday, 19:00 in Berlin
LOCAL = datetime(2026, 1, 22, 19, 0)


@pytest.fixture
def circle():
    found = make_circle()
    with clock.frozen(NOW):
        occurrences_prepare(NOW)
    return found


@pytest.fixture
def post():
    recording = RecordingTransport()
    with transports.replaced({"email": recording}):
        yield recording


def wanting(circle, lead=180):
    member = make_regular(circle)
    way_add(person=member, kind="email", address=f"{member.name}@example.org")
    plan_reminder_set(actor=member, lead_minutes=lead)
    return member


def run(*moments):
    for at in moments:
        with clock.frozen(at):
            plans_due(now=at)
            while delivery.worker.tick(at):
                pass


def notes():
    return list(Delivery.objects.filter(kind="plan_reminder").order_by("pk").values_list("state", "reason"))


@pytest.mark.parametrize("lead", [1440, 180, 60])
def test_a_note_goes_at_the_chosen_time_before_and_once(circle, post, lead):
    member = wanting(circle, lead)
    due = START - timedelta(minutes=lead)
    run(NOW + DAY, due - timedelta(seconds=1))
    assert post.sent == []
    run(due, due, due + timedelta(minutes=5), START - timedelta(minutes=1))
    ((address, note),) = post.sent
    assert (address, note.kind) == (f"{member.name}@example.org", "plan_reminder")
    assert "something you planned is on Thu 19:00" in note.text
    assert Delivery.objects.get().due_at == due


def test_it_is_off_unless_switched_on(circle, post):
    make_regular(circle)
    run(START - DAY, START - 3 * HOUR, START - HOUR)
    assert notes() == []


def test_the_time_is_said_in_the_members_own_zone(circle, post):
    member = wanting(circle)
    member.zone = "America/New_York"
    member.save(update_fields=["zone"])
    run(START - 3 * HOUR)
    assert "Thu 13:00" in post.sent[0][1].text


def test_not_this_time_and_coming_after_all_are_a_tap_each_without_signing_in(circle, post):
    member = wanting(circle)
    run(START - 3 * HOUR)
    path = "/" + post.sent[0][1].link.rsplit("/", 1)[1]
    with clock.frozen(START - 2 * HOUR):
        page = Client().get(path + "?answer=not").content.decode()
        assert "Thu 22 Jan, 19:00" in page
        assert circle.group.name not in page
        assert circle.meeting.name not in page
        assert not Mark.objects.exists(), "opening a link changes nothing"
        said = Client().post(path, {"answer": "not"}, follow=True).content.decode()
        assert "not this time" in said
        assert (Mark.objects.get().person, Mark.objects.get().value) == (member, "excused")
        Client().post(path, {"answer": "coming"})
        assert Mark.objects.get().value is None
        assert Client().post(path, {"answer": "perhaps"}).status_code == 400
    with clock.frozen(START + 2 * HOUR):
        assert Client().get(path).status_code == 410
        assert Client().post(path, {"answer": "not"}).status_code == 410


def test_the_page_of_the_link_is_small(circle, post):
    wanting(circle)
    run(START - 3 * HOUR)
    with clock.frozen(START - 2 * HOUR):
        page = Client().get("/" + post.sent[0][1].link.rsplit("/", 1)[1])
    assert len(page.content) < 5_000


WAYS_OUT = {
    "cancelled": (lambda c, _m, d: occurrence_cancel(actor=c.facilitator, occurrence=d), "the date is not held"),
    "excused": (lambda c, m, _d: excuse(actor=m, meeting=c.meeting, original_local=LOCAL), "answered already"),
    "left": (lambda c, m, _d: membership_leave(actor=m, group=c.group), "no member any more"),
    "not planned": (lambda c, m, _d: commitment_end(actor=m, meeting=c.meeting), "not planned any more"),
    "heads only": (
        lambda c, _m, _d: keeping_change(actor=c.facilitator, group=c.group, head_count_only=True),
        "not planned any more",
    ),
    "switched off": (
        lambda _c, m, _d: plan_reminder_set(actor=m, lead_minutes=None),
        "switched off, or another time chosen",
    ),
    "moved": (
        lambda _c, _m, d: Occurrence.objects.filter(pk=d.pk).update(starts_at=START + HOUR, ends_at=START + 2 * HOUR),
        "the date was moved",
    ),
}


@pytest.mark.parametrize("what", WAYS_OUT)
def test_nothing_goes_to_who_said_no_or_about_what_is_not_held(circle, post, what):
    """Once before it is decided, once between the decision and the sending."""
    act, reason = WAYS_OUT[what]
    member = wanting(circle)
    date = Occurrence.objects.get(starts_at=START)
    due = START - 3 * HOUR
    with clock.frozen(due):
        plans_due(now=due)
        assert notes() == [("pending", "")]
        act(circle, member, date)
        delivery.worker.tick(due)
        assert [note for note in post.sent if note[1].kind == "plan_reminder"] == []
        assert notes() == [("suppressed", reason)]


def test_who_rests_gets_none_until_they_go_on(circle, post):
    member = wanting(circle)
    with clock.frozen(NOW):
        rule_set(actor=member, threshold=2, no_way_confirmed=True)
        pause_begin(actor=member)
    run(START - 3 * HOUR)
    assert notes() == [], "decided for nobody who rests"
    with clock.frozen(START):
        occurrences_prepare(START)
        pause_end(actor=member)
    due = START + 7 * DAY - 3 * HOUR
    with clock.frozen(due):
        plans_due(now=due)
        pause_begin(actor=member, until=due + DAY)
        delivery.worker.tick(due)
    assert notes() == [("suppressed", "paused")]


@pytest.mark.parametrize("again", [False, True])
def test_a_watch_switched_off_in_a_pause_lets_the_notes_go_again(circle, post, again):
    """The pause is of the watch; nobody sees a way to end it while the watch is off."""
    member = wanting(circle)
    with clock.frozen(NOW):
        rule_set(actor=member, threshold=2, no_way_confirmed=True)
        pause_begin(actor=member)
        rule_switch(actor=member, on=False)
        if again:  # the pause was never ended, so it is on again as well
            rule_switch(actor=member, on=True, no_way_confirmed=True)
    run(START - 3 * HOUR)
    assert len(notes()) == (0 if again else 1)


def test_a_note_that_would_come_after_the_beginning_is_not_sent(circle, post):
    member = wanting(circle)
    member.window_start, member.window_end = 19 * 60 + 30, 21 * 60
    member.save()
    run(START - 3 * HOUR, START + HOUR)
    assert notes() == [("suppressed", "it has begun")]


def test_what_is_planned_after_the_moment_has_passed_is_not_made_up(circle, post):
    member = make_member()
    plan_reminder_set(actor=member, lead_minutes=1440)
    run(START - DAY)
    with clock.frozen(START - 20 * HOUR):
        join(circle.group, member)
        commitment_make(actor=member, meeting=circle.meeting)
    run(START - 3 * HOUR, START - HOUR)
    assert notes() == []


def test_another_lead_chosen_meanwhile_has_a_note_of_its_own(circle, post):
    member = wanting(circle, 1440)
    with clock.frozen(START - DAY):
        plans_due(now=START - DAY)
        plan_reminder_set(actor=member, lead_minutes=60)
        delivery.worker.tick(START - DAY)
    run(START - HOUR)
    assert notes() == [("suppressed", "switched off, or another time chosen"), ("handed_over", "")]


def test_two_workers_decide_a_note_once(transactional_db):
    circle = make_circle()
    with clock.frozen(NOW):
        occurrences_prepare(NOW)
        wanting(circle)
    due = START - 3 * HOUR
    at_once([lambda: plans_due(now=due)] * 3)
    assert len(notes()) == 1


@pytest.mark.parametrize("people", [1, 12])
def test_notes_cost_the_same_for_one_member_as_for_twelve(circle, people, django_assert_max_num_queries):
    plans_due(now=START - DAY)
    for _n in range(people):
        wanting(circle)
    with django_assert_max_num_queries(7):
        assert plans_due(now=START - 3 * HOUR) == 1
    assert len(notes()) == people
    with django_assert_max_num_queries(1):
        assert plans_due(now=START - 3 * HOUR) == 0


@pytest.mark.parametrize("people", [1, 12])
def test_at_the_hand_over_they_are_asked_all_at_once(circle, people, django_assert_num_queries):
    plans_due(now=START - DAY)
    members = [wanting(circle) for _n in range(people)]
    plans_due(now=START - 3 * HOUR)
    with clock.frozen(START - 3 * HOUR):
        excuse(actor=members[0], meeting=circle.meeting, original_local=LOCAL)
    found = list(Delivery.objects.select_related("recipient").order_by("pk"))
    with django_assert_num_queries(6):
        reasons = kind_of("plan_reminder").reasons(found, START - 3 * HOUR)
    assert reasons == ["answered already"] + [None] * (people - 1)


def test_one_date_that_raises_harms_no_neighbour(circle, monkeypatch):
    other = make_circle()
    with clock.frozen(NOW):
        occurrences_prepare(NOW)
    member = wanting(other)
    wanting(circle)
    real = plans._move_on

    def trip(row, now):
        if row.meeting_id == circle.meeting.pk:
            raise RuntimeError("a bad row")
        return real(row, now)

    plans_due(now=START - DAY)
    monkeypatch.setattr(plans, "_move_on", trip)
    plans_due(now=START - 3 * HOUR)
    assert list(Delivery.objects.values_list("recipient", flat=True)) == [member.pk]
    monkeypatch.undo()
    plans_due(now=START - 3 * HOUR + plans.POSTPONE)
    assert Delivery.objects.count() == 2, "who waited for a moment gets the note all the same"
    plans_due(now=START - 3 * HOUR + 2 * plans.POSTPONE)
    assert Delivery.objects.count() == 2


def test_it_is_chosen_on_a_page_and_by_json_and_only_what_is_offered():
    member = make_member()
    client = Client()
    client.force_login(member.account)
    assert client.get("/me/notes-before/").status_code == 200
    client.post("/me/notes-before/", {"lead": "180"})
    assert member.plan_reminder.lead_minutes == 180
    for wrong in ("45", "soon", "-60"):
        assert client.post("/me/notes-before/", {"lead": wrong}).status_code == 400
    door = APIClient()
    door.force_authenticate(member.account)
    assert door.get("/api/v1/me/plan-reminder/").json() == {"lead_minutes": 180}
    for body in ({}, {"lead_minutes": 45}, {"lead_minutes": "60"}, {"lead_minutes": True}):
        assert door.put("/api/v1/me/plan-reminder/", body, format="json").status_code == 400
    assert door.put("/api/v1/me/plan-reminder/", {"lead_minutes": None}, format="json").json() == {"lead_minutes": None}
    with pytest.raises(PermissionDenied):
        plan_reminder_set(actor=make_contact(), lead_minutes=60)
    with pytest.raises(ValidationError):
        plan_reminder_set(actor=member, lead_minutes=0)


def test_an_outsiders_answer_to_a_date_is_refused(circle):
    date = Occurrence.objects.get(starts_at=START)
    with clock.frozen(NOW + DAY), pytest.raises(PermissionDenied):
        plans.plan_answer(actor=make_member(), occurrence=date, coming=False)
    member = wanting(circle)
    Membership.objects.filter(person=member).update(state="ended", until=NOW)
    with clock.frozen(NOW + DAY), pytest.raises(PermissionDenied):
        plans.plan_answer(actor=member, occurrence=date, coming=True)
