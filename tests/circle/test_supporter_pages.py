"""What Sam sees from a link: no account, no script, no cookie, at most 20 kB, and never more than Dana's name."""

import html
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from circle import services
from circle.models import Supporter
from delivery import worker
from ground import clock
from groups.models import Group
from people.models import Link
from tests.circle.people import accepted, ask, link_of, nudge, token_of
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db

LIMIT = 20_000  # bytes: the page, its style, its script and its icon


def words(response) -> list[str]:
    """The sentences a reader sees, in order."""
    text = re.sub(r"(?s)<(script|svg|head).*?</\1>", "", response.content.decode())
    return [
        " ".join(html.unescape(line).split()) for line in re.sub(r"<[^>]+>", "\n", text).split("\n") if line.strip()
    ]


def everything() -> list:
    rows = [*Supporter.objects.order_by("pk").values(), *Link.objects.order_by("pk").values()]
    return [*rows, *(tuple(c.values()) for c in Supporter.objects.values("consents__revoked_at"))]


def page_of(supporter, purpose="invite") -> str:
    return f"/{token_of(supporter, purpose)}"


def weight(client, response) -> int:
    """The page and all it loads, uncompressed."""
    body = response.content.decode()
    assets = re.findall(r'(?:src|href)="/static/([^"]+)"', body)
    return len(response.content) + sum(len(Path(str(finders.find(asset))).read_bytes()) for asset in assets)


def test_the_invitation_says_who_asks_and_what_it_means_shows_the_cards_and_then_asks(client, dana):
    seen = words(client.get(page_of(ask(dana))))
    assert seen.index("Getting in touch") < seen.index("When to call for help at once") < seen.index("Your answer")
    assert "Skip the guide, go to yes or no" in seen
    guide = [line for line in seen if seen.index("Getting in touch") <= seen.index(line) < seen.index("Your answer")]
    assert [line for line in seen if line not in guide] == [
        "Porchlight",
        "Quick exit",
        "Dana would like you as a contact person",
        "Hi Sam, Dana asked you on 15 January 2026.",
        (
            "If you say yes, you may now and then get one short message: Dana once asked us to nudge you to get in "
            "touch, or would like company. It gives no reason, and it may be nothing. When all is settled we tell you."
        ),
        "You need no account. You can stop at any time. If you do not know Dana, just say no.",
        "Skip the guide, go to yes or no",
        "A short guide, if you like",
        "Your answer",
        "Yes, I am glad to",
        "No, thanks",
        "Do not write to me again",
        "Dana sees your answer. You need not explain it.",
        "I need someone",
        "What helps, and what not to say",
    ]


def test_the_lasting_page_shows_the_name_the_cards_stop_and_the_statement_and_nothing_else(client, dana, post, nudges):
    Group.objects.create(slug="tue", name="Tuesday NA Step Group", zone="Europe/Berlin", created_at=NOW)
    sam = accepted(dana)
    accepted(dana, "Kim", address="kim@secret.example")
    nudge(sam, NOW)
    worker.tick(NOW)
    response = client.get(page_of(sam, "supporter_stop"))
    seen = words(response)
    assert [seen[2], seen[3]] == [
        "You are a contact person for Dana",
        (
            "Thank you, Sam. There is nothing to do now. If a message comes, a call to Dana is enough. "
            "If none comes, that means nothing."
        ),
    ]
    start = seen.index("Stop these messages")
    assert seen[start : start + 3] == [
        "Stop these messages",
        "Keep our message with this page: stop works here at any time, without a reason.",
        (
            "What this covers: one short message that somebody asked us to nudge you, and one when it is settled. "
            "Please keep it to yourself. 42 CFR part 2 prohibits unauthorized use or disclosure of these records."
        ),
    ]
    for never in ("Tuesday", "Step", "absen", "meeting", "secret", "Kim", "dana@", "sam@", "craving", "muted", "2026"):
        assert never.lower() not in " ".join(seen).lower()


def test_the_statement_can_be_another_or_none(client, dana, settings):
    page = page_of(accepted(dana), "supporter_stop")
    settings.DISCLOSURE_STATEMENT = ""
    assert "42 CFR" not in client.get(page).content.decode()
    settings.DISCLOSURE_STATEMENT = "Say it to nobody."
    assert "Say it to nobody." in client.get(page).content.decode()


def test_the_statement_is_in_the_readers_language(client, dana):
    page = client.get(page_of(accepted(dana), "supporter_stop"), headers={"Accept-Language": "es"}).content.decode()
    assert "42 CFR" in page
    assert "prohibits" not in page


def test_yes_leads_to_the_page_that_stays_and_is_sent_without_a_cookie(dana):
    sam = ask(dana)
    strict = Client(enforce_csrf_checks=True)  # a phone's mail program: no cookie, no origin
    page = page_of(sam)
    assert not strict.get(page).cookies
    answer = strict.post(page, {"answer": "yes"}, headers={"Origin": "null"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(sam, "supporter_stop"))
    assert not strict.get(answer["Location"]).cookies
    sam.refresh_from_db()
    assert (sam.state, sam.accepted_at) == ("accepted", NOW)


@pytest.mark.parametrize(("answer", "state"), [("no", "declined"), ("stop", "stopped")])
def test_no_and_stop_are_one_tap_and_are_thanked(client, dana, answer, state):
    sam = ask(dana)
    seen = words(client.post(page_of(sam), {"answer": answer}, follow=True))
    sam.refresh_from_db()
    assert sam.state == state
    expected = {"declined": "You said no, and that is fine", "stopped": "Done: we will not write to you again"}
    assert expected[state] in seen


def test_opening_a_page_changes_nothing(client, dana):
    invited, yes = ask(dana), accepted(dana, "Kim")
    pages = [page_of(invited), page_of(invited, "supporter_stop"), page_of(yes, "supporter_stop"), "/guide/"]
    before = everything()
    for page in pages:
        for method in (client.get, client.head):
            assert method(page).status_code == 200
    assert everything() == before


def test_no_page_weighs_more_than_20_kb(client, dana, record_property):
    invited, yes, over = ask(dana), accepted(dana, "Kim"), ask(dana, "Lou")
    settled = page_of(over)
    services.supporter_remove(actor=dana, supporter=over)
    for name, page in {
        "invitation": page_of(invited),
        "lasting page": page_of(yes, "supporter_stop"),
        "settled": settled,
        "guide": "/guide/",
    }.items():
        size = weight(client, client.get(page))
        print(f"{name}: {size} bytes")
        assert size <= LIMIT, name


def test_an_invitation_used_twice_is_settled_and_stop_still_works(client, dana):
    sam = ask(dana)
    page = page_of(sam)
    client.post(page, {"answer": "yes"})
    for again in (client.get(page), client.post(page, {"answer": "yes"}), client.post(page, {"answer": "no"})):
        assert again.status_code == 410
        assert "This invitation is settled" in words(again)
    sam.refresh_from_db()
    assert sam.state == "accepted"
    assert client.post(page, {"answer": "stop"}).status_code == 302
    sam.refresh_from_db()
    assert sam.state == "stopped"


def test_an_expired_and_a_withdrawn_invitation_are_settled(client, dana):
    expired, withdrawn = ask(dana), ask(dana, "Kim")
    pages = [page_of(expired), page_of(withdrawn)]
    worker.tick(NOW)
    services.supporter_remove(actor=dana, supporter=withdrawn)
    with clock.frozen(NOW + 14 * DAY):
        for page in pages:
            assert client.get(page).status_code == 410
            assert client.post(page, {"answer": "yes"}).status_code == 410
    assert not Supporter.objects.filter(state="accepted").exists()


def test_the_old_link_of_an_invitation_sent_again_is_settled(client, dana):
    sam = ask(dana)
    old = page_of(sam)
    with clock.frozen(NOW + 2 * DAY):
        services.supporter_resend(actor=dana, supporter=sam)
        assert client.get(old).status_code == 410
        assert client.post(old, {"answer": "yes"}).status_code == 410
        assert client.post(page_of(sam), {"answer": "yes"}).status_code == 302


def test_a_forged_link_is_not_found_and_a_made_up_answer_is_refused(client, dana):
    sam = ask(dana)
    assert client.get("/aaaaaaaaaaaaa").status_code == 404
    assert client.post("/aaaaaaaaaaaaa", {"answer": "stop"}).status_code == 404
    for page in (page_of(sam), page_of(sam, "supporter_stop")):
        assert client.post(page, {"answer": "maybe"}).status_code == 400
        assert client.post(page).status_code == 400
        assert client.put(page).status_code == 405
    sam.refresh_from_db()
    assert sam.state == "invited"


def test_stop_works_for_ever_by_button_and_by_a_mail_programs_one_click(client, dana):
    sam, kim = accepted(dana), accepted(dana, "Kim")
    services.supporter_remove(actor=dana, supporter=sam)
    with clock.frozen(NOW + 3000 * DAY):
        assert client.post(page_of(sam, "supporter_stop"), {"answer": "stop"}).status_code == 302
        strict = Client(enforce_csrf_checks=True)
        answer = strict.post(page_of(kim, "supporter_stop"), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200  # RFC 8058: no redirect
    assert set(Supporter.objects.values_list("state", flat=True)) == {"stopped"}


def test_to_a_muted_contact_and_to_one_taken_off_the_page_is_the_same_to_the_letter(client, dana):
    ex = accepted(dana, "Alex")
    page = page_of(ex, "supporter_stop")
    before = client.get(page).content
    services.supporter_mute(actor=dana, supporter=ex)
    assert client.get(page).content == before
    services.consent_revoke(actor=dana, supporter=ex, purpose="absence")
    assert client.get(page).content == before
    services.supporter_remove(actor=dana, supporter=ex)
    assert client.get(page).content == before


def test_an_invitation_somebody_forced_looks_like_any_other(client, dana):
    one, other = ask(dana, "Alex", forced=True), ask(dana, "Sam")
    assert words(client.get(page_of(one))) == [
        line.replace("Sam", "Alex") for line in words(client.get(page_of(other)))
    ]


def test_a_name_is_shown_as_text_never_as_markup(client, dana):
    sam = ask(dana)
    Supporter.objects.filter(pk=sam.pk).update(sender_name="<script>x</script>")
    assert b"<script>x" not in client.get(page_of(sam)).content


def test_the_guide_opens_without_a_link_and_notes_nobody(client):
    response = client.get("/guide/")
    assert response.status_code == 200
    assert not response.cookies
    assert words(response).count("When to call for help at once") == 1


def test_links_are_kept_out_of_caches_and_referrers(client, dana):
    response = client.get(page_of(ask(dana)))
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert settings.CONTENT_SECURITY_POLICY
    assert "style=" not in response.content.decode()


def test_the_link_in_the_mail_is_the_page_and_the_stop_link_is_in_it_too(client, dana, post):
    sam = ask(dana)
    with clock.frozen(NOW + HOUR):
        worker.tick(NOW + HOUR)
        [(_to, message)] = post.sent
        assert message.link.endswith(page_of(sam))
        assert message.stop.endswith(page_of(sam, "supporter_stop"))
        assert client.get(page_of(sam)).status_code == 200
        assert link_of(sam).purpose == "invite"
