"""The first table of streaks.md section 7: N = 3, scope any, grace 24 h, a weekly meeting, closed the same evening."""

from datetime import timedelta

import pytest

from support.services import pause_begin, pause_end
from tests.stories.driver import Story, berlin, evening, week

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MARKS = {"P": "present", "L": "late", "A": "absent", "E": "excused", "?": None}

SOFT, HEADS, FINAL = "dana: soft_note", "dana: heads_up", "dana: final_notice"
SAM, KIM, BACK = "sam: nudge 1", "kim: nudge 2", "sam: back_in_touch"


@pytest.fixture
def story():
    with Story() as running:
        yield running


def played(story, letters, threshold=3, second=True, **rule):
    """Marks of one weekly meeting in order, each sheet closed the same evening; then a day and a half pass."""
    group, meeting = story.group()
    dana = story.member()
    sam = story.supporter(dana, "sam")
    levels = [[sam], [story.supporter(dana, "kim")] if second else []]
    story.rule(dana, threshold, *levels, **rule)
    marks = letters.split()
    if "-" not in marks:
        story.join(dana, group, meeting)
    paused = False
    for number, mark in enumerate(marks):
        day = week(number)
        story.at(evening(day - DAY))
        if mark != "-" and "-" in marks[:number] and marks[number - 1] == "-":
            story.join(dana, group, meeting)
        if (mark == "Z") != paused:
            (pause_begin if mark == "Z" else pause_end)(actor=dana)
            paused = mark == "Z"
        story.at(evening(day))
        if mark == "C":
            story.cancel(meeting, day)
        story.close(meeting, day, {} if mark == "-" else {dana: MARKS.get(mark, "absent")})
    story.run_until(evening(day + 2 * DAY, 12))
    return dana


@pytest.mark.parametrize(
    ("letters", "streak", "messages"),
    [
        ("P A P A", 1, [SOFT, SOFT]),
        ("P A A", 2, [SOFT, HEADS]),
        ("P A A A", 3, [SOFT, HEADS, FINAL, SAM]),
        ("P A A ? A", 3, [SOFT, HEADS, FINAL, SAM]),
        ("P A E A", 2, [SOFT, HEADS]),
        ("P A A C A", 3, [SOFT, HEADS, FINAL, SAM]),
        ("P A A L", 0, [SOFT, HEADS]),
        ("P A A A A A", 5, [SOFT, HEADS, FINAL, SAM, KIM]),
        ("P A A A P A A A", 3, [SOFT, HEADS, FINAL, SAM, KIM, BACK, "kim: back_in_touch", SOFT, HEADS, FINAL, SAM]),
        ("A A Z Z Z A", 3, [SOFT, HEADS, FINAL, SAM]),
        ("- - A A A", 3, [SOFT, HEADS, FINAL, SAM]),
        ("? ? ?", 0, []),
        ("E E E E", 0, []),
    ],
)
def test_marks_become_exactly_these_messages(story, letters, streak, messages):
    dana = played(story, letters)
    assert sorted(story.said()) == sorted(messages)
    assert story.streak(dana) == streak


def test_with_a_threshold_of_one_the_first_absence_is_a_final_notice(story):
    played(story, "P A", threshold=1)
    assert story.said() == [FINAL, SAM]


def test_with_a_threshold_of_two_the_first_is_a_heads_up(story):
    played(story, "P A A", threshold=2)
    assert story.said() == [HEADS, FINAL, SAM]


def test_four_absences_entered_at_once_are_one_final_notice_and_no_burst(story):
    group, meeting = story.group(0, 1, 2, 3)
    dana = story.member()
    story.rule(dana, 3, [story.supporter(dana)])
    story.join(dana, group, meeting)
    story.at(evening(week(1)))
    story.close_many(*((meeting, week(1) - number * DAY, {dana: "absent"}) for number in range(4)))
    assert story.streak(dana) == 4
    story.run_until(evening(week(1) + 2 * DAY, 12))
    assert story.said() == [FINAL, SAM]


def test_the_messages_of_three_absences_go_at_these_minutes(story):
    """The example of section 9."""
    group, meeting = story.group()
    dana = story.member()
    story.rule(dana, 3, [story.supporter(dana)])
    story.join(dana, group, meeting)
    for number, value in enumerate(["present", "absent", "absent", "absent", "present"]):
        story.at(evening(week(number)))
        story.close(meeting, week(number), {dana: value})
    story.run_until(berlin(2026, 2, 5))
    assert story.messages == [
        (berlin(2026, 1, 8, 20, 35), "dana", "soft_note"),
        (berlin(2026, 1, 15, 20, 35), "dana", "heads_up"),
        (berlin(2026, 1, 22, 20, 35), "dana", "final_notice"),
        (berlin(2026, 1, 23, 20, 35), "sam", "nudge", 1),
        (berlin(2026, 1, 29, 20, 35), "sam", "back_in_touch"),
    ]


@pytest.fixture
def two_groups(story):
    one, other = story.group(name="g1"), story.group(4, name="g2")
    dana = story.member()
    return one, other, dana


@pytest.mark.parametrize(
    ("scope", "messages"),
    [("any", [SOFT, SOFT, HEADS]), ("group", [SOFT, HEADS, SOFT])],
)
def test_two_groups_are_merged_or_counted_apart_as_the_rule_says(story, two_groups, scope, messages):
    (g1, m1), (g2, m2), dana = two_groups
    story.rule(dana, 3, [story.supporter(dana)], scope=scope)
    story.join(dana, g1, m1)
    story.join(dana, g2, m2)
    for number, (meeting, value) in enumerate([(m1, "absent"), (m2, "present"), (m1, "absent"), (m2, "absent")]):
        day = week(number // 2) + (DAY if meeting == m2 else 0 * DAY)
        story.at(evening(day))
        story.close(meeting, day, {dana: value})
    story.run_until(evening(week(1) + 3 * DAY))
    assert sorted(story.said()) == sorted(messages)
    if scope == "any":
        assert story.streak(dana) == 2
    else:
        assert (story.streak(dana, g1), story.streak(dana, g2)) == (2, 1)
