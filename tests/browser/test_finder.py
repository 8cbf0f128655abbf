"""A guest finds a meeting: within the hour in two taps, near a place, and without JavaScript."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


def entry(slug, name, starts, **fields):
    """A list's entry for a weekly meeting that starts at this moment."""
    return {
        "slug": slug,
        "name": name,
        "day": (starts.weekday() + 1) % 7,
        "time": starts.strftime("%H:%M"),
        "timezone": "UTC",
        "formatted_address": "1 Mill Lane, Berlin, 10115, Germany",
        "latitude": 52.53,
        "longitude": 13.38,
        **fields,
    }


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A site with a list of five meetings around now."""
    now = datetime.now(UTC)  # noqa: TID251
    entries = [
        entry("on-now", "Lamp on now", now - timedelta(minutes=20)),
        entry("soon", "Soon by the river", now + timedelta(minutes=30), location="River House"),
        entry("online", "Online soon", now + timedelta(minutes=40), conference_url="https://zoom.us/j/1",
              attendance_option="online"),
        entry("later", "Women in the evening", now + timedelta(hours=5), types=["W"]),
        entry("far", "Far away", now + timedelta(minutes=30), latitude=48.14, longitude=11.58),
    ]  # fmt: skip
    file = tmp_path_factory.mktemp("lists") / "town.json"
    file.write_text(json.dumps(entries))
    with Site() as running:
        running.manage("importmeetings", str(file))
        yield running


def rows(page):
    return page.locator("#results .row a").all_inner_texts()


def test_a_guest_is_at_a_meeting_within_the_hour_in_two_taps(page, town):
    page.goto(town.url + "/")
    page.get_by_role("link", name="Within the hour").click()  # one
    page.wait_for_url("**/?within=60")
    expect(page.locator("#results .row")).to_have_count(3)
    assert sorted(rows(page)) == ["Far away", "Online soon", "Soon by the river"]
    page.get_by_role("link", name="Soon by the river").click()  # two
    page.wait_for_url("**/meetings/soon/")
    assert page.get_by_role("heading", name="Soon by the river").is_visible()
    assert page.get_by_text("River House").is_visible()


def test_the_first_screen_of_a_phone_shows_what_is_on_with_the_lamp(page, town):
    page.goto(town.url + "/")
    page.get_by_text("Times are Berlin time.").wait_for()  # the rows of a first visit are swapped once
    first = page.locator("#results .row").first
    assert first.locator(".tag-lamp").inner_text() == "on now"
    assert first.bounding_box()["y"] < 500, "the first meeting stands on the first screen"


def test_times_are_those_of_the_visitors_clock_once_the_browser_has_told_it(page, town):
    page.goto(town.url + "/")
    page.get_by_text("Times are Berlin time.").wait_for()
    assert "zone=Europe/Berlin" in "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    local = page.evaluate(
        "() => [...document.querySelectorAll('#results time')].map("
        "(t) => [t.textContent, new Date(t.dateTime).toTimeString().slice(0, 5)])"
    )
    assert local
    assert all(shown == clock for shown, clock in local)


def test_typing_narrows_without_losing_the_place_in_the_field(page, town):
    page.goto(town.url + "/")
    page.locator("#q").press_sequentially("women", delay=30)
    expect(page.locator("#results .row")).to_have_count(1)
    assert rows(page) == ["Women in the evening"]
    assert page.evaluate("document.activeElement.id") == "q"
    assert "q=women" in page.url
    page.get_by_role("link", name="Within the hour").click()
    page.wait_for_url("**within=60**")
    assert "q=women" in page.url, "a chip keeps the words"
    kept = page.evaluate("JSON.stringify({...sessionStorage})")
    assert "Women in the evening" not in kept, "no copy of a page lies in the tab"
    page.go_back()
    page.wait_for_url(lambda url: "q=women" in url and "within" not in url)
    expect(page.locator("#results .row")).to_have_count(1)
    expect(page.locator("#q")).to_have_value("women")
    expect(page.get_by_role("button", name="Near me")).to_be_visible()
    page.route(
        "**/*",
        lambda route: route.fulfill(body="elsewhere") if town.url not in route.request.url else route.continue_(),
    )
    page.locator("#quick-exit").click()
    page.get_by_text("elsewhere").wait_for()
    page.goto(town.url + "/")
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, document.cookie])")
    assert "women" not in kept, "nor the words, after quick exit"


def test_near_me_is_asked_only_when_tapped_and_rounded(browser, town):
    context = browser.new_context(
        viewport={"width": 360, "height": 640},
        geolocation={"latitude": 52.52437, "longitude": 13.41053},
        permissions=["geolocation"],
    )
    try:
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(town.url + "/")
        page.get_by_role("button", name="Near me").click()
        page.wait_for_url("**near=me**")
        expect(page.get_by_role("link", name="Far away")).to_have_count(0)
        assert "Soon by the river" in rows(page)
        assert not any("52.5" in url for url in asked), "a place stands in no address"
        (told,) = [one for one in context.cookies() if one["name"] == "near"]
        assert (told["value"], told["sameSite"]) == ("52.52_13.41", "Strict")
        assert 0 < told["expires"] - page.evaluate("Date.now()") / 1000 <= 3600
        page.get_by_role("link", name="Within the hour").click()
        page.wait_for_url("**within=60**")
        assert "Soon by the river" in rows(page)
        page.get_by_role("button", name="Near me").click()
        page.wait_for_url(lambda url: "near" not in url)
        assert not [one for one in context.cookies() if one["name"] == "near"]
        assert all(url.startswith((town.url, "data:")) for url in asked), "nobody else is asked for anything"
    finally:
        context.close()


def test_everything_works_without_javascript(browser, town):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    try:
        page = context.new_page()
        page.goto(town.url + "/")
        assert not page.get_by_role("button", name="Near me").is_visible()
        page.get_by_label("Town or place").fill("Munich")
        page.get_by_role("button", name="Find", exact=True).click()
        assert rows(page) == ["Far away"]
        page.get_by_role("link", name="Within the hour").click()
        assert rows(page) == ["Far away"]
        page.get_by_label("Town or place").fill("")
        page.get_by_label("Name or words").fill("river")
        page.get_by_role("button", name="Find", exact=True).click()
        assert rows(page) == ["Soon by the river"]
        page.get_by_role("link", name="Soon by the river").click()
        assert page.get_by_role("heading", name="Soon by the river").is_visible()
    finally:
        context.close()
