"""The call card: one name and number, encrypted, for the member alone."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from own import holdings, selectors, services
from own.models import CallCard
from tests.cravings.circle_of_four import MINUTE, make_group, offered
from tests.people_of_the_story import NOW, make_contact, make_member

pytestmark = pytest.mark.django_db
NAME, NUMBER = "Alexandra", "+49 170 7654321"


def client_of(person):
    client = Client()
    client.force_login(person.account)
    return client


def test_a_member_sets_changes_and_takes_away_the_card():
    member = make_member("Dana")
    client = client_of(member)
    assert client.post("/me/call-card/", {"name": NAME, "number": NUMBER}).status_code == 302
    assert selectors.call_card_of(member) == selectors.Card(NAME, NUMBER, "+491707654321")
    client.post("/me/call-card/", {"name": "Jo", "number": "112"})
    assert selectors.call_card_of(member) == selectors.Card("Jo", "112", "112")
    assert CallCard.objects.count() == 1
    client.post("/me/call-card/clear/")
    assert selectors.call_card_of(member) is None


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("", NUMBER),
        ("  ", NUMBER),
        ("x" * 41, NUMBER),
        (NAME, ""),
        (NAME, "call me"),
        (NAME, "12"),
        (NAME, "javascript:alert(1)"),
        (NAME, "1" * 31),
        (NAME, "+"),
    ],
)
def test_a_card_that_could_not_be_called_is_refused_with_what_was_typed(name, number):
    member = make_member("Dana")
    with pytest.raises(ValidationError):
        services.call_card_set(actor=member, name=name, number=number)
    answer = client_of(member).post("/me/call-card/", {"name": name, "number": number})
    assert answer.status_code == 400
    assert "What you typed is still here." in answer.content.decode()
    assert selectors.call_card_of(member) is None


def test_the_card_lies_encrypted_in_the_database():
    services.call_card_set(actor=make_member("Dana"), name=NAME, number=NUMBER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, number FROM own_callcard")
        stored = " ".join(cursor.fetchone())
    assert NAME not in stored
    assert "7654321" not in stored


def test_the_card_stands_in_no_other_persons_answer():
    member, responder = make_member("Dana"), make_member("Kim")
    make_group(member, responder)
    services.call_card_set(actor=member, name=NAME, number=NUMBER)
    made = offered(member)
    paths = ["/need/", "/need/state/", "/me/", "/me/call-card/", f"/need/{made.ref}/claim/", "/need/offline/"]
    for client in (client_of(responder), Client()):
        for path in [*paths, "/today/", "/people/", "/api/v1/presses/", "/api/v1/available/"]:
            body = client.get(path, follow=True).content.decode()
            assert NAME not in body, path
            assert "7654321" not in body, path


def test_guests_have_no_card():
    assert Client().get("/me/call-card/").status_code == 302
    assert Client().post("/me/call-card/clear/").status_code == 302


def test_the_card_is_exported_to_the_member_and_erased_with_them():
    member = make_member("Dana")
    services.call_card_set(actor=member, name=NAME, number=NUMBER)
    assert holdings.export(member) == {
        "call_card": {"name": NAME, "number": NUMBER},
        "what_helps": [],
        "favourites": [],
    }
    holdings.erase(member)
    assert CallCard.objects.count() == 0
    assert holdings.export(make_contact()) == {"call_card": None, "what_helps": [], "favourites": []}
    assert holdings.purge(NOW + MINUTE) == 0
