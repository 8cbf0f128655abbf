"""What a member takes along names their browsers, and not the secret address that notifications go to."""

import json

import pytest

from people.services import person_export, way_add
from tests.people_of_the_story import make_member

pytestmark = pytest.mark.django_db
ENDPOINT = "https://push.example/secret"


@pytest.mark.parametrize(("name", "shown"), [("Firefox", "Firefox"), ("", "notification")])
def test_a_browser_is_named_and_its_subscription_stays_inside(name, shown):
    dana = make_member("Dana", email="dana@example.org")
    way = way_add(person=dana, kind="webpush", address=json.dumps({"endpoint": ENDPOINT}))
    way.name = name
    way.save()
    kept = person_export(actor=dana)
    assert {one["address"] for one in kept["people"]["ways"]} == {"dana@example.org", shown}
    assert ENDPOINT not in str(kept)
