"""Dana's phone: what Today asks, what reaches her, and where all that is hers is kept. 360 x 640, axe on every page."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_look import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

PEOPLE = """
import json
from datetime import time, timedelta
from uuid import uuid4
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from chat.services import message_post, room_of
from delivery.models import Delivery, InboxItem
from ground import clock
from groups.models import Membership
from groups.services import group_found
from meetings.services.commitments import commitment_make
from meetings.services.group_meetings import meeting_make
from meetings.services.series_plan import Plan
from people.services import access_log, account_create, block_set, way_add, way_bounced

def person(alias):
    name = f"{alias} {uuid4().hex[:6]}"
    account = account_create(alias=name, zone="Europe/Berlin", password="three quiet words", adult=True)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.save()
    return account.person, session.session_key

now = clock.now()
fay, fay_key = person("Fay")
dana, dana_key = person("Dana")
group = group_found(actor=fay, name="Thursday people", zone="Europe/Berlin")
every_day = Plan(name="Thursday circle", weekdays=tuple(range(7)), starts=time(19, 0), zone="Europe/Berlin", minutes=90)
meeting = meeting_make(actor=fay, group=group, plan=every_day)
Membership.objects.create(group=group, person=dana, since=now)
for one in (dana, fay):
    commitment_make(actor=one, meeting=meeting)
room = room_of(group)
for words in ("Kettle is on.", "See you tonight?"):
    message_post(actor=fay, room_key=room.key, cid=uuid4(), body=words)
for number, (kind, text) in enumerate((("heads_up", "Hi Dana, it has been a little while and you came to mind."),
        ("final_notice", "Hi Dana, as you asked, we'd write to Sam on Fri 20:35. Fine, or not needed?"))):
    made = Delivery.objects.create(kind=kind, topic="episode:1", recipient=dana, dedupe_key=uuid4().hex,
        state="handed_over", created_at=now, due_at=now, not_before=now, handed_at=now)
    InboxItem.objects.create(person=dana, delivery=made, text=text, link="/me/", at=now + timedelta(seconds=number))
way_bounced(way=way_add(person=dana, kind="email", address="old@example.org"))
way_add(person=dana, kind="email", address="a.rather.long.address.indeed@mail.example.org")
access_log(person=dana, reader=fay, what="attendance list")
block_set(actor=dana, other=person("Ex")[0])
with open("FILE", "w") as out:
    json.dump({"dana": dana_key, "fay": fay_key, "alias": dana.name}, out)
"""


@pytest.fixture
def people(site):
    file = site.folder / "people-of-today.json"
    site.manage("shell", "-c", PEOPLE.replace("FILE", str(file)))
    return json.loads(file.read_text())


@pytest.fixture
def as_dana(page, people, site):
    page.context.add_cookies([{"name": "sessionid", "value": people["dana"], "url": site.url}])
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_danas_passes_axe_on_a_small_phone(as_dana, site, scheme):
    as_dana.emulate_media(color_scheme=scheme)
    pages = ["/today/", "/me/", "/me/reach/", "/me/looked/", "/me/blocks/", "/people/", "/inbox/"]
    wrong = {address: looked_at(as_dana, site.url + address) for address in pages}
    assert not {address: what for address, what in wrong.items() if what}


def test_today_asks_one_thing_and_cant_is_one_tap(as_dana, site):
    as_dana.goto(site.url + "/today/")
    expect(as_dana.get_by_role("heading", name="A question for you")).to_be_in_viewport()
    expect(as_dana.get_by_text("2 new messages")).to_be_visible()
    assert as_dana.locator("main .card:has(h2[id])").count() == 3
    as_dana.get_by_role("button", name="Can't this time").click()
    expect(as_dana.get_by_text("You said you can't come. That is fine.")).to_be_visible()
    as_dana.get_by_role("button", name="I am coming after all").click()
    expect(as_dana.get_by_text("You are coming")).to_be_visible()
    as_dana.get_by_role("link", name="Thursday people").click()
    expect(as_dana.get_by_text("Kettle is on.")).to_be_visible()


def test_dana_adds_an_address_and_is_reached_only_after_the_code(as_dana, site):
    as_dana.goto(site.url + "/me/")
    as_dana.get_by_role("link", name="What reaches me").click()
    as_dana.get_by_label("Add an e-mail address").fill("dana.new@example.org")
    as_dana.get_by_role("button", name="Send the code").click()
    mails = sorted((Path(site.folder) / "data" / "mail").glob("*.txt"), key=lambda file: file.stat().st_mtime)
    code = re.findall(r"^\d{6}$", mails[-1].read_text(), re.MULTILINE)[0]
    as_dana.goto(site.url + "/me/reach/")
    expect(as_dana.get_by_role("heading", name="dana.new@example.org")).to_have_count(0)
    assert not looked_at(as_dana, site.url + "/me/reach/code/")
    as_dana.get_by_label("Code").fill(code)
    as_dana.get_by_role("button", name="Go on").click()
    expect(as_dana.get_by_role("heading", name="dana.new@example.org")).to_be_visible()
    as_dana.get_by_role("button", name="Earlier").last.click()
    headings = as_dana.locator("main .card h2").all_inner_texts()
    assert [text.strip() for text in headings][1] == "dana.new@example.org"


def test_dana_sets_her_hours_without_javascript(browser, people, site):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    context.add_cookies([{"name": "sessionid", "value": people["dana"], "url": site.url}])
    page = context.new_page()
    page.goto(site.url + "/me/reach/")
    page.get_by_label("from").select_option("10:00")
    page.get_by_label("until").select_option("22:00")
    page.get_by_label("Language").select_option("Español")
    page.get_by_role("button", name="Save").click()
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.locator("#first").input_value() == "600"
    context.close()
