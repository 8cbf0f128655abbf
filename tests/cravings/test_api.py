"""The JSON door of the button: the same rules, told by a status."""

from uuid import uuid4

import pytest
from django.test import Client

from ground import clock
from tests.cravings.circle_of_four import (
    MINUTE,
    claim,
    make_available,
    make_responder,
    offered,
    says,
    tick,
)
from tests.cravings.doors import api, client_of
from tests.people_of_the_story import HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


def test_the_json_door_presses_looks_undoes_claims_and_closes(story):
    member, responder, *_ = story
    mine, theirs, key = client_of(member), client_of(responder), str(uuid4())
    assert api(mine, "get", "presses/").json() == {"press": None}
    made = api(mine, "post", "presses/", {"client_key": key})
    assert (made.status_code, made.json()["stage"], made.json()["undoable"]) == (201, "asking", True)
    assert api(mine, "post", "presses/", {"client_key": key}).json()["ref"] == made.json()["ref"]
    assert api(mine, "get", f"presses/{key}/").json()["client_key"] == key
    ref = made.json()["ref"]
    assert api(mine, "post", f"presses/{ref}/now/").json()["undoable"] is False
    tick(NOW)
    assert api(theirs, "post", f"presses/{ref}/claim/", at=NOW + MINUTE).json()["peer"] == "Dana"
    assert api(mine, "get", "presses/", at=NOW + MINUTE).json()["press"]["peer"] == "Kim"
    closed = api(mine, "post", f"presses/{ref}/close/", {"how": "better"}, at=NOW + 2 * MINUTE)
    assert closed.json()["state"] == "closed"
    other = str(uuid4())
    api(mine, "post", "presses/", {"client_key": other}, at=NOW + HOUR)
    assert api(mine, "delete", f"presses/{other}/", at=NOW + HOUR).json()["stage"] == "cancelled"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "presses/", {}, 400),
        ("post", "presses/", {"client_key": "no"}, 400),
        ("post", "presses/", {"client_key": str(uuid4()), "late": "perhaps"}, 400),
        ("post", "presses/", "not json", 400),
        ("get", f"presses/{uuid4()}/", None, 404),
        ("post", "presses/nosuchpress/undo/", {}, 403),
        ("post", "presses/nosuchpress/claim/", {}, 403),
        ("post", "presses/nosuchpress/close/", {"how": "great"}, 400),
    ],
)
def test_bad_input_gets_a_plain_answer(story, method, path, body, status):
    member, *_ = story
    answer = api(client_of(member), method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_who_comes_second_gets_409_and_an_outsider_403(story):
    member, responder, outsider, group = story
    third = make_member("Pat")
    group.memberships.create(person=third, since=NOW - HOUR)
    make_responder(third)
    made = offered(member)
    path = f"presses/{made.ref}/claim/"
    assert api(client_of(outsider), "post", path, at=NOW + MINUTE).status_code == 403
    assert api(client_of(responder), "post", path, at=NOW + MINUTE).status_code == 200
    second = api(client_of(third), "post", path, at=NOW + MINUTE)
    assert second.status_code == 409
    assert second.json()["error"]["message"] == "Someone is there, thank you."


def test_guests_have_no_json_door():
    for method, path in [("post", "presses/"), ("get", "presses/"), ("get", "available/")]:
        assert api(Client(), method, path).status_code == 403


def test_available_through_the_json_door(story):
    _member, responder, *_ = story
    client = client_of(responder)
    make_available(responder)
    assert api(client, "get", "available/").json()["until"]
    assert api(client, "delete", "available/").json() == {"until": None}
    assert api(client, "post", "available/").json()["until"]


def test_the_json_door_refuses_asks_a_second_and_says_here(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    mine, theirs, out = client_of(member), client_of(responder), client_of(make_member("X"))
    with clock.frozen(NOW + 2 * MINUTE):
        path = f"/api/v1/presses/{made.ref}"
        assert theirs.post(f"{path}/here/").json()["stage"] == "mine"
        assert mine.post(f"{path}/second/").json()["second"] == "asking"
        assert theirs.post(f"{path}/hand-over/").json()["second"] == "asking"
        assert mine.post(f"{path}/still-here/").json()["prompt"] is False
        for act in ("refuse", "second", "here", "give-back", "hand-over", "still-here"):
            assert out.post(f"{path}/{act}/").status_code == 403
        assert mine.post(f"{path}/refuse/").json()["again"] is True
        assert theirs.post(f"{path}/give-back/").status_code == 403
