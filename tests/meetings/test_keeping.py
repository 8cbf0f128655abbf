"""A group that counts heads only: what goes, what stays whose, what the schema refuses, and who is told."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

import delivery.worker
from delivery import transports
from delivery.models import Delivery
from delivery.transports.recording import RecordingTransport
from ground import clock
from ground.errors import Conflict
from meetings.models import Commitment, Mark, Meeting, SelfLog, Sheet
from meetings.selectors import attendance
from meetings.services import sheets
from meetings.services.commitments import commitment_make, excuse
from meetings.services.keeping import keeping_change
from people.models import Change
from people.services import way_add
from tests.concurrently import at_once
from tests.faults.conftest import until
from tests.group_stories import join, make_circle, make_date, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
AFTER = NOW + 2 * HOUR  # 21:00 in Berlin: notes wait for the morning
MORNING = NOW.replace(hour=7) + DAY


@pytest.fixture(autouse=True)
def _after_the_meeting():
    with clock.frozen(AFTER):
        yield


@pytest.fixture
def circle():
    return make_circle()


def as_(person):
    client = Client()
    client.force_login(person.account)
    return client


def test_the_names_go_and_each_persons_own_record_keeps_where_they_were(circle):
    here, away = make_regular(circle), make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={here: "late", away: "absent"})
    Change.objects.all().delete()
    assert keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
    assert not Mark.objects.exists()
    assert not Commitment.objects.exists()
    circle.sheet.refresh_from_db()
    assert (circle.sheet.state, circle.sheet.head_count) == ("closed", 1)
    (entry,) = attendance.own_record(here)
    assert (entry.starts_at, entry.title) == (NOW, "Thursday circle")
    assert attendance.own_record(away) == []
    assert set(Change.objects.values_list("person", "cause")) == {
        (here.pk, "group_counts_heads"),
        (away.pk, "group_counts_heads"),
    }
    assert not keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True), "twice is once"
    assert Delivery.objects.count() == 2


def test_what_a_member_had_logged_themselves_is_not_doubled(circle):
    member = make_regular(circle)
    SelfLog.objects.create(person=member, starts_at=NOW, at=NOW)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"})
    keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
    assert SelfLog.objects.filter(person=member).count() == 1


def test_the_schema_refuses_marks_and_plans_where_heads_are_counted(circle):
    heads = make_circle(heads=True)
    member = make_regular(circle)
    join(heads.group, member)
    mark = {"person": member, "value": "present", "at": AFTER}
    plan = {"person": member, "since": AFTER}
    for write in (
        lambda: Mark.objects.create(sheet=heads.sheet, **mark),
        lambda: Mark.objects.bulk_create([Mark(sheet=heads.sheet, **mark)]),
        lambda: Commitment.objects.create(meeting=heads.meeting, **plan),
    ):
        with pytest.raises(DatabaseError, match="counts heads only"), transaction.atomic():
            write()
    assert Mark.objects.create(sheet=circle.sheet, **mark).pk, "where names are kept they are"
    keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
    with pytest.raises(DatabaseError, match="counts heads only"), transaction.atomic():
        Mark.objects.create(sheet=circle.sheet, **mark)
    assert not Mark.objects.exists()


def test_no_service_writes_a_person_row_there_and_the_list_is_a_number(circle):
    member = make_regular(circle)
    keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
    local = attendance.local_of(circle.occurrence)
    for refused in (
        lambda: commitment_make(actor=member, meeting=circle.meeting),
        lambda: excuse(actor=member, meeting=circle.meeting, original_local=local),
        lambda: sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present"),
    ):
        with pytest.raises(ValidationError, match="counts heads only"):
            refused()
    page = as_(circle.facilitator).get(f"/sheets/{circle.occurrence.pk}/").content.decode()
    assert 'type="number"' in page
    assert member.name not in page
    for wrong in ("", "-1", "1000", "many", "2.5"):
        as_(circle.facilitator).post(f"/sheets/{circle.occurrence.pk}/", {"action": "count", "head_count": wrong})
        circle.sheet.refresh_from_db()
        assert circle.sheet.state == "open"
    as_(circle.facilitator).post(f"/sheets/{circle.occurrence.pk}/", {"action": "count", "head_count": "14"})
    circle.sheet.refresh_from_db()
    assert (circle.sheet.state, circle.sheet.head_count) == ("closed", 14)


@pytest.mark.scaled
@pytest.mark.django_db(transaction=True)
def test_who_marks_or_plans_at_the_moment_of_the_change_is_told_and_nothing_is_kept(circle):
    """Both have looked at the group before it changes, and write after it has."""
    member = make_regular(circle)
    late = make_member()
    join(circle.group, late)
    stale = Meeting.objects.select_related("group").get(pk=circle.meeting.pk)
    assert stale.group is not None
    assert Commitment.objects.exists()
    changed = threading.Event()

    def change() -> None:
        with transaction.atomic():
            keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
            changed.set()
            until(lambda: waiting_for_locks() == 2, "nobody waits", 30)

    def mark() -> None:
        changed.wait(30)
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")

    def plan() -> None:
        changed.wait(30)
        commitment_make(actor=late, meeting=stale)

    found = at_once([change, mark, plan])
    assert [type(one) for one in found] == [type(None), Conflict, Conflict], found
    assert "counts heads only" in str(found[1])
    assert not Mark.objects.exists()
    assert not Commitment.objects.exists()


@pytest.mark.scaled
@pytest.mark.django_db(transaction=True)
def test_a_list_that_nobody_had_opened_lets_no_name_through_at_the_moment_of_the_change(circle):
    member = make_regular(circle)
    Sheet.objects.all().delete()
    changed = threading.Event()

    def change() -> None:
        with transaction.atomic():
            keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
            changed.set()
            until(lambda: waiting_for_locks() == 1, "nobody waits", 30)

    def mark() -> None:
        changed.wait(30)
        sheet = sheets.sheet_for(actor=circle.facilitator, occurrence_id=circle.sheet.occurrence_id)
        sheets.sheet_mark(actor=circle.facilitator, sheet=sheet, person=member, value="present")

    found = at_once([change, mark])
    assert found[0] is None, found
    assert "counts heads only" in str(found[1])
    assert not Mark.objects.exists()


def waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        (count,) = cursor.fetchone()
    return int(count)


def test_every_member_is_told_what_it_means_safely_on_a_lock_screen(circle):
    member = make_regular(circle)
    way_add(person=member, kind="email", address="member@example.org")
    keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
    post = RecordingTransport()
    with clock.frozen(MORNING), transports.replaced({"email": post}):
        delivery.worker.tick(MORNING)
        ((address, note),) = post.sent
        assert (address, note.kind) == ("member@example.org", "keeping_changed")
        assert circle.group.name not in note.text
        answer = Client().get("/" + note.link.rsplit("/", 1)[1])
        assert answer.headers["Location"] == f"/g/{circle.group.slug}/"
        page = as_(member).get(f"/g/{circle.group.slug}/").content.decode()
    assert "nobody will notice here if you stop coming" in page
    with clock.frozen(NOW + 40 * DAY):
        assert "nobody will notice" not in as_(member).get(f"/g/{circle.group.slug}/").content.decode()


def test_changed_back_before_anybody_was_told_only_the_last_word_goes(circle):
    member = make_regular(circle)
    for heads in (True, False):
        with clock.frozen(AFTER + HOUR * heads):
            keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=heads)
    with clock.frozen(MORNING):
        while delivery.worker.tick(MORNING):
            pass
    assert list(Delivery.objects.filter(recipient=member).order_by("pk").values_list("state", "reason")) == [
        ("suppressed", "it was changed back"),
        ("handed_over", ""),
    ]
    assert commitment_make(actor=member, meeting=circle.meeting), "with the names one may plan again"


def test_only_facilitators_decide_and_only_with_the_tick_over_html(circle):
    member, page = make_regular(circle), f"/g/{circle.group.slug}/keeping/"
    for actor in (member, make_member()):
        with pytest.raises(PermissionDenied):
            keeping_change(actor=actor, group=circle.group, head_count_only=True)
        assert as_(actor).post(page, {"keep": "heads", "sure": "yes"}).status_code == 403
    as_(circle.facilitator).post(page, {"keep": "heads"})
    assert as_(circle.facilitator).post(page, {"keep": "nothing", "sure": "yes"}).status_code == 400
    circle.group.refresh_from_db()
    assert not circle.group.head_count_only
    assert "only count heads" in as_(circle.facilitator).get(f"/g/{circle.group.slug}/edit/").content.decode()
    as_(circle.facilitator).post(page, {"keep": "heads", "sure": "yes"})
    circle.group.refresh_from_db()
    assert circle.group.head_count_only


def test_it_is_decided_by_json_too(circle):
    client, door = APIClient(), f"/api/v1/groups/{circle.group.slug}/keeping/"
    client.force_authenticate(circle.facilitator.account)
    assert client.post(door, {"head_count_only": "yes"}, format="json").status_code == 400
    assert client.post(door, {"head_count_only": True}, format="json").json() == {"head_count_only": True}
    client.force_authenticate(make_member().account)
    assert client.post(door, {"head_count_only": False}, format="json").status_code == 403


def test_a_plan_or_a_mark_made_at_the_same_moment_does_not_stay_behind(transactional_db):
    circle = make_circle()
    planned, member = make_regular(circle), make_member()
    join(circle.group, member)
    at_once(
        [
            lambda: keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True),
            lambda: commitment_make(actor=member, meeting=circle.meeting),
            lambda: sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=planned, value="present"),
        ]
    )
    assert not Mark.objects.exists()
    assert not Commitment.objects.exists()


def test_letting_go_costs_the_same_for_three_people_as_for_twelve(django_assert_max_num_queries):
    for people in (3, 12):
        circle = make_circle()
        regulars = [make_regular(circle) for _n in range(people)]
        _held, older = make_date(circle.meeting, NOW - 7 * DAY)
        for sheet in (circle.sheet, older):
            sheets.sheet_close(actor=circle.facilitator, sheet=sheet, marks=dict.fromkeys(regulars, "present"))
        with django_assert_max_num_queries(30):
            keeping_change(actor=circle.facilitator, group=circle.group, head_count_only=True)
        assert SelfLog.objects.filter(person__in=regulars).count() == 2 * people
