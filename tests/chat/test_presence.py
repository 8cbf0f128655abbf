"""Who is here, and how fast one may post, counted over processes that only hear of each other."""

import json

import pytest

from chat.paces import Paces
from chat.presence import AWAY, SAY_ALL, TTL, Presence

ROOM, EVERYBODY = "g1", range(100)


def sits(presence, at, *people):
    presence.seated({ROOM: {person: f"pid-{person}" for person in people}} if people else {}, at)


def here(presence):
    return sorted(presence.here(ROOM, EVERYBODY))


def pass_on(one, other, at):
    """What one process says goes over the bus to the other."""
    if said := one.say(at):
        lists, whole = json.loads(json.dumps([{r: list(p.items()) for r, p in said[0].items()}, said[1]]))
        other.hear("one", lists, whole=whole, now=at)


def test_whoever_loses_the_socket_is_here_for_half_a_minute_more():
    presence = Presence()
    sits(presence, 0, 1, 2)
    sits(presence, 10, 2)
    sits(presence, 10 + AWAY - 1, 2)
    assert here(presence) == [1, 2]
    sits(presence, 10 + AWAY, 2)
    assert here(presence) == [2]


def test_who_comes_back_in_time_never_left():
    presence = Presence()
    sits(presence, 0, 1)
    presence.show({ROOM: EVERYBODY})
    sits(presence, 10)
    sits(presence, 30, 1)
    sits(presence, 100, 1)
    assert presence.show({ROOM: EVERYBODY}) == []


def test_another_process_is_heard_and_ages_out_when_it_falls_silent():
    one, other = Presence(), Presence()
    sits(one, 0, 1)
    pass_on(one, other, 0)
    sits(other, 1, 2)
    assert here(other) == [1, 2]
    sits(one, 2, 1, 3)
    pass_on(one, other, 2)
    assert here(other) == [1, 2, 3]
    sits(other, 2 + TTL, 2)
    assert here(other) == [2]


def test_a_lost_hint_is_made_good_by_the_next_whole_list():
    one, other = Presence(), Presence()
    sits(one, 0, 1)
    one.say(0)  # nobody heard it
    pass_on(one, other, 1)
    assert here(other) == []
    pass_on(one, other, SAY_ALL)
    assert here(other) == [1]


def test_who_is_no_member_any_more_is_shown_as_gone_at_once():
    presence = Presence()
    sits(presence, 0, 1, 2)
    presence.show({ROOM: {1, 2}})
    (diff,) = presence.show({ROOM: {2}})
    assert (diff.came, diff.went) == ({}, {1: "pid-1"})


def test_who_was_slowed_in_one_process_waits_in_every_one(monkeypatch):
    monkeypatch.setattr("chat.paces.time.monotonic", lambda: 1000.0)
    one, other = Paces(5, 1), Paces(5, 1)
    one.slow(8)
    other.hear(one.share())
    assert (one.take(8), other.take(8)) == (30.0, 30.0)
    one.take(9)
    third = Paces(5, 1)
    third.take(8)
    one.hear(third.share())  # what they posted elsewhere before that makes nobody wait for less
    assert one.take(8) == 30.0


@pytest.mark.parametrize("shared", [True, False])
def test_what_was_posted_elsewhere_counts_here_once_it_was_heard(monkeypatch, shared):
    monkeypatch.setattr("chat.paces.time.monotonic", lambda: 1000.0)
    one, other = Paces(5, 1), Paces(5, 1)
    assert [one.take(7) for _ in range(4)] == [0.0] * 4
    payload = one.share()
    assert one.share() == b""
    one.hear(payload)  # its own word counts only once
    assert one.take(7) == 0.0
    if shared:
        other.hear(payload)
    assert [bool(other.take(7)) for _ in range(5)] == ([False, True, True, True, True] if shared else [False] * 5)
