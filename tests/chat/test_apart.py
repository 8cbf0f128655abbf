"""Two whom a block parted: nothing of the one reaches the other, and what a facilitator does still reaches both."""

import asyncio
import logging

import pytest
from django.db import OperationalError

from chat import company, live, selectors
from chat.company import Company
from chat.holdings import erase
from chat.live import LiveRoom
from chat.models import Message, Veil
from chat.selectors import Head, Roster
from people.services import block_set, person_erase
from tests.chat.test_live import Desk, member
from tests.chat.test_people import found, post, seen
from tests.people_of_the_story import make_member


@pytest.mark.django_db
def test_what_a_facilitator_takes_away_is_gone_for_who_blocked_them_too_and_carries_no_name():
    ada, bo, fay = make_member("Ada"), make_member("Bo"), make_member("Fay")
    room = found(ada, bo, runs=[fay])
    block_set(actor=ada, other=fay)
    post(bo, room, "unkind")
    post(fay, room, "mine")
    post(fay, room, "", "delete", 1)
    post(fay, room, "", "pin", None)
    post(bo, room, "sorry")
    post(fay, room, "on", "hold", 5)
    assert [kind for _, kind, _ in seen(room, ada)] == ["text", "void", "delete", "pin", "void", "hold"]
    told = selectors.plain(room, selectors.entries(room.pk), ada)
    assert [one["from"] for one in told if one["kind"] in {"delete", "pin", "hold"}] == [None, None, None]
    live = selectors.run_after(room.pk, room.key, 0)
    assert live.hidden_from(ada.pk, frozenset({fay.pk})) == [2, 5]


@pytest.mark.django_db
def test_what_one_took_back_oneself_stays_with_ones_name_and_away_from_who_is_apart():
    ada, bo = make_member("Ada"), make_member("Bo")
    room = found(ada, bo)
    post(bo, room, "hello")
    post(bo, room, "", "delete", 1)
    (deed,) = selectors.plain(room, selectors.entries(room.pk, after=1), ada)
    assert deed["from"]["name"] == "Bo"
    block_set(actor=ada, other=bo)
    assert [kind for _, kind, _ in seen(room, ada)] == ["void", "void"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["react", "text"])
def test_nobody_answers_or_marks_what_they_cannot_see(kind):
    ada, bo, cy = make_member("Ada"), make_member("Bo"), make_member("Cy")
    room = found(ada, bo, cy)
    post(ada, room, "hello")
    block_set(actor=ada, other=bo)
    body = "👍" if kind == "react" else "an answer"
    assert post(bo, room, body, kind, 1).code == "invalid"
    assert post(cy, room, body, kind, 1).code == ""


@pytest.mark.django_db
def test_the_words_of_an_erased_account_stay_unseen_by_who_was_parted_from_it():
    ada, bo, cy = make_member("Ada"), make_member("Bo"), make_member("Cy")
    room = found(ada, bo, cy)
    post(bo, room, "you will hear from me")
    post(cy, room, "tea?")
    block_set(actor=ada, other=bo)
    person_erase(actor=bo)
    assert seen(room, ada) == [(1, "void", None), (2, "text", "tea?")]
    assert seen(room, cy)[0] == (1, "text", "you will hear from me")
    assert selectors.search(actor=ada, text="hear from me") == []
    assert len(selectors.search(actor=cy, text="hear from me")) == 1
    assert [line.unread for line in selectors.lines_of(ada)] == [1]
    assert [entry.seq for entry in selectors.visible(selectors.entries(room.pk), ada)] == [2]
    page = selectors.page_for(room.key, ada.pk, 0)
    assert b"hear from me" not in b"".join(page.run.frames)
    erase(ada)
    assert not Veil.objects.exists()
    assert Message.objects.count() == 2


def presence(connection):
    return [frame for frame in connection.wire.sent if frame["t"] == "presence"]


async def test_who_blocked_somebody_sees_them_go_and_come_back_when_it_is_lifted(monkeypatch):
    monkeypatch.setattr(company.wake, "publish", lambda *_args, **_more: None)
    room = LiveRoom("g1", Head(1, 0, 0, "e", "1"), Roster("1", frozenset({1, 2})), Desk())
    ada, bo = member(room, 1), member(room, 2)
    here = Company({"g1": room})
    here.tick()
    await asyncio.sleep(0)
    assert presence(ada)[-1]["in"] == ["1", "2"]
    room.roster = Roster("2", frozenset({1, 2}), {1: frozenset({2}), 2: frozenset({1})})
    here.tick()
    await asyncio.sleep(0)
    assert [presence(one)[-1] for one in (ada, bo)] == [
        {"t": "presence", "room": "g1", "whole": True, "in": [own], "out": []} for own in ("1", "2")
    ]
    room.roster = Roster("3", frozenset({1, 2}))
    here.tick()
    here.tick()
    await asyncio.sleep(0)
    assert presence(ada)[-1]["in"] == ["1", "2"]
    assert len(presence(ada)) == 3


async def test_a_database_that_is_away_is_told_in_one_line_and_not_at_every_try(monkeypatch, caplog):
    monkeypatch.setattr(live, "RETRY", 0.001)
    desk = Desk()
    room = LiveRoom("g1", Head(1, 0, 0, "e", "1"), Roster("1", frozenset({1})), desk)
    member(room, 1)
    answers = [OperationalError("the server closed the connection\nHINT: a long one")] * 20

    async def away(_work, *_args):
        if answers:
            raise answers.pop()
        return Roster("2", frozenset({1}))

    monkeypatch.setattr(desk, "run", away)
    with caplog.at_level(logging.WARNING, "porchlight.chat"):
        room.reload()
        while room.roster.version == "1":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    (line,) = caplog.records
    assert line.exc_info is None
    assert "\n" not in line.getMessage()
