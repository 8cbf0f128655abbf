"""What is always true (docs/rules.md, section 8), with made-up histories."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from support.streaks import (
    Answer,
    Cause,
    ChangeInfo,
    Contact,
    EpisodeState,
    FinalNotice,
    Kind,
    Membership,
    RuleTerms,
    SelfLog,
    Snapshot,
    Span,
    decide,
    decision_stands,
    level1_due,
    level2_due,
    snapshot,
    streak_at,
)
from tests.support.playing import BEFORE, DAY, HOUR, Played, facts, mark, meeting

WEEKS = 20
values = st.sampled_from(["absent", "absent", "absent", "present", "late", "online", "excused", None])
groups = st.sampled_from([None, 1, 2])
moments = st.integers(0, WEEKS * 7 * 24 * 2).map(lambda n: meeting(0) + n * HOUR / 2)


@st.composite
def marks(draw):
    """Marks of up to 20 weeks in two groups, closed at any time within 14 days, some sheets open or cancelled."""
    chosen = draw(st.lists(st.tuples(st.integers(0, WEEKS - 1), st.sampled_from([1, 2])), unique=True, max_size=14))
    made = []
    for week, group in chosen:
        one = mark(
            week, draw(values), group, cancelled=draw(st.integers(0, 9)) == 0, closed=draw(st.integers(0, 9)) > 0
        )
        made.append(replace(one, first_closed_at=one.end + timedelta(minutes=draw(st.integers(1, 14 * 24 * 60)))))
    return tuple(made)


@st.composite
def histories(draw):
    logs = draw(st.lists(moments, max_size=2, unique=True))
    pauses = tuple(Span(at, at + draw(st.integers(1, 30)) * DAY) for at in draw(st.lists(moments, max_size=2)))
    left = draw(st.none() | moments)
    known = facts(*draw(marks()), self_logs=tuple(SelfLog(f"s{at}", at) for at in logs), pauses=pauses)
    if left is not None:
        members = (Membership(1, Span(BEFORE, left)), Membership(1, Span(left + DAY)), known.memberships[1])
        known = replace(known, memberships=members)
    return known


def count(known, at, group=None):
    return streak_at(snapshot(known, group=group), at).count


def counted_by_the_letter(known, at, group):
    """2.2 and 2.4 once more, slowly and as they are written."""
    records = snapshot(known, group=group).records
    hits = [r.start for r in records if r.kind is Kind.HIT]
    misses = [r.start for r in records if r.kind is Kind.MISS]
    if group is None:
        misses = [miss for miss in misses if all(abs(hit - miss) > 2 * HOUR for hit in hits)]
    misses = [miss for miss in misses if all(miss > hit for hit in hits)]
    return sum(at - 90 * DAY <= miss <= at for miss in misses)


@given(histories(), moments, groups)
def test_the_streak_is_what_the_rules_say_word_by_word(known, at, group):
    assert count(known, at, group) == counted_by_the_letter(known, at, group)


@given(histories(), moments, groups, st.integers(0, WEEKS), st.sampled_from([None, "excused"]))
def test_no_mark_never_raises_a_streak(known, at, group, week, value):
    more = replace(known, marks=(*known.marks, mark(week, value, key="new")))
    assert count(more, at, group) == count(known, at, group)


@given(histories(), moments, st.integers(1, 1000))
def test_a_hit_that_starts_after_every_miss_makes_it_zero(known, at, later):
    latest = max([one.start for one in known.marks], default=BEFORE)
    known = replace(known, self_logs=(*known.self_logs, SelfLog("new", latest + timedelta(seconds=later))))
    assert count(known, at) == 0


@given(histories(), moments, groups, st.randoms(use_true_random=False))
def test_the_order_of_writing_and_of_closing_in_time_changes_nothing(known, at, group, chance):
    shuffled = list(known.marks)
    chance.shuffle(shuffled)
    other = [
        replace(one, first_closed_at=one.end + timedelta(seconds=chance.randint(0, 14 * 86400))) for one in shuffled
    ]
    assert snapshot(replace(known, marks=tuple(other)), group=group) == snapshot(known, group=group)


@given(histories(), moments, groups)
def test_a_snapshot_that_was_stored_and_read_again_gives_the_same_streak(known, at, group):
    kept = Snapshot.from_json(snapshot(known, group=group).to_json())
    assert streak_at(kept, at) == streak_at(snapshot(known, group=group), at)


@given(histories(), histories(), moments, st.integers(1, 5))
def test_recomputing_changes_nothing_and_a_fresh_decision_stands(known_before, known, at, threshold):
    """From nothing open, one change; then the same records again."""
    before, after = snapshot(known_before), snapshot(known)
    terms = RuleTerms(threshold)
    effects = decide(before=before, after=after, now=at, terms=terms, episode=None, change=ChangeInfo())
    made = [effect for effect in effects if isinstance(effect, FinalNotice)]
    state = None
    if made:
        assert decision_stands(after, made[0].decision)
        state = EpisodeState(decision=made[0].decision, final_attempted=True, told=frozenset({1}))
    assert decide(before=after, after=after, now=at, terms=terms, episode=state, change=ChangeInfo()) == ()


@given(st.data())
def test_a_life_of_a_watch_never_speaks_twice_in_an_episode_nor_in_a_pause(data):
    """Weeks of closings, corrections, logs, pauses, rule changes and "I'm OK", with a nudge when one is due."""
    dana = Played(threshold=data.draw(st.integers(1, 4)), scope_group=data.draw(st.sampled_from([None, 1])))
    closed = []
    for week in range(data.draw(st.integers(1, 12))):
        sheet = mark(week, data.draw(values))
        already = len(dana.messages)
        rest = dana.terms.paused
        dana.close(sheet)
        closed.append(week)
        then = dana.now + DAY
        step = data.draw(st.sampled_from(["", "", "", "correct", "log", "pause", "resume", "ok", "rule"]))
        if step == "correct":
            dana.correct(then, mark(data.draw(st.sampled_from(closed)), data.draw(values)))
        elif step == "log":
            dana.log(then - data.draw(st.integers(0, 40)) * DAY, at=then)
        elif step == "pause" and not dana.terms.paused:
            dana.pause(then)
        elif step == "resume" and dana.terms.paused:
            dana.resume(then)
        elif step == "ok":
            dana.change(then, Cause.SAID_OK)
            assert dana.episode is None
        elif step == "rule":
            dana.rule(then, threshold=data.draw(st.integers(1, 5)))
        if rest and dana.terms.paused:
            assert set(dana.said()[already:]) <= {"back_in_touch", "retraction", "apology"}
        whole = snapshot(dana.facts, group=dana.group)
        assert dana.before == whole
        assert dana.change(dana.now) == ()
        if dana.episode is not None and dana.episode.decision is not None:
            assert decision_stands(whole, dana.episode.decision)
    told = False
    for what, _ in dana.messages:
        assert what != "nudge" or not told
        assert what not in {"back_in_touch", "retraction"} or told
        told = what == "nudge" or (told and what not in {"back_in_touch", "retraction", "final_notice"})
    finals = [at for what, at in dana.messages if what == "final_notice"]
    for what, at in dana.messages:
        assert what != "nudge" or any(at - final >= dana.grace for final in finals)


answers = st.lists(
    st.tuples(st.integers(0, 200).map(lambda n: meeting(0) + 2 * DAY + n * HOUR), st.sampled_from(list(Answer))),
    max_size=4,
)
contacts = st.builds(
    Contact,
    accepted_at=st.none() | st.just(BEFORE) | st.just(meeting(0) + HOUR),
    out_at=st.none() | moments,
    nudged_at=st.none() | moments,
    answers=answers.map(tuple),
)


@given(st.lists(contacts, max_size=3), st.integers(12, 72), st.booleans(), st.none() | moments)
def test_no_supporter_message_is_due_before_the_grace_after_the_final_notice(level1, grace, reached, last):
    final = meeting(0)
    first = level1_due(final_attempt=final, grace=grace * HOUR, last_nudge_handed_over_at=last)
    second = level2_due(final_attempt=final, grace=grace * HOUR, level1=level1, reached=reached)
    assert first.at >= final + grace * HOUR
    assert second is None or second >= final + grace * HOUR
    assert second is None or not reached


@given(st.lists(contacts, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_the_supporters_does_not_move_level_2(level1, chance):
    shuffled = list(level1)
    chance.shuffle(shuffled)
    due = [level2_due(final_attempt=meeting(0), grace=DAY, level1=order, reached=False) for order in (level1, shuffled)]
    assert due[0] == due[1]
