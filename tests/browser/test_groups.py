"""A group gathers, in a phone of 360x640: founded, invited, joined, committed."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.group_site import make_group_on, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="module")
def circle(site):
    return make_group_on(site, "Greta", ["Hanna", "Ivo"])


def faultless(page):
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_somebody_founds_a_group_with_its_first_meeting(page, site, circle):
    sign_in(page, site, "Greta")
    page.goto(f"{site.url}/groups/")
    page.get_by_role("link", name="Found a group").click()
    faultless(page)
    page.get_by_label("What is the group called?").fill("Morning light over the old library")
    page.get_by_text("Tuesday", exact=True).click()
    page.get_by_text("Friday", exact=True).click()
    page.get_by_label("Starts at").fill("07:15")
    page.get_by_label("Place").fill("The old library")
    page.get_by_role("button", name="Found the group").click()
    expect(page.get_by_role("heading", name="Invite")).to_be_visible()
    faultless(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Make a link and a code").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_label("Link").input_value()
    page.get_by_role("link", name="Morning light").click()
    expect(page.get_by_text("07:15").first).to_be_visible()
    page.get_by_role("button", name="I plan to come").click()
    expect(page.get_by_text("You plan to come: Morning light")).to_be_visible()
    faultless(page)


def test_a_guest_comes_in_by_an_invitation_and_plans_to_come(page, site, circle):
    page.goto(f"{site.url}/i/{circle['invitation']}/")
    faultless(page)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("heading", name="Join")).to_be_visible()
    page.get_by_label("What should we call you?").fill("Newcomer")
    page.get_by_text("I am 18 or older").click()
    page.locator("input[name=password]").fill("three small words")
    page.get_by_role("button", name="Join").click()
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text("You are in.")).to_be_visible()
    page.get_by_role("button", name="I plan to come").click()
    expect(page.get_by_text("You are expected from the next date on.")).to_be_visible()

    # two taps from here: excused, and back
    page.get_by_role("button", name="Can't come").first.click()
    expect(page.get_by_text("It counts as excused.")).to_be_visible()
    page.get_by_role("button", name="I can after all").click()
    expect(page.get_by_text("See you there.")).to_be_visible()
    faultless(page)


def test_the_group_code_waits_for_the_facilitator(browser, page, site, circle):
    sign_in(page, site, "Ivo")  # in already: the code takes him to his group
    page.goto(f"{site.url}/i/{circle['code']}/")
    expect(page.get_by_role("heading", name="Thursday people")).to_be_visible()
    other = make_group_on(site, "Gustav", [])
    page.goto(f"{site.url}/i/{other['code']}/")
    page.get_by_role("button", name="Ask to come in").click()
    expect(page.get_by_role("heading", name="Almost in")).to_be_visible()
    context = browser.new_context(viewport={"width": 360, "height": 640})
    facilitator = context.new_page()
    sign_in(facilitator, site, "Gustav")
    facilitator.goto(f"{site.url}/g/{other['slug']}/")
    facilitator.get_by_role("button", name="Let in").click()
    expect(facilitator.get_by_text("Ivo is in.")).to_be_visible()
    context.close()
    page.reload()
    expect(page.get_by_role("heading", name="Next dates")).to_be_visible()


def test_a_holiday_of_two_weeks_takes_two_ticks_and_a_button(page, site, circle):
    sign_in(page, site, "Greta")
    page.goto(f"{site.url}/g/{circle['slug']}/meetings/{circle['meeting']}/")
    boxes = page.locator("input[name=date]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Cancel the ticked dates").click()
    expect(page.get_by_text("2 dates are cancelled.")).to_be_visible()
    faultless(page)
    page.get_by_role("button", name="On again").first.click()
    expect(page.get_by_text("It is on again.")).to_be_visible()


def test_the_list_and_the_own_record_pass_the_accessibility_rules(page, site, circle):
    page.goto(f"{site.url}/{circle['link']}")
    page.locator("[data-mark]").first.click()
    page.locator("[data-more]").nth(1).click()
    faultless(page)
    sign_in(page, site, "Hanna")
    page.goto(f"{site.url}/me/attendance/")
    faultless(page)
