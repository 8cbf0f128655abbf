"""Whatever the order in which news comes, entries are shown by seq, each once, none skipped."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import news
from chat.limits import Bucket, Buckets
from chat.order import Order, Run


def run(first: int, last: int, version: str = "v") -> Run:
    return Run(first, tuple(str(seq).encode() for seq in range(first, last + 1)), version)


def shown(runs: list[Run]) -> list[int]:
    return [int(frame) for one in runs for frame in one.frames]


@given(st.integers(0, 5), st.lists(st.integers(1, 6), max_size=12), st.randoms(use_true_random=False))
def test_any_order_with_repeats_and_overlaps_ends_in_the_same_log(head: int, sizes: list[int], chance: random.Random):
    runs, first = [], head + 1
    for size in sizes:
        runs.append(run(first, first + size - 1))
        first += size
    overlaps = [run(max(1, one.first - chance.randint(0, 3)), one.last) for one in runs]
    come = runs + overlaps + chance.sample(runs, len(runs) // 2)
    chance.shuffle(come)
    order, seen = Order(head), []
    for one in come:
        seen += shown(order.offer(one))
    assert seen == list(range(head + 1, first))
    assert not order.behind


def test_what_comes_too_early_waits_and_what_came_is_dropped():
    order = Order(10)
    assert order.offer(run(13, 14)) == []
    assert order.behind
    assert order.offer(run(9, 10)) == []
    assert shown(order.offer(run(10, 12))) == [11, 12, 13, 14]


def test_who_heard_of_more_than_was_shown_is_behind():
    order = Order(10)
    order.heard_of(20)
    assert order.behind


@given(
    st.lists(
        st.tuples(st.text("g0123456789", min_size=1, max_size=8), st.integers(1, 99), st.integers(1, 4)), max_size=5
    )
)
def test_news_is_read_as_it_was_packed(items):
    packed = [(room, run(first, first + count - 1, "3.2.1.9")) for room, first, count in items]
    found = news.unpack(news.pack(packed))
    assert [(item.room, item.run) for item in found] == packed


def test_news_too_large_for_the_bus_says_only_what_to_read():
    big = Run(5, (b"x" * 300_000, b"y" * 300_000), "v")
    (item,) = news.unpack(news.pack([("g1", big)]))
    assert (item.run.frames, item.last) == ((), 6)


@pytest.mark.parametrize("payload", [b"", b"{", b"[[1]]", b'[["g1",1,2,"v"]]\n{}'])
def test_what_is_no_news_is_refused(payload):
    with pytest.raises(ValueError):  # noqa: PT011
        news.unpack(payload)


def test_a_bucket_gives_its_burst_then_so_many_a_second():
    bucket = Bucket(3, 2, 100.0)
    assert [bucket.take(100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert bucket.take(100.5) == 0.0
    assert bucket.take(99.0) > 0  # a clock that steps back gives nothing


def test_full_buckets_are_forgotten():
    held = Buckets(2, 1, sweep_at=10)
    for key in range(10):
        held.take(key, 0.0)
    held.take(99, 60.0)
    assert len(held._held) == 1
