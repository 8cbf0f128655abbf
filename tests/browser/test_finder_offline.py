"""Without network the last search and the favourites are still there, with the time they are of."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.kept import wait_until_kept
from tests.browser.test_look import faults

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


@pytest.fixture
def listed(site):
    street = {"formatted_address": "Weg 1, 10115 Berlin, Berlin, Germany", "timezone": "Europe/Berlin"}
    entries = [{"slug": "quiet-bench", "name": "Quiet bench", "day": 3, "time": "19:00", **street}]
    file = site.folder / "offline.json"
    file.write_text(json.dumps(entries))
    site.manage("importmeetings", str(file), "--source", "offline")
    return site


def test_a_guest_reads_the_last_search_and_the_favourites_without_network_until_quick_exit(page, listed):
    page.goto(listed.url + "/?q=quiet")
    expect(page.get_by_role("link", name="Quiet bench")).to_be_visible()
    wait_until_kept(page, "/find/offline/", "/static/js/kept.js")
    page.goto(listed.url + "/meetings/quiet-bench/")
    with page.expect_response("**/favourites/rows/"):
        page.get_by_role("button", name="Keep as a favourite").click()
    expect(page.get_by_role("button", name="One of your favourites")).to_have_attribute("aria-pressed", "true")
    page.goto(listed.url + "/favourites/")
    expect(page.locator("#favourites").get_by_role("link", name="Quiet bench")).to_be_visible()

    page.context.set_offline(True)
    for path in ["/favourites/", "/"]:
        page.goto(listed.url + path)
        expect(page.get_by_role("heading", name="No network")).to_be_visible()
        expect(page.get_by_role("link", name="Quiet bench")).to_have_count(2)  # as favourite, and as found
        expect(page.get_by_text("As of")).to_have_count(2)
        expect(page.get_by_text("quiet", exact=True)).to_be_visible()
    assert faults(page) == []
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Find a meeting")).to_be_visible()  # by itself
    page.route("**/*", lambda route: route.abort() if listed.url not in route.request.url else route.continue_())
    with page.expect_request(lambda request: listed.url not in request.url):  # it leaves when all is forgotten
        page.locator("#quick-exit").click()
    page.goto(listed.url + "/find/offline/")
    expect(page.get_by_text("Nothing is kept in this browser")).to_be_visible()
    expect(page.get_by_role("link", name="Quiet bench")).to_have_count(0)
