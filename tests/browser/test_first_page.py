"""A stranger opens the address."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


def test_a_guest_sees_the_finder_without_an_account(page, site):
    page.goto(site.url + "/")
    assert page.title() == "Porchlight"
    assert page.get_by_role("heading", name="Find a meeting").is_visible()
