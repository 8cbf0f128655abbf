"""Two at the same moment: one winner, one press, one offer. With threads, on both databases."""

import threading
from uuid import uuid4

import pytest
from django.db import connection

from cravings import services, worker
from cravings.models import Press
from delivery.models import Delivery
from ground import clock
from ground.errors import Conflict
from tests.cravings.circle_of_four import MINUTE, SECOND, make_available, make_group, make_responder, offered, press
from tests.people_of_the_story import NOW, make_member

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls):
    """Run each call in a thread of its own, all released together; their answers or errors."""
    start, answers = threading.Barrier(len(calls)), []

    def run(call):
        start.wait()
        try:
            answers.append(call())
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_many_claims_at_once_one_wins_and_all_others_are_thanked(full):
    member = make_member("Dana")
    peers = [make_member(f"Peer {n}") for n in range(50 if full else 10)]
    make_group(member, *peers)
    for peer in peers:
        make_responder(peer)
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        answers = at_once([lambda peer=peer: services.press_claim(actor=peer, ref=made.ref) for peer in peers])
    won = [answer for answer in answers if isinstance(answer, Press)]
    assert len(won) == 1
    assert all(isinstance(answer, Conflict) for answer in answers if answer not in won)
    made.refresh_from_db()
    assert made.claimed_by_id == won[0].claimed_by_id


def test_many_taps_at_once_are_one_press():
    member = make_member("Dana")
    make_group(member, make_member("Kim"))
    key = uuid4()
    keys = [key, key, uuid4(), uuid4(), uuid4()]
    with clock.frozen(NOW):
        answers = at_once([lambda key=key: services.press_make(actor=member, client_key=key) for key in keys])
    assert {answer.pk for answer in answers} == {Press.objects.get().pk}


def test_two_workers_at_once_offer_once():
    member, responder = make_member("Dana"), make_member("Kim")
    make_group(member, responder)
    make_available(responder)
    press(member)
    with clock.frozen(NOW + 3 * SECOND):
        answers = at_once([lambda: worker.tick(NOW + 3 * SECOND)] * 4)
    assert sorted(answers) == [0, 0, 0, 1]
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("_attempt", range(4))
def test_undo_and_the_first_wave_at_the_same_moment_agree(_attempt):
    member, responder = make_member("Dana"), make_member("Kim")
    make_group(member, responder)
    make_available(responder)
    made = press(member)
    moment = NOW + 3 * SECOND
    with clock.frozen(moment):
        at_once([lambda: worker.tick(moment), lambda: services.press_undo(actor=member, ref=made.ref)])
    made.refresh_from_db()
    assert made.state == "cancelled"
    if made.offered_at is None:
        assert Delivery.objects.count() == 0
    assert not Delivery.objects.exclude(state="cancelled").exists()
