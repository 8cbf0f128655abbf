"""A map whose pictures come from a server of the operator's: asked when the reader opens it, and nobody else ever."""

import json
import struct
import threading
import zlib
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.test_finder import entry
from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ROWS = (b"\0" + b"\xe0" * 256) * 256
PICTURE = b"".join([
    b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", 256, 256, 8, 0, 0, 0, 0)),
    chunk(b"IDAT", zlib.compress(ROWS)), chunk(b"IEND", b""),
])  # fmt: skip


class Tiles(BaseHTTPRequestHandler):
    """Draws one grey picture for every place, and notes what was asked of it, and from which page."""

    asked: list[tuple[str, str | None]] = []

    def do_GET(self):
        Tiles.asked.append((self.path, self.headers.get("Referer")))
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(PICTURE)))
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, *_said):
        pass


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A site with a map server beside it: two meetings in Berlin, one only about there, one in Munich, one online."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    now = datetime.now(UTC)  # noqa: TID251
    entries = [
        entry("river", "Soon by the river", now + timedelta(minutes=30)),
        entry("wood", "Later in the wood", now + timedelta(hours=5), latitude=52.40, longitude=13.25),
        entry("about", "Somewhere there", now + timedelta(hours=6), latitude=52.40, longitude=13.62, approximate="yes"),
        entry("munich", "Far away", now + timedelta(minutes=30), latitude=48.14, longitude=11.58),
        entry("online", "Online soon", now + timedelta(minutes=40), conference_url="https://zoom.us/j/1",
              attendance_option="online"),
    ]  # fmt: skip
    file = tmp_path_factory.mktemp("lists") / "town.json"
    file.write_text(json.dumps(entries))
    host = f"127.0.0.1:{server.server_port}"
    env = {"PORCHLIGHT_MAP_TILES": f"http://{host}/{{z}}/{{x}}/{{y}}.png", "PORCHLIGHT_MAP_CREDIT": "Drawn by us"}
    with Site(env=env) as running:
        running.manage("importmeetings", str(file))
        yield running, host
    server.shutdown()
    server.server_close()


def test_the_map_asks_nobody_before_it_is_opened_then_one_host_alone_and_the_list_follows_it(page, town):
    site, host = town
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    def others():
        return {url for url in asked if not url.startswith((site.url + "/", f"ws://{site.url[7:]}/", "data:", "blob:"))}

    page.goto(site.url + "/?place=Berlin")
    page.get_by_role("link", name="On a map").click()
    page.get_by_text(f"The map's pictures come from {host}").wait_for()
    expect(page.get_by_text("1 meeting online")).to_be_visible()
    assert not others()
    assert not Tiles.asked
    assert not any("vendor" in url for url in asked), "what draws the map is not loaded before it is asked for"

    page.get_by_role("button", name="Open the map").click()
    expect(page.locator("#map-said")).to_have_text("Meetings in this area: 3")
    page.wait_for_function("document.querySelectorAll('.leaflet-tile-loaded').length > 0")
    assert others()
    assert all(url.startswith(f"http://{host}/") for url in others()), "nobody but the server that was named"
    assert all(referrer is None for _path, referrer in Tiles.asked), "nor is it told from which page"
    expect(page.locator(".map-about")).to_have_attribute("aria-label", "About here: Somewhere there")

    page.get_by_role("button", name="Closer", exact=True).click()
    page.wait_for_timeout(500)  # the map glides
    page.get_by_role("button", name="Closer", exact=True).click()
    expect(page.locator("#map-said")).to_have_text("Meetings in this area: 1")
    page.get_by_role("button", name="Search this area").click()
    page.wait_for_url("**box=**")
    assert "place=" not in page.url
    expect(page.locator("#results .row a")).to_have_text(["Soon by the river"])

    page.locator(".map-pin[aria-label='Here: Soon by the river']").focus()
    page.keyboard.press("Enter")
    name = page.locator(".map-names a")
    expect(name).to_be_focused()
    assert name.inner_text() == "Soon by the river", "names are reached by key"
    page.keyboard.press("Escape")
    expect(name).to_have_count(0)
    page.get_by_role("link", name="The list and all filters").click()
    page.wait_for_url("**/?box=**")
    expect(page.locator("#results .row a")).to_have_text(["Soon by the river"])

    page.goto(site.url + "/find/map/")
    many = page.locator(".map-many")
    many.wait_for()
    expect(page.locator(".map-about")).to_have_count(0)
    many.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".map-about")).to_be_visible()  # by key, too, one comes closer

    page.goto(site.url + "/meetings/about/")
    before = len(Tiles.asked)
    page.get_by_role("link", name="On a map").click()
    page.locator(".map-round").wait_for(state="attached")
    assert page.locator(".map-pin").count() == 0, "no spot where it is known only about"
    page.wait_for_function("document.querySelectorAll('.leaflet-tile-loaded').length > 0")
    assert len(Tiles.asked) > before
    page.get_by_role("button", name="Close the map").click()
    page.get_by_role("button", name="Open the map").click()
    assert all(url.startswith(f"http://{host}/") for url in others())
    page.goto(site.url + "/meetings/about/")
    page.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="elsewhere"))
    page.locator("#quick-exit").click()
    page.get_by_text("elsewhere").wait_for()
    page.goto(site.url + "/meetings/about/map/")
    page.get_by_role("button", name="Open the map").wait_for()  # whoever left from any page is asked anew
