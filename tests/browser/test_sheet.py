"""A facilitator of 63, in the car park, with a phone of 360x640: attendance of 25."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.group_site import NAMES, make_group_on
from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


@pytest.fixture(scope="module")
def site():
    """A site of its own: the 25 names must be free."""
    with Site() as running:
        yield running


@pytest.fixture(scope="module")
def circle(site):
    return make_group_on(site, "Rosa")


def mark(page, name):
    return page.locator(f'.name[data-name="{name}"] [data-mark]')


def settled(page):
    """Every tap is saved."""
    expect(page.locator(".name[data-unsaved]")).to_have_count(0)


def test_attendance_of_25_without_signing_in_then_a_correction(page, site, circle):
    page.goto(f"{site.url}/{circle['link']}")
    expect(page.get_by_role("heading", name="Who was there?")).to_be_visible()
    for name in NAMES[:22]:
        mark(page, name).click()
    mark(page, "Jo").click()
    assert "late" in mark(page, "Jo").inner_text()
    expect(page.locator("[data-here]")).to_have_text("22")
    settled(page)

    # one tap too many, and the undo bar
    mark(page, "Max").click()
    expect(page.locator("[data-here]")).to_have_text("23" if "Max" not in NAMES[:22] else "22")
    page.get_by_role("button", name="Undo").click()
    settled(page)
    expect(page.locator("[data-here]")).to_have_text("22")

    # the small menu
    page.get_by_role("button", name="All marks for Nico").click()
    page.locator('.name[data-name="Nico"] label', has_text="excused").click()
    settled(page)

    page.get_by_role("button", name="Close", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 not marked: Absent, or Don't know?")
    assert dialog.locator("input:checked").count() == 0, "nothing is preselected"
    expect(dialog.get_by_role("button", name="Close the list")).to_be_disabled()
    dialog.locator("input[value=unknown]").check()
    dialog.get_by_role("button", name="Close the list").click()
    expect(page.get_by_text("This list is closed.")).to_be_visible()

    # entered one person wrongly
    expect(page.get_by_role("button", name="Save the correction")).to_be_disabled()
    page.get_by_role("button", name="All marks for Robin").click()
    page.locator('.name[data-name="Robin"] label', has_text="absent").click()
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_text("Corrected.")).to_be_visible()
    assert "absent" in mark(page, "Robin").inner_text()
    assert "not marked" in mark(page, "Pat").inner_text()


def test_every_target_is_large_enough_and_nothing_runs_out_of_the_page(page, site):
    other = make_group_on(site, "Rosalind", tag=" II")
    page.goto(f"{site.url}/{other['link']}")
    mark(page, "Robin II").click()
    for box in page.evaluate(
        "[...document.querySelectorAll('.sheet button, .sheet-undo button, .exit')].filter(e => e.offsetParent)"
        ".map(e => { const r = e.getBoundingClientRect(); return [e.innerText, r.width, r.height] })"
    ):
        assert box[1] >= 44, box
        assert box[2] >= 44, box
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_a_script_the_list_is_a_form_that_asks_the_same_question(browser, site):
    plain = make_group_on(site, "Roswitha", ["One", "Two", "Three"], tag=" III")
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/{plain['link']}")
    page.get_by_role("group", name="One III").get_by_text("present").click()
    page.get_by_role("group", name="Two III").get_by_text("online").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. The list is still open.")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    question = page.get_by_role("alert")
    expect(question).to_contain_text(re.compile("1 not marked: Absent, or Don't know"))
    assert question.locator("input:checked").count() == 0
    question.locator("input[value=absent]").check()
    question.get_by_role("button", name="Close the list").click()
    expect(page.get_by_text("This list is closed.")).to_be_visible()
    assert page.get_by_role("group", name="Three III").locator("input:checked").get_attribute("value") == "absent"
    context.close()


def test_taps_in_a_dead_spot_are_kept_and_saved_when_the_network_is_back(page, site):
    spot = make_group_on(site, "Rosemary", ["One", "Two"], tag=" IV")
    address = f"{site.url}/{spot['link']}"
    page.goto(address)
    page.context.set_offline(True)
    mark(page, "One IV").click()
    expect(page.get_by_text("Not saved yet. We keep trying.")).to_be_visible()
    mark(page, "Two IV").click()
    page.context.set_offline(False)
    settled(page)
    page.reload()
    expect(page.locator("[data-here]")).to_have_text("2")
