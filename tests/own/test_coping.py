"""What helps me: one's own list, in one's own words, for nobody else."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from own import holdings, selectors, services
from tests.people_of_the_story import make_member

pytestmark = pytest.mark.django_db


def client_of(person):
    client = Client()
    client.force_login(person.account)
    return client


def test_the_list_is_kept_in_ones_own_order_and_a_new_one_takes_its_place():
    member = make_member("Dana")
    answer = client_of(member).post("/me/coping/", {"items": "Tea, slowly\n\n  The   sea \nCall Mo", "then": "need"})
    assert answer["Location"] == "/need/"
    assert selectors.coping_of(member) == ["Tea, slowly", "The sea", "Call Mo"]
    services.coping_set(actor=member, items=["Run"])
    assert selectors.coping_of(member) == ["Run"]
    page = client_of(member).get("/need/").content.decode()
    assert "Run" in page
    assert "Drink a glass of water" not in page


@pytest.mark.parametrize("items", [["x"] * 13, ["y" * 81]])
def test_too_much_is_refused_and_what_was_typed_is_still_there(items):
    member = make_member("Dana")
    with pytest.raises(ValidationError):
        services.coping_set(actor=member, items=items)
    answer = client_of(member).post("/me/coping/", {"items": "\n".join(items)})
    assert answer.status_code == 400
    assert items[0] in answer.content.decode()


def test_it_lies_encrypted_goes_to_nobody_and_is_erased():
    member, other = make_member("Dana"), make_member("Kim")
    services.coping_set(actor=member, items=["Grandmother knits"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM own_copingitem")
        assert "Grandmother" not in cursor.fetchone()[0]
    for path in ("/need/", "/me/", "/me/coping/", "/need/offline/"):
        assert "Grandmother knits" not in client_of(other).get(path).content.decode()
    assert "Grandmother knits" not in client_of(member).get("/need/offline/").content.decode()
    assert holdings.export(member)["what_helps"] == ["Grandmother knits"]
    holdings.erase(member)
    assert selectors.coping_of(member) == []


def test_guests_are_sent_to_sign_in():
    assert Client().get("/me/coping/").status_code == 302
