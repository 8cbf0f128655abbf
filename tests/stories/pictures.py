"""`script/pictures`: the README's screenshots, taken from the running product with the demo community.

Each page at 360x640 and at 1280x800, into docs/pictures/. The clock is moved on so that Dana's third absence leads to
a final notice, and a day later to Sam's page.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import ROOT, Site, chromium
from tests.stories.town import Town
from tests.stories.visitor import Visitor

FOLDER = ROOT / "docs" / "pictures"
SIZES = {"phone": (360, 640), "desktop": (1280, 800)}
ZONE = "Europe/Berlin"


class DemoTown(Town):
    """The embedded site with the demo community."""

    def make_sites(self, stack: ExitStack) -> list[Site]:
        return [stack.enter_context(Site(serve=("--demo",)))]


def sign_in(town: Town, alias: str) -> Visitor:
    """Through the demo's own door."""
    who = Visitor(town.site.url, alias)
    who.go("/dev/")
    form = next(form for form in who.forms() if form.fields.get("alias") == [alias])
    who.client.post(form.action, data={**form.fields}, headers={"Referer": f"{town.site.url}/dev/"})
    return who


@contextmanager
def page_of(browser: Browser, size: str, who: Visitor | None) -> Iterator[Page]:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=1, locale="en-GB", timezone_id=ZONE,
        reduced_motion="reduce",
    )  # fmt: skip
    if who is not None:
        cookies = [{"name": c.name, "value": str(c.value), "url": who.site} for c in who.client.cookies.jar]
        context.add_cookies(cookies)
    yield context.new_page()
    context.close()


def take(browser: Browser, name: str, path: str, site: str, who: Visitor | None = None, click: str = "") -> None:
    """One page in both sizes. `click`: a selector to press first, e.g. names on the sheet."""
    for size in SIZES:
        with page_of(browser, size, who) as page:
            page.goto(site + path)
            page.wait_for_load_state("networkidle") if "talk" not in path else page.wait_for_timeout(1500)
            if click:
                for target in page.locator(click).all()[:3]:
                    target.click()
                page.wait_for_timeout(600)
            page.evaluate("document.fonts.ready")
            page.screenshot(path=str(FOLDER / f"{name}-{size}.png"))
        print(f"  docs/pictures/{name}-{size}.png", flush=True)


def next_sheet(town: Town, fay: Visitor) -> str:
    """Move to ten minutes after the end of the group's next meeting; the address of its list."""
    before = set(re.findall(r"/sheets/\d+/", fay.go("/sheets/").text))
    dates = fay.json("GET", "/api/v1/meetings/thursday-porch-berlin/")["dates"]
    soonest = min(datetime.fromisoformat(date["starts_at"]).astimezone(UTC) for date in dates)
    town.move_to(soonest + timedelta(hours=2))

    def owed() -> str | None:
        fresh = [p for p in re.findall(r"/sheets/\d+/", fay.go("/sheets/").text) if p not in before]
        return fresh[0] if fresh else None

    return str(town.until(owed, "the list is there"))


def mark(fay: Visitor, name: str) -> str:
    assert fay.page is not None
    found = re.search(rf'data-pid="([0-9a-f-]{{36}})" data-name="{name}"', fay.page.text)
    assert found is not None
    return f"mark-{found[1]}"


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = chromium()
    with DemoTown() as town, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(found.executable), args=list(found.args), env={**found.env}
        )
        site = town.site.url
        fay, dana = sign_in(town, "Fay"), sign_in(town, "Dana")
        take(browser, "finder", "/", site)
        take(browser, "calm", "/need/", site, dana)
        room = dana.json("GET", "/api/v1/rooms/")["rooms"][0]["room"]
        take(browser, "chat", f"/talk/{room}/", site, dana)
        take(browser, "today", "/today/", site, dana)
        before = len(town.letters())
        sheet = next_sheet(town, fay)
        take(browser, "sheet", sheet, site, fay, click="[data-mark]")
        fay.go(sheet)
        fay.press("Close", values={mark(fay, "Dana"): "absent"} | {"rest": "unknown"})
        notice = town.wait_for("final_notice", "dana@demo.example", after=before, zone=ZONE)
        take(browser, "final-notice", notice.link, site)
        town.move_to(town.window(notice.at + timedelta(days=1, seconds=2), ZONE))
        nudge = town.wait_for("nudge", "sam@demo.example", after=before, zone=ZONE)
        take(browser, "supporter", nudge.link, site)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
