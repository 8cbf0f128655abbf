"""The gate in batches: a fixed number of statements, one bad row harms no neighbour, nothing waits long behind it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from delivery import kinds, transports, worker
from delivery.models import Attempt, Delivery, InboxItem
from delivery.services import message_enqueue
from delivery.transports.recording import RecordingTransport
from ground import clock
from people.services import LinkWanted, link_give, link_revoke, links_give
from tests.people_of_the_story import DAY, NOW, make_contact, make_member

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def asked():
    """A kind that offers a bulk check; what it was asked, and `asked.bad`: keys over which it raises."""

    class Asked:
        batches: list[list[str]] = []
        bad: set[str] = set()
        barred: set[str] = set()

        def checks(self, deliveries, now):
            keys = [one.dedupe_key for one in deliveries]
            self.batches.append(keys)
            if self.bad & set(keys):
                raise RuntimeError("on purpose")
            return ["not wanted" if key in self.barred else None for key in keys]

    asked = Asked()
    before = dict(kinds._kinds)
    kinds.register(
        kinds.Kind(
            "note",
            text="T14",
            checks=asked.checks,
            context=lambda _delivery: {"me": "Dana"},
            link=lambda delivery: ("watch", delivery.payload["episode"]),
        )
    )
    yield asked
    kinds._kinds.clear()
    kinds._kinds.update(before)


@pytest.fixture
def post():
    recording = RecordingTransport()
    with transports.replaced({"email": recording}):
        yield recording


def enqueue(*people, **more):
    with transaction.atomic():
        return [
            message_enqueue(
                kind="note",
                topic="story:1",
                recipient=person,
                dedupe_key=f"k{person.pk}",
                not_before=NOW,
                payload={"episode": person.pk},
                **more,
            )
            for person in people
        ]


def crowd(count):
    return [make_contact(f"Sam {n}", email=f"sam{n}@example.org") for n in range(count)]


def tick(at=NOW):
    with clock.frozen(at):
        return worker.tick(at)


def states():
    return sorted(Delivery.objects.values_list("state", flat=True))


def statements(count, **more):
    enqueue(*crowd(count), **more)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert tick() == count
    Delivery.objects.all().delete()
    return [one["sql"] for one in seen if not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


def test_forty_messages_take_as_many_statements_as_four(post):
    few, many = statements(4), statements(40)
    assert len(few) == len(many) <= 14, "\n".join(many)


def test_a_kind_with_a_bulk_check_is_asked_once_for_all(post, asked):
    people = crowd(5)
    asked.barred = {f"k{people[2].pk}"}
    enqueue(*people)
    tick()
    assert [len(batch) for batch in asked.batches] == [5]
    assert states() == ["handed_over"] * 4 + ["suppressed"]
    assert Delivery.objects.get(state="suppressed").reason == "not wanted"


def test_a_batch_that_raises_is_taken_one_by_one_and_only_the_bad_one_waits_an_hour(post, asked, caplog):
    people = crowd(5)
    asked.bad = {f"k{people[2].pk}"}
    enqueue(*people)
    tick()
    bad = Delivery.objects.get(recipient=people[2])
    assert (bad.state, bad.not_before, bad.reason) == ("pending", NOW + worker.POSTPONE, "raised")
    assert len(post.sent) == 4
    assert "taken one by one" in caplog.text
    assert f"delivery {bad.pk} raised" in caplog.text


@pytest.mark.scaled
def test_rows_that_another_worker_touches_for_a_moment_go_together_afterwards(post, asked, monkeypatch):
    """Another worker's claim locks rows that it then finds taken. One by one they took the fourfold time."""
    enqueue(*crowd(10))
    with clock.frozen(NOW):
        claimed = list(worker.claim(NOW))
    locked, release = threading.Event(), threading.Event()

    def touch():
        with transaction.atomic():
            list(Delivery.objects.select_for_update().filter(pk__in=claimed[:4]))
            locked.set()
            release.wait(30)
        connection.close()

    other = threading.Thread(target=touch)
    other.start()
    locked.wait(30)
    send_all = worker._send_all

    def sent_then_released(leaving):
        send_all(leaving)
        release.set()
        other.join()

    monkeypatch.setattr(worker, "_send_all", sent_then_released)
    with clock.frozen(NOW):
        worker.hand_over(claimed, NOW)
    assert [len(batch) for batch in asked.batches] == [6, 4]
    assert states() == ["handed_over"] * 10


def test_two_messages_to_one_person_pass_the_gate_one_after_the_other(post, asked):
    """What became of the first, a refusal for good perhaps, is asked by the check of the second."""
    sam, alex = crowd(2)
    enqueue(sam, alex)
    with transaction.atomic():
        message_enqueue(
            kind="note", topic="t", recipient=sam, dedupe_key="again", not_before=NOW, payload={"episode": 1}
        )
    tick()
    assert asked.batches == [[f"k{sam.pk}", f"k{alex.pk}"], ["again"]]


def test_what_has_not_begun_to_leave_soon_goes_back_and_passes_the_gate_anew(post, asked, monkeypatch):
    people = crowd(4)
    enqueue(*people)
    seconds = iter(range(0, 1000, 3))  # each look at the watch is three seconds later
    monkeypatch.setattr(worker, "pace", worker.Pace())
    with monkeypatch.context() as slow:
        slow.setattr(worker, "monotonic", lambda: next(seconds))
        tick()
    assert len(post.sent) == 1
    assert states() == ["handed_over"] + ["pending"] * 3
    waiting = Delivery.objects.filter(state="pending")
    assert {(one.attempts, one.attempted_at, one.lease_until) for one in waiting} == {(0, None, None)}
    assert Attempt.objects.count() == 1
    asked.barred = {f"k{people[3].pk}"}  # withdrawn meanwhile: the second gate says no
    assert worker.pace.size == 1
    while tick():
        pass
    assert [len(batch) for batch in asked.batches[:2]] == [4, 1]
    assert states() == ["handed_over"] * 3 + ["suppressed"]
    assert worker.pace.size > 1


def test_a_member_whose_message_went_back_keeps_the_copy_inside_and_the_moment_of_the_attempt(post, monkeypatch):
    dana = make_member(email="dana@example.org")
    sam = make_contact()
    enqueue(sam, dana, to_inbox=True)
    seconds = iter(range(0, 1000, 3))
    monkeypatch.setattr(worker, "pace", worker.Pace())
    with monkeypatch.context() as slow:
        slow.setattr(worker, "monotonic", lambda: next(seconds))
        tick()
    tick(NOW + MINUTE)
    own = Delivery.objects.get(recipient=dana)
    assert (own.state, own.attempted_at, own.handed_at) == ("handed_over", NOW, NOW + MINUTE)
    assert InboxItem.objects.get().person == dana


def test_an_answer_that_comes_after_the_lease_ran_out_still_says_that_it_was_sent(post):
    sam = make_contact()
    (delivery,) = enqueue(sam)
    with clock.frozen(NOW):
        worker.claim(NOW)
        (leaving,) = worker.gate([delivery.pk], NOW).leaving
        answer = worker.send(leaving)
    with clock.frozen(NOW + DAY):
        worker.recover(NOW + DAY)  # the clock jumped, or this process stood still
        assert states() == ["pending"]
        worker.settle([answer], owner=worker.OWNER)
    tick(NOW + DAY)
    assert states() == ["handed_over"]
    assert len(post.sent) == 1


def test_a_lease_given_by_a_clock_that_was_ahead_is_over(post):
    enqueue(make_contact())
    with clock.frozen(NOW + 3 * DAY):
        worker.claim(NOW + 3 * DAY)
    tick()
    assert (states(), len(post.sent)) == (["handed_over"], 1)


def test_a_busy_server_long_ago_does_not_cost_the_repeat_after_a_crash(post):
    """Only attempts in a row without an end count, not those of the whole life."""
    (delivery,) = enqueue(make_contact())
    post.busy = {"sam@example.org"}
    tick()
    tick(NOW + MINUTE)
    post.busy = set()
    later = NOW + 6 * MINUTE
    with clock.frozen(later):
        worker.claim(later)
        assert worker.gate([delivery.pk], later).leaving  # and the worker dies
    tick(later + 3 * MINUTE)
    delivery.refresh_from_db()
    assert (delivery.state, len(post.sent)) == ("handed_over", 1)
    assert [one.outcome for one in Attempt.objects.order_by("pk")] == ["soft", "soft", "", "sent"]


def test_a_transport_that_raises_is_tried_once_more_an_hour_later_and_harms_no_neighbour(asked):
    class Broken(RecordingTransport):
        def send(self, address, message):
            if address == "sam0@example.org":
                raise ZeroDivisionError
            super().send(address, message)

    post = Broken()
    first, _ = enqueue(*crowd(2))
    with transports.replaced({"email": post}):
        tick()
        first.refresh_from_db()
        assert (first.state, first.not_before, len(post.sent)) == ("pending", NOW + worker.POSTPONE, 1)
        tick(NOW + worker.POSTPONE)
    first.refresh_from_db()
    assert (first.state, first.reason) == ("uncertain", "raised while sending")


def test_an_idle_look_at_the_outbox_is_two_statements():
    with CaptureQueriesContext(connection) as seen:
        tick()
    assert len(seen) == 2


def test_links_given_for_many_are_those_given_one_by_one():
    sam, alex = crowd(2)
    first = link_give(purpose="nudge", subject=1, person=sam)
    link_give(purpose="nudge", subject=2, person=sam)
    link_revoke(purpose="nudge", subject=2)
    wanted = [LinkWanted("nudge", 1, sam), LinkWanted("nudge", 2, sam), LinkWanted("stop", 1, alex)]
    given = links_give(wanted=[*wanted, wanted[0]])
    assert given[0] == given[3] == first
    assert given[:3] == [link_give(purpose=one.purpose, subject=one.subject, person=one.person) for one in wanted]
