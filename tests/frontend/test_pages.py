"""The shell without a browser: errors in plain words, choices that are refused, nothing kept of private pages."""

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.urls import path

from frontend import urls as frontend_urls
from frontend.fonts import FILES, FontFinder, build
from ground.errors import Conflict, Settled, TooMany
from people import services

pytestmark = pytest.mark.django_db

HOURS = {"first": "480", "last": "1260", "zone": "UTC", "language": "en"}
RAISED = {
    "settled": (Settled("This invitation was used."), 410, "This invitation was used."),
    "settled-quietly": (Settled(), 410, "The link did its work"),
    "conflict": (Conflict("Ari has it already."), 409, "Ari has it already."),
    "too-many": (TooMany("Three a day are enough."), 429, "Three a day are enough."),
    "invalid": (ValidationError("The end lies before the start."), 400, "The end lies before the start."),
    "denied": (PermissionDenied(), 403, "This page is not open to you"),
    "missing": (Http404(), 404, "There is no page here"),
    "broken": (RuntimeError("secret detail"), 500, "it is our doing"),
}


def _raiser(error):
    def view(request):
        raise error

    return view


urlpatterns = [path(f"raise/{name}/", _raiser(error)) for name, (error, _, _) in RAISED.items()]
urlpatterns += frontend_urls.urlpatterns


@pytest.fixture
def member(client):
    account = services.account_create(alias="Robin", password="three quiet words", adult=True)
    client.force_login(account)
    return account.person


@pytest.mark.urls("tests.frontend.test_pages")
@pytest.mark.parametrize("name", RAISED)
def test_what_a_service_raises_becomes_a_page_in_plain_words(client, name):
    client.raise_request_exception = False
    _, status, words = RAISED[name]
    answer = client.get(f"/raise/{name}/")
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "secret detail" not in answer.content.decode()
    assert "I need someone" in answer.content.decode()


def test_a_form_without_its_token_is_told_so_kindly(client):
    client.handler.enforce_csrf_checks = True
    answer = client.post("/join/", {"alias": "Robin"})
    assert answer.status_code == 403
    assert "Please send that once more" in answer.content.decode()


@pytest.mark.parametrize("address", ["/today/", "/talk/", "/people/"])
def test_a_guest_is_sent_to_sign_in_and_back(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={address}"


def test_pages_of_a_member_are_not_kept_by_the_browser(client, member):
    assert client.get("/today/")["Cache-Control"] == "no-store"
    client.logout()
    assert "Cache-Control" not in client.get("/join/")


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/me/language/", {"language": "xx"}),
        ("/me/reach/hours/", HOURS | {"zone": "Mars/Olympus"}),
        ("/me/icon/", {"face": "loud"}),
    ],
)
def test_a_choice_that_is_not_offered_is_refused(client, member, address, sent):
    assert client.post(address, sent).status_code == 400
    member.refresh_from_db()
    assert (member.zone, member.language) == ("UTC", "en")


def test_a_member_chooses_language_and_zone(client, member):
    client.post("/me/language/", {"language": "es"})
    client.post("/me/reach/hours/", HOURS | {"zone": "America/Chicago", "language": "es"})
    member.refresh_from_db()
    assert (member.zone, member.language) == ("America/Chicago", "es")


def test_going_on_after_a_choice_stays_on_this_site(client):
    answer = client.post("/me/language/", {"language": "es", "next": "https://example.org/"})
    assert answer["Location"] == "/me/"


def test_signing_up_again_and_again_from_one_address_is_slowed_down(client, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"signup": "3/m/ip"}
    for number in range(4):
        sent = {"alias": f"R{number}", "adult": "on", "way": "password", "password": "three quiet words"}
        answer = client.post("/join/", {**sent, "zone": "UTC", "language": "en"})
        client.logout()
    assert answer.status_code == 429
    cache.clear()


def test_guessing_recovery_codes_is_slowed_down(client):
    cache.clear()
    seen = [client.post("/accounts/recovery/", {"alias": "Robin", "code": "1"}).status_code for _ in range(12)]
    assert seen[0] == 400
    assert seen[-1] == 429
    cache.clear()


def test_an_account_without_a_way_in_is_not_made(client):
    sent = {"alias": "Robin", "adult": "on", "way": "password", "password": "", "zone": "UTC", "language": "en"}
    answer = client.post("/join/", sent)
    assert answer.status_code == 400
    assert "Please choose a password, or a passkey above." in answer.content.decode()


def test_the_type_is_made_once_and_served_by_name(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    finder = FontFinder()
    found = {name for name, _storage in finder.list(None)}
    assert found == {f"fonts/{name}" for name in FILES}
    made = [tmp_path.rglob(name) for name in FILES]
    assert all(next(files).read_bytes()[:4] == b"wOF2" for files in made)
    assert finder.find("fonts/atkinson-bold-western.woff2")
    assert finder.find("fonts/../../secret.key") == []


def test_without_a_writable_folder_pages_keep_the_devices_own_type(tmp_path, settings, caplog):
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.write_text("")
    assert list(FontFinder().list(None)) == []
    with pytest.raises(OSError, match="file"):
        build(settings.DATA_DIR / "fonts")
