"""Two at once, with real threads: a revoke against the gate, two taps on yes, two on send."""

import threading

import pytest
from django.db import connection, transaction

from circle import services
from circle.models import Supporter
from delivery import worker
from delivery.models import Delivery
from ground import clock
from ground.errors import Conflict, Settled
from people.models import Change
from tests.circle.people import accepted, ask, link_of, nudge
from tests.people_of_the_story import DAY, NOW

pytestmark = pytest.mark.django_db(transaction=True)


def together(*doors):
    """Run the doors at the same moment; return what each gave or raised."""
    barrier = threading.Barrier(len(doors))
    results: list = [None] * len(doors)

    def run(place, door):
        try:
            barrier.wait()
            results[place] = door()
        except Exception as raised:
            results[place] = raised
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_a_revoke_and_the_gate_either_nothing_is_sent_or_dana_is_told(dana, post, nudges, full):
    outcomes = set()
    for turn in range(200 if full else 25):
        sam = accepted(dana, "Sam", address=f"s{turn}@example.org")
        delivery = nudge(sam, NOW, key=f"nudge:{turn}")
        post.sent.clear()

        def revoke(sam=sam):
            return services.consent_revoke(actor=dana, supporter=sam, purpose="absence")

        found, _ticked = together(revoke, lambda: worker.tick(NOW))
        delivery.refresh_from_db()
        sent = [to for to, message in post.sent if message.kind == "nudge"]
        if found.leaving_at is None:
            assert sent == []
            assert delivery.state in {"cancelled", "suppressed"}
        else:
            assert delivery.state == "handed_over"
            assert len(sent) == 1
        outcomes.add(delivery.state)
        services.supporter_remove(actor=dana, supporter=sam)
        Supporter.objects.filter(pk=sam.pk).update(invited_at=NOW - 2 * DAY)  # ten a day are the limit
    assert outcomes <= {"cancelled", "suppressed", "handed_over"}


def test_a_revoke_held_open_while_the_gate_waits_lets_nothing_through(dana, post, nudges):
    """The revoke has cancelled but not committed when the worker comes: the worker must not send."""
    sam = accepted(dana)
    delivery = nudge(sam, NOW)
    assert delivery.pk in worker.claim(NOW)
    reached, go_on = threading.Event(), threading.Event()

    def revoke():
        with transaction.atomic():
            found = services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
            reached.set()
            go_on.wait(10)
        return found

    def gate():
        reached.wait(10)
        threading.Timer(0.3, go_on.set).start()
        return worker.gate([delivery.pk], NOW)

    found, passed = together(revoke, gate)
    assert found.leaving_at is None
    assert not passed.leaving
    delivery.refresh_from_db()
    assert delivery.state == "cancelled"


def test_two_taps_on_yes_are_one_yes(dana):
    sam = ask(dana)
    Change.objects.all().delete()
    results = together(*[lambda: services.supporter_accept(link=link_of(sam))] * 4)
    assert sum(isinstance(result, Supporter) for result in results) == 1
    assert sum(isinstance(result, Settled) for result in results) == 3
    assert Change.objects.count() == 1


def test_yes_and_no_at_once_leave_one_answer(dana):
    for turn in range(8):
        sam = ask(dana, address=f"s{turn}@example.org")
        link = link_of(sam)
        results = together(
            lambda link=link: services.supporter_accept(link=link),
            lambda link=link: services.supporter_decline(link=link),
        )
        sam.refresh_from_db()
        kept = [result.state for result in results if isinstance(result, Supporter)]
        assert kept == [sam.state]


def test_two_taps_on_send_ask_sam_once(dana):
    results = together(lambda: ask(dana), lambda: ask(dana))
    assert [type(result) for result in results if isinstance(result, Exception)] == [Conflict]
    assert Supporter.objects.count() == 1
    assert Delivery.objects.count() == 1
    assert clock.now() == NOW
