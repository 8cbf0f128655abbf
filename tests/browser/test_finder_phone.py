"""The finder on a phone, with JavaScript or without: two taps to a meeting, rows on the first screen."""

import json
from datetime import UTC, timedelta

import pytest
from playwright.sync_api import expect

from ground import clock
from tests.browser.test_look import faults, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
PHONE = {"width": 360, "height": 640}
EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]


def at(minutes):
    """The wall time in UTC so many minutes from now."""
    return (clock.now().astimezone(UTC) + timedelta(minutes=minutes)).strftime("%H:%M")


@pytest.fixture(scope="module")
def listed(site):
    """The site with a list: one meeting is on, one starts within the hour, others later."""
    street = {"formatted_address": "Weg 1, 10115 Berlin, Berlin, Germany", "latitude": 52.52, "longitude": 13.4}
    link = {"conference_url": "https://zoom.example/j/1", "attendance_option": "online", "timezone": "UTC"}
    entries = [
        {"slug": "lantern-on", "name": "Lantern on", "time": at(-20), "end_time": at(90), **link},
        {"slug": "lantern-soon", "name": "Lantern soon", "time": at(45), "end_time": at(105), **link},
        {"slug": "lantern-later", "name": "Lantern later", "time": at(240), "timezone": "UTC", **street},
        {"slug": "only-one", "name": "Solitary porch", "time": at(300), "types": ["O", "D", "X"], **link},
    ]
    file = site.folder / "phone.json"
    file.write_text(json.dumps([{"day": EVERY_DAY, **entry} for entry in entries]))
    site.manage("importmeetings", str(file), "--source", "phone")
    return site


def settled(page):
    """Wait until the first visit's rows have been swapped into the browser's zone: a row's box read before is gone."""
    expect(page.locator("#finder")).to_have_attribute("data-zone", "Europe/Berlin")


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def guest(request, browser):
    context = browser.new_context(
        viewport=PHONE, locale="en-GB", timezone_id="Europe/Berlin", java_script_enabled=request.param
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_a_guest_finds_a_meeting_within_the_hour_in_two_taps(guest, listed):
    guest.goto(listed.url + "/")
    guest.get_by_role("link", name="Within the hour").click()
    soon = guest.get_by_role("link", name="Lantern soon")
    expect(soon).to_be_visible()
    expect(guest.get_by_role("link", name="Lantern on")).to_have_count(0)
    expect(guest.get_by_role("link", name="Lantern later")).to_have_count(0)
    soon.click()
    expect(guest.get_by_role("heading", name="Lantern soon")).to_be_visible()
    expect(guest.locator('a[href="https://zoom.example/j/1"]').first).to_be_visible()


def test_who_types_at_once_is_not_disturbed_by_the_page_learning_the_zone(guest, listed):
    guest.goto(listed.url + "/")
    guest.get_by_role("searchbox", name="Name or words").fill("lantern later")
    guest.get_by_role("button", name="Find").click()
    expect(guest.locator(".row")).to_have_count(1)
    expect(guest.get_by_role("link", name="Lantern later")).to_be_visible()
    assert "q=lantern" in guest.url


def test_a_slow_answer_about_the_zone_neither_empties_the_field_nor_brings_old_rows_back(page, listed):
    asked = []

    def slowly(route):
        asked.append(route.request.resource_type)
        if len(asked) == 2:  # the first is the page itself, the second its rows in the browser's zone
            page.wait_for_timeout(1500)
        route.continue_()

    page.route(listed.url + "/", slowly)
    page.goto(listed.url + "/")
    page.locator("#q").fill("lantern later")
    expect(page.locator(".row")).to_have_count(1)
    page.wait_for_timeout(2000)
    assert page.locator("#q").input_value() == "lantern later"
    expect(page.locator(".row")).to_have_count(1)


def test_the_next_meeting_stands_on_a_phones_first_screen(guest, listed):
    guest.goto(listed.url + "/", wait_until="networkidle")  # the rows of a first visit are swapped into its zone
    first = guest.locator(".row").first.bounding_box()
    bar = guest.locator(".nav").bounding_box()
    assert first["y"] + 68 <= bar["y"]
    expect(guest.locator(".row-time").first).to_be_in_viewport(ratio=1)


def test_the_pill_never_hides_the_only_row(page, listed):
    page.goto(listed.url + "/?q=solitary")
    settled(page)
    row = page.locator(".row")
    expect(row).to_have_count(1)
    name = row.get_by_role("link").bounding_box()
    pill = page.locator("a.need").bounding_box()
    assert name["y"] + name["height"] < pill["y"]
    page.mouse.wheel(0, 5000)
    page.wait_for_timeout(300)
    box = row.bounding_box()
    assert box["y"] + box["height"] <= pill["y"]


@pytest.mark.parametrize("address", ["/", "/?within=60", "/?q=nothing+like+this", "/?place=Berlin", "/?day=tomorrow"])
def test_the_finder_is_clean_for_axe_and_fits_a_phone(page, listed, address):
    assert looked_at(page, listed.url + address) == []


def test_with_all_days_and_kinds_open_it_is_clean_too_and_so_is_a_meetings_page(page, listed):
    page.goto(listed.url + "/?place=Berlin")
    settled(page)
    summary = page.locator("#more > summary")
    assert summary.bounding_box()["height"] >= 48
    summary.click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert faults(page) == []
    assert looked_at(page, listed.url + "/meetings/lantern-soon/") == []


def test_nothing_found_says_what_to_try_above_the_pill(page, listed):
    page.goto(listed.url + "/?within=60&q=nothing+like+this")
    settled(page)
    offer = page.get_by_role("link", name="See what comes next")
    expect(offer).to_be_in_viewport(ratio=1)
    box, pill = offer.bounding_box(), page.locator("a.need").bounding_box()
    assert box["y"] + box["height"] <= pill["y"]
