"""What goes over the wire: packed, in the language of who reads."""

import gzip

import pytest

from people.services import person_settings
from tests.people_of_the_story import make_account

pytestmark = pytest.mark.django_db
PACKED = {"accept-encoding": "gzip, br"}


def body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize("address", ["/static/css/porchlight.css", "/static/django_htmx/htmx-2.min.js"])
def test_static_text_arrives_packed_and_whole(client, address):
    plain = client.get(address)
    packed = client.get(address, headers=PACKED)
    whole, small = body(plain), body(packed)
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(small) == whole
    assert len(small) < len(whole) / 2


def test_a_file_that_did_not_change_is_not_sent_again(client):
    first = client.get("/static/css/porchlight.css", headers=PACKED)
    again = client.get("/static/css/porchlight.css", headers={**PACKED, "if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert body(again) == b""


def test_a_part_of_a_file_is_the_part_that_was_asked_for(client):
    whole = body(client.get("/static/css/porchlight.css"))
    part = client.get("/static/css/porchlight.css", headers={**PACKED, "range": "bytes=10-99"})
    assert part.status_code == 206
    assert "Content-Encoding" not in part
    assert body(part) == whole[10:100]


def test_pictures_are_not_packed_twice(client):
    assert "Content-Encoding" not in client.get("/static/icons/porchlight-512.png", headers=PACKED)


def test_a_fresh_browser_takes_the_language_of_who_signs_in(client):
    account = make_account("Dana", password="three quiet words")
    person_settings(actor=account.person, language="es")
    assert 'lang="en"' in client.get("/accounts/login/", headers={"accept-language": "en"}).content.decode()
    answer = client.post("/accounts/login/", {"login": "Dana", "password": "three quiet words"})
    assert answer.cookies["django_language"].value == "es"
    assert '<html lang="es">' in client.get("/today/", headers={"accept-language": "en"}).content.decode()


def test_a_session_without_the_cookie_is_read_in_the_persons_language_at_once(client):
    account = make_account()
    person_settings(actor=account.person, language="es")
    client.force_login(account)
    answer = client.get("/today/", headers={"accept-language": "en"})
    assert '<html lang="es">' in answer.content.decode()
    assert answer.cookies["django_language"].value == "es"


def test_a_browser_that_chose_a_language_keeps_it(client):
    account = make_account()
    person_settings(actor=account.person, language="es")
    client.cookies["django_language"] = "en"
    client.force_login(account)
    answer = client.get("/today/")
    assert '<html lang="en">' in answer.content.decode()
    assert "django_language" not in answer.cookies


def test_a_guest_gets_no_cookie_and_causes_no_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/join/")
    assert not answer.cookies or set(answer.cookies) == {"csrftoken"}
