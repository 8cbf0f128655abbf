"""The coordinator's page: held nudges, false alerts, contacts that cannot be reached; and no name anywhere."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from circle.models import Supporter
from ground.errors import Settled
from people.models import Account, ContactWay
from support.models import Episode, EpisodeSupporter, Watch
from support.selectors import desk
from support.services import nudge_drop, nudge_release
from tests.people_of_the_story import make_member
from tests.stories.driver import evening, week

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def cora():
    person = make_member("Cora")
    Account.objects.filter(person=person).update(is_coordinator=True)
    person.account.refresh_from_db()
    return person


@pytest.fixture
def held(story, dana):
    """Sam's nudge was held: twenty of the group before it are left to the tests of rule 4.6."""
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0)))
    EpisodeSupporter.objects.update(state="held", take_at=None)
    Episode.objects.update(next_step_at=None)
    story.at(evening(week(0) + DAY))
    return EpisodeSupporter.objects.get()


def signed_in(person):
    client = Client()
    client.force_login(person.account)
    return client


def words(response):
    return " ".join(response.content.decode().split())


def batch(client, body):
    return client.post("/api/v1/coordinator/held/", body, content_type="application/json")


@pytest.fixture
def five(story, dana, held):
    """Four more messages wait beside Sam's, two of them of another member and another group."""
    EpisodeSupporter.objects.update(due_at=story.now - DAY)
    for number in range(2):
        other = story.supporter(dana, f"d{number}")
        EpisodeSupporter.objects.create(episode=held.episode, supporter=other, level=1, state="held")
    kim = story.member("kim")
    story.rule(kim, 1)
    watch, _made = Watch.objects.get_or_create(person=kim, group=None)
    elsewhere = held.episode
    elsewhere.pk, elsewhere.watch, elsewhere.deciding_group = None, watch, None
    elsewhere.save(force_insert=True)
    for number in range(2):
        other = story.supporter(kim, f"k{number}")
        EpisodeSupporter.objects.create(episode=elsewhere, supporter=other, level=1, state="held")
    return list(EpisodeSupporter.objects.order_by("pk").values_list("pk", flat=True))


def states():
    return list(EpisodeSupporter.objects.order_by("pk").values_list("state", "released"))


HELD, GONE, FREE = ("held", False), ("withdrawn", False), ("waiting", True)


def test_the_ticked_ones_go_and_the_others_stay_held(story, cora, five):
    client = signed_in(cora)
    page = words(client.get("/coordinator/"))
    assert page.count('type="checkbox" name="ref"') == 5
    assert ("Group g1" in page, "A group that is gone" in page) == (True, True)
    page = words(client.post("/coordinator/held/", {"answer": "release", "ref": [five[0], five[3]]}, follow=True))
    assert "2 messages may go." in page
    assert states() == [FREE, HELD, HELD, FREE, HELD]
    page = words(client.post("/coordinator/held/", {"answer": "drop", "ref": [five[0], five[1]]}, follow=True))
    assert "1 message does not go." in page
    assert states() == [FREE, GONE, HELD, FREE, HELD]


def test_all_of_one_group_are_decided_in_one_go(story, cora, five):
    client = signed_in(cora)
    page = words(client.get("/coordinator/"))
    assert ("Let all 3 go" in page, "Let all 2 go" in page) == (True, True)
    shown = {"shown": five[:3]}
    page = words(client.post("/coordinator/held/", {"answer": "drop-all", **shown}, follow=True))
    assert "3 messages do not go." in page
    assert states() == [GONE, GONE, GONE, HELD, HELD]
    assert "This is settled." in words(client.post("/coordinator/held/", {"answer": "drop-all", **shown}, follow=True))


def test_nothing_ticked_and_nonsense_change_nothing(story, cora, five):
    client = signed_in(cora)
    for refs in ([], ["x"], ["-1"], ["9" * 40]):
        page = words(client.post("/coordinator/held/", {"answer": "release", "ref": refs}, follow=True))
        assert "Tick the messages that you mean." in page
    for answer in ("", "release-some", "all"):
        assert client.post("/coordinator/held/", {"answer": answer, "ref": five}).status_code == 400
    for wrong in ({}, {"ids": [], "answer": "drop"}, {"ids": ["x"], "answer": "drop"}, {"ids": five, "answer": "go"}):
        assert batch(client, wrong).status_code == 400
    assert states() == [HELD] * 5


def test_by_json_many_are_decided_and_those_that_were_settled_are_not_counted(story, cora, five):
    client = signed_in(cora)
    assert batch(client, {"ids": five[:2], "answer": "drop"}).json() == {"decided": 2}
    assert batch(client, {"ids": [*five, 999_999], "answer": "release"}).json() == {"decided": 3}
    assert states() == [GONE, GONE, FREE, FREE, FREE]


def everyone_else(story, dana):
    return (make_member(), dana, story.facilitator(story.meeting))


def test_only_a_coordinator_comes_in_and_finds_the_way_from_me(story, dana, cora, held):
    assert Client().get("/coordinator/").status_code == 302
    assert Client().get("/api/v1/coordinator/watch/").status_code == 403
    for person in everyone_else(story, dana):
        client = signed_in(person)
        assert client.get("/coordinator/").status_code == 403
        assert client.post("/coordinator/held/", {"answer": "drop", "ref": held.pk}).status_code == 403
        assert client.get("/api/v1/coordinator/watch/").status_code == 403
        for door in ("release", "drop"):
            assert client.post(f"/api/v1/coordinator/held/{held.pk}/{door}/").status_code == 403
        assert batch(client, {"ids": [held.pk], "answer": "drop"}).status_code == 403
        assert 'href="/coordinator/"' not in words(client.get("/me/"))
    assert EpisodeSupporter.objects.get().state == "held"
    assert 'href="/coordinator/"' in words(signed_in(cora).get("/me/"))
    assert signed_in(cora).get("/coordinator/").status_code == 200


def test_every_read_of_the_desk_refuses_an_outsider(story, dana, held):
    for read in (desk.held_nudges, desk.unreachable_contacts, lambda who: desk.false_alerts(who, story.now)):
        with pytest.raises(PermissionDenied):
            read(make_member())
    for act in (nudge_release, nudge_drop):
        with pytest.raises(PermissionDenied):
            act(actor=dana, row_id=held.pk)


def test_no_name_of_a_person_is_on_the_page_or_in_the_json(story, dana, cora, held):
    Episode.objects.update(false_alert=True)
    client = signed_in(cora)
    for text in (words(client.get("/coordinator/")), client.get("/api/v1/coordinator/watch/").content.decode()):
        assert "Group g1" in text
        for name in ("dana", "sam", "fa-g1", "example.org", str(story.sam.person.pid), str(dana.pid)):
            assert name not in text


def test_one_tap_lets_a_held_nudge_go(story, dana, cora, held):
    client = signed_in(cora)
    assert "was due Fri 2 Jan, 20:35" in words(client.get("/coordinator/"))
    page = words(client.post("/coordinator/held/", {"answer": "release", "ref": held.pk}, follow=True))
    assert "1 message may go." in page
    story.run_until(story.now)
    assert story.said()[-1] == "sam: nudge 1"
    assert "Somebody has looked, and the message may go." in words(signed_in(dana).get("/me/watch/"))
    page = words(client.post("/coordinator/held/", {"answer": "release", "ref": held.pk}, follow=True))
    assert "This is settled." in page


def test_do_not_send_is_for_good_and_the_member_reads_it(story, dana, cora, held):
    client = signed_in(cora)
    assert client.post("/coordinator/held/", {"answer": "shout", "ref": held.pk}).status_code == 400
    client.post("/coordinator/held/", {"answer": "drop", "ref": held.pk})
    story.run_until(evening(week(0) + 4 * DAY))
    assert story.said() == ["dana: final_notice"]
    assert "Somebody has looked: nothing goes to sam." in words(signed_in(dana).get("/me/watch/"))
    with pytest.raises(Settled):
        nudge_release(actor=cora, row_id=held.pk)


def test_a_false_alert_and_a_contact_that_cannot_be_reached_are_counted(story, dana, cora):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0) + DAY))
    client = signed_in(cora)
    assert "None in the last 90 days" in words(client.get("/coordinator/"))
    story.correct(story.meeting, week(0), {dana: "present"})
    ContactWay.objects.filter(person=story.sam.person).update(bounced_at=story.now)
    page = words(client.get("/coordinator/"))
    assert "1 person had been written to" in page
    assert "1 contact. The member was told." in page
    shown = client.get("/api/v1/coordinator/watch/").json()
    assert (shown["false_alerts"][0]["told"], shown["unreachable"]["count"], shown["held"]) == (1, 1, [])
    Supporter.objects.update(state="ended", ended_at=story.now)
    assert desk.unreachable_contacts(cora).count == 0


def test_the_json_door_decides_as_the_page_does_and_twice_is_settled(story, cora, held):
    client = signed_in(cora)
    assert client.get("/api/v1/coordinator/watch/").json()["held"][0]["id"] == held.pk
    assert client.post(f"/api/v1/coordinator/held/{held.pk}/drop/").json() == {"done": True}
    assert client.post(f"/api/v1/coordinator/held/{held.pk}/release/").status_code == 410
    assert client.post("/api/v1/coordinator/held/999999/drop/").status_code == 410
    assert client.get(f"/api/v1/coordinator/held/{held.pk}/drop/").status_code == 405


def test_the_page_costs_the_same_for_many(story, dana, cora, held, django_assert_num_queries):
    client = signed_in(cora)
    with CaptureQueriesContext(connection) as for_one:
        client.get("/coordinator/")
    for number in range(3):
        other = story.supporter(dana, f"s{number}")
        EpisodeSupporter.objects.create(episode=held.episode, supporter=other, level=1, state="held")
    with django_assert_num_queries(len(for_one)):
        client.get("/coordinator/")
