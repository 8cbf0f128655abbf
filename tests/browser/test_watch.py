"""Dana answers her final notice with one tap; Sue answers on a phone without JavaScript and without an account."""

import re
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

ZONES = [("UTC", 0), ("Asia/Tokyo", 9), ("Pacific/Pago_Pago", -11), ("Asia/Dhaka", 6)]


@pytest.fixture(scope="module")
def watched():
    """A site of its own, because its clock is moved."""
    with Site() as running:
        hour = time.gmtime().tm_hour
        zone = next(name for name, offset in ZONES if 9 <= (hour + offset) % 24 <= 19)
        running.manage("shell", "-c", f"from tests.browser.watch_seed import seed; seed({zone!r})")
        yield running


def mail_to(site, address):
    """The latest mail to an address, waited for: the worker looks once a second."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for file in sorted((Path(site.folder) / "data" / "mail").glob("*.txt"), reverse=True):
            text = file.read_text()
            if f"To: {address}" in text:
                return text
        time.sleep(0.2)
    raise AssertionError(f"no mail to {address}: {site.log}")


def links_in(text):
    return re.findall(r"http\S+/[a-z2-7]{13}", text.partition("\n\n")[2])


def move_clock(site, hours):
    body = urllib.parse.urlencode({"hours": hours}).encode()
    urllib.request.urlopen(f"{site.url}/dev/clock/", body, timeout=10).read()


def test_one_tap_on_the_final_notice_says_fine_and_settles_it(page, watched):
    mail = mail_to(watched, "dana@example.org")
    assert "Hi dana, as you asked, we'd write to sam on " in mail
    page.goto(links_in(mail)[0])
    expect(page.get_by_role("heading", name="Fine, or not needed?")).to_be_visible()
    expect(page.get_by_text(re.compile("^to sam on "))).to_be_visible()
    page.get_by_role("button", name="I’m fine, no need").click()
    expect(page.get_by_role("heading", name="This is settled")).to_be_visible()
    expect(page.get_by_text("You said that you are fine. It is settled.")).to_be_visible()


def test_a_supporter_says_im_on_it_without_javascript_on_a_page_of_at_most_20_kb(page, watched, browser):
    mail_to(watched, "dora@example.org")
    move_clock(watched, 24.2)
    mail = mail_to(watched, "sue@example.org")
    assert "Hi sue, dora once asked us to nudge you to get in touch. A call today? It may be nothing." in mail
    answer, stop = links_in(mail)

    phone = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False, locale="en-GB")
    sue = phone.new_page()
    loaded: list[int] = []
    sue.on("requestfinished", lambda request: loaded.append(request.sizes()["responseBodySize"]))
    sue.goto(answer)
    expect(sue.get_by_role("heading", name="dora once asked us to nudge you to get in touch")).to_be_visible()
    assert sum(loaded) <= 20_000, loaded
    print(f"the supporter's page weighs {sum(loaded)} bytes in {len(loaded)} files")
    sue.get_by_role("button", name="I’m on it").click()
    expect(sue.get_by_role("status")).to_contain_text("You said: I’m on it.")
    assert phone.cookies() == []
    sue.get_by_role("link", name="What helps, and what not to say").first.click()
    expect(sue.get_by_role("heading").first).to_be_visible()
    sue.goto(stop)
    sue.get_by_role("button", name="Stop these messages").click()
    expect(sue.get_by_role("heading", name="Done: we will not write to you again")).to_be_visible()
    phone.close()


def test_my_watch_on_a_phone(page, watched):
    page.goto(watched.url + "/join/")
    page.get_by_label("What should we call you?").fill("Robin")
    page.get_by_label("I am 18 or older").check()
    page.get_by_label("Password", exact=True).fill("three quiet words")
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(watched.url + "/today/")
    page.goto(watched.url + "/me/watch/")
    expect(page.get_by_role("heading", name="Nothing to watch yet")).to_be_visible()
    page.get_by_label("After how many meetings in a row without you?").select_option("3")
    page.get_by_label("No mail reaches me. I look in here.").check()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="After 3 meetings in a row")).to_be_visible()
    page.get_by_text("Pause", exact=True).first.click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused until you end it.")).to_be_visible()
    page.get_by_role("button", name="End the pause").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("heading", name="Your watch is off")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
