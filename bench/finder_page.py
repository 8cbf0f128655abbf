"""`python -m bench.finder_page`: the first page in Chromium, and croutonjs showing the same 30,000 meetings.

Both from a cold cache, unthrottled and as on a slow 3G line (Chromium's own profile of that name: 50 kB/s, 2 s there
and back). The first row counts when it was painted. Goals: <= 60 kB over the wire for the page with all that it
loads, first row at least 20 times sooner than croutonjs (unmodified from npm, fed by our BMLT door).
"""

import http.server
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import django

START = "| page |"
HEAD = [
    f"{START} line | first row s | croutonjs s | times sooner (goal 20) | kB (goal 60) | requests | its kB | on |",
    f"{START.replace(' page ', '---')}---|---:|---:|---:|---:|---:|---:|---:|",
]
MEETINGS = 30_000
CROUTON = ("@bmlt-enabled/croutonjs", "4.1.12")
SLOW_3G = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
LINES = {"unthrottled": None, "slow 3G": SLOW_3G}
PATIENCE = 280_000  # ms
THEIRS = """<!doctype html><meta charset="utf-8"><title>An area's own page</title>
<link rel="stylesheet" href="/crouton.min.css"><div id="bmlt-tabs"></div>
<script src="/crouton.min.js"></script><script>
const crouton = new Crouton({root_server: "%s", service_body: ["%s"], show_map: false, has_tabs: false,
  view_by: "weekday", theme: "jack"});
crouton.render();
</script>"""
# fonts and tiles of others are not fetched
NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
WATCH = """(() => {
  const look = () => {
    if (!document.querySelector(%r)) return false;
    requestAnimationFrame(() => setTimeout(() => { window.firstRow = performance.now(); }));
    return true;
  };
  const seen = new MutationObserver(() => { if (look()) seen.disconnect(); });
  seen.observe(document, { childList: true, subtree: true });
})();"""


@contextmanager
def a_site_of_theirs(folder: Path) -> Iterator[str]:
    """A web server of another origin than ours."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def opened(browser: Any, address: str, row: str, line: dict[str, Any] | None) -> tuple[float, float, int]:
    """(seconds to the first row, kB over the wire, requests) of a page from a cold cache."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, service_workers="allow")
    page = context.new_page()
    tool = context.new_cdp_session(page)
    tool.send("Network.enable")
    size = [0, 0]

    def note(done: dict[str, Any]) -> None:
        size[0] += int(done["encodedDataLength"])
        size[1] += 1

    tool.on("Network.loadingFinished", note)
    if line:
        tool.send("Network.emulateNetworkConditions", line)
    page.add_init_script(WATCH % row)
    page.goto(address, wait_until="commit", timeout=PATIENCE)
    while (shown := page.evaluate("window.firstRow || 0")) == 0:  # the page's policy forbids to wait in it
        page.wait_for_timeout(100)
    page.wait_for_load_state("load", timeout=PATIENCE)
    page.wait_for_timeout(3000)
    context.close()
    return shown / 1000, size[0] / 1000, size[1]


def measured() -> list[str]:
    from playwright.sync_api import sync_playwright

    from bench.imports import grow
    from ground import clock
    from tests.servers import Site, chromium, npm_package

    package = npm_package(*CROUTON)
    found = chromium()
    found = replace(found, args=[*found.args, NOBODY_ELSE])
    lines = []
    with tempfile.TemporaryDirectory() as name, Site() as ours, a_site_of_theirs(Path(name)) as theirs:
        folder = Path(name)
        grow(folder / "grown.json", MEETINGS)
        ours.manage("importmeetings", str(folder / "grown.json"), "--source", "grown", "--zone", "America/New_York",
                    patience=900)  # fmt: skip
        for file in ("crouton.min.js", "crouton.min.css"):
            (folder / file).write_bytes((package / file).read_bytes())
        (folder / "index.html").write_text(THEIRS % (ours.url + "/", 2))  # the first list here is service body 2
        with sync_playwright() as playwright:
            browser = found.launch(playwright)
            opened(browser, ours.url + "/", ".rows .row", None)  # the server is warm
            for line, profile in LINES.items():
                own, kilobytes, requests = opened(browser, ours.url + "/", ".rows .row", profile)
                other, others, _ = opened(browser, theirs + "/index.html", ".bmlt-data-row", profile)
                lines.append(
                    f"{START} {line} | {own:.2f} | {other:.1f} | {other / own:.0f} | {kilobytes:.1f} | {requests} |"
                    f" {others:.0f} | {clock.now():%Y-%m-%d} |"
                )
            browser.close()
    return lines


def main() -> None:
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porchlight.settings")
    django.setup()
    print("\n".join(measured()))


if __name__ == "__main__":
    main()
