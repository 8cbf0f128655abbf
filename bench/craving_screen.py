"""How long a tap without network takes until the calm screen stands: Chromium, with what the service worker keeps."""

import time

from tests.browser.kept import wait_until_kept
from tests.servers import chromium

TIMES = 20


def offline_taps(url: str, session: str) -> list[float]:
    """Seconds from the tap to the first line of the screen, each from a fresh page."""
    from playwright.sync_api import sync_playwright

    found, browser_of = [], chromium()
    with sync_playwright() as playwright:
        browser = browser_of.launch(playwright)
        context = browser.new_context(viewport={"width": 360, "height": 640}, locale="en-GB")
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        page = context.new_page()
        for _ in range(TIMES):
            context.set_offline(False)
            page.goto(f"{url}/me/")
            wait_until_kept(page, "/need/offline/", "/static/js/need.js")
            context.set_offline(True)
            begun = time.perf_counter()
            page.locator("a.need").click()
            page.get_by_role("heading", name="Breathe in. And slowly out.").wait_for()
            found.append(time.perf_counter() - begun)
            page.evaluate("localStorage.removeItem('need-queue')")
        browser.close()
    return found
