"""Words are found by three ways through the database; whichever is taken, the answer is that of a plain loop."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meetings.models import Meeting, MeetingDay
from meetings.schedule import occurrences, weekly
from meetings.selectors.finder import BY_NAME, Search, search, stored
from meetings.selectors.finder.span import day_bounds
from meetings.selectors.held import next_of, rule_of
from meetings.services.upcoming import schedule_write
from meetings.wording import folded_words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)  # a Thursday
BERLIN = "Europe/Berlin"
WORDS = ("lamp", "light", "big", "book")  # the first in half of all names, the last in one of sixteen
MODES = ("in_person", "online", "hybrid")


@pytest.fixture
def world():
    """Forty-eight meetings; several start at one moment, some on several days."""
    cache.clear()
    made = []
    for number in range(48):
        words = [word for place, word in enumerate(WORDS) if number % 2 ** (place + 1) == 0]
        name = " ".join([f"m{number % 7}", *words])
        types, fellowship = (["W"], "NA") if number % 3 else (["X"], "AA")
        days = {number % 7, number * 5 % 7} if number % 4 else {number % 7}
        made.append(
            Meeting(
                name=name, slug=f"m-{number}", zone=BERLIN, minutes=60, rrule=weekly(days), types=types,
                starts_local=datetime(2001, 1, 1, 17 + number % 4, 30, tzinfo=UTC) + timedelta(days=min(days)),
                fellowship=fellowship, mode=MODES[number % 3], created_at=NOW,
                folded=folded_words([name], types=types, fellowship=fellowship),
            )
        )  # fmt: skip
    Meeting.objects.bulk_create(made)
    schedule_write(meetings=made, now=NOW)
    return made


def plainly(world, asked, now):
    """(start, number) of all that fits, in order: each meeting looked at, nothing stored believed."""
    rows = []
    for one in world:
        words = one.folded.split()
        has_words = all(any(word.startswith(begun) for word in words) for begun in asked.words)
        in_mode = not asked.mode or one.mode in {asked.mode, "hybrid"}
        of_kind = set(asked.tags) <= set(one.types) and asked.fellowship in {"", one.fellowship}
        if not (has_words and in_mode and of_kind):
            continue
        if asked.day:
            first, last = day_bounds(asked.day, now, asked.zone)
            dates = [held for held in occurrences(rule_of(one), first, last) if held.starts_at >= first]
        else:
            dates = [held for held in [next_of(one, now)] if held]
        rows += [(one.folded.strip()[:48] if asked.sort == BY_NAME else "", held.starts_at, one.pk) for held in dates]
    return [(start, number) for _name, start, number in sorted(rows)]


def paged(asked, now, limit):
    seen, after = [], ""
    for _turn in range(100):
        page = search(asked, now=now, after=after, limit=limit)
        seen += [(row.held.starts_at, row.meeting.pk) for row in page.rows]
        after = page.after
        if not after:
            return seen
    raise AssertionError("the list has no end")


@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(st.sampled_from(["lamp", "lig", "m", "lamp", "m3", "big", "book", "narc", "nobody"]), max_size=2),
    tags=st.sampled_from([(), (), ("W",), ("X",)]),
    mode=st.sampled_from(["", "", "online", "in_person"]),
    fellowship=st.sampled_from(["", "", "NA"]),
    day=st.sampled_from(["", "", "sat"]),
    sort=st.sampled_from(["", "", BY_NAME]),
    hours=st.sampled_from([0, 3, 40, 90]),  # nobody moved on what was stored
    limit=st.sampled_from([1, 2, 4, 9, 100]),
    steps=st.tuples(st.sampled_from([3, 8, 15, 25]), st.sampled_from([2, 12, 30])),
    many=st.sampled_from([0, 5, 6000]),
    few=st.sampled_from([2, 3000]),
)
def test_whatever_is_asked_in_pages_of_any_size_the_answer_is_that_of_a_plain_loop(
    world, text, tags, mode, fellowship, day, sort, hours, limit, steps, many, few
):
    asked = Search(text=" ".join(text), tags=tags, mode=mode, fellowship=fellowship, day=day, sort=sort, zone=BERLIN)
    now = NOW + timedelta(hours=hours)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("meetings.selectors.finder.stored.STEPS", steps[0])
        patch.setattr("meetings.selectors.finder.stored.FURTHER", steps[1])
        patch.setattr("meetings.selectors.finder.stored.MANY", many)
        patch.setattr("meetings.selectors.finder.statement.FEW", few)
        assert paged(asked, now, limit) == plainly(world, asked, now)


def by_index_of_words(asked, limit):
    """How often the index of words was asked."""
    with CaptureQueriesContext(connection) as said:
        search(asked, now=NOW, limit=limit)
    return sum("meetings_words" in one["sql"] or "tsquery" in one["sql"] for one in said.captured_queries)


@pytest.mark.usefixtures("world")
def test_the_index_of_words_is_asked_only_when_the_next_meetings_do_not_fill_a_page(monkeypatch):
    lamp = Search(text="lamp", zone=BERLIN)
    monkeypatch.setattr(stored, "STEPS", 30)
    assert by_index_of_words(lamp, 5) == 0
    assert by_index_of_words(lamp, 25) == 1, "there are twenty-four"
    monkeypatch.setattr(stored, "STEPS", 8)
    monkeypatch.setattr(stored, "FURTHER", 20)
    assert by_index_of_words(lamp, 5) == 0, "the first eight promise enough of the next twenty"
    monkeypatch.setattr(stored, "FURTHER", 2)
    assert by_index_of_words(lamp, 5) == 1


def test_while_much_waits_for_the_worker_no_rare_word_is_looked_for_in_it_one_by_one(world, monkeypatch):
    lamp = Search(text="lamp", zone=BERLIN)
    monkeypatch.setattr(stored, "STEPS", 30)
    waiting = list(MeetingDay.objects.order_by("pk").values_list("pk", flat=True)[:20])
    MeetingDay.objects.filter(pk__in=waiting).update(next_starts_at=NOW - timedelta(3), next_ends_at=NOW - timedelta(2))
    assert by_index_of_words(lamp, 5) == 0
    monkeypatch.setattr(stored, "LATE", 20)
    assert by_index_of_words(lamp, 5) == 1
