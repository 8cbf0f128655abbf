"""The committer of a process: who is stored together, and that nobody waits in vain."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from chat import committer as module
from chat.committer import Committer
from chat.posts import RETRY, Outcome, Post, Sender

EDIT = "edit"  # of the slow way, so that the test sees what is stored together


def a_post(body="hello"):
    return Post(Sender(1, "p1", "Ada"), "g1", uuid4(), body, EDIT, 1)


class Desk:
    """Runs at once what is to run in the one thread."""

    def __init__(self):
        self.batches = []

    async def run(self, write, batch):
        self.batches.append([post.body for post in batch])
        await asyncio.sleep(0)
        return write(batch)


def storing(batch):
    if any(post.body == "poison" for post in batch):
        raise ValueError("poison")
    return [Outcome(post, seq=1) for post in batch]


def broken(_):
    raise ValueError("broken")


def play(scene, announce=lambda _: None):
    """Run a scene with a committer; the batches that it stored and the answers."""

    async def run():
        desk: Any = Desk()
        answers: list[Outcome] = []
        ours = Committer(storing, desk, announce)
        await asyncio.wait_for(scene(ours, answers), 30)
        await asyncio.wait_for(ours.flush(), 30)
        return desk.batches, answers

    return asyncio.run(run())


def submit(ours, answers, *bodies):
    for body in bodies:
        ours.submit(a_post(body), answers.append)


def test_a_post_that_comes_alone_waits_for_nobody(monkeypatch):
    monkeypatch.setattr(module, "GATHER", 3600)

    async def scene(ours, answers):
        for body in "abc":
            submit(ours, answers, body)
            await ours.flush()

    assert play(scene)[0] == [["a"], ["b"], ["c"]]


def test_where_several_post_at_once_the_first_waits_for_the_others(monkeypatch):
    monkeypatch.setattr(module, "GATHER", 3600)

    async def scene(ours, answers):
        submit(ours, answers, "a", "b", "c")
        await ours.flush()
        submit(ours, answers, "d")
        for _ in range(5):
            await asyncio.sleep(0)
        submit(ours, answers, "e")
        await asyncio.sleep(0)
        submit(ours, answers, "f")

    assert play(scene)[0] == [["a", "b", "c"], ["d", "e", "f"]]


def test_when_the_others_do_not_come_the_wait_is_over_after_its_time_and_then_forgotten(monkeypatch):
    waits = []

    async def scene(ours, answers):
        gather = ours._gather

        async def counted():
            others: list[str] = []  # what else the loop does meanwhile
            asyncio.get_running_loop().call_soon(others.append, "ran")
            await gather()
            waits.append(bool(others))

        monkeypatch.setattr(ours, "_gather", counted)
        submit(ours, answers, "a", "b", "c")
        await ours.flush()
        for body in "def":
            submit(ours, answers, body)
            await ours.flush()

    batches, answers = play(scene)
    assert batches == [["a", "b", "c"], ["d"], ["e"], ["f"]]
    assert waits == [False, True, True, False]
    assert len(answers) == 6


@pytest.mark.parametrize("many", [1, 3])
def test_what_cannot_be_stored_is_to_be_sent_again_and_the_next_round_goes_on(many):
    async def scene(ours, answers):
        submit(ours, answers, *["poison"] * many)
        await ours.flush()
        submit(ours, answers, "hello")

    _, answers = play(scene)
    assert [answer.code for answer in answers] == [RETRY] * many + [""]


def test_what_is_committed_is_answered_also_when_it_cannot_be_shown():
    """The hub finds it in the database; whoever waits behind it is not forgotten."""

    async def scene(ours, answers):
        submit(ours, answers, "a", "b")
        await asyncio.sleep(0)
        submit(ours, answers, "c")

    assert [answer.code for answer in play(scene, broken)[1]] == [""] * 3


def test_a_sender_who_cannot_be_answered_keeps_no_other_from_their_answer():
    async def scene(ours, answers):
        ours.submit(a_post(), broken)
        submit(ours, answers, "b")
        await asyncio.sleep(0)
        submit(ours, answers, "c")

    assert [answer.code for answer in play(scene)[1]] == [""] * 2
