"""croutonjs, unmodified as npm gives it, on somebody else's page, shows the meetings of our BMLT endpoint."""

import contextlib
import http.server
import json
import threading
from functools import partial
from pathlib import Path

import pytest

from tests.servers import Site, npm_package

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
FEEDS = Path(__file__).resolve().parents[1] / "feeds"
WHOLE = Path(__file__).resolve().parents[3] / "shared" / "feeds"
CROUTON = ("@bmlt-enabled/croutonjs", "4.1.12")
PAGE = """<!doctype html><meta charset="utf-8"><title>An area's own page</title>
<link rel="stylesheet" href="/crouton.min.css"><div id="bmlt-tabs"></div>
<script src="/crouton.min.js"></script><script>
const crouton = new Crouton({
  root_server: "%s", service_body: ["%s"], show_map: false, has_tabs: false, view_by: "weekday", theme: "jack",
  on_complete: () => { document.title = "shown"; },
});
crouton.meetingCount((count) => { window.counted = count; });
crouton.render();
</script>"""


def new_york():
    """(the whole list where it is at hand, else the excerpt; what lies beside it; how many are published)"""
    names = ("SearchResults", "Formats_en-fr-es-sv", "ServiceBodies")
    files = [WHOLE / f"bmlt_newyork_Get{name}.json" for name in names]
    if not all(file.exists() for file in files):
        files = [FEEDS / f"bmlt-newyork{part}.json" for part in ("", "-formats", "-bodies")]
    published = [one for one in json.loads(files[0].read_text()) if one["published"] == "1"]
    return files, published


@contextlib.contextmanager
def a_site_of_theirs(folder):
    """A web server of another origin than ours, as an area's own page would be."""

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


def test_croutonjs_lists_every_published_new_york_meeting(browser, tmp_path):
    files, published = new_york()
    package = npm_package(*CROUTON)
    for name in ("crouton.min.js", "crouton.min.css"):
        (tmp_path / name).write_bytes((package / name).read_bytes())
    with Site() as ours, a_site_of_theirs(tmp_path) as theirs:
        ours.manage("importmeetings", *map(str, files), "--zone", "America/New_York", "--source", "New York")
        # the list is the first source here, so its service body is 2
        (tmp_path / "index.html").write_text(PAGE % (ours.url + "/", 2))
        page = browser.new_page()
        page.set_default_timeout(120_000)
        asked = []

        def let(route):
            asked.append(route.request.url)
            if route.request.url.startswith((ours.url, theirs)):
                route.continue_()
            else:
                route.abort()  # fonts and tiles of others

        page.route("**/*", let)
        page.goto(theirs + "/index.html")
        page.wait_for_function("document.querySelectorAll('.bmlt-data-row').length > 0 && document.title === 'shown'")
        rows = page.locator(".bmlt-data-row")
        ids = {row.rsplit("-", 1)[-1] for row in rows.evaluate_all("rows => rows.map(row => row.id)")}
        assert len(ids) == page.evaluate("window.counted") == len(published)
        shown = " ".join(" ".join(rows.all_text_contents()).split()).casefold()
        assert not [one for one in published if " ".join(one["meeting_name"].split()).casefold() not in shown]
        doubled = ours.url + "//client_interface/jsonp/"
        assert [url for url in asked if url.startswith(doubled)], "clients write the slash twice"
        page.close()
