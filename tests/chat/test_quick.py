"""The quick lane into PostgreSQL stores what the slow way would, and leaves to it whatever has to be decided."""

import asyncio
from datetime import timedelta
from random import Random
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from chat import selectors, services
from chat.committer import Committer
from chat.desk import Desk
from chat.models import Message, Room, Silence
from chat.posts import Outcome, Post
from chat.quick import Quick
from ground import clock
from groups.models import Group, Membership
from people.services import block_set
from tests.people_of_the_story import NOW, make_member

pytestmark = [pytest.mark.scaled, pytest.mark.django_db(transaction=True)]


def make(count=2):
    """Some members of one open group, and its room."""
    group = Group.objects.create(slug=f"quick-{uuid4().hex[:8]}", name="Quick", zone="UTC", created_at=NOW)
    people = [make_member() for _ in range(count)]
    for person in people:
        Membership.objects.create(group=group, person=person, since=NOW)
    return services.room_of(group), people


def texts(room, people, *bodies):
    return [Post(services.sender_of(person), room.key, uuid4(), body) for person in people for body in bodies]


def quickly(batch):
    """None: left to the slow way."""

    async def run():
        lane = Quick()
        try:
            return await lane.write(batch) if lane.part(batch) == batch else None
        finally:
            await lane.close()

    return asyncio.run(run())


def rows(room):
    found = Message.objects.filter(room=room).order_by("seq")
    return list(found.values("seq", "kind", "of", "sender_id", "sender_name", "body", "gone", "held", "edited_at"))


def test_rows_frames_and_versions_are_those_of_the_slow_way():
    with clock.frozen(NOW):
        (quick, some), (slow, others) = make(), make()
        outcomes, runs = quickly(texts(quick, some, "one", "two 💡 \\ \" '"))
        services.entries_write(posts=texts(slow, others, "one", "two 💡 \\ \" '"))
        alike = [{**row, "sender_id": 0, "sender_name": ""} for row in rows(quick)]
        assert alike == [{**row, "sender_id": 0, "sender_name": ""} for row in rows(slow)]
        quick.refresh_from_db()
        assert (quick.last_seq, [outcome.seq for outcome in outcomes]) == (4, [1, 2, 3, 4])
        ((key, run),) = runs
        assert (key, run.first, run.by) == (quick.key, 1, tuple(row["sender_id"] for row in rows(quick)))
        again = selectors.run_after(quick.pk, quick.key, 0)
        assert (run.frames, run.version) == (again.frames, again.version)


def test_many_rooms_are_numbered_each_for_itself_in_the_order_of_the_batch():
    (one, some), (other, others) = make(), make()
    mixed = [
        post for pair in zip(texts(one, some, "a", "b"), texts(other, others, "c", "d"), strict=True) for post in pair
    ]
    outcomes, runs = quickly(mixed)
    assert [outcome.seq for outcome in outcomes] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert sorted(key for key, _ in runs) == sorted([one.key, other.key])
    assert [row["body"] for row in rows(other)] == ["c", "d", "c", "d"]


def test_the_version_is_the_slow_ways_also_among_people_who_blocked_each_other():
    room, people = make(4)
    block_set(actor=people[0], other=people[1])
    block_set(actor=people[1], other=people[0])
    block_set(actor=people[2], other=make_member())
    block_set(actor=people[2], other=people[3])
    Membership.objects.filter(person=people[3]).update(state="ended", until=clock.now())
    ((_, run),) = quickly(texts(room, people[:1], "hello"))[1]
    assert run.version == selectors.roster(room.pk).version


def a_world(dice):
    """A room in some state, and a batch of its people for it; the same dice, the same world."""
    room, people = make(4)
    ago = clock.now() - timedelta(seconds=dice.choice([5, 100]))
    for person in people:
        match dice.choice(["here"] * 20 + ["left", "waiting", "leads", "listens", "listened", "wrote"]):
            case "left":
                Membership.objects.filter(person=person).update(state="ended", until=clock.now())
            case "waiting":
                Membership.objects.filter(person=person).update(state="waiting")
            case "leads":
                Membership.objects.filter(person=person).update(role=Membership.FACILITATOR)
            case "listens":
                Silence.objects.create(room=room, person=person, until=clock.now() + timedelta(hours=1))
            case "listened":
                Silence.objects.create(room=room, person=person, until=clock.now() - timedelta(hours=1))
            case "wrote":
                with clock.frozen(ago):
                    services.entries_write(posts=texts(room, [person], "earlier"))
    columns = dice.choice([{}] * 12 + [{"slow_seconds": 30}, {"closed_at": NOW}])
    Room.objects.filter(pk=room.pk).update(**columns)
    if dice.random() < 0.1:
        Group.objects.filter(room=room).update(closed_at=NOW)
    old = texts(room, people[:1], "before")
    services.entries_write(posts=old)
    return room, people, [a_post(dice, room, people, old) for _ in range(dice.randint(1, 6))]


def a_post(dice, room, people, old):
    sender, body = services.sender_of(dice.choice(people)), dice.choice(["one", "two", "three"])
    posted = {
        "again": old[0],
        "conflict": Post(old[0].sender, room.key, old[0].cid, "other words"),
        "answer": Post(sender, room.key, uuid4(), body, of=dice.choice([1, 99])),
        "react": Post(sender, room.key, uuid4(), "👍", "react", 1),
        "held": Post(sender, room.key, uuid4(), "I sell oxy, 20 dollars each, dm me"),
        "nowhere": Post(sender, "g0", uuid4(), body),
        "text": Post(sender, room.key, uuid4(), body),
    }
    return posted[dice.choice(["text"] * 40 + list(posted))]


def test_in_any_state_of_a_room_the_quick_lane_does_what_the_slow_way_does_or_nothing():
    """Two equal worlds, one batch each: what a rule forgotten in the statement would store, this finds."""
    taken = 0
    for seed in range(60):
        with clock.frozen(NOW):
            (quick, some, batch), (slow, others, twin) = a_world(Random(seed)), a_world(Random(seed))
            before = rows(quick)
            found, there = quickly(batch), services.entries_write(posts=twin)
        if found is None:
            assert rows(quick) == before, seed
            continue
        taken += 1
        whose = {person.pk: place for people in (some, others) for place, person in enumerate(people)}
        alike = [
            [{**row, "sender_id": whose[row["sender_id"]], "sender_name": ""} for row in rows(room)]
            for room in (quick, slow)
        ]
        assert alike[0] == alike[1], seed
        assert [(o.seq, o.code) for o in found[0]] == [(o.seq, o.code) for o in there], seed
    assert 10 < taken < 50


def silence(room, people):
    Silence.objects.create(room=room, person=people[1], until=clock.now() + timedelta(hours=1))


def ended(room, people):
    Membership.objects.filter(person=people[1], group=room.group_id).update(state="ended", until=clock.now())


def set_up(**columns):
    return lambda room, _: Room.objects.filter(pk=room.pk).update(**columns)


SITUATIONS = {
    "an outsider": lambda room, people: Membership.objects.filter(person=people[1], group=room.group_id).delete(),
    "who left": ended,
    "a closed group": lambda room, _: Group.objects.filter(room=room).update(closed_at=NOW),
    "a closed room": set_up(closed_at=NOW),
    "slow mode": set_up(slow_seconds=30),
    "who is asked to listen": silence,
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_whatever_has_to_be_decided_is_left_whole_to_the_slow_way(situation):
    room, people = make()
    SITUATIONS[situation](room, people)
    assert quickly(texts(room, people, "hello")) is None
    assert rows(room) == []
    room.refresh_from_db()
    assert room.last_seq == 0


def test_other_kinds_answers_held_words_and_a_key_twice_are_not_taken():
    room, people = make(1)
    (post,) = texts(room, people, "hello")
    sender = post.sender
    for batch in (
        [post, post],
        [Post(sender, room.key, uuid4(), "hello", of=1)],
        [Post(sender, room.key, uuid4(), "", "delete", 1)],
        [Post(sender, room.key, uuid4(), "I sell oxy, 20 dollars each, dm me")],
    ):
        assert quickly(batch) is None
    assert quickly([post])[0][0].seq == 1
    assert quickly([post, *texts(room, people, "new")]) is None
    again, new = services.entries_write(posts=[post, *texts(room, people, "new")])
    assert (again.seq, new.seq) == (1, 2)


def test_a_key_used_before_costs_the_lane_no_new_connection():
    """Else a client that sends one message again and again would have every batch pay for a connection."""
    room, people = make(1)
    old = texts(room, people, "stored the slow way")
    services.entries_write(posts=old)

    async def run():
        lane = Quick()
        try:
            assert await lane.write(old) is None  # also when it is the first that the connection does
            before = lane._connection
            assert before is not None
            batch = texts(room, people, "hello")
            assert await lane.write(batch) is not None
            for _ in range(20):
                assert await lane.write(batch) is None
            assert await lane.write(texts(room, people, "and on")) is not None
            assert lane._connection is before
            assert before.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            prepared = await (await before.execute("SELECT count(*) FROM pg_prepared_statements")).fetchone()
            assert prepared is not None
            assert prepared[0] <= 6  # each is kept by the server as long as the connection lives
        finally:
            await lane.close()

    asyncio.run(run())
    assert [row["body"] for row in rows(room)] == ["stored the slow way", "hello", "and on"]


def test_one_post_that_needs_a_decision_leaves_the_other_rooms_in_the_lane():
    (one, some), (other, others) = make(1), make(1)
    held = Post(services.sender_of(others[0]), other.key, uuid4(), "I sell oxy, 20 dollars each, dm me")
    plain, after = texts(one, some, "hello"), texts(other, others, "after it, in its order")
    pair = Post(plain[0].sender, "pabc", uuid4(), "hello")
    assert Quick().part([*plain, held, *after, pair]) == plain


async def test_a_post_that_the_lane_cannot_even_send_harms_only_itself():
    room, people = await aside(make, 1)
    good = texts(room, people, "hello")
    poison = Post(good[0].sender, "g\ud83d", uuid4(), "half a sign in the room's name")
    desk, answers = Desk("commit", 1), list[Outcome]()
    committer = Committer(lambda batch: services.entries_write(posts=batch), desk, lambda _: None)
    for post in (poison, *good):
        committer.submit(post, answers.append)
    await asyncio.wait_for(committer.flush(), 20)
    await committer.close()
    desk.close()
    assert [(outcome.code, outcome.seq) for outcome in answers] == [("invalid", 0), ("", 1)]


def aside(work, *args, **given):
    """In a thread that leaves no connection behind."""

    def run():
        try:
            return work(*args, **given)
        finally:
            connection.close()

    return asyncio.get_running_loop().run_in_executor(None, run)


@pytest.mark.parametrize("lane", ["quick", "slow"])
async def test_a_post_that_overlaps_its_senders_leaving_does_not_pass(lane):
    room, people = await aside(make)
    batch = texts(room, people[1:], "while I go")
    address = connection.get_connection_params()
    given = {name: address[name] for name in ("host", "port", "user", "dbname", "password") if name in address}
    leaving, way = await psycopg.AsyncConnection.connect(**given), Quick()
    leave = "UPDATE groups_membership SET state = 'ended', until = now() WHERE person_id = %s"
    await leaving.execute(leave, [people[1].pk])
    slow = aside(services.entries_write, posts=batch) if lane == "slow" else None
    posting = slow or asyncio.create_task(way.write(batch))
    await asyncio.sleep(0.3)
    assert not posting.done()
    await leaving.commit()
    found = await asyncio.wait_for(posting, 20)
    assert found is None if lane == "quick" else [outcome.code for outcome in found] == ["forbidden"]
    await way.close()
    await leaving.close()
    assert await aside(rows, room) == []
