"""The JSON door: the member's own people, by the same services."""

import pytest

from circle.models import Supporter
from delivery import worker
from tests.circle.people import accepted, ask, nudge, sign_in
from tests.people_of_the_story import NOW, make_account

pytestmark = pytest.mark.django_db

SAM = {"name": "Sam", "sender_name": "Dana", "address": "sam@example.org", "chosen_freely": True}


@pytest.fixture
def signed(client, account):
    return sign_in(client, account)


def send(client, path, body=None):
    return client.post(f"/api/v1/circle/{path}", body if body is not None else {}, content_type="application/json")


def test_invite_list_revoke_mute_remove(signed, dana, nudges):
    made = send(signed, "", {**SAM, "purposes": ["absence"], "zone": "America/New_York"})
    assert made.status_code == 201
    sam = Supporter.objects.get()
    assert made.json() == {"id": str(sam.person.pid), "state": "invited"}
    [one] = signed.get("/api/v1/circle/").json()["people"]
    assert one["consents"][0]["purpose"] == "absence"
    assert not one["consents"][0]["live"]
    assert set(one) == {
        *("id", "name", "sender_name", "state", "muted", "invitation_open", "unreachable", "address", "consents"),
        *("told", "rests_until"),
    }
    assert send(signed, f"{sam.person.pid}/grant/", {"purpose": "back_in_touch", "days": 30}).status_code == 200
    assert send(signed, f"{sam.person.pid}/mute/", {"muted": True}).json()["done"]
    assert send(signed, f"{sam.person.pid}/mute/", {"muted": False}).json()["done"]
    delivery = nudge(sam, NOW)
    Supporter.objects.update(state="accepted", accepted_at=NOW)
    worker.claim(NOW)
    worker.gate([delivery.pk], NOW)
    revoked = send(signed, f"{sam.person.pid}/revoke/", {"purpose": "absence"}).json()
    assert revoked == {"done": True, "already_leaving_at": "2026-01-15T18:00:00Z"}
    assert send(signed, f"{sam.person.pid}/remove/").status_code == 200
    assert signed.get("/api/v1/circle/").json()["people"] == []


def test_a_guest_an_outsider_and_an_old_session_are_refused(client, dana, account):
    sam = accepted(dana)
    assert client.get("/api/v1/circle/").status_code == 403
    assert send(client, "", SAM).status_code == 403
    sign_in(client, account, minutes_ago=20)
    refused = send(client, "", {**SAM, "address": "kim@example.org"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "sign_in_again")
    sign_in(client, make_account("Erin", password="a long pass phrase"))
    for door in ("grant/", "revoke/", "mute/", "remove/", "resend/"):
        assert send(client, f"{sam.person.pid}/{door}", {"purpose": "absence", "muted": True}).status_code == 404
    assert Supporter.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {**SAM, "name": 7},
        {**SAM, "chosen_freely": "yes"},
        {**SAM, "purposes": "absence"},
        {**SAM, "purposes": [1]},
        {**SAM, "days": True},
        {**SAM, "days": "long"},
        {**SAM, "address": "nowhere"},
        {**SAM, "name": "evil.example"},
    ],
)
def test_bad_input_is_one_clear_error_with_nothing_written(signed, body):
    refused = send(signed, "", body)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid"
    assert refused.json()["error"]["message"]
    assert not Supporter.objects.exists()


def test_what_is_no_json_is_refused(signed):
    refused = signed.post("/api/v1/circle/", "{", content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["error"]["message"]


def test_asking_again_too_soon_is_429_and_the_same_address_409(signed, dana):
    sam = ask(dana)
    assert send(signed, f"{sam.person.pid}/resend/").status_code == 429
    assert send(signed, "", SAM).status_code == 409
