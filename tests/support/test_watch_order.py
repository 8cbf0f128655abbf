"""What is due at one instant is taken up in the order of rule 4.6, also across batches."""

from datetime import timedelta

import pytest

import support.worker
from delivery.models import Delivery
from tests.stories.driver import evening, week

pytestmark = pytest.mark.django_db

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize("batch", [1, 2, 200])
def test_due_time_comes_first_then_names_as_plain_text(story, monkeypatch, batch):
    early, first = story.group(hour=18, name="g2")
    group, meeting = story.group()
    people = [story.member(name) for name in ("amy", "Zoe", "bob", "Bob2")]
    for person in people:
        story.rule(person, 1, [story.supporter(person, f"s-{person.name}")])
        story.join(person, group, meeting)
    bob = people[2]
    story.join(bob, early, first)
    story.at(evening(week(0)) - MINUTE)
    story.close(first, week(0), {bob: "absent"})
    story.at(evening(week(0)))
    story.close(meeting, week(0), dict.fromkeys(people, "absent"))
    story.settle()
    story.down = True
    story.at(evening(week(0) + DAY) + 2 * MINUTE)
    monkeypatch.setattr(support.worker, "BATCH", batch)
    for _round in range(10):
        support.worker.tick(story.now)
    taken = Delivery.objects.filter(kind="nudge").order_by("pk").values_list("recipient__name", flat=True)
    assert list(taken) == ["s-bob", "s-Bob2", "s-Zoe", "s-amy"]
