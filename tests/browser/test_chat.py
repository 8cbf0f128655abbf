"""Two people talk in two browsers; one of them loses the network in the middle."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, WebSocketRoute, expect

from tests.chat.folk import Folk, settle
from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 860}
LONG = 20_000  # ms: for what begins only after seconds without a socket


@pytest.fixture(scope="module")
def folk(site: Site) -> Folk:
    people = ["Rowan", "Sam at the lake", "Noor", "Kit"]
    return settle(site, people, {"Tuesday harbour": people[:3], "Lake walk": people[:2]})


@pytest.fixture
def errors() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert not found, found


@contextmanager
def signed_in(browser: Browser, folk: Folk, name: str, errors: list[str], **options) -> Iterator[BrowserContext]:
    options = {"viewport": PHONE, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "sessionid", "value": folk.session(name), "url": folk.site.url}])
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()


def room_of(context: BrowserContext, folk: Folk, name: str = "Tuesday harbour") -> Page:
    page = context.new_page()
    page.goto(f"{folk.site.url}/talk/{folk.rooms[name]}/")
    return page


def write(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


def test_two_people_talk(browser, folk, errors):
    with signed_in(browser, folk, "Rowan", errors) as one, signed_in(browser, folk, "Noor", errors) as two:
        rowan, noor = room_of(one, folk), room_of(two, folk)
        write(rowan, "Are you there?\n<b>Really</b> & truly")
        shown = noor.locator("#talk-log .bubble").last
        expect(shown).to_contain_text("<b>Really</b> & truly")
        expect(shown).to_contain_text("Rowan")
        expect(rowan.locator("#talk-log .bubble-own").last).to_contain_text("sent")
        write(noor, "Yes, I am here.")
        expect(rowan.locator("#talk-log .bubble").last).to_contain_text("Yes, I am here.")
        expect(rowan.locator("#talk-says")).to_have_text("Noor: Yes, I am here.")
        expect(rowan.locator("#talk-outbox .bubble")).to_have_count(0)
        expect(rowan.locator(".day-line")).to_have_count(1)
        write(rowan, "long " * 900)
        expect(rowan.get_by_role("alert")).to_have_text("A message has up to 4000 characters. Please make two of it.")
        expect(rowan.get_by_label("Message")).to_have_value("long " * 900)
        write(rowan, "Short again.")
        expect(noor.locator("#talk-log .bubble").last).to_contain_text("Short again.")
        expect(rowan.locator("#talk-wrong")).to_be_hidden()


def test_who_is_offline_writes_on_and_it_arrives_once(browser, folk, errors):
    with signed_in(browser, folk, "Rowan", errors) as one, signed_in(browser, folk, "Noor", errors) as two:
        rowan, noor = room_of(one, folk), room_of(two, folk)
        write(rowan, "before the tunnel")
        expect(noor.locator("#talk-log")).to_contain_text("before the tunnel")
        one.set_offline(True)
        write(rowan, "in the tunnel")
        unsent = rowan.locator("#talk-outbox .bubble-unsent")
        expect(unsent).to_contain_text("not sent yet: tap to try again", timeout=15_000)
        expect(rowan.locator("#talk-state")).to_contain_text("No connection")
        rowan.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full') } }")
        for number in range(2):  # then they live as long as the page
            write(rowan, f"no room left to keep it {number}")
        write(noor, "said meanwhile")
        expect(noor.locator("#talk-log")).to_contain_text("said meanwhile")
        one.set_offline(False)
        expect(noor.locator("#talk-log .bubble", has_text="in the tunnel")).to_have_count(1)
        expect(noor.locator("#talk-log .bubble", has_text="no room left to keep it")).to_have_count(2)
        expect(rowan.locator("#talk-log .bubble", has_text="said meanwhile")).to_have_count(1)
        expect(rowan.locator("#talk-log .bubble", has_text="in the tunnel")).to_have_count(1)
        expect(rowan.locator("#talk-outbox .bubble")).to_have_count(0)
        assert folk.bodies(folk.rooms["Tuesday harbour"]).count("in the tunnel") == 1


def test_a_reload_keeps_what_was_not_sent_and_sends_it_once(browser, folk, errors):
    room = folk.rooms["Tuesday harbour"]
    with signed_in(browser, folk, "Rowan", errors, service_workers="block") as context:
        page = room_of(context, folk)
        expect(page.locator("#talk-log")).to_be_attached()
        context.route_web_socket(re.compile("/ws/"), lambda ws: ws.close())
        context.route(re.compile("/api/v1/rooms/"), lambda route: route.abort())
        page.reload()
        write(page, "kept over the reload")
        expect(page.locator("#talk-outbox")).to_contain_text("kept over the reload")
        page.get_by_label("Message").fill("only begun")
        page.reload()
        expect(page.locator("#talk-outbox")).to_contain_text("kept over the reload")
        expect(page.get_by_label("Message")).to_have_value("only begun")
        assert "kept over the reload" not in folk.bodies(room)
    with signed_in(browser, folk, "Rowan", errors) as context:
        page = room_of(context, folk)
        page.evaluate(
            """([me, room]) => localStorage.setItem("talk-outbox:" + me, JSON.stringify(
            [{cid: "8d3c5a9e-63c4-4d0e-9d7e-0f5b5f0a1b2c", room, body: "from before", at: Date.now()}]))""",
            [folk.people["Rowan"]["pid"], room],
        )
        page.reload()
        expect(page.locator("#talk-log .bubble", has_text="from before")).to_have_count(1)
        page.reload()
        expect(page.locator("#talk-log .bubble", has_text="from before")).to_have_count(1)
        assert page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('talk-'))") == []
        assert folk.bodies(room).count("from before") == 1


class Waits:
    """The requests of a page that wait for news: how many at once, and how many now."""

    def __init__(self, page: Page) -> None:
        self.now = self.most = self.all = 0
        page.on("request", lambda request: self._count(request, 1))
        page.on("requestfinished", lambda request: self._count(request, -1))
        page.on("requestfailed", lambda request: self._count(request, -1))

    def _count(self, request: Request, more: int) -> None:
        if "/api/v1/talk/" in request.url:
            self.now += more
            self.all += max(more, 0)
            self.most = max(self.most, self.now)


def test_with_sockets_blocked_one_request_waits_until_the_socket_is_back(browser, folk, errors):
    blocked, sockets = [True], []

    def door(ws: WebSocketRoute) -> None:
        if blocked:
            ws.close()
        else:
            sockets.append(ws.connect_to_server())

    with signed_in(browser, folk, "Rowan", errors) as one, signed_in(browser, folk, "Noor", errors) as two:
        for context in (one, two):
            context.route_web_socket(re.compile("/ws/"), door)
        rowan, noor = room_of(one, folk), room_of(two, folk)
        waits = Waits(rowan)
        for number in range(3):  # also what is written before the way is open
            write(rowan, f"by the back door {number}")
        expect(noor.locator("#talk-log .bubble", has_text="by the back door 2")).to_have_count(1, timeout=LONG)
        for number in range(3):
            write(noor, f"heard you {number}")
            expect(rowan.locator("#talk-log .bubble", has_text=f"heard you {number}")).to_have_count(1)
        expect(rowan.locator("#talk-state")).to_be_empty()
        assert waits.most == 1
        blocked.clear()
        rowan.evaluate("dispatchEvent(new Event('online'))")  # tries at once
        for _ in range(100):
            if sockets and not waits.now:
                break
            rowan.wait_for_timeout(100)
        assert sockets
        assert waits.now == 0
        asked = waits.all
        write(noor, "and still here")
        expect(rowan.locator("#talk-log .bubble", has_text="and still here")).to_have_count(1)
        write(rowan, "so am I")
        expect(noor.locator("#talk-log .bubble", has_text="so am I")).to_have_count(1)
        assert waits.all == asked
        said = [f"by the back door {n}" for n in range(3)] + [f"heard you {n}" for n in range(3)]
        said += ["and still here", "so am I"]
        for page in (rowan, noor):
            assert page.locator("#talk-log .bubble p").all_inner_texts()[-8:] == said
            expect(page.locator("#talk-outbox .bubble")).to_have_count(0)


def test_quick_exit_leaves_no_words_behind(browser, folk, errors):
    with signed_in(browser, folk, "Rowan", errors) as context:
        page = room_of(context, folk)
        page.route(
            "**/*",
            lambda route: (
                route.fulfill(body="a neutral page") if "/talk/" not in route.request.url else route.continue_()
            ),
        )
        page.evaluate("localStorage.setItem('talk-outbox:somebody', '[]')")
        page.get_by_label("Message").fill("only begun")
        page.locator("#quick-exit").click()
        page.wait_for_url(lambda url: "/talk/" not in url)
        with_store = room_of(context, folk)
        assert with_store.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('talk-'))") == []
        page.goto(with_store.url)
        expect(page.get_by_label("Message")).to_have_value("")


def test_without_javascript_one_reads_and_writes(browser, folk, errors):
    with signed_in(browser, folk, "Sam at the lake", errors, java_script_enabled=False) as context:
        page = room_of(context, folk, "Lake walk")
        write(page, "Plain and simple")
        expect(page.locator("#talk-log .bubble-own").last).to_contain_text("Plain and simple")
        page.goto(folk.site.url + "/talk/")
        expect(page.locator("#talk-rooms")).to_contain_text("Lake walk")


def test_the_list_counts_what_is_unread_and_hears_new_words(browser, folk, errors):
    with signed_in(browser, folk, "Rowan", errors) as one, signed_in(browser, folk, "Sam at the lake", errors) as two:
        rowan = one.new_page()
        rowan.goto(folk.site.url + "/talk/")
        row = rowan.locator(f'[data-room="{folk.rooms["Lake walk"]}"]')
        before = int(row.locator(".unread").get_attribute("data-count") or 0)
        sam = room_of(two, folk, "Lake walk")
        write(sam, "The boats are out")
        expect(row.locator(".unread")).to_have_attribute("data-count", str(before + 1))
        row.get_by_role("link").click()
        expect(rowan.locator("#talk-log")).to_contain_text("The boats are out")
        rowan.goto(folk.site.url + "/talk/")
        expect(row.locator(".unread")).to_have_attribute("data-count", "0")


def test_older_messages_come_by_scrolling_up_and_nothing_jumps(browser, folk, errors):
    room = folk.rooms["Lake walk"]
    folk.change("fill", person="Sam at the lake", room=room, count=180)
    with signed_in(browser, folk, "Rowan", errors) as context:
        page = room_of(context, folk, "Lake walk")
        expect(page.locator("#talk-log .bubble").last).to_be_in_viewport()
        composer, last = page.locator(".composer").bounding_box(), page.locator("#talk-log .bubble").last.bounding_box()
        assert last
        assert composer
        assert last["y"] + last["height"] <= composer["y"], "the composer covers the last message"
        seq = page.locator("#talk-log .bubble").first.get_attribute("data-seq")
        page.locator(f'#talk-log [data-seq="{seq}"]').scroll_into_view_if_needed()  # by its number: the first changes
        expect(page.locator("#talk-log .bubble")).to_have_count(100)
        expect(page.locator(f'#talk-log [data-seq="{seq}"]')).to_be_in_viewport()  # what was looked at is still there
        total = len(folk.bodies(room))
        for _ in range(40):
            if page.locator("#talk-log .bubble").count() >= total:
                break
            page.mouse.wheel(0, -20_000)
            page.wait_for_timeout(250)
        expect(page.locator("#talk-log .bubble")).to_have_count(total)
        seqs = page.locator("#talk-log .bubble").evaluate_all("all => all.map((one) => Number(one.dataset.seq))")
        assert seqs == list(range(1, total + 1))


def test_an_outsider_gets_no_room(browser, folk, errors):
    with signed_in(browser, folk, "Kit", errors) as context:
        page = context.new_page()
        answer = page.goto(f"{folk.site.url}/talk/{folk.rooms['Lake walk']}/")
        assert answer is not None
        assert answer.status == 403
        assert "boats" not in page.content()
        page.goto(folk.site.url + "/talk/")
        expect(page.get_by_role("heading", name="Your groups talk here")).to_be_visible()


def test_the_room_passes_axe_on_phone_and_desk(browser, folk, errors):
    from axe_playwright_python.sync_playwright import Axe

    for viewport in (PHONE, DESK):
        with signed_in(browser, folk, "Rowan", errors, viewport=viewport) as context:
            page = room_of(context, folk)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()


def test_what_is_pinned_stands_above_also_when_it_is_not_loaded_and_an_old_pin_changes_nothing(browser, folk, errors):
    room = folk.rooms["Lake walk"]
    first = len(folk.bodies(room)) + 1
    folk.change("fill", person="Sam at the lake", room=room, count=2)
    folk.change("house", room=room, kind="pin", of=first)
    folk.change("fill", person="Sam at the lake", room=room, count=120)
    with signed_in(browser, folk, "Rowan", errors) as context:
        page = room_of(context, folk, "Lake walk")
        pinned = page.locator("#talk-pinned")
        expect(pinned).to_have_text("Pinned filled 0")
        folk.change("house", room=room, kind="pin", of=first + 1)
        expect(pinned).to_have_text("Pinned filled 1")
        for _ in range(40):
            if page.locator(f'#talk-log [data-seq="{first}"]').count():
                break
            page.mouse.wheel(0, -20_000)
            page.wait_for_timeout(250)
        expect(page.locator(f'#talk-log [data-seq="{first}"]')).to_have_count(1)
        expect(pinned).to_have_text("Pinned filled 1")
        folk.change("house", room=room, kind="delete", of=first + 1)
        expect(pinned).to_be_hidden()


@pytest.mark.parametrize("way", ["socket", "plain http"])
def test_a_restored_backup_never_stands_mixed_with_the_old_log(browser, folk, errors, way):
    room = folk.rooms["Lake walk"]
    with signed_in(browser, folk, "Rowan", errors) as context:
        if way == "plain http":
            context.route_web_socket(re.compile("/ws/"), lambda ws: ws.close())
        page = room_of(context, folk, "Lake walk")
        write(page, f"of the old log, by {way}")
        expect(page.locator("#talk-log .bubble", has_text=f"of the old log, by {way}")).to_be_visible(timeout=LONG)
        context.set_offline(True)
        expect(page.locator("#talk-state")).to_contain_text("No connection", timeout=LONG)
        page.locator("#talk-log").evaluate("log => log.lastElementChild.dataset.old = ''")
        folk.change("new epoch", room=room, epoch=f"after {way}")
        context.set_offline(False)
        expect(page.locator("#talk-log [data-old]")).to_have_count(0, timeout=LONG)
        expect(page.locator("#talk-log .bubble", has_text=f"of the old log, by {way}")).to_be_visible(timeout=LONG)


def deed(page: Page, words: str, name: str) -> None:
    """Open a message's menu and choose."""
    page.locator("#talk-log .bubble", has_text=words).first.get_by_role("button", name="More").click()
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_words_are_changed_answered_and_taken_back_before_the_others_eyes(browser, folk, errors):
    with signed_in(browser, folk, "Rowan", errors) as one, signed_in(browser, folk, "Noor", errors) as two:
        rowan, noor = room_of(one, folk), room_of(two, folk)
        write(rowan, "Tea at sixx")
        bubble = noor.locator("#talk-log .bubble", has_text="Tea at six")
        expect(bubble).to_contain_text("Tea at sixx")
        rowan.get_by_label("Message").fill("half a thought")
        deed(rowan, "Tea at sixx", "Change")
        expect(rowan.get_by_label("Message")).to_have_value("Tea at sixx")
        rowan.get_by_label("Message").fill("Tea at six")
        rowan.get_by_label("Message").press("Enter")
        expect(rowan.get_by_label("Message")).to_have_value("half a thought")  # and no line from Enter behind it
        expect(bubble.locator("p")).to_have_text("Tea at six")
        expect(bubble).to_contain_text("changed")
        deed(noor, "Tea at six", "❤️")
        sign = rowan.locator("#talk-log .bubble", has_text="Tea at six").get_by_role("button", name="❤️ 1")
        expect(sign).to_be_visible()
        expect(sign).to_have_attribute("aria-pressed", "false")
        deed(noor, "Tea at six", "Answer")
        write(noor, "I bring cake")
        expect(rowan.locator("#talk-log .bubble", has_text="I bring cake").locator(".bubble-quote")).to_contain_text(
            "Tea at six"
        )
        noor.reload()
        expect(bubble.first.get_by_role("button", name="❤️ 1")).to_have_attribute("aria-pressed", "true")
        bubble.first.get_by_role("button", name="❤️ 1").click()
        expect(sign).to_have_count(0)
        seq = rowan.locator("#talk-log .bubble-own").last.get_attribute("data-seq")
        deed(rowan, "Tea at six", "Take away")
        gone = noor.locator(f'#talk-log .bubble[data-seq="{seq}"]')
        expect(gone.locator("p")).to_have_text("taken back")
        expect(noor.locator("#talk-log .bubble-quote")).to_have_text("an earlier message")
        expect(gone.get_by_role("button", name="More")).to_have_count(0)
        rowan.reload()
        expect(rowan.locator(f'#talk-log .bubble[data-seq="{seq}"] p')).to_have_text("taken back")


def test_who_was_reported_sees_and_is_seen_nowhere(browser, folk, errors):
    with signed_in(browser, folk, "Noor", errors) as one, signed_in(browser, folk, "Sam at the lake", errors) as two:
        noor, sam = room_of(one, folk), room_of(two, folk)
        write(sam, "an unkind word")
        expect(noor.locator("#talk-log")).to_contain_text("an unkind word")
        deed(noor, "an unkind word", "Report, and do not see this person any more")
        expect(noor.locator("#talk-state")).to_contain_text("Somebody looks at it")
        expect(noor.locator("#talk-log")).not_to_contain_text("an unkind word")
        write(noor, "after the report")
        expect(noor.locator("#talk-log .bubble-own").last).to_contain_text("after the report")
        write(sam, "can you hear me")
        expect(sam.locator("#talk-log .bubble-own").last).to_contain_text("can you hear me")
        with signed_in(browser, folk, "Rowan", errors) as three:
            rowan = room_of(three, folk)
            expect(rowan.locator("#talk-log")).to_contain_text("after the report")
            write(rowan, "I hear you both")
        for page, hidden in ((noor, "can you hear me"), (sam, "after the report")):
            expect(page.locator("#talk-log")).to_contain_text("I hear you both")
            expect(page.locator("#talk-log")).not_to_contain_text(hidden)
            page.reload()
            expect(page.locator("#talk-log")).to_contain_text("I hear you both")
            expect(page.locator("#talk-log")).not_to_contain_text(hidden)
            page.goto(f"{folk.site.url}/talk/search/")
            page.get_by_label("Words in a message").fill(hidden)
            page.get_by_role("button", name="Search").click()
            expect(page.get_by_role("status")).to_contain_text("Nothing found")
        sam = room_of(two, folk)
        write(sam, "I can sell you some pills, call 0170 1234567")
        expect(sam.locator("#talk-log .bubble-own").last).to_contain_text("a facilitator looks at this first")
        write(sam, "one more thing")  # after held words the next one waits half a minute
        expect(sam.locator("#talk-outbox")).to_contain_text("waits its turn and goes by itself")


def test_names_are_offered_behind_an_at_to_keyboard_finger_and_screen_reader(browser, folk, errors):
    from axe_playwright_python.sync_playwright import Axe

    with signed_in(browser, folk, "Rowan", errors, has_touch=True) as context:
        page = room_of(context, folk, "Lake walk")
        field, names = page.get_by_label("Message"), page.get_by_role("listbox", name="Names in this room")
        field.press_sequentially("mail me at rowan@s")
        expect(names).to_be_hidden()  # an address names nobody
        field.fill("")
        field.press_sequentially("Tea, @")
        expect(names.get_by_role("option")).to_have_text(["Sam at the lake"])
        expect(field).to_have_attribute("aria-activedescendant", "talk-name-0")
        expect(page.locator("#talk-names-said")).to_contain_text("names: 1")
        assert Axe().run(page).violations_count == 0
        field.press("ArrowDown")
        field.press("Enter")
        expect(field).to_have_value("Tea, @Sam at the lake ")
        expect(names).to_be_hidden()
        field.press_sequentially("and @LAKE")
        expect(names.get_by_role("option")).to_have_count(1)
        field.press("Escape")
        expect(names).to_be_hidden()
        field.press("Backspace")
        expect(names).to_be_hidden()
        field.fill("")
        field.press_sequentially("Oh @la")
        names.get_by_role("option").tap()
        expect(field).to_have_value("Oh @Sam at the lake ")
        expect(field).to_be_focused()
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#talk-log .bubble-own").last).to_contain_text("Oh @Sam at the lake")
