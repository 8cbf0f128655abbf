"""One message by plain forms: what each may do to it, what is refused, and that nothing typed is lost."""

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from chat import selectors, services
from chat.models import Message, Report
from ground import clock
from groups.models import Membership
from people.models import Block
from tests.chat.test_people import OFFER, found, post, seen
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


class Reader:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, name):
        account = make_account(name)
        self.person = account.person
        self.client = Client()
        self.client.force_login(account, "allauth.account.auth_backends.AuthenticationBackend")

    def look(self, room, seq=None):
        answer = self.client.get(f"/talk/{room.key}/{f'{seq}/' if seq else ''}")
        return answer.status_code, html.unescape(answer.content.decode())

    def press(self, room, seq, **fields):
        fields = {"cid": str(uuid4()), **fields}
        answer = self.client.post(f"/talk/{room.key}/{seq}/", fields)
        return answer.status_code, answer.headers.get("Location") or html.unescape(answer.content.decode())

    def buttons(self, room, seq):
        return set(re.findall(r'name="do" value="(\w+)"', self.look(room, seq)[1]))


@pytest.fixture
def house():
    """Ada said something to Bo; Fay runs the group; Olli is in no group."""
    ada, bo, fay, olli = (Reader(name) for name in ("Ada", "Bo", "Fay", "Olli"))
    room = found(ada.person, bo.person, runs=[fay.person])
    post(ada.person, room, "tea at six?")
    return room, ada, bo, fay, olli


def test_each_is_offered_what_they_may_do_and_finds_the_way_from_the_room(house):
    room, ada, bo, fay, olli = house
    assert f'href="/talk/{room.key}/1/"' in bo.look(room)[1]
    assert ada.buttons(room, 1) == {"reply", "edit", "delete"}
    assert bo.buttons(room, 1) == {"reply", "report", "block"}
    assert fay.buttons(room, 1) == {"reply", "delete", "pin", "report", "block"}
    assert olli.look(room, 1)[0] == 403
    assert olli.press(room, 1, do="delete")[0] == 403
    assert bo.look(room, 7)[0] == 404
    assert Client().get(f"/talk/{room.key}/1/").headers["Location"].startswith("/accounts/login/?next=/talk/")
    with clock.frozen(NOW + timedelta(minutes=16)):
        assert ada.buttons(room, 1) == {"reply", "delete"}


def test_a_message_is_answered_changed_signed_pinned_and_taken_away(house):
    room, ada, bo, fay, _olli = house
    key = str(uuid4())
    assert bo.press(room, 1, do="reply", body="I bring cake", cid=key) == (302, f"/talk/{room.key}/#end")
    assert bo.press(room, 1, do="reply", body="I bring cake", cid=key)[0] == 302  # the same form again is one answer
    assert ada.press(room, 1, do="edit", body="tea at seven?") == (302, f"/talk/{room.key}/#m1")
    assert bo.press(room, 1, react="❤️")[0] == 302
    assert fay.press(room, 1, do="pin")[0] == 302
    assert [(kind, body) for _seq, kind, body in seen(room, bo.person)] == [
        ("text", "tea at seven?"),
        ("text", "I bring cake"),
        ("edit", "tea at seven?"),
        ("react", "❤️"),
        ("pin", ""),
    ]
    page = ada.look(room)[1]
    assert '<span class="chip">❤️ 1</span>' in page
    assert "Ada: tea at seven?" in page
    assert '<span class="chip chip-on">❤️ 1</span>' in bo.look(room)[1]
    assert "unpin" in fay.buttons(room, 1)
    assert fay.press(room, 1, do="unpin")[0] == 302
    assert bo.press(room, 1, unreact="❤️")[0] == 302
    assert "❤️" not in ada.look(room)[1].split('id="talk-log"')[1].split("</ol>")[0]
    assert fay.press(room, 1, do="delete")[0] == 302
    assert "taken away by a facilitator" in bo.look(room)[1]
    assert bo.buttons(room, 1) == set()


def test_what_was_typed_stands_in_its_field_when_it_is_refused(house):
    room, ada, bo, fay, _olli = house
    with clock.frozen(NOW + timedelta(minutes=16)):
        status, page = ada.press(room, 1, do="edit", body="tea at eight?")
        assert (status, "A message can be changed for 15 minutes." in page) == (400, True)
        assert ">tea at eight?</textarea>" in page
    status, page = ada.press(room, 1, do="edit", body=OFFER)
    assert (status, f">{OFFER}</textarea>" in page) == (400, True)
    services.silence_set(actor=fay.person, room_key=room.key, pid=bo.person.pid, minutes=60)
    status, page = bo.press(room, 1, do="reply", body="but I")
    assert (status, "listen for a while" in page, ">but I</textarea>" in page) == (400, True, True)
    assert bo.press(room, 1, react="👍")[0] == 400
    assert bo.press(room, 1, do="edit", body="words of mine")[0] == 403
    assert bo.press(room, 1, do="dance")[0] == 400
    status, page = bo.press(room, 1, do="reply", body="kept", cid="old page")
    assert (status, ">kept</textarea>" in page) == (400, True)


def test_who_is_not_in_the_room_any_more_gets_their_words_back(house):
    room, _ada, bo, _fay, _olli = house
    Membership.objects.filter(person=bo.person).update(state=Membership.ENDED, until=clock.now())
    status, page = bo.press(room, 1, do="reply", body="I was about to say")
    assert (status, ">I was about to say</textarea>" in page, "tea at six" in page) == (403, True, False)
    answer = bo.client.post(f"/talk/{room.key}/", {"cid": str(uuid4()), "body": "and this"})
    assert (answer.status_code, b">and this</textarea>" in answer.content) == (403, True)
    assert Message.objects.count() == 1


def test_in_a_closed_group_one_reads_and_the_words_are_kept(house):
    room, ada, bo, _fay, _olli = house
    room.group.closed_at = clock.now()
    room.group.save()
    assert ada.buttons(room, 1) == set()
    status, page = bo.press(room, 1, do="reply", body="too late?")
    assert (status, ">too late?</textarea>" in page) == (410, True)
    answer = bo.client.post(f"/talk/{room.key}/", {"cid": str(uuid4()), "body": "and this"})
    assert (answer.status_code, b">and this</textarea>" in answer.content) == (410, True)


@pytest.mark.parametrize(("deed", "reports"), [("report", 1), ("block", 0)])
def test_reporting_and_blocking_part_the_two_and_the_message_is_not_there_for_them(house, deed, reports):
    room, ada, bo, _fay, _olli = house
    assert bo.press(room, 1, do=deed) == (302, f"/talk/{room.key}/#end")
    assert "do not see each other any more" in bo.look(room)[1]
    assert (Report.objects.count(), Block.objects.count()) == (reports, 1)
    assert bo.look(room, 1)[0] == 404
    status, page = bo.press(room, 1, do="reply", body="one more thing")
    assert (status, ">one more thing</textarea>" in page, "tea at six" in page) == (404, True, False)
    post(bo.person, room, "hello")
    assert ada.look(room, 2)[0] == 404
    assert ada.press(room, 2, react="👍")[0] == 404
    assert selectors.signs_of(room.pk, [2], ada.person) == {}


@pytest.mark.parametrize("deed", ["report", "block"])
def test_a_room_of_two_ends_with_it_and_the_way_leads_to_the_list_which_says_so(house, deed):
    _room, ada, bo, *_ = house
    pair = services.pair_room_open(actor=ada.person, other=bo.person)
    post(ada.person, pair, "a word to you alone")
    assert bo.press(pair, 1, do=deed) == (302, "/talk/")
    assert "do not see each other any more" in html.unescape(bo.client.get("/talk/").content.decode())


def test_a_held_message_is_there_for_its_sender_alone(house):
    room, ada, bo, fay, _olli = house
    post(ada.person, room, OFFER)
    assert ada.buttons(room, 2) == {"delete"}
    assert bo.look(room, 2)[0] == 404
    assert fay.look(room, 2)[0] == 404


def test_a_message_far_up_is_come_back_to_among_its_neighbours(house):
    room, _ada, bo, _fay, _olli = house
    for number in range(60):
        post(bo.person, room, f"word {number}")
    _status, way = bo.press(room, 1, react="🙏")
    assert way == f"/talk/{room.key}/?before=26#m1"
    page = bo.look(room)[1]
    assert 'id="m1"' not in page
    assert '<span class="chip chip-on">🙏 1</span>' in bo.client.get(way).content.decode()
