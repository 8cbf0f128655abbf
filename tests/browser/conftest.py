"""A real Chromium against the product's own serve command."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import Site, chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium()
    env: dict[str, str | float | bool] = {**found.env}
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(found.executable), args=found.args, env=env)
        yield running
        running.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """One embedded site for the browser tests of a session."""
    with Site() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 640}, locale="en-GB", timezone_id="Europe/Berlin")
    context.set_default_timeout(10_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, errors
