"""A meeting of a list that a group here has claimed: the group's own word and the list's."""

from dataclasses import replace
from datetime import time

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from ground.errors import Settled
from meetings.models import ListWord, Meeting
from meetings.selectors import attendance, finder, lists, published
from meetings.services import group_meetings, import_desk, list_words
from people.models import Account
from tests.meetings.list_desk import LAMP, PORCH, take_in, work
from tests.people_of_the_story import NOW, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
PLAN = group_meetings.Plan(name="Our lamp", weekdays=(0,), starts=time(19, 0), zone="Europe/Berlin")


@pytest.fixture
def claimed(coordinator):
    """A facilitator whose group has claimed the meeting of a list."""
    take_in(coordinator, LAMP, PORCH)
    person = make_member("Fay")
    meeting = Meeting.objects.get(slug="lamp")
    group_meetings.group_found_from_meeting(actor=person, meeting=meeting, name="Lamp")
    return person, Meeting.objects.get(slug="lamp")


def test_what_a_group_never_changed_follows_the_list(coordinator, claimed):
    _, meeting = claimed
    take_in(coordinator, LAMP | {"time": "20:00"}, PORCH)
    meeting.refresh_from_db()
    assert meeting.starts_local.hour == 20
    assert lists.differences_of(meeting) == []


def test_a_groups_own_edit_wins_and_what_the_list_says_is_shown(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=replace(PLAN, starts=time(18, 0)))
    take_in(coordinator, LAMP | {"time": "20:00", "notes": "Ring twice"}, PORCH)
    meeting.refresh_from_db()
    assert (meeting.name, meeting.starts_local.hour, meeting.notes) == ("Our lamp", 18, "Ring twice")
    assert [(one.unit, one.lines) for one in lists.differences_of(meeting)] == [
        ("when", [("time", "18:00", "20:00")]),
        ("name", [("name", "Our lamp", "Lamp")]),
    ]


def test_a_group_says_of_which_fellowship_it_is_and_no_list_says_otherwise(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=replace(PLAN, name="Lamp", fellowship="NA"))
    take_in(coordinator, LAMP | {"entity": "Porchlight Alcoholics Anonymous"}, PORCH)
    meeting.refresh_from_db()
    assert meeting.fellowship == "NA"
    assert [(one.unit, one.lines) for one in lists.differences_of(meeting)] == [
        ("fellowship", [("fellowship", "NA", "AA")]),
    ]
    import_desk.fellowship_set(actor=coordinator, source_id=meeting.source_id, fellowship="OA")
    meeting.refresh_from_db()
    assert meeting.fellowship == "NA"


def test_the_group_takes_over_what_the_list_says_or_keeps_its_own_until_the_list_says_something_new(
    coordinator, claimed
):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=replace(PLAN, starts=time(18, 0)))
    take_in(coordinator, LAMP | {"time": "20:00"}, PORCH)
    list_words.list_word_accept(actor=person, meeting=meeting, unit="when")
    list_words.list_word_decline(actor=person, meeting=meeting, unit="name")
    meeting = Meeting.objects.get(pk=meeting.pk)
    assert (meeting.starts_local.hour, meeting.name) == (20, "Our lamp")
    assert meeting.next_starts_at.hour == 19, "and the finder knows it: 20:00 in Berlin"
    assert lists.differences_of(meeting) == []
    take_in(coordinator, LAMP | {"time": "20:00", "notes": "x"}, PORCH)
    assert lists.differences_of(Meeting.objects.get(pk=meeting.pk)) == [], "it was declined, and is the same"
    take_in(coordinator, LAMP | {"time": "20:00", "name": "Lantern"}, PORCH)
    found = lists.differences_of(Meeting.objects.get(pk=meeting.pk))
    assert [one.lines for one in found] == [[("name", "Our lamp", "Lantern")]]
    with pytest.raises(Settled):
        list_words.list_word_accept(actor=person, meeting=meeting, unit="when")
    with pytest.raises(PermissionDenied):
        list_words.list_word_accept(actor=make_member(), meeting=meeting, unit="name")
    with pytest.raises(PermissionDenied):
        list_words.list_word_decline(actor=make_member(), meeting=meeting, unit="name")


def test_a_claimed_meeting_that_the_list_drops_stays_the_groups(coordinator, claimed):
    _, meeting = claimed
    take_in(coordinator, PORCH)
    meeting.refresh_from_db()
    assert (meeting.closed_at, meeting.source) == (None, None)


def test_an_undone_import_takes_its_word_to_the_group_back(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=PLAN)
    said = ListWord.objects.get().said
    run = take_in(coordinator, LAMP | {"name": "Lantern"}, PORCH)
    import_desk.import_take_back(actor=coordinator, import_id=run.pk)
    work()
    word = ListWord.objects.get()
    assert (word.said, word.offered) == (said, {})
    meeting.refresh_from_db()
    assert meeting.name == "Our lamp"


def test_a_facilitator_answers_the_list_on_the_meetings_page(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=PLAN)
    take_in(coordinator, LAMP | {"name": "Lantern"}, PORCH)
    browser = Client()
    browser.force_login(Account.objects.get(person=person))
    meeting = attendance.Meeting.objects.select_related("group").get(pk=meeting.pk)
    address = f"/g/{meeting.group.slug}/meetings/{meeting.pk}/"
    shown = browser.get(address).content.decode()
    assert "Its list says something else" in shown
    assert "on the list: Lantern" in shown
    assert browser.post(f"{address}list/", {"unit": "name", "action": "accept"}).status_code == 302
    meeting.refresh_from_db()
    assert meeting.name == "Lantern"
    assert "Its list says something else" not in browser.get(address).content.decode()


ZOOM = "https://zoom.us/j/1"


def test_when_a_group_ends_its_own_link_and_word_go_with_it_and_the_list_alone_speaks(coordinator, claimed):
    """A group's link is for its members. Its meeting stays listed when the group ends, open to everybody again."""
    person, meeting = claimed
    own = replace(PLAN, mode=Meeting.ONLINE, conference_url=ZOOM, starts=time(18, 0))
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=own)
    group_meetings.meeting_confirm(actor=person, meeting=meeting)
    group_meetings.group_end(actor=person, group=meeting.group)
    meeting = Meeting.objects.get(pk=meeting.pk)
    assert (meeting.closed_at, meeting.conference_url, meeting.mode) == (None, "", Meeting.IN_PERSON)
    assert (meeting.name, meeting.starts_local.hour, meeting.next_starts_at.hour) == ("Lamp", 19, 18)
    assert [day.minute for day in meeting.days.all()] == [19 * 60]
    for address in ("/meetings.json", "/calendar/meetings/lamp.ics", "/meetings/lamp/", "/api/v1/meetings/lamp/"):
        answer = Client().get(address)
        assert b"zoom" not in (b"".join(answer.streaming_content) if answer.streaming else answer.content)
    take_in(coordinator, LAMP | {"time": "20:00"}, PORCH)
    another = make_member("Ada")
    group_meetings.group_found_from_meeting(actor=another, meeting=Meeting.objects.get(slug="lamp"))
    take_in(coordinator, LAMP | {"time": "21:00"}, PORCH)
    meeting.refresh_from_db()
    assert meeting.starts_local.hour == 21, "the next group changed nothing, so it follows the list"


def test_the_link_of_a_meeting_that_its_group_has_ended_is_nobodys(claimed):
    person, meeting = claimed
    plan = replace(PLAN, mode=Meeting.ONLINE, conference_url=ZOOM)
    founded = group_meetings.meeting_make(actor=person, group=meeting.group, plan=plan)
    group_meetings.group_end(actor=person, group=meeting.group)
    page = Client().get(f"/meetings/{founded.slug}/")
    assert page.status_code == 410
    assert "zoom" not in page.content.decode()
    assert "zoom" not in Client().get(f"/api/v1/meetings/{founded.slug}/").content.decode()
    assert published.published_one(founded.slug, NOW) is None
    assert not finder.meeting_view(founded.slug, person, NOW).join_shown
