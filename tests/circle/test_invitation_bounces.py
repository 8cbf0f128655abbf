"""An invitation that no way took: the member hears it once, at the first bounce (T18)."""

from datetime import timedelta

import pytest

from circle import services
from circle import worker as circle_worker
from circle.models import Supporter
from delivery import worker
from delivery.inbound import report_received
from delivery.models import Delivery
from ground import clock
from tests.circle.people import ask, link_of
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def work(moment=NOW):
    for _round in range(3):
        circle_worker.tick(moment)
        worker.tick(moment)


def told(post):
    return [(to, message.kind) for to, message in post.sent]


def test_an_address_that_refuses_the_invitation_is_told_to_the_member_once(dana, post):
    post.refused.add("sam@example.org")
    ask(dana)
    work()
    work()
    assert told(post) == [("dana@example.org", "invite_unreachable")]
    text = post.sent[0][1].text
    assert "our message to Sam did not arrive. Check the address or choose someone else" in text
    assert Supporter.objects.get().invitation is None


def test_an_invitation_that_arrives_says_nothing_to_the_member(dana, post):
    ask(dana)
    work()
    assert told(post) == [("sam@example.org", "invite")]


def test_an_invitation_that_comes_back_later_is_told_to_the_member_once(dana, post):
    ask(dana)
    work()
    sent = Delivery.objects.get(kind="invite")
    for _told_twice in range(2):
        report_received(ref=sent.pid.hex, transport="email", address="sam@example.org", outcome="hard")
        work()
    assert told(post) == [("sam@example.org", "invite"), ("dana@example.org", "invite_unreachable")]


def test_nothing_is_said_of_somebody_taken_off_the_list_or_answered_meanwhile(dana, post):
    post.refused |= {"sam@example.org", "kim@example.org"}
    sam, kim = ask(dana), ask(dana, "Kim", address="kim@example.org")
    worker.tick(NOW)
    services.supporter_remove(actor=dana, supporter=sam)
    services.supporter_decline(link=link_of(kim))
    work()
    assert "invite_unreachable" not in [kind for _to, kind in told(post)]


def test_a_contact_somebody_made_the_member_add_looks_like_any_other(dana, post):
    post.refused.add("sam@example.org")
    ask(dana, forced=True)
    work()
    assert told(post) == [("dana@example.org", "invite_unreachable")]


def test_asking_anew_at_an_address_that_is_dead_is_told_anew(dana, post):
    post.refused.add("sam@example.org")
    sam = ask(dana)
    work()
    with clock.frozen(NOW + 2 * DAY):
        services.supporter_resend(actor=dana, supporter=sam)
        work(NOW + 2 * DAY)
    assert told(post) == [("dana@example.org", "invite_unreachable")] * 2


def test_an_idle_tick_makes_two_statements(dana, post, django_assert_num_queries):
    ask(dana)
    work()
    with django_assert_num_queries(2):
        assert circle_worker.tick(NOW) == 0
    assert Delivery.objects.count() == 1


def test_an_invitation_that_cannot_be_read_waits_an_hour_and_harms_no_other(dana, post, monkeypatch):
    post.refused |= {"sam@example.org", "kim@example.org"}
    sam, kim = ask(dana), ask(dana, "Kim", address="kim@example.org")
    worker.tick(NOW)
    real = services.invitation_read

    def broken(*, supporter):
        if supporter.pk == sam.pk:
            raise RuntimeError("a bad row")
        return real(supporter=supporter)

    monkeypatch.setattr(circle_worker, "invitation_read", broken)
    assert circle_worker.tick(NOW) == 2
    assert circle_worker.tick(NOW) == 0, "the loop rests: it does not raise again and again without a pause"
    assert [one.payload["supporter"] for one in Delivery.objects.filter(kind="invite_unreachable")] == [kim.pk]
    monkeypatch.undo()
    assert circle_worker.tick(NOW + HOUR - timedelta(seconds=1)) == 0
    assert circle_worker.tick(NOW + HOUR) == 1
    assert Delivery.objects.filter(kind="invite_unreachable").count() == 2
