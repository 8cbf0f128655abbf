"""Every page of the shell can be read by everyone: axe finds nothing, and the two ways out are there."""

import importlib.resources

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
GUEST = ["/", "/join/", "/accounts/login/", "/accounts/login/code/", "/accounts/recovery/", "/me/", "/dev/style/"]
GUEST += ["/accounts/password/reset/", "/dev/style/404/", "/dev/style/410/"]
BARE = ["/dev/style/plain/", "/dev/style/calm/", "/dev/style/500/"]
MEMBER = ["/today/", "/talk/", "/people/", "/me/", "/accounts/2fa/", "/accounts/logout/"]
MEMBER += ["/me/reach/", "/me/reach/code/", "/me/looked/", "/me/blocks/", "/inbox/"]

TARGETS = "button, .button, nav a, .chip, .choice, .row, .mark, .exit, .need, input, select"
SMALL_TARGETS = f"""[...document.querySelectorAll("{TARGETS}")]
  .filter(e => e.offsetParent && e.type !== "hidden" && !e.closest(".chip, .choice"))
  .filter(e => e.getBoundingClientRect().height < 47.5)
  .map(e => e.outerHTML.slice(0, 80))"""


def faults(page):
    """What axe holds against the page as it stands."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found["violations"]]


def looked_at(page, address):
    """Everything that holds for each page; a list of what does not."""
    page.goto(address)
    wrong = faults(page)
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        wrong.append("scrolls sideways")
    if page.title() != "Porchlight":
        wrong.append(f"title {page.title()}")
    small = page.evaluate(SMALL_TARGETS)
    return wrong + [f"small target {s}" for s in small]


@pytest.fixture(params=["light", "dark"])
def themed(request, browser):
    context = browser.new_context(viewport={"width": 360, "height": 640}, color_scheme=request.param, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_guest_pages_pass_axe_and_do_not_scroll_sideways(themed, site):
    wrong = {address: looked_at(themed, site.url + address) for address in GUEST + BARE}
    assert not {address: what for address, what in wrong.items() if what}


def test_member_pages_pass_axe_and_do_not_scroll_sideways(themed, site):
    themed.goto(site.url + "/join/")
    themed.get_by_label("What should we call you?").fill(f"Looker {themed.evaluate('Date.now()')}")
    themed.get_by_label("I am 18 or older").check()
    themed.get_by_label("Password", exact=True).fill("three quiet words")
    themed.get_by_role("button", name="Join").click()
    themed.wait_for_url(site.url + "/today/")
    wrong = {address: looked_at(themed, site.url + address) for address in MEMBER}
    assert not {address: what for address, what in wrong.items() if what}


@pytest.mark.parametrize("address", GUEST)
def test_the_two_ways_out_are_on_every_page(page, site, address):
    page.goto(site.url + address)
    need = page.get_by_role("link", name="I need someone", exact=True)
    expect(need).to_be_in_viewport(ratio=1)
    assert need.get_attribute("href") == "/need/"
    expect(page.get_by_role("link", name="Quick exit")).to_be_in_viewport(ratio=1)


def test_the_bar_of_five_leads_everywhere_from_a_phone_and_a_desk(browser, site):
    for width in (360, 1280):
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(site.url + "/")
        names = page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()
        assert [name.strip() for name in names] == ["Today", "Find", "Talk", "People", "Me"]
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Me").click()
        assert page.url == site.url + "/me/"
        context.close()


def test_the_type_is_our_own_and_small(page, site):
    sizes = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if ".woff2" in answer.url else None)
    page.goto(site.url + "/dev/style/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.fonts.check('17px \"Atkinson Hyperlegible\"')")
    assert len(sizes) == 2
    assert max(sizes) < 20_000


def test_a_page_without_navigation_weighs_less_than_20_kilobytes(page, site):
    sizes = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto(site.url + "/dev/style/plain/")
    page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) < 20_000, sizes


def test_nothing_moves_for_those_who_asked_for_stillness(browser, site):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(site.url + "/join/")
    button = page.get_by_role("button", name="Join")
    assert button.evaluate("e => getComputedStyle(e).transitionDuration") in {"0s", "0s, 0s"}
    context.close()
