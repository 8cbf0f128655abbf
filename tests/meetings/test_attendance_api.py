"""The JSON doors of groups and attendance: the same services, the same refusals, one shape of errors."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from ground import clock
from groups import selectors
from groups.models import Membership
from meetings.models import Mark
from people.models import AccessLog
from tests.group_stories import make_circle, make_regular
from tests.people_of_the_story import HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
AFTER = NOW + 2 * HOUR


@pytest.fixture(autouse=True)
def _after_the_meeting():
    with clock.frozen(AFTER):
        yield


@pytest.fixture
def circle():
    return make_circle()


def as_(person):
    client = APIClient()
    client.force_authenticate(person.account)
    return client


def test_a_guest_is_refused_everywhere(circle):
    for path in ("groups/", f"groups/{circle.group.slug}/", f"sheets/{circle.occurrence.pk}/", "me/next/"):
        answer = APIClient().get(f"/api/v1/{path}")
        assert answer.status_code in {401, 403}
        assert set(answer.json()) == {"error"}


def test_a_group_is_founded_people_come_in_and_commit():
    founder, friend, passer_by = make_member(), make_member(), make_member()
    made = as_(founder).post("/api/v1/groups/", {"name": "Fresh", "zone": "Europe/Berlin"}, format="json")
    assert made.status_code == 201
    slug = made.json()["slug"]
    personal = as_(founder).post(f"/api/v1/groups/{slug}/invitations/", {"kind": "personal"}, format="json").json()
    assert as_(friend).get(f"/api/v1/invitations/{personal['token']}/").json()["group"] == "Fresh"
    assert as_(friend).post(f"/api/v1/invitations/{personal['token']}/").json() == {"group": slug, "state": "active"}
    again = as_(passer_by).post(f"/api/v1/invitations/{personal['token']}/")
    assert (again.status_code, again.json()["error"]["code"]) == (410, "settled")
    code = as_(founder).post(f"/api/v1/groups/{slug}/invitations/", {"kind": "code"}, format="json").json()
    assert as_(passer_by).post(f"/api/v1/invitations/{code['token']}/").json()["state"] == "waiting"
    assert "members" not in as_(passer_by).get(f"/api/v1/groups/{slug}/").json()
    assert as_(passer_by).get(f"/api/v1/groups/{slug}/dates/").status_code == 403
    waiting = as_(founder).get(f"/api/v1/groups/{slug}/").json()["waiting"]
    member = f"/api/v1/groups/{slug}/members/{waiting[0]['pid']}/"
    assert as_(friend).post(member, {"action": "confirm"}, format="json").status_code == 403
    assert as_(founder).post(member, {"action": "dance"}, format="json").status_code == 400
    assert as_(founder).post(member, {"action": "confirm"}, format="json").status_code == 204
    assert len(as_(friend).get(f"/api/v1/groups/{slug}/").json()["members"]) == 3
    assert "waiting" not in as_(friend).get(f"/api/v1/groups/{slug}/").json()
    assert as_(founder).delete(f"/api/v1/invitations/{code['token']}/").status_code == 204
    assert as_(founder).post(f"/api/v1/groups/{slug}/leave/", {}, format="json").status_code == 400
    heir = str(friend.pid)
    assert as_(founder).post(f"/api/v1/groups/{slug}/leave/", {"successor": heir}, format="json").status_code == 204
    group = Membership.objects.get(person=friend, until=None).group
    assert selectors.facilitators(group) == [friend]


@pytest.mark.parametrize("body", [[], {"name": 5, "zone": "UTC"}, {"name": "x y"}, {"name": "x y", "zone": "Nowhere"}])
def test_a_founding_that_cannot_be_is_a_400_in_the_one_shape(body):
    answer = as_(make_member()).post("/api/v1/groups/", body, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["error"]) <= {"code", "message", "fields"}


def test_an_unknown_group_invitation_meeting_or_list_is_not_there(circle):
    client = as_(make_member())
    for path in ("groups/aaaaaaaa/", "invitations/aaaaaaaaaaaaa/", "sheets/999999/"):
        assert client.get(f"/api/v1/{path}").status_code == 404
    assert client.post("/api/v1/meetings/none/commitment/").status_code == 404
    member = as_(make_regular(circle))
    assert member.post(f"/api/v1/meetings/{circle.meeting.slug}/dates/soon/excuse/").status_code == 404


def test_a_member_commits_excuses_themself_and_logs_a_meeting(circle):
    member = make_regular(circle)
    client, slug = as_(member), circle.meeting.slug
    assert client.post(f"/api/v1/meetings/{slug}/commitment/").status_code == 201
    dates = client.get(f"/api/v1/groups/{circle.group.slug}/dates/").json()["results"]
    assert dates[0]["date"] == "20260122T1900"
    assert client.post(f"/api/v1/meetings/{slug}/dates/20260122T1900/excuse/").status_code == 204
    assert client.get("/api/v1/me/next/").json()["next"][0]["excused"]
    assert client.delete(f"/api/v1/meetings/{slug}/dates/20260122T1900/excuse/").status_code == 204
    assert client.delete(f"/api/v1/meetings/{slug}/commitment/").status_code == 204
    logged = client.post("/api/v1/me/meetings/", {"starts_at": "2026-01-14T18:00:00+01:00"}, format="json")
    assert logged.status_code == 201
    assert client.post("/api/v1/me/meetings/", {"starts_at": "yesterday"}, format="json").status_code == 400
    assert client.post("/api/v1/me/meetings/", {"starts_at": "2026-13-14T18:00Z"}, format="json").status_code == 400
    assert client.delete(f"/api/v1/me/meetings/{logged.json()['id']}/").status_code == 204


def test_a_facilitator_marks_closes_and_corrects(circle):
    here, left = make_regular(circle), make_regular(circle)
    client, path = as_(circle.facilitator), f"/api/v1/sheets/{circle.occurrence.pk}/"
    assert client.get("/api/v1/me/next/").json()["sheets"][0]["occurrence"] == circle.occurrence.pk
    assert client.post(f"{path}marks/", {"marks": {str(here.pid): "present"}}, format="json").status_code == 200
    asked = client.post(f"{path}close/", {}, format="json")
    assert (asked.status_code, list(asked.json()["error"]["fields"])) == (400, ["rest"])
    closed = client.post(f"{path}close/", {"rest": "unknown", "revision": 0}, format="json")
    assert (closed.status_code, closed.json()["revision"]) == (200, 1)
    assert client.post(f"{path}close/", {"rest": "unknown"}, format="json").status_code == 409
    corrected = client.post(f"{path}correct/", {"marks": {str(left.pid): "late"}}, format="json")
    assert corrected.json()["revision"] == 2
    rows = {row["pid"]: row["value"] for row in client.get(path).json()["people"]}
    assert (rows[str(here.pid)], rows[str(left.pid)]) == ("present", "late")


def test_a_list_is_closed_by_its_facilitators_alone(circle):
    member = make_regular(circle)
    path = f"/api/v1/sheets/{circle.occurrence.pk}/"
    for person in (make_member(), member, make_circle().facilitator):
        for answer in (
            as_(person).get(path),
            as_(person).post(f"{path}close/", {"rest": "absent"}, format="json"),
            as_(person).post(f"{path}marks/", {"marks": {str(member.pid): "present"}}, format="json"),
            as_(person).post(f"{path}head-count/", {"head_count": 3}, format="json"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    circle.sheet.refresh_from_db()
    assert circle.sheet.state == "open"
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"marks": ["x"]},
        {"marks": {"%(pid)s": 1}},
        {"marks": {"%(pid)s": "somewhere"}},
        {"rest": 5},
        {"rest": "maybe"},
        {"revision": "1"},
        [],
    ],
)
def test_a_closing_that_makes_no_sense_closes_nothing(circle, body):
    member = make_regular(circle)
    if isinstance(body, dict) and isinstance(body.get("marks"), dict):
        body = {"marks": {str(member.pid): value for value in body["marks"].values()}}
    client = as_(circle.facilitator)
    assert client.post(f"/api/v1/sheets/{circle.occurrence.pk}/close/", body, format="json").status_code == 400
    assert not Mark.objects.exists()


@pytest.mark.parametrize("pid", ["not-an-id", "6d9bd1a2-62a8-4d0e-8d8e-0c1a2b3c4d5e"])
def test_a_list_is_no_way_to_find_out_who_exists(circle, pid):
    client, stranger = as_(circle.facilitator), make_member()
    for wanted in (pid, str(stranger.pid)):
        answer = client.post(
            f"/api/v1/sheets/{circle.occurrence.pk}/marks/", {"marks": {wanted: "present"}}, format="json"
        )
        assert answer.status_code == 403


def test_heads_are_counted_over_the_api():
    circle = make_circle(heads=True)
    client, path = as_(circle.facilitator), f"/api/v1/sheets/{circle.occurrence.pk}/head-count/"
    assert client.post(path, {"head_count": "12"}, format="json").status_code == 400
    assert client.post(path, {"head_count": 12}, format="json").json()["head_count"] == 12


def test_a_date_is_cancelled_and_taken_up_over_the_api(circle):
    path = f"/api/v1/meetings/{circle.meeting.slug}/dates/20260122T1900/cancelled/"
    assert as_(make_regular(circle)).post(path).status_code == 403
    client = as_(circle.facilitator)
    assert client.post(path).status_code == 204
    assert client.get(f"/api/v1/groups/{circle.group.slug}/dates/").json()["results"][0]["cancelled"]
    assert client.delete(path).status_code == 204
    wrong = client.post(f"/api/v1/meetings/{circle.meeting.slug}/dates/20260123T1900/cancelled/")
    assert wrong.status_code == 400


def test_a_list_before_its_start_is_not_open_yet(circle):
    with clock.frozen(NOW - timedelta(seconds=1)):
        answer = as_(circle.facilitator).get(f"/api/v1/sheets/{circle.occurrence.pk}/")
    assert answer.status_code == 400
