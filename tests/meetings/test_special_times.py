"""Several times a day, marathons, by appointment; a fellowship; who sees the link."""

from dataclasses import replace
from datetime import date, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from ground import clock
from groups.services import group_found
from meetings.models import Meeting
from meetings.selectors.finder import Search, meeting_view, search
from meetings.selectors.published import published_one
from meetings.selectors.series import plan_of, series_of
from meetings.services.group_meetings import meeting_edit, meeting_make
from tests.group_stories import PLAN
from tests.people_of_the_story import DAY, HOUR, NOW, make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    with clock.frozen(NOW):  # Thursday 15 January 2026, 19:00 in Berlin
        yield group_found(actor=make_account("Fred").person, name="Thursday circle", zone="Europe/Berlin")


@pytest.fixture
def fred(group):
    return group.created_by


def test_a_facilitator_enters_three_times_a_day_in_one_form(group, fred):
    client = Client()
    client.force_login(fred.account)
    form = {"weekdays": ["3"], "repeats": "weekly", "starts": "07:00", "also": "12:00, 19:30", "minutes": "60"}
    answer = client.post(
        f"/g/{group.slug}/meetings/new/", {**form, "mode": "in_person", "zone": "Europe/Berlin", "fellowship": "NA"}
    )
    assert answer.status_code == 302
    made = list(Meeting.objects.order_by("starts_local"))
    assert sorted(f"{one.starts_local:%H:%M}" for one in made) == ["07:00", "12:00", "19:30"]
    assert len({one.series for one in made}) == 1
    first = next(one for one in made if one.starts_local.hour == 7)
    assert [one.starts_local.hour for one in series_of(first)] == [12, 19]
    assert "12:00</a>" in client.get(f"/g/{group.slug}/meetings/{first.pk}/").content.decode()
    assert "Narcotics Anonymous" in Client().get(f"/meetings/{first.slug}/").content.decode()


def test_meetings_of_one_name_are_told_apart_on_the_groups_page_by_their_next_date(group, fred):
    with clock.frozen(NOW):
        meeting_make(actor=fred, group=group, plan=replace(PLAN, also=(time(12, 0),)))
        client = Client()
        client.force_login(fred.account)
        page = client.get(f"/g/{group.slug}/").content.decode()
    for next_one in ("Thu 22 Jan, 12:00", "Thu 22 Jan, 19:00"):
        assert page.count(next_one) == 2  # who plans to come, and who cancels dates


def test_the_same_time_twice_and_more_than_eight_are_refused(group, fred):
    for also in [(time(19, 0),), tuple(time(hour) for hour in range(8))]:
        with pytest.raises(ValidationError) as refused:
            meeting_make(actor=fred, group=group, plan=replace(PLAN, also=also))
        assert set(refused.value.message_dict) == {"also"}
    assert not Meeting.objects.exists()


def test_a_marathon_of_thirty_hours_is_on_until_it_ends_and_may_not_overlap_itself(group, fred):
    plan = replace(PLAN, repeats="once", first=date(2026, 1, 17), starts=time(18, 0), minutes=30 * 60)
    meeting = meeting_make(actor=fred, group=group, plan=plan)
    assert meeting.next_ends_at - meeting.next_starts_at == 30 * HOUR
    later = meeting.next_starts_at + 29 * HOUR
    assert [row.meeting.pk for row in search(Search(on_now=True), now=later).rows] == [meeting.pk]
    assert "Sunday 18:00" not in Client().get(f"/meetings/{meeting.slug}/").content.decode()
    assert "Monday 00:00" in Client().get(f"/meetings/{meeting.slug}/").content.decode()
    with pytest.raises(ValidationError, match="begin again before it ends"):
        meeting_make(actor=fred, group=group, plan=replace(PLAN, weekdays=(3, 4), minutes=25 * 60))
    with pytest.raises(ValidationError, match="seven days"):
        meeting_make(actor=fred, group=group, plan=replace(PLAN, minutes=7 * 24 * 60 + 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.update(minutes=7 * 24 * 60 + 1)


def test_by_appointment_has_no_time_and_can_get_one(group, fred):
    meeting = meeting_make(actor=fred, group=group, plan=replace(PLAN, repeats="appointment", starts=None))
    assert (meeting.starts_local, meeting.rrule, meeting.next_starts_at) == (None, "", None)
    assert plan_of(meeting)["repeats"] == "appointment"
    assert "By appointment" in Client().get(f"/meetings/{meeting.slug}/").content.decode()
    changed = meeting_edit(actor=fred, meeting=meeting, plan=PLAN)
    assert changed.starts_local is not None
    back = meeting_edit(actor=fred, meeting=changed, plan=replace(PLAN, repeats="appointment"))
    assert back.next_starts_at is None


def test_the_link_stands_in_the_feeds_only_where_the_group_says_so(group, fred):
    plan = replace(PLAN, mode="online", conference_url="https://example.org/room")
    meeting = meeting_make(actor=fred, group=group, plan=plan)
    assert published_one(meeting.slug, NOW).conference_url == ""
    assert not meeting_view(meeting.slug, None, NOW).join_shown
    meeting_edit(actor=fred, meeting=meeting, plan=replace(plan, join_shown="all"))
    assert published_one(meeting.slug, NOW).conference_url == "https://example.org/room"
    assert meeting_view(meeting.slug, None, NOW + DAY).join_shown
    meeting_edit(actor=fred, meeting=meeting, plan=plan)  # a form that does not ask leaves it
    assert Meeting.objects.get().join_shown == "all"
