"""The watch over text messages: a supporter without anything but a phone, and messages that come back."""

import pytest

from delivery import transports
from delivery.inbound import report_received, text_received
from delivery.models import Delivery
from delivery.transports.sms import SmsTransport
from delivery.transports.sms.gateways import Incoming, gateway_from
from support.models import Answer, EpisodeEvent, EpisodeSupporter
from tests.stories.driver import berlin, evening, week
from tests.twins import twin

pytestmark = pytest.mark.django_db
NUMBER = "+447700900123"
TOLD = berlin(2026, 1, 2, 20, 35)


@pytest.fixture
def phone(story):
    with twin() as there:
        sms = SmsTransport(gateway_from(f"twilio+http://AC1:token@{there.place}/?from=%2B1500"))
        with transports.replaced({"email": story.post, "sms": sms}):
            yield there


@pytest.fixture
def sam(story, phone, dana):
    """Dana's one supporter has a phone and a mailbox, in this order, and was told on Friday at 20:35."""
    from people.services import way_add, way_remove

    person = story.sam.person
    [mailbox] = person.ways.all()
    way_remove(actor=person, way_id=mailbox.pk)
    way_add(person=person, kind="sms", address=NUMBER)
    way_add(person=person, kind="email", address="sam@example.org")
    story.at(evening(week(0))).close(story.meeting, week(0), {dana: "absent"})
    story.run_until(TOLD)
    return story.sam


def nudge():
    return Delivery.objects.get(kind="nudge")


def row():
    return EpisodeSupporter.objects.get()


def test_the_nudge_offers_short_replies_in_one_message_and_each_counts_like_its_button(story, phone, sam):
    [came] = [one for one in phone.came if b"nudge+you" in one.body]
    assert b"1+on+it+2+reached+3+can%27t+STOP+ends" in came.body
    for number, (digit, kind) in enumerate((("3", "cannot"), ("1", "claim"), ("2", "reached"))):
        assert text_received(text=Incoming(f"SM{number}", NUMBER, digit)).startswith("Thank you")
        assert Answer.objects.latest("pk").kind == kind
    story.run_until(berlin(2026, 1, 9, 20))
    assert Delivery.objects.filter(kind="reminder").count() == 0  # reached ends the search


def test_a_reply_after_the_end_is_settled(story, phone, sam, dana):
    story.at(evening(week(1))).close(story.meeting, week(1), {dana: "present"})
    story.settle()
    assert "settled" in text_received(text=Incoming("SM1", NUMBER, "1"))
    assert not Answer.objects.exists()


def test_stop_by_text_ends_everything_for_that_contact(story, phone, sam, dana):
    text_received(text=Incoming("SM1", NUMBER, "STOP"))
    phone.came.clear()
    story.at(evening(week(1))).close(story.meeting, week(1), {dana: "present"})
    story.run_until(berlin(2026, 1, 9, 20))
    assert phone.came == []
    assert not [m for _at, to, m, _b in story.post.attempts if to == "sam@example.org" and m.kind != "invite"]


def test_a_nudge_that_came_back_goes_to_the_next_way_and_counts_from_there(story, phone, sam):
    assert row().state == EpisodeSupporter.TOLD
    story.at(berlin(2026, 1, 3, 10))
    assert report_received(ref=nudge().pid.hex, transport="sms", address=NUMBER, outcome="hard", detail="30005")
    assert row().state == EpisodeSupporter.LEAVING
    story.settle()
    assert (row().state, row().told_at) == (EpisodeSupporter.TOLD, berlin(2026, 1, 3, 10))
    assert story.messages[-1] == (berlin(2026, 1, 3, 10), "sam", "nudge", 1)


def test_a_nudge_that_came_back_with_no_way_left_makes_the_contact_unreachable(story, phone, sam):
    story.at(berlin(2026, 1, 3, 10))
    story.post.refused.add("sam@example.org")
    report_received(ref=nudge().pid.hex, transport="sms", address=NUMBER, outcome="hard")
    story.settle()
    assert row().state == EpisodeSupporter.BOUNCED
    assert story.said()[-2:] == ["dana: unreachable", "sam: nudge 1 bounced"]
    said = list(EpisodeEvent.objects.filter(what__in=["sent", "bounced"], detail__kind="nudge").order_by("pk"))
    assert [event.what for event in said] == ["sent", "bounced"]  # what was handed over is never unsaid


def test_a_text_of_which_nobody_knows_counts_and_the_member_reads_so(story, phone, dana, client):
    from people.models import Account

    story.sam.person.ways.update(kind="sms")
    phone.answer = None
    story.at(evening(week(0))).close(story.meeting, week(0), {dana: "absent"})
    story.run_until(TOLD)
    assert (nudge().state, row().state) == ("uncertain", EpisodeSupporter.TOLD)
    client.force_login(Account.objects.get(person=dana))
    assert "we do not know whether it arrived" in client.get("/me/watch/").content.decode()
