"""A watch with one supporter, on a clock that stands still."""

import pytest

from tests.stories.driver import Story


@pytest.fixture
def story():
    with Story() as running:
        yield running


@pytest.fixture
def dana(story):
    """Committed to a weekly meeting, N = 1, Sam first; nothing has happened yet."""
    story.home, story.meeting = story.group()
    dana = story.member()
    story.sam = story.supporter(dana)
    story.rule(dana, 1, [story.sam])
    story.join(dana, story.home, story.meeting)
    return dana
