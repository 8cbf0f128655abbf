"""The same room by plain HTTP, for when sockets are blocked."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from chat import services
from chat.models import Message
from groups.models import Group, Membership
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


@pytest.fixture
def story():
    """A member's client, an outsider's client, and the address of the member's room."""
    member, outsider = make_account(), make_account()
    group = Group.objects.create(slug="harbour", name="Harbour", zone="UTC", created_at=NOW)
    Membership.objects.create(group=group, person=member.person, since=NOW)
    clients = []
    for account in (member, outsider):
        client = Client()
        client.force_login(account, "allauth.account.auth_backends.AuthenticationBackend")
        clients.append(client)
    return clients[0], clients[1], f"/api/v1/rooms/{services.room_of(group).key}"


def send(client, room, **body):
    return client.post(f"{room}/messages/", body, content_type="application/json")


def test_the_same_key_by_http_is_one_message(story):
    member, _, room = story
    cid = str(uuid4())
    first, again = send(member, room, cid=cid, body="hello"), send(member, room, cid=cid, body="hello")
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()["seq"] == 1
    found = member.get(f"{room}/messages/?after=0").json()
    assert [entry["cid"] for entry in found["messages"]] == [cid]
    assert found["last_seq"] == 1


def test_history_is_read_forward_and_backward_in_pages(story, django_assert_max_num_queries):
    member, _, room = story
    for number in range(12):
        send(member, room, cid=str(uuid4()), body=str(number))

    def bodies(query):
        return [entry["body"] for entry in member.get(f"{room}/messages/?{query}").json()["messages"]]

    assert bodies("after=9") == ["9", "10", "11"]
    assert bodies("before=4&limit=2") == ["1", "2"]
    assert bodies("after=0&limit=3") == ["0", "1", "2"]
    assert len(bodies("limit=9999")) == 12
    with django_assert_max_num_queries(7):
        bodies("after=0")


def test_my_rooms_are_listed_and_reading_is_noted(story):
    member, outsider, room = story
    send(member, room, cid=str(uuid4()), body="hello")
    (line,) = member.get("/api/v1/rooms/").json()["rooms"]
    assert (line["name"], line["last_seq"], line["unread"]) == ("Harbour", 1, 0)
    assert outsider.get("/api/v1/rooms/").json()["rooms"] == []
    assert member.post(f"{room}/read/", {"seq": 1}, content_type="application/json").status_code == 200


def test_outsiders_and_guests_are_refused_and_learn_nothing(story):
    member, outsider, room = story
    send(member, room, cid=str(uuid4()), body="secret words")
    answers: list[int] = []
    for path in (room, "/api/v1/rooms/g0"):
        answers.append(outsider.get(f"{path}/messages/"))
        answers.append(send(outsider, path, cid=str(uuid4()), body="let me in"))
        answers.append(outsider.post(f"{path}/read/", {"seq": 1}, content_type="application/json"))
    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].json() == answers[3].json()
    assert b"secret" not in b"".join(answer.content for answer in answers)
    guest = Client()
    assert guest.get(f"{room}/messages/").status_code in {401, 403}
    assert send(guest, room, cid=str(uuid4()), body="x").status_code in {401, 403}


DEEDS = {
    "answers": {"body": "me too", "of": 1},
    "changes": {"kind": "edit", "of": 1, "body": "other words"},
    "takes back": {"kind": "delete", "of": 1},
    "reacts": {"kind": "react", "of": 1, "body": "👍"},
    "takes a reaction back": {"kind": "unreact", "of": 1, "body": "👍"},
    "pins": {"kind": "pin", "of": 1},
    "unpins": {"kind": "pin"},
    "holds": {"kind": "hold", "of": 1, "body": "on"},
}


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_from_outside_does_anything_to_a_message_by_json(story, deed):
    """The outsider, and the one who wrote it and left: the same answer as in a room that is not there."""
    member, outsider, room = story
    assert send(member, room, cid=str(uuid4()), body="mine").status_code == 201
    Membership.objects.update(state=Membership.ENDED, until=NOW)
    answers = [send(one, at, cid=str(uuid4()), **DEEDS[deed]) for one, at in ((outsider, room), (member, room))]
    answers.append(send(member, "/api/v1/rooms/g0", cid=str(uuid4()), **DEEDS[deed]))
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}
    assert Message.objects.get().body == "mine"
    for one in (outsider, member):
        assert one.post(f"{room}/report/", {"seq": 1}, content_type="application/json").status_code == 403
        search = "/api/v1/rooms/search/"
        assert one.post(search, {"q": "mine"}, content_type="application/json").json() == {"found": []}
        assert one.get(f"{search}?q=mine").status_code == 405, "words in an address stay in logs"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"cid": "1", "body": "x"},
        {"cid": 5, "body": "x"},
        {"cid": str(uuid4())},
        {"cid": str(uuid4()), "body": ""},
        {"cid": str(uuid4()), "body": "x" * 4001},
        {"cid": str(uuid4()), "body": ["x"]},
        {"cid": str(uuid4()), "body": "nul \0"},
    ],
)
def test_a_wrong_post_is_400_with_a_sentence(story, body):
    member, _, room = story
    answer = member.post(f"{room}/messages/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize("sign", ["\0", "\ud83d"])
def test_a_sign_that_no_database_keeps_is_found_nowhere(story, sign):
    member, _, _room = story
    asked = member.post("/api/v1/rooms/search/", json.dumps({"q": f"mine{sign}"}), content_type="application/json")
    assert asked.json() == {"found": []}
    assert member.get("/api/v1/rooms/g%001/names/").status_code == 403
    assert member.get("/talk/g%001/").status_code == 403
    assert member.get("/talk/g%001/1/").status_code == 403


@pytest.mark.parametrize("query", ["after=x", "after=-1", "before=1e3", "limit=²", "after=99999999999999999999"])
def test_a_wrong_question_is_400(story, query):
    member, _, room = story
    assert member.get(f"{room}/messages/?{query}").status_code == 400


@pytest.mark.parametrize("seq", [None, -1, "1", True, 2**60])
def test_a_wrong_mark_is_400(story, seq):
    member, _, room = story
    assert member.post(f"{room}/read/", {"seq": seq}, content_type="application/json").status_code == 400


def test_a_body_that_is_no_json_and_a_conflict_have_their_status(story):
    member, _, room = story
    assert member.post(f"{room}/messages/", "{", content_type="application/json").status_code == 400
    assert member.post(f"{room}/messages/", "[1]", content_type="application/json").status_code == 400
    cid = str(uuid4())
    send(member, room, cid=cid, body="this")
    assert send(member, room, cid=cid, body="that").status_code == 409
    Group.objects.update(closed_at=NOW)
    assert send(member, room, cid=str(uuid4()), body="more").status_code == 410
    assert send(member, room, cid=cid, body="this").status_code == 201  # known: also when the group is closed
    sender = Membership.objects.get().person_id
    answers: list[int] = []
    while 429 not in answers and len(answers) < 50:  # on a slow machine a token may come back before the request
        while not services.pace(sender):
            pass
        answers.append(send(member, room, cid=cid, body="this").status_code)
    assert answers[-1] == 429
