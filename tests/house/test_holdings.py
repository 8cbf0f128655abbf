"""Nothing about a person is kept that no room answers for."""

import pytest
from django.apps import apps

from delivery.models import Delivery
from groups.models import Group
from people.holdings import holdings
from people.models import Account, Person
from people.services import person_erase, person_export
from tests.people_of_the_story import make_member

ROOMS = {"people", "delivery", "circle", "groups", "meetings", "support", "chat", "cravings", "own"}


def models_with_a_path_to_a_person():
    """Every model from which foreign keys lead to a person, however far; a group is nobody's, so it ends a path."""
    ours = [model for model in apps.get_models() if model._meta.app_label in ROOMS]
    reached: set[type] = {Person}
    while True:
        more = {
            model
            for model in ours
            if model not in reached
            and any(f.related_model in reached - {Group} for f in model._meta.concrete_fields if f.is_relation)
        }
        if not more:
            return reached
        reached |= more


def test_every_model_with_a_path_to_a_person_is_named_by_a_holding():
    named = {label for holding in holdings() for label in holding.models}
    missing = sorted(m._meta.label for m in models_with_a_path_to_a_person() if m._meta.label not in named)
    assert not missing


def test_a_holding_names_only_models_that_exist_and_each_one_once():
    named = [label for holding in holdings() for label in holding.models]
    assert len(named) == len(set(named))
    for label in named:
        apps.get_model(label)


def test_every_room_with_models_has_a_holding_and_the_person_goes_last():
    assert {holding.room for holding in holdings()} == ROOMS
    assert holdings()[-1].room == "people"


@pytest.mark.django_db
def test_a_person_who_is_erased_is_gone_from_every_room_and_can_take_everything_along():
    dana = make_member("Dana", email="dana@example.org")
    kept = person_export(actor=dana)
    assert set(kept) == ROOMS
    assert kept["people"]["ways"][0]["address"] == "dana@example.org"
    person_erase(actor=dana)
    assert not Person.objects.exists()
    assert not Account.objects.exists()
    assert not Delivery.objects.exists()
