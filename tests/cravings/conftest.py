"""The four of the button, and the coordinator."""

import pytest

from people.services import coordinator_set
from tests.cravings.circle_of_four import make_story
from tests.people_of_the_story import make_member


@pytest.fixture
def story():
    return make_story()


@pytest.fixture
def coco():
    person = make_member("Coco")
    coordinator_set(alias="Coco")
    return person
