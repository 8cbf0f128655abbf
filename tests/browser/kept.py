"""What a page's service worker keeps for when the network is gone."""

from playwright.sync_api import Page

READY = """async paths => {
  if (!navigator.serviceWorker.controller) return false;
  for (const path of paths) if (!(await caches.match(path))) return false;
  return true;
}"""
TURNS = 400


def wait_until_kept(page: Page, *paths: str) -> None:
    """Until the service worker answers for this page and holds `paths`."""
    for turn in range(TURNS):
        if turn % 100 == 99:
            page.reload()  # a worker whose installing failed is installed with the next page
        if page.evaluate(READY, list(paths)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the service worker kept not all of {paths}")
