"""Puts two members into a running site whose last meeting has just been closed without them."""

from datetime import timedelta

from ground import clock
from tests.stories.driver import Story, evening


def seed(zone: str) -> None:
    """Dana and Dora (N = 1) were absent yesterday evening in Berlin; Sam and Sue stand behind them. The site's own
    worker evaluates and sends."""
    now = clock.now()
    yesterday = (now - timedelta(days=1)).date()
    with Story(now - timedelta(days=20)) as story:
        group, meeting = story.group(yesterday.weekday())
        people = {}
        for member, supporter in (("dana", "sam"), ("dora", "sue")):
            person = story.member(member, zone)
            story.rule(person, 1, [story.supporter(person, supporter, zone)])
            story.join(person, group, meeting)
            people[person] = "absent"
        story.at(max(now, evening(yesterday)))
        story._close(meeting, yesterday, people)
