"""What the room keeps about a person: exported to them, erased with them, purged in time."""

from datetime import timedelta

import pytest

from chat.models import Room
from cravings import holdings, services
from cravings.models import Asked, Availability, Claim, Press, Responder
from delivery.selectors import deliveries_of
from ground import clock
from tests.cravings.circle_of_four import MINUTE, claim, make_story, offered
from tests.people_of_the_story import DAY, NOW

pytestmark = pytest.mark.django_db


def test_the_export_tells_a_member_everything_and_nobody_elses_name():
    member, responder, *_ = make_story()
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
        services.press_close(actor=member, ref=made.ref, how="better")
    mine, theirs = holdings.export(member), holdings.export(responder)
    assert [(press["state"], press["how"]) for press in mine["presses"]] == [("closed", "better")]
    assert (theirs["was_there_for_others"], theirs["was_asked"], bool(theirs["available_until"])) == (1, 1, True)
    assert "Kim" not in str(mine)
    assert "Dana" not in str(theirs)


def test_erasing_who_asks_withdraws_what_is_pending():
    member, *_ = make_story()
    made = offered(member)
    holdings.erase(member)
    assert [d.state for d in deliveries_of(f"press:{made.pk}")] == ["cancelled"]
    assert Press.objects.count() == 0


def test_erasing_who_came_asks_the_others_anew_and_keeps_nothing_of_them():
    member, responder, *_ = make_story()
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
        holdings.erase(responder)
    made.refresh_from_db()
    assert (made.state, made.claimed_by) == ("asking", None)
    assert Asked.objects.filter(person=responder).count() == 0
    assert Availability.objects.filter(person=responder).count() == 0
    assert (Claim.objects.count(), Responder.objects.filter(person=responder).count()) == (0, 0)


def test_presses_are_deleted_twelve_months_after_their_end():
    member, *_ = make_story()
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_undo(actor=member, ref=made.ref)
    holdings.purge(NOW + timedelta(days=365))
    assert Press.objects.count() == 1
    holdings.purge(NOW + timedelta(days=365) + DAY)
    assert Press.objects.count() == 0
    assert Availability.objects.count() == 0


def test_erasing_who_asked_closes_the_room_so_that_it_is_emptied_in_time():
    member, responder, *_ = make_story()
    made = claim(responder, offered(member), NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        holdings.erase(member)
    assert Room.objects.get(key=made.room).closed_at == NOW + 2 * MINUTE
