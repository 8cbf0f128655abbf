"""The outbox's promise: decided exactly once, attempted at least once unless withdrawn, repeated only with one key."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from delivery import kinds, transports, worker
from delivery.models import Attempt, Delivery, InboxItem
from delivery.services import address_stop, cancel, inbox_read, message_enqueue
from delivery.transports import Uncertain
from delivery.transports.recording import RecordingTransport
from ground import clock
from people.models import ContactWay
from people.services import way_add
from tests.people_of_the_story import DAY, HOUR, NOW, make_contact, make_member

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def a_kind():
    """A kind whose check each test may set: `allowed[0]` is the reason to suppress, or None."""
    allowed = [None]
    before = dict(kinds._kinds)
    kinds.register(
        kinds.Kind(
            "note",
            text="T14",
            check=lambda _delivery, _now: allowed[0],
            context=lambda _delivery: {"me": "Dana"},
            link=lambda _delivery: ("watch", 1),
        )
    )
    yield allowed
    kinds._kinds.clear()
    kinds._kinds.update(before)


@pytest.fixture
def post():
    recording = RecordingTransport()
    with transports.replaced({"email": recording}):
        yield recording


def enqueue(person, key="k1", at=NOW, **more):
    with transaction.atomic():
        return message_enqueue(kind="note", topic="story:1", recipient=person, dedupe_key=key, not_before=at, **more)


def tick(at):
    with clock.frozen(at):
        return worker.tick(at)


def state(delivery):
    delivery.refresh_from_db()
    return delivery.state


def test_a_message_goes_once_when_it_is_due_and_not_before(post):
    delivery = enqueue(make_contact(), at=NOW + HOUR)
    tick(NOW)
    assert post.sent == []
    tick(NOW + HOUR)
    tick(NOW + 2 * HOUR)
    assert [message.text.startswith("Hi Dana, just a hello") for _to, message in post.sent] == [True]
    assert state(delivery) == "handed_over"
    assert delivery.handed_at == NOW + HOUR


def test_the_same_key_decided_twice_is_one_message(post):
    sam = make_contact()
    assert enqueue(sam).pk == enqueue(sam).pk
    tick(NOW)
    assert len(post.sent) == 1


def test_a_message_is_decided_in_the_transaction_of_its_cause_or_not_at_all(post):
    sam = make_contact()
    with pytest.raises(RuntimeError):
        message_enqueue(kind="note", topic="t", recipient=sam, dedupe_key="k", not_before=NOW)
    with transaction.atomic():
        message_enqueue(kind="note", topic="t", recipient=sam, dedupe_key="k", not_before=NOW)
        transaction.set_rollback(True)  # the cause did not happen after all
    tick(NOW)
    assert post.sent == []


def test_a_message_due_at_night_waits_for_the_recipients_morning(post):
    sam = make_contact(zone="Australia/Sydney")
    delivery = enqueue(sam, at=NOW)  # 05:00 in Sydney
    assert (delivery.not_before - NOW) == 3 * HOUR


def test_what_was_withdrawn_before_the_gate_never_leaves(post):
    delivery = enqueue(make_contact())
    assert cancel(topic="story:1", reason="withdrawn") == []
    tick(NOW)
    assert (post.sent, state(delivery)) == ([], "cancelled")


def test_what_was_claimed_but_not_past_the_gate_can_still_be_withdrawn(post):
    delivery = enqueue(make_contact())
    with clock.frozen(NOW):
        claimed = worker.claim(NOW)
        cancel(topic="story:1")
        worker.hand_over(list(claimed), NOW)
    assert (post.sent, state(delivery)) == ([], "cancelled")


def test_what_has_passed_the_gate_is_named_to_the_one_who_withdraws_it(post):
    delivery = enqueue(make_contact())
    with clock.frozen(NOW):
        worker.claim(NOW)
        assert worker.gate([delivery.pk], NOW).leaving
        assert [left.pk for left in cancel(topic="story:1")] == [delivery.pk]
    assert state(delivery) == "handing"


def test_the_check_runs_at_the_send_and_its_reason_is_kept(post, a_kind):
    delivery = enqueue(make_contact())
    a_kind[0] = "no live consent"
    tick(NOW)
    assert (post.sent, state(delivery), delivery.reason) == ([], "suppressed", "no live consent")


def test_the_check_runs_again_before_every_retry(post, a_kind):
    delivery = enqueue(make_contact())
    post.busy = {"sam@example.org"}
    tick(NOW)
    assert state(delivery) == "pending"
    post.busy, a_kind[0] = set(), "no live consent"
    tick(NOW + MINUTE)
    assert (post.sent, state(delivery)) == ([], "suppressed")


def test_a_soft_error_is_tried_again_after_1_5_30_minutes_and_2_hours_then_counts_as_hard(post):
    delivery = enqueue(make_contact(zone="America/New_York"))  # the whole story lies inside the window
    post.busy = {"sam@example.org"}
    moments = [NOW]
    for minutes in (1, 5, 30, 120):
        tick(moments[-1])
        delivery.refresh_from_db()
        assert delivery.not_before - moments[-1] == minutes * MINUTE
        moments.append(delivery.not_before)
    tick(moments[-1])
    assert (state(delivery), delivery.bounced) == ("failed", True)
    assert ContactWay.objects.get().bounced_at


def test_a_hard_bounce_moves_on_to_the_next_way_with_the_same_key(post):
    sam = make_contact()
    way_add(person=sam, kind="email", address="sam.two@example.org")
    delivery = enqueue(sam)
    post.refused = {"sam@example.org"}
    tick(NOW)
    assert (state(delivery), delivery.attempted_at) == ("pending", NOW), "due at once, behind a gate of its own"
    tick(NOW)
    assert [(to, message.key) for to, message in post.sent] == [("sam.two@example.org", "k1")]
    assert (state(delivery), delivery.bounced) == ("handed_over", False)
    assert [a.outcome for a in Attempt.objects.order_by("pk")] == ["hard", "sent"]


def test_a_way_that_is_busy_waits_by_its_own_count_and_not_by_that_of_the_one_before(post):
    sam = make_contact(zone="America/New_York")
    delivery = enqueue(sam)
    post.busy = {"sam@example.org"}
    at = NOW
    for _n in range(4):
        tick(at)
        delivery.refresh_from_db()
        at = delivery.not_before
    way_add(person=sam, kind="email", address="sam.two@example.org")
    post.busy.add("sam.two@example.org")
    tick(at)  # the first way is given up
    tick(at)
    delivery.refresh_from_db()
    assert delivery.not_before - at == MINUTE


def test_what_may_come_at_any_hour_is_tried_again_at_night(post):
    night = NOW.replace(hour=23)
    delivery = enqueue(make_contact(), at=night, any_hour=True)
    post.busy = {"sam@example.org"}
    tick(night)
    delivery.refresh_from_db()
    assert delivery.not_before == night + MINUTE


def test_a_consent_that_ends_between_two_ways_stops_the_second(post):
    sam = make_contact()
    way_add(person=sam, kind="email", address="sam.two@example.org")
    delivery = enqueue(sam)
    post.refused = {"sam@example.org"}
    tick(NOW)
    cancel(topic="story:1")
    tick(NOW)
    assert (post.sent, state(delivery)) == ([], "cancelled")


def test_a_contact_that_no_way_reaches_is_bounced_and_attempted(post):
    delivery = enqueue(make_contact())
    post.refused = {"sam@example.org"}
    tick(NOW)
    assert (state(delivery), delivery.bounced, delivery.attempted_at) == ("failed", True, NOW)


def test_a_stopped_address_gets_nothing(post):
    delivery = enqueue(make_contact())
    address_stop(address="SAM@example.org")
    tick(NOW)
    assert (post.sent, state(delivery)) == ([], "failed")


def test_a_member_finds_a_copy_inside_also_when_no_way_leads_outside(post):
    dana = make_member()
    delivery = enqueue(dana, to_inbox=True)
    tick(NOW)
    item = InboxItem.objects.get(person=dana)
    assert (
        item.text
        == "Hi Dana, just a hello. If you would like company, or another time suits you better, we are one tap away."
    )
    assert len(item.link) == 14
    assert state(delivery) == "handed_over"


def test_nobody_reads_anothers_inbox(post):
    from django.core.exceptions import PermissionDenied

    dana, outsider = make_member(), make_member()
    enqueue(dana, to_inbox=True)
    tick(NOW)
    with pytest.raises(PermissionDenied):
        inbox_read(actor=outsider, item_id=InboxItem.objects.get().pk)


def test_a_worker_that_died_before_the_gate_sent_nothing_and_another_takes_over(post):
    delivery = enqueue(make_contact())
    with clock.frozen(NOW):
        worker.claim(NOW)
    tick(NOW + MINUTE)
    assert post.sent == []  # the lease still runs
    tick(NOW + 3 * MINUTE)
    assert (len(post.sent), state(delivery)) == (1, "handed_over")


def test_a_worker_that_died_after_the_gate_repeats_mail_once_with_the_same_key(post):
    delivery = enqueue(make_contact())
    for minutes in (0, 3):
        with clock.frozen(NOW + minutes * MINUTE):
            worker.recover(NOW + minutes * MINUTE)
            for pk in worker.claim(NOW + minutes * MINUTE):
                assert worker.gate([pk], NOW + minutes * MINUTE).leaving
    tick(NOW + 6 * MINUTE)
    assert (post.sent, state(delivery), delivery.attempts) == ([], "uncertain", 2)


def test_a_channel_that_cannot_absorb_a_repeat_ends_as_uncertain_at_once(post):
    post.absorbs_repeats = False
    delivery = enqueue(make_contact())
    with clock.frozen(NOW):
        worker.claim(NOW)
        assert worker.gate([delivery.pk], NOW).leaving
    tick(NOW + 3 * MINUTE)
    assert (post.sent, state(delivery)) == ([], "uncertain")


def test_a_transport_that_does_not_know_leaves_an_honest_state():
    class Shrug:
        absorbs_repeats = False

        def send(self, address, message):
            raise Uncertain("connection lost after the last byte")

    delivery = enqueue(make_contact())
    with transports.replaced({"email": Shrug()}):
        tick(NOW)
    assert (state(delivery), delivery.reason) == ("uncertain", "connection lost after the last byte")


def test_one_message_that_raises_waits_an_hour_and_harms_no_neighbour(post, monkeypatch):
    bad, good = enqueue(make_contact("Sam"), "bad"), enqueue(make_contact("Alex"), "good")
    real = worker.gate
    monkeypatch.setattr(worker, "gate", lambda pks, now: 1 / 0 if bad.pk in pks else real(pks, now))
    tick(NOW)
    assert (state(bad), state(good)) == ("pending", "handed_over")
    assert bad.not_before == NOW + HOUR


def test_four_workers_who_race_send_each_message_once(post):
    sam = make_contact()
    for number in range(40):
        enqueue(sam, f"k{number}")
    errors = []

    def work():
        try:
            while worker.tick(NOW):
                pass
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    with clock.frozen(NOW):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
    assert sorted(message.key for _to, message in post.sent) == sorted(f"k{number}" for number in range(40))


def test_an_illegal_state_cannot_be_stored():
    delivery = enqueue(make_contact())
    for wrong in ({"state": "sent"}, {"state": "sending"}, {"state": "handed_over"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(**wrong)


def test_a_kind_without_a_check_cannot_be_entered():
    with pytest.raises(TypeError):
        kinds.register(kinds.Kind("careless", text="T14", check=None, context=lambda _d: {}))


def test_the_clock_of_the_story_is_not_the_real_one():
    with clock.frozen(NOW + DAY):
        assert clock.now() == NOW + DAY


def test_the_moment_of_an_attempt_is_its_own_and_not_that_of_the_round(post, monkeypatch):
    sam = make_contact()
    first, second = enqueue(sam, "k1"), enqueue(sam, "k2")
    moments = iter(range(100))
    monkeypatch.setattr(worker.clock, "now", lambda: NOW + next(moments) * MINUTE / 10)
    worker.tick(NOW)
    for delivery in (first, second):
        delivery.refresh_from_db()
    assert NOW < first.attempted_at < second.attempted_at


def test_a_channel_that_absorbs_repeats_is_tried_again_when_nobody_knows(post):
    class Doubtful(RecordingTransport):
        def send(self, address, message):
            super().send(address, message)
            if len(self.sent) == 1:
                raise Uncertain("connection lost after the last byte")

    delivery, doubtful = enqueue(make_contact()), Doubtful()
    with transports.replaced({"email": doubtful}):
        tick(NOW)
        tick(NOW + MINUTE)
    assert state(delivery) == "handed_over"
    assert [message.ref for _to, message in doubtful.sent] == [delivery.pid.hex] * 2
