"""A room of talk that ends for somebody while they look at it."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_chat import errors, room_of, signed_in, write
from tests.chat.folk import settle

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
__all__ = ["errors"]


def test_who_is_taken_out_of_a_room_reads_why_and_sends_nothing_more(browser, site, errors):
    folk = settle(site, ["Fen", "Ash"], {"Mill pond": ["Fen", "Ash"]})
    with signed_in(browser, folk, "Fen", errors) as context:
        page = room_of(context, folk, "Mill pond")
        write(page, "still here")
        expect(page.locator("#talk-log .bubble", has_text="still here")).to_be_visible()
        folk.change("leave", person="Fen")
        expect(page.locator("#talk-state")).to_have_text("This room is for the members of its group.", timeout=20_000)
        write(page, "and after")
    assert folk.bodies(folk.rooms["Mill pond"]) == ["still here"]
