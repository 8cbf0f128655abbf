"""Anybody says what is not right about a meeting; who keeps it decides; nothing is shown before that."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from rest_framework.test import APIClient

import delivery.worker
from delivery.kinds import kind_of
from delivery.models import Delivery
from ground.errors import Settled, TooMany
from meetings import holdings
from meetings.models import Correction, ListWord, Meeting
from meetings.selectors.corrections import fields_for, lines_of, waiting_for
from meetings.services.corrections import correction_accept, correction_decline, correction_send
from meetings.services.group_meetings import group_found_from_meeting
from people.services import person_export
from tests.group_stories import make_circle
from tests.meetings.list_desk import LAMP, PORCH, take_in
from tests.people_of_the_story import DAY, NOW, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
MOVED = {"starts": "18:30", "place": "Library"}


@pytest.fixture
def circle(evening):
    return make_circle()


def reasons(kind="correction_waits"):
    return list(Delivery.objects.filter(kind=kind).order_by("pk").values_list("state", "recipient__name"))


def test_a_guest_proposes_and_nothing_changes_until_a_facilitator_accepts_what_is_ticked(circle):
    guest = Client()
    page = guest.get(f"/meetings/{circle.meeting.slug}/correct/").content.decode()
    assert "Something is not right?" in page
    form = {"name": circle.meeting.name, "days": ["3"], "starts": "18:30", "minutes": "90", "mode": "in_person"}
    answer = guest.post(f"/meetings/{circle.meeting.slug}/correct/", {**form, "place": "Library"}, follow=True)
    assert "Thank you. Somebody who looks after this meeting will check it." in answer.content.decode()
    meeting = Meeting.objects.get()
    assert (meeting.place, meeting.starts_local.hour) == ("", 19)
    one = Correction.objects.get()
    assert (one.wanted, one.was, one.by) == (MOVED, {"starts": "19:00", "place": ""}, None)
    assert reasons() == [("pending", circle.facilitator.name)]

    client = Client()
    client.force_login(circle.facilitator.account)
    assert "1 correction waits" in client.get(f"/g/{circle.group.slug}/").content.decode()
    waiting = client.get("/corrections/").content.decode()
    assert meeting.name in waiting
    assert "Starts at · Place" in waiting
    diff = client.get(f"/corrections/{one.pk}/").content.decode()
    assert "<del>19:00</del>" in diff
    assert "<ins>18:30</ins>" in diff
    client.post(f"/corrections/{one.pk}/", {"answer": "accept", "field": ["starts"]})
    meeting.refresh_from_db()
    assert (meeting.place, f"{meeting.starts_local:%a %H:%M}") == ("", "Thu 18:30")
    assert Correction.objects.get().taken == ["starts"]
    assert reasons() == [("cancelled", circle.facilitator.name)]
    assert client.post(f"/corrections/{one.pk}/", {"answer": "decline"}).status_code == 410


def test_declining_changes_nothing_and_tells_nobody(circle):
    sender = make_member("Dana")
    one = correction_send(actor=sender, meeting=circle.meeting, given=MOVED)
    correction_decline(actor=circle.facilitator, correction=one)
    assert Meeting.objects.get().place == ""
    assert reasons("correction_thanks") == []
    with pytest.raises(Settled):
        correction_accept(actor=circle.facilitator, correction=one, fields=["place"])


def test_a_member_who_was_right_is_thanked_and_named_to_nobody(circle):
    sender = make_member("Dana", email="dana@example.org")
    one = correction_send(actor=sender, meeting=circle.meeting, given=MOVED)
    client = Client()
    client.force_login(circle.facilitator.account)
    assert "Dana" not in client.get(f"/corrections/{one.pk}/").content.decode()
    correction_accept(actor=circle.facilitator, correction=one, fields=list(one.wanted))
    while delivery.worker.tick(NOW):
        pass
    assert reasons("correction_thanks") == [("handed_over", "Dana")]
    assert person_export(actor=sender)["meetings"]["corrections"][0]["wanted"] == MOVED


def test_one_note_goes_for_the_first_that_waits_and_the_same_twice_is_once(circle):
    first = correction_send(actor=None, meeting=circle.meeting, given=MOVED)
    assert correction_send(actor=None, meeting=circle.meeting, given=MOVED) == first
    correction_send(actor=None, meeting=circle.meeting, given={}, words="The door is at the back.")
    assert len(reasons()) == 1
    for n in range(8):
        correction_send(actor=None, meeting=circle.meeting, given={"region": f"Part {n}"})
    with pytest.raises(TooMany):
        correction_send(actor=None, meeting=circle.meeting, given={"region": "One more"})


def test_what_is_no_correction_is_refused_by_its_field(circle):
    for given, field in [
        ({"minutes": 0}, "minutes"), ({"days": [9]}, "days"), ({"starts": "late"}, "starts"), ({"name": " "}, "name"),
        ({"mode": "by boat"}, "mode"), ({"fellowship": "XX"}, "fellowship"), ({"slug": "mine"}, "slug"),
        ({"conference_url": "javascript:alert(1)"}, "conference_url"), ({"place": "x" * 256}, "place"),
    ]:  # fmt: skip
        with pytest.raises(ValidationError) as refused:
            correction_send(actor=None, meeting=circle.meeting, given=given)
        assert set(refused.value.message_dict) == {field}
    with pytest.raises(ValidationError, match="Nothing here differs"):
        correction_send(actor=None, meeting=circle.meeting, given={"place": ""})


def test_how_to_join_is_not_asked_about_where_it_is_not_shown(circle):
    Meeting.objects.update(mode="online", conference_url="https://example.org/room", conference_notes="pass 1234")
    meeting = Meeting.objects.select_related("group").get()
    assert "conference_url" not in fields_for(None, meeting, NOW)
    page = Client().get(f"/meetings/{meeting.slug}/correct/").content.decode()
    assert "example.org/room" not in page
    assert "1234" not in page
    assert "conference_url" in fields_for(circle.facilitator, meeting, NOW)


def test_not_held_any_more_ends_a_groups_meeting_and_puts_a_listed_one_on_hold(circle, coordinator):
    one = correction_send(actor=None, meeting=circle.meeting, given={"gone": True})
    correction_accept(actor=circle.facilitator, correction=one, fields=["gone"])
    assert Meeting.objects.get().closed_at == NOW
    take_in(coordinator, LAMP)
    listed = Meeting.objects.get(slug="lamp")
    one = correction_send(actor=None, meeting=listed, given={"gone": True})
    correction_accept(actor=coordinator, correction=one, fields=["gone"])
    listed.refresh_from_db()
    assert (listed.on_hold, listed.next_starts_at) == (True, None)


def test_of_a_meeting_without_a_group_the_coordinator_decides_and_the_next_import_does_not_undo_it(coordinator):
    take_in(coordinator, LAMP, PORCH)
    listed = Meeting.objects.get(slug="lamp")
    one = correction_send(actor=None, meeting=listed, given={"starts": "20:15", "notes": "Ring twice"})
    assert reasons() == [("pending", "Cora")]
    assert [one.pk for one in waiting_for(coordinator)] == [one.pk]
    with pytest.raises(PermissionDenied):
        correction_accept(actor=make_member("Out"), correction=one, fields=["notes"])
    correction_accept(actor=coordinator, correction=one, fields=["starts", "notes"])
    take_in(coordinator, LAMP, PORCH)  # the list has not noticed yet
    listed.refresh_from_db()
    assert (f"{listed.starts_local:%H:%M}", listed.notes) == ("20:15", "Ring twice")
    take_in(coordinator, LAMP | {"time": "21:00"}, PORCH)  # now it says something new
    listed.refresh_from_db()
    assert (f"{listed.starts_local:%H:%M}", listed.notes) == ("21:00", "Ring twice")


def test_when_a_group_founds_itself_its_facilitator_decides_instead(coordinator):
    take_in(coordinator, LAMP)
    listed = Meeting.objects.get(slug="lamp")
    one = correction_send(actor=None, meeting=listed, given=MOVED)
    founder = make_member("Fay")
    group_found_from_meeting(actor=founder, meeting=listed)
    assert waiting_for(coordinator) == []
    assert [lines_of(found)[0].field for found in waiting_for(founder)] == ["starts"]
    with pytest.raises(PermissionDenied):
        correction_decline(actor=coordinator, correction=one)
    assert ListWord.objects.count() == 1
    while delivery.worker.tick(NOW):
        pass
    assert Delivery.objects.get(kind="correction_waits").reason == "somebody else decides now"


def test_many_corrections_are_asked_about_in_a_fixed_number_of_statements(coordinator, django_assert_max_num_queries):
    take_in(coordinator, LAMP, PORCH)
    for slug in ("lamp", "porch"):
        correction_send(actor=None, meeting=Meeting.objects.get(slug=slug), given=MOVED)
    waiting = list(Delivery.objects.select_related("recipient").filter(kind="correction_waits"))
    with django_assert_max_num_queries(4):
        assert kind_of("correction_waits").reasons(waiting, NOW) == [None, None]


def test_what_was_decided_is_forgotten_after_ninety_days(circle):
    one = correction_send(actor=None, meeting=circle.meeting, given=MOVED)
    holdings.purge(NOW + 400 * DAY)
    assert Correction.objects.count() == 1  # it still waits
    correction_decline(actor=circle.facilitator, correction=one)
    assert holdings.purge(NOW + 89 * DAY) == 0
    assert holdings.purge(NOW + 90 * DAY) == 1


def test_the_json_door_proposes_for_guests_and_decides_for_facilitators(circle):
    slug = circle.meeting.slug
    guest = APIClient()
    assert guest.get(f"/api/v1/meetings/{slug}/corrections/").json()["fields"]["starts"] == "19:00"
    sent = guest.post(f"/api/v1/meetings/{slug}/corrections/", {"fields": MOVED, "words": "Seen there"}, format="json")
    assert (sent.status_code, sent.json()) == (202, {"thanks": True})
    assert guest.get("/api/v1/corrections/").status_code in {401, 403}
    client = APIClient()
    client.force_login(circle.facilitator.account)
    [one] = client.get("/api/v1/corrections/").json()["results"]
    assert [change["field"] for change in one["changes"]] == ["starts", "place"]
    answer = client.post(f"/api/v1/corrections/{one['id']}/", {"answer": "accept", "fields": ["place"]}, format="json")
    assert answer.json()["state"] == "accepted"
    assert Meeting.objects.get().place == "Library"
    outsider = APIClient()
    outsider.force_login(make_member().account)
    assert outsider.get(f"/api/v1/corrections/{one['id']}/").status_code == 403


def test_one_address_sends_six_an_hour(circle):
    guest = APIClient(REMOTE_ADDR="203.0.113.7")
    url = f"/api/v1/meetings/{circle.meeting.slug}/corrections/"
    said = [guest.post(url, {"words": f"Word {n}"}, format="json").status_code for n in range(7)]
    assert said == [202] * 6 + [429]
