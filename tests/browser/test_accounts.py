"""A member makes an account, comes back into it by every way there is, and leaves in a hurry."""

import itertools
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

PASSWORD = "three quiet words"
_numbers = itertools.count(1)


@pytest.fixture
def alias():
    return f"Robin {next(_numbers)}"


def fill_in(page, site, alias, *, email="", adult=True, way="password", query=""):
    page.goto(f"{site.url}/join/{query}")
    page.get_by_label("What should we call you?").fill(alias)
    if adult:
        page.get_by_label("I am 18 or older").check()
    if way == "password":
        page.get_by_label("Password", exact=True).fill(PASSWORD)
    else:
        page.get_by_label("With a passkey").check()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Join").click()


def sign_out(page, site):
    page.goto(site.url + "/me/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")


def latest_mail(site):
    mails = sorted((Path(site.folder) / "data" / "mail").glob("*.txt"), key=lambda file: file.stat().st_mtime)
    return mails[-1].read_text()


def with_authenticator(page):
    """A phone's own keeper of passkeys, played by the browser."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_member_signs_up_with_a_password_and_the_browser_tells_the_zone(page, site, alias):
    fill_in(page, site, alias)
    page.wait_for_url(site.url + "/today/")
    expect(page.get_by_text(f"Hello {alias}")).to_be_visible()
    page.goto(site.url + "/me/reach/")
    assert page.get_by_label("Your time zone").input_value() == "Europe/Berlin"


def test_someone_who_came_by_a_link_goes_on_where_they_were_going(page, site, alias):
    fill_in(page, site, alias, query="?next=/talk/")
    page.wait_for_url(site.url + "/talk/")


def test_a_foreign_address_to_go_on_to_is_ignored(page, site, alias):
    fill_in(page, site, alias, query="?next=https://example.org/")
    page.wait_for_url(site.url + "/today/")


def test_without_18_plus_there_is_no_account_and_nothing_typed_is_lost(page, site, alias):
    fill_in(page, site, alias, adult=False)
    expect(page.get_by_text("Porchlight is for people of 18 and older.")).to_be_visible()
    assert page.get_by_label("What should we call you?").input_value() == alias
    page.goto(site.url + "/today/")
    assert "/accounts/login/" in page.url


def test_a_taken_alias_is_said_clearly_and_what_was_typed_stays(page, site, alias, browser):
    fill_in(page, site, alias)
    page.wait_for_url(site.url + "/today/")
    sign_out(page, site)
    fill_in(page, site, alias.upper(), email="other@example.org")
    expect(page.get_by_text("This name is taken. Please choose another.")).to_be_visible()
    assert page.get_by_label("What should we call you?").input_value() == alias.upper()
    assert page.get_by_label("E-mail").input_value() == "other@example.org"
    assert page.get_by_label("I am 18 or older").is_checked()


def test_a_weak_password_and_a_strange_alias_are_refused_beside_their_fields(page, site):
    page.goto(site.url + "/join/")
    page.get_by_label("What should we call you?").fill("<b>")
    page.get_by_label("I am 18 or older").check()
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_role("button", name="Join").click()
    expect(page.locator(".errors").first).to_be_visible()
    assert page.get_by_label("What should we call you?").input_value() == "<b>"


def test_nobody_reaches_the_sign_up_that_asks_no_age(page, site):
    page.goto(site.url + "/accounts/signup/?next=/talk/")
    assert page.url == site.url + "/join/?next=/talk/"


def test_a_member_signs_out_and_in_by_password(page, site, alias):
    fill_in(page, site, alias)
    page.wait_for_url(site.url + "/today/")
    sign_out(page, site)
    page.goto(site.url + "/today/")
    page.get_by_label("Your name here, or e-mail").fill(alias.lower())
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("That name and password do not match.")).to_be_visible()
    assert page.get_by_label("Your name here, or e-mail").input_value() == alias.lower()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(site.url + "/today/")


def test_a_member_signs_in_by_a_code_from_the_mail(page, site, alias):
    address = f"robin{next(_numbers)}@example.org"
    fill_in(page, site, alias, email=address)
    page.wait_for_url(site.url + "/today/")
    page.get_by_role("link", name="Type the code").click()
    page.get_by_label("Code").fill(re.findall(r"^\d{6}$", latest_mail(site), re.MULTILINE)[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"{address} reaches you from now on.")).to_be_visible()
    sign_out(page, site)
    page.goto(site.url + "/accounts/login/")
    page.get_by_role("link", name="Send me a code").click()
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_role("heading", name="Type the code").wait_for()
    mail = latest_mail(site)
    assert f"To: {address}" in mail
    assert "Subject: Your code" in mail
    code = re.findall(r"sign in:\s+(\S+)", mail)[0]
    page.get_by_label("Code").fill("AAAA-AAAA")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("That did not match. Nothing is lost")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(site.url + "/today/")


def test_an_address_without_account_gets_no_mail_and_no_hint(page, site):
    page.goto(site.url + "/accounts/login/code/")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    folder = Path(site.folder) / "data" / "mail"
    assert not any("nobody@example.org" in mail.read_text() for mail in folder.glob("*.txt"))


def test_a_member_signs_up_and_in_with_a_passkey_and_back_in_with_a_recovery_code(page, site, alias):
    with_authenticator(page)
    fill_in(page, site, alias, way="passkey", query="?next=/people/")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="I have them, go on").click()
    page.wait_for_url(site.url + "/people/")
    sign_out(page, site)
    page.goto(site.url + "/accounts/login/")
    page.get_by_role("button", name="With a passkey").click()
    page.wait_for_url(site.url + "/today/")
    sign_out(page, site)
    for code, works in (("1234567890", False), (codes[0], True)):
        page.goto(site.url + "/accounts/recovery/")
        page.get_by_label("Your name here").fill(alias)
        page.get_by_label("One of your recovery codes").fill(code)
        page.get_by_role("button", name="Sign in").click()
        if works:
            expect(page.get_by_text("Welcome back.")).to_be_visible()
        else:
            expect(page.get_by_text("That name and code do not match.")).to_be_visible()


def test_a_closed_passkey_window_is_said_on_the_page(page, site, alias):
    fill_in(page, site, alias, way="passkey")
    page.get_by_role("button", name="Make the passkey").wait_for()
    refuse = "() => Promise.reject(new DOMException('closed', 'NotAllowedError'))"
    page.evaluate(f"() => {{ navigator.credentials.create = {refuse}; }}")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("No passkey was made.")).to_be_visible()
    page.get_by_role("link", name="Choose a password instead").click()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your new password is saved.")).to_be_visible()


def test_quick_exit_leaves_nothing_and_back_does_not_return(page, site, alias):
    page.context.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="<h1>Elsewhere</h1>"))
    fill_in(page, site, alias)
    page.wait_for_url(site.url + "/today/")
    page.goto(site.url + "/me/")
    page.get_by_role("link", name="Quick exit").click()
    page.wait_for_url("https://www.wikipedia.org/")
    for _ in range(2):  # the pages that came before: Join and Today
        page.evaluate("() => { setTimeout(() => history.back(), 1); }")
        page.wait_for_timeout(500)
        page.wait_for_url("https://www.wikipedia.org/")
        assert page.get_by_text("Elsewhere").is_visible()
    page.goto(site.url + "/me/")  # opened anew by its owner
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_quick_exit_works_without_javascript(browser, site):
    context = browser.new_context(java_script_enabled=False)
    context.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="<h1>Elsewhere</h1>"))
    page = context.new_page()
    page.goto(site.url + "/")
    page.get_by_role("link", name="Quick exit").click()
    assert page.url == "https://www.wikipedia.org/"
    context.close()


def test_a_member_signs_up_without_javascript(browser, site, alias):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + "/join/")
    page.get_by_label("Your time zone").select_option("America/Chicago")
    page.get_by_label("What should we call you?").fill(alias)
    page.get_by_label("I am 18 or older").check()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    assert page.url == site.url + "/today/"
    context.close()


def test_a_guest_chooses_spanish_and_the_neutral_name(page, site):
    page.goto(site.url + "/me/")
    page.get_by_role("button", name="Notes").click()
    assert page.title() == "Notes"
    manifest = page.request.get(site.url + "/manifest.webmanifest").json()
    assert manifest["name"] == "Notes"
    assert "shortcuts" not in manifest
    page.get_by_role("button", name="Español").click()
    assert page.locator("html").get_attribute("lang") == "es"
