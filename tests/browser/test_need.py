"""One tap from any page: pressed, undone, answered; without JavaScript; without network."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.kept import wait_until_kept
from tests.browser.test_look import faults

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

PEOPLE = """
import json, sys
from uuid import uuid4
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from groups.models import Group, Membership
from ground import clock
from cravings import services
from cravings.models import Responder
from own.services import call_card_set, coping_set
from people.services import account_create

def person(alias):
    account = account_create(alias=f"{alias} {uuid4().hex[:6]}", zone="Europe/Berlin", adult=True)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.save()
    return account.person, session.session_key

member, member_key = person("Dana")
peer, peer_key = person("Kim")
group = Group.objects.create(name="Thursday Lamp", slug=uuid4().hex[:8], zone="Europe/Berlin", created_at=clock.now())
for one in (member, peer):
    Membership.objects.create(group=group, person=one, since=clock.now())
Responder.objects.create(person=peer, since=clock.now(), vetted_at=clock.now())
services.available_set(actor=peer)
services.region_choose(actor=member, region="UK")
call_card_set(actor=member, name="Alex", number="+49 170 1234567")
coping_set(actor=member, items=["Water the plants."])
with open("FILE", "w") as out:
    json.dump({"member": member_key, "peer": peer_key, "alias": peer.name, "own": member.name}, out)
"""


@pytest.fixture
def people(site):
    """Fresh for each test: a member, and a peer of the same group who is available."""
    file = site.folder / "people.json"
    site.manage("shell", "-c", PEOPLE.replace("FILE", str(file)))
    return json.loads(file.read_text())


@pytest.fixture
def open_as(browser, site):
    """A browser of their own for each of the people."""
    contexts = []

    def opened(session, **more):
        context = browser.new_context(
            viewport={"width": 360, "height": 640}, locale="en-GB", timezone_id="Europe/Berlin", **more
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    errors: list[str] = []
    yield opened
    for context in contexts:
        context.close()
    assert not errors, errors


def pill(page):
    return page.get_by_role("link", name="I need someone", exact=True)


def said(page):
    return page.locator("#need-state")


def shell_is_kept(page):
    """Wait until the service worker holds the calm screen and answers for this page."""
    wait_until_kept(page, "/need/offline/", "/static/js/need.js")


@pytest.mark.parametrize("path", ["/", "/today/", "/me/"])
def test_from_any_page_one_tap_asks_and_the_screen_is_there_at_once(open_as, site, people, path):
    page = open_as(people["member"])
    page.goto(site.url + path)
    pill(page).click()
    expect(page.get_by_role("heading", name="Breathe in. And slowly out.")).to_be_visible()
    expect(said(page)).to_contain_text("People are being asked now.")
    expect(page.get_by_role("link", name="Call Alex")).to_have_attribute("href", "tel:+491701234567")
    expect(page.get_by_role("link", name="Call Samaritans: 116 123")).to_be_visible()
    expect(said(page).get_by_role("button", name="Undo, tell nobody")).to_be_visible()
    expect(said(page).get_by_role("button", name="Cancel")).to_be_visible()  # after 3 s, by itself


def test_reloading_and_coming_back_press_nothing_again(open_as, site, people):
    page = open_as(people["member"])
    page.goto(site.url + "/today/")
    pill(page).click()
    expect(said(page)).to_contain_text("People are being asked now.")
    said(page).get_by_role("button", name="Undo, tell nobody").click()
    expect(said(page)).to_contain_text("Nobody is being asked now.")
    page.reload()
    page.go_back()
    page.go_forward()
    expect(said(page)).to_contain_text("Nobody is being asked now.")


def test_a_peer_takes_it_and_both_see_it_and_it_ends_with_a_word(open_as, site, people):
    member, peer = open_as(people["member"]), open_as(people["peer"])
    member.goto(site.url + "/today/")
    pill(member).click()
    expect(said(member)).to_contain_text("People are being asked now.")
    peer.goto(site.url + "/inbox/")
    for _ in range(20):
        if peer.get_by_text("Someone in your circle would like a chat now.").count():
            break
        peer.wait_for_timeout(500)
        peer.reload()
    peer.get_by_role("button", name="Open").first.click()
    assert people["own"] not in peer.content()
    peer.get_by_role("button", name="Yes, I am there").click()
    expect(peer.get_by_role("status").first).to_contain_text(f"You have it. {people['own']} sees that you are there.")
    expect(said(member)).to_contain_text(f"{people['alias']} is there.")  # without a reload
    said(member).get_by_role("button", name="We have talked").click()
    said(member).get_by_role("button", name="Worse").click()
    expect(said(member)).to_contain_text("Do not stay alone.")
    expect(said(member)).to_contain_text("Give naloxone.")


def test_press_in_one_browser_claim_in_another_and_they_talk(open_as, site, people):
    member, peer = open_as(people["member"]), open_as(people["peer"])
    member.goto(site.url + "/today/")
    pill(member).click()
    expect(said(member)).to_contain_text("People are being asked now.")
    peer.goto(site.url + "/on-call/")
    look = peer.get_by_role("link", name="Look", exact=True)
    for _ in range(20):
        if look.count():
            break
        peer.wait_for_timeout(500)
        peer.reload()
    look.click()
    peer.get_by_role("button", name="Yes, I am there").click()
    peer.get_by_role("link", name=f"Write to {people['own']}").click()
    peer.wait_for_url("**/talk/*/")
    peer.locator("#talk-text").fill("Hello, I am here.")
    peer.get_by_role("button", name="Send").click()
    said(member).get_by_role("link", name=f"Talk with {people['alias']}").click()
    member.wait_for_url("**/talk/*/")
    expect(member.locator("#talk-log")).to_contain_text("Hello, I am here.")
    member.locator("#talk-text").fill("Thank you for coming.")
    member.get_by_role("button", name="Send").click()
    expect(peer.locator("#talk-log")).to_contain_text("Thank you for coming.")


def test_without_javascript_it_is_one_link_and_one_button(open_as, site, people):
    page = open_as(people["member"], java_script_enabled=False)
    page.goto(site.url + "/today/")
    pill(page).click()
    expect(said(page)).not_to_contain_text("People are being asked")
    page.get_by_role("button", name="Ask for someone").first.click()
    expect(said(page)).to_contain_text("People are being asked now.")
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Undo, tell nobody").or_(page.get_by_role("button", name="Cancel")).click()
    expect(said(page)).to_contain_text("Nobody is being asked now.")


def test_offline_the_screen_is_there_at_once_and_the_press_goes_out_late_once(open_as, site, people):
    page = open_as(people["member"])
    page.goto(site.url + "/today/")
    shell_is_kept(page)
    page.context.set_offline(True)
    pill(page).click()
    expect(page.get_by_role("heading", name="Breathe in. And slowly out.")).to_be_visible()
    expect(said(page)).to_contain_text("Asking…")
    expect(said(page)).to_contain_text("No network. Your ask is kept and goes out later.")
    expect(page.get_by_role("link", name="112")).to_be_visible()
    page.context.set_offline(False)
    expect(said(page)).to_contain_text("People are being asked now.")
    expect(said(page)).to_contain_text("It went out when the network came back.")
    expect(page.get_by_role("link", name="Call Alex")).to_be_visible()  # the reader's own card is back
    assert page.evaluate("localStorage.getItem('need-queue')") is None
    page.reload()
    expect(said(page)).to_contain_text("People are being asked now.")


def test_offline_ones_own_card_and_list_stand_there_and_an_undone_press_never_goes_out(open_as, site, people):
    page = open_as(people["member"])
    page.goto(site.url + "/need/")
    page.goto(site.url + "/today/")
    shell_is_kept(page)
    page.context.set_offline(True)
    pill(page).click()
    expect(page.get_by_role("link", name="Call Alex")).to_be_visible()
    expect(page.get_by_text("Water the plants.")).to_be_visible()
    expect(said(page)).to_contain_text("No network.")
    said(page).get_by_role("button", name="Undo").click()
    expect(said(page)).to_contain_text("Nobody is being asked now.")
    page.context.set_offline(False)
    expect(said(page)).to_contain_text("You can ask again any time.")  # the server knows it too
    assert page.evaluate("localStorage.getItem('need-queue')") is None
    page.goto(site.url + "/need/")
    expect(said(page)).not_to_contain_text("People are being asked")


def test_a_server_that_is_gone_keeps_the_press_in_the_browser(open_as, site, people):
    page = open_as(people["member"])
    page.goto(site.url + "/need/")
    page.route("**/api/v1/presses/", lambda route: route.fulfill(status=503, body="{}"))
    said(page).get_by_role("button", name="Ask for someone").click()
    expect(said(page)).to_contain_text("Asking…")
    assert "People are being asked" not in said(page).inner_text()
    page.unroute("**/api/v1/presses/")
    expect(said(page)).to_contain_text("People are being asked now.")


def test_a_guest_sees_lines_and_is_not_kept_waiting(open_as, site):
    page = open_as(None)
    page.goto(site.url + "/")
    pill(page).click()
    expect(said(page)).to_contain_text("Sign in to ask for someone")
    page.get_by_role("button", name="United States").click()
    expect(page.get_by_role("link", name="Call 988 Lifeline: 988")).to_be_visible()
    assert page.evaluate("localStorage.getItem('need-queue')") is None


def test_nothing_on_the_calm_screen_moves_blinks_or_counts(open_as, site, people):
    page = open_as(people["member"])
    page.goto(site.url + "/need/")
    moving = page.evaluate("document.getAnimations().length")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (moving, dark) == (0, "rgb(18, 26, 38)")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert faults(page) == []
    pill_here = page.locator("a.need")
    expect(pill_here).to_have_count(0)
