"""Dana asks Sam; Sam reads the mail and says yes on a phone without JavaScript; Dana sees it, and mutes in a moment."""

import itertools
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

_numbers = itertools.count(1)


@pytest.fixture
def member(page, site):
    """A fresh account, signed in."""
    alias = f"Dana {next(_numbers)}"
    page.goto(site.url + "/join/")
    page.get_by_label("What should we call you?").fill(alias)
    page.get_by_label("I am 18 or older").check()
    page.get_by_label("Password", exact=True).fill("three quiet words")
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(site.url + "/today/")
    # the window of the invitation is the recipient's: pick a zone where it is noon, whatever the hour of the test
    hour = time.gmtime().tm_hour
    zone = next(z for z, offset in ZONES if 9 <= (hour + offset) % 24 <= 19)
    return alias, zone


ZONES = [("UTC", 0), ("Asia/Tokyo", 9), ("Pacific/Pago_Pago", -11), ("Asia/Dhaka", 6)]


def ask_somebody(page, site, zone, name, address, *, forced=False):
    page.goto(site.url + "/people/circle/")
    page.get_by_role("link", name=re.compile("Choose somebody")).click()
    page.get_by_label("What do you call them?").fill(name)
    page.get_by_label("What do they call you?").fill("Dana")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Their e-mail address").fill(address)
    page.get_by_label("Their time zone").select_option(zone)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What may they hear?")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Yes, or I am not sure" if forced else "No, I choose this myself").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"to tell {name}: one short message that you asked us to nudge them")).to_be_visible()
    page.get_by_role("button", name=f"Sign, and ask {name}").click()
    page.wait_for_url(site.url + "/people/circle/")


def mail_to(site, address):
    """The latest mail to an address, waited for: the worker looks once a second."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        for file in sorted((Path(site.folder) / "data" / "mail").glob("*.txt"), reverse=True):
            text = file.read_text()
            if f"To: {address}" in text:
                return text
        time.sleep(0.2)
    raise AssertionError(f"no mail to {address}")


def links_in(text):
    return re.findall(r"http\S+/[a-z2-7]{13}", text.partition("\n\n")[2])


def test_dana_asks_sam_says_yes_without_javascript_and_dana_sees_it(page, site, browser, member):
    _alias, zone = member
    ask_somebody(page, site, zone, "Sam", "sam.one@example.org")
    card = page.get_by_role("region", name="Sam")
    expect(card.get_by_text("Asked, no answer yet")).to_be_visible()
    mail = mail_to(site, "sam.one@example.org")
    assert "Dana would like you as a contact person" in mail
    invitation, stop = links_in(mail)

    phone = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False, locale="en-GB")
    sam = phone.new_page()
    loaded: list[int] = []
    sam.on("requestfinished", lambda request: loaded.append(request.sizes()["responseBodySize"]))
    sam.goto(invitation)
    expect(sam.get_by_role("heading", name="Dana would like you as a contact person")).to_be_visible()
    assert sum(loaded) <= 20_000
    sam.get_by_text("What not to say", exact=True).first.click()
    expect(sam.get_by_text("No threats and no deals.")).to_be_visible()
    sam.get_by_role("button", name="Yes, I am glad to").click()
    expect(sam.get_by_role("heading", name="You are a contact person for Dana")).to_be_visible()
    assert sam.url == stop
    assert phone.cookies() == []
    assert sam.goto(invitation).status == 410

    page.reload()
    expect(card.get_by_text("Said yes")).to_be_visible()
    expect(card.get_by_text("“Dana once asked us to nudge you to get in touch.")).to_be_visible()

    sam.goto(stop)
    sam.get_by_role("button", name="Stop these messages").click()
    expect(sam.get_by_role("heading", name="Done: we will not write to you again")).to_be_visible()
    phone.close()
    page.reload()
    page.get_by_text("Asked before").click()
    expect(page.get_by_text("Asked us to stop writing.")).to_be_visible()


def test_finding_and_muting_somebody_takes_two_taps_and_ending_two(page, site, member):
    _alias, zone = member
    ask_somebody(page, site, zone, "Alex", "alex@example.org")
    assert "contact person" in mail_to(site, "alex@example.org")
    page.goto(site.url + "/people/circle/")
    card = page.get_by_role("region", name="Alex")
    card.get_by_text("More", exact=True).click()
    card.get_by_role("button", name="Mute quietly").click()
    page.wait_for_url(re.compile("/people/circle/#p"))
    expect(card.get_by_text("Muted: nothing is sent to them.")).to_be_hidden()
    card.get_by_text("More", exact=True).click()
    expect(card.get_by_text("Muted: nothing is sent to them.")).to_be_visible()
    card.get_by_role("link", name=re.compile("^End.*nudge to get in touch, Alex")).click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("Alex will hear no more of this, and was not told.")).to_be_visible()
