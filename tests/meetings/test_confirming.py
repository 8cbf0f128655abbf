"""Is what the finder shows still right? Facilitators are asked once, half a year after the last word, by one tap."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

import delivery.worker
from delivery import transports
from delivery.models import Delivery
from delivery.transports.recording import RecordingTransport
from ground import clock
from meetings.models import Confirming, Meeting
from meetings.services.commitments import membership_leave
from meetings.services.confirming import STALE, confirmings_due
from meetings.services.group_meetings import group_end, meeting_confirm
from people.services import way_add
from tests.group_stories import LONG_AGO, join, make_circle
from tests.people_of_the_story import DAY, HOUR, make_member

pytestmark = pytest.mark.django_db
DUE = LONG_AGO + STALE


@pytest.fixture
def circle():
    found = make_circle()
    way_add(person=found.facilitator, kind="email", address="fay@example.org")
    return found


@pytest.fixture
def post():
    recording = RecordingTransport()
    with transports.replaced({"email": recording}):
        yield recording


def run(*moments):
    for at in moments:
        with clock.frozen(at):
            confirmings_due(now=at)
            while delivery.worker.tick(at):
                pass


def path_in(post):
    word = next(word for word in post.sent[-1][1].text.split() if "/" in word)
    return "/" + word.rstrip(".").rpartition("/")[2]


def test_one_question_goes_to_the_facilitator_after_half_a_year_and_no_second_one(circle, post):
    join(circle.group, make_member("Mo", email="mo@example.org"), since=LONG_AGO)
    run(DUE - HOUR)
    assert post.sent == []
    run(DUE, DUE, DUE + DAY, DUE + 400 * DAY)
    [(address, note)] = post.sent
    assert (address, note.kind) == ("fay@example.org", "confirm_reminder")
    assert "still right?" in note.text
    assert circle.meeting.name not in note.text


def test_opening_the_link_changes_nothing_and_one_tap_confirms_without_signing_in(circle, post):
    run(DUE)
    guest, path = Client(), path_in(post)
    with clock.frozen(DUE + HOUR):
        page = guest.get(path).content.decode()
        assert "Is all of this still right?" in page
        assert "Thursday circle" in page
        assert Meeting.objects.get().confirmed_on is None
        assert guest.post(path, {"answer": "what"}).status_code == 400
        done = guest.post(path, {"answer": "right"}, follow=True).content.decode()
        assert "Thank you" in done
    assert Meeting.objects.get().confirmed_on == (DUE + HOUR).date()
    assert Confirming.objects.get().due_at == DUE + HOUR + STALE


def test_the_json_door_of_the_link_says_the_same(circle, post):
    run(DUE)
    url = f"/api/v1/links{path_in(post)}/"
    with clock.frozen(DUE + HOUR):
        shown = APIClient().get(url).json()
        assert (shown["purpose"], shown["confirmed_on"], shown["answers"]) == ("confirm", None, ["right"])
        assert APIClient().post(url, {"answer": "right"}, format="json").json()["confirmed_on"] is not None


def test_when_one_of_them_confirmed_before_the_message_left_nobody_is_asked(circle, post):
    other = make_member("Kim", email="kim@example.org")
    with clock.frozen(DUE - DAY):
        join(circle.group, other, role="facilitator")
    with clock.frozen(DUE):
        confirmings_due(now=DUE)
        meeting_confirm(actor=other, meeting=circle.meeting)
        while delivery.worker.tick(DUE):
            pass
    assert post.sent == []
    assert list(Delivery.objects.values_list("state", flat=True)) == ["cancelled", "cancelled"]


def test_a_group_that_ended_is_not_asked(circle, post):
    with clock.frozen(DUE - DAY):
        group_end(actor=circle.facilitator, group=circle.group)
    run(DUE, DUE + DAY)
    assert post.sent == []


def test_a_meeting_that_is_not_held_any_more_is_not_asked_about(circle, post):
    Meeting.objects.update(closed_at=DUE - DAY)
    run(DUE, DUE + DAY)
    assert post.sent == []


def test_who_left_before_the_message_did_is_not_asked(circle, post):
    other = make_member("Kim", email="kim@example.org")
    with clock.frozen(DUE - DAY):
        join(circle.group, other, role="facilitator")
    with clock.frozen(DUE):
        confirmings_due(now=DUE)
        membership_leave(actor=other, group=circle.group)
    run(DUE)
    assert [address for address, _note in post.sent] == ["fay@example.org"]


def test_who_is_no_facilitator_any_more_cannot_confirm_by_an_old_link(circle, post):
    run(DUE)
    circle.group.memberships.filter(person=circle.facilitator).update(role="member")
    with clock.frozen(DUE + HOUR):
        assert Client().get(path_in(post)).status_code == 410
        assert Client().post(path_in(post), {"answer": "right"}).status_code == 410
    assert Meeting.objects.get().confirmed_on is None


def test_a_confirming_that_raises_waits_an_hour_and_keeps_no_neighbour_back(circle, post, monkeypatch):
    with clock.frozen(LONG_AGO):
        second = make_circle()
    import meetings.services.confirming as room

    real = room.still_held
    monkeypatch.setattr(room, "still_held", lambda m: 1 / 0 if m.pk == second.meeting.pk else real(m))
    run(DUE)
    assert len(post.sent) == 1
    assert Confirming.objects.get(meeting=second.meeting).due_at == DUE + HOUR
