"""An address is used only after the code that was mailed to it was typed, and nobody learns whose it is."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from ground import clock
from ground.errors import TooMany
from people.addresses import (
    address_code_make,
    address_code_use,
    address_remove,
    sign_in_address_set,
    way_move,
)
from people.models import Account, AddressCode
from people.selectors import account_of, code_pending, ways_of
from people.services import account_create, way_add, way_bounced
from tests.people_of_the_story import HOUR, NOW, live_ways, make_account, make_member

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def prove(person, address):
    return address_code_use(actor=person, code=address_code_make(actor=person, address=address))


def other_than(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def test_an_address_is_on_the_list_only_after_its_code_was_typed():
    dana = make_member()
    code = address_code_make(actor=dana, address=" Dana@Example.org ")
    assert len(code) == 6
    assert live_ways(dana) == []
    assert account_of(dana).email == ""
    way = address_code_use(actor=dana, code=f"{code[:3]} {code[3:]}")
    assert (way.address, live_ways(dana)) == ("dana@example.org", [way])
    assert way.verified_at
    assert account_of(dana).email == "dana@example.org"


def test_neither_code_nor_address_can_be_read_in_the_database():
    dana = make_member()
    code = address_code_make(actor=dana, address="dana@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, address_hash, code_hash FROM people_addresscode")
        stored = str(cursor.fetchall())
    assert code not in stored
    assert "dana" not in stored


def test_a_code_holds_for_fifteen_minutes():
    dana = make_member()
    with clock.frozen(NOW):
        code = address_code_make(actor=dana, address="dana@example.org")
    with clock.frozen(NOW + 15 * MINUTE), pytest.raises(ValidationError, match="time of that code is over"):
        address_code_use(actor=dana, code=code)
    with clock.frozen(NOW + 15 * MINUTE - timedelta(seconds=1)):
        assert code_pending(dana, clock.now()) == "dana@example.org"
        assert address_code_use(actor=dana, code=code)


def test_after_five_tries_the_right_code_opens_nothing_either():
    dana = make_member()
    code = address_code_make(actor=dana, address="dana@example.org")
    for _ in range(5):
        with pytest.raises(ValidationError, match="did not match"):
            address_code_use(actor=dana, code=other_than(code))
    with pytest.raises(ValidationError, match="five times"):
        address_code_use(actor=dana, code=code)
    assert live_ways(dana) == []


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_the_same_moment_are_five():
    dana = make_member()
    code = address_code_make(actor=dana, address="dana@example.org")

    def attempt():
        try:
            address_code_use(actor=dana, code=other_than(code))
        except ValidationError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AddressCode.objects.get().tries == 5


@pytest.mark.parametrize("typed", ["", "abc", "12345", "1" * 5000, "１２３４５６"])
def test_what_is_no_code_is_refused(typed):
    dana = make_member()
    address_code_make(actor=dana, address="dana@example.org")
    with pytest.raises(ValidationError):
        address_code_use(actor=dana, code=typed)


def test_only_the_latest_code_works_and_none_works_for_another_person():
    dana, outsider = make_member(), make_member()
    first = address_code_make(actor=dana, address="dana@example.org")
    second = address_code_make(actor=dana, address="dana@example.org")
    with pytest.raises(ValidationError):
        address_code_use(actor=outsider, code=second)
    if first != second:
        with pytest.raises(ValidationError, match="did not match"):
            address_code_use(actor=dana, code=first)
    assert address_code_use(actor=dana, code=second)
    with pytest.raises(ValidationError, match="over"):
        address_code_use(actor=dana, code=second)  # once


@pytest.mark.parametrize(
    "address", ["", "dana", "dana@", "a@b@c.org", "dana@example.org\nBcc: all@example.org", "x" * 400]
)
def test_what_is_no_address_gets_no_code(address):
    with pytest.raises(ValidationError, match="does not look like"):
        address_code_make(actor=make_member(), address=address)
    assert not AddressCode.objects.exists()


def test_a_person_gets_five_codes_an_hour():
    dana = make_member()
    with clock.frozen(NOW):
        for number in range(5):
            assert address_code_make(actor=dana, address=f"dana{number}@example.org")
        with pytest.raises(TooMany):
            address_code_make(actor=dana, address="dana9@example.org")
    with clock.frozen(NOW + HOUR):
        assert address_code_make(actor=dana, address="dana9@example.org")


def test_a_mailbox_gets_three_an_hour_whoever_asks_and_nobody_is_told_so():
    with clock.frozen(NOW):
        codes = [address_code_make(actor=make_member(), address="sam@example.org") for _ in range(4)]
    assert all(codes[:3])
    assert codes[3] is None


def test_old_codes_do_not_pile_up():
    dana = make_member()
    with clock.frozen(NOW):
        address_code_make(actor=dana, address="dana@example.org")
    with clock.frozen(NOW + timedelta(days=2)):
        address_code_make(actor=dana, address="dana@example.org")
    assert AddressCode.objects.count() == 1


def test_a_stranger_who_gives_somebodys_address_gets_an_account_like_any_other():
    make_account("Dana", email="dana@example.org")
    stranger = account_create(alias="ex", password="a quiet porch", email="Dana@Example.org", adult=True)
    assert stranger.email == ""
    assert live_ways(stranger.person) == []


def test_an_address_may_reach_two_names_but_signs_in_the_first():
    make_account("Dana", email="dana@example.org")
    second = make_member("Dana too")
    way = prove(second, "dana@example.org")
    assert live_ways(second) == [way]
    assert account_of(second).email == ""
    with pytest.raises(ValidationError, match="Another name"):
        sign_in_address_set(actor=second, way_id=way.pk)


def test_a_person_chooses_which_proven_address_signs_in():
    dana = make_member()
    prove(dana, "one@example.org")
    two = prove(dana, "two@example.org")
    sign_in_address_set(actor=dana, way_id=two.pk)
    assert account_of(dana).email == "two@example.org"
    unproven = way_add(person=dana, kind="email", address="three@example.org")
    with pytest.raises(PermissionDenied):
        sign_in_address_set(actor=dana, way_id=unproven.pk)


def test_taking_an_address_off_ends_signing_in_with_it():
    dana = make_account("dana", password="a quiet porch").person
    way = prove(dana, "dana@example.org")
    address_remove(actor=dana, way_id=way.pk)
    assert ways_of(dana) == []
    assert account_of(dana).email == ""


def test_the_only_way_in_is_not_taken_off():
    dana = make_member()  # no password, no passkey
    way = prove(dana, "dana@example.org")
    with pytest.raises(ValidationError, match="passkey or a password first"):
        address_remove(actor=dana, way_id=way.pk)
    assert Account.objects.get(person=dana).email == "dana@example.org"
    assert live_ways(dana) == [way]


def test_the_order_is_the_persons_own():
    dana, outsider = make_member(), make_member()
    one, two, three = (way_add(person=dana, kind="email", address=f"{n}@example.org") for n in range(3))
    way_move(actor=dana, way_id=three.pk, up=True)
    assert live_ways(dana) == [one, three, two]
    way_move(actor=dana, way_id=one.pk, up=False)
    assert live_ways(dana) == [three, one, two]
    way_move(actor=dana, way_id=three.pk, up=True)  # first already
    way_move(actor=dana, way_id=two.pk, up=False)  # last already
    assert live_ways(dana) == [three, one, two]
    for act in (way_move, address_remove, sign_in_address_set):
        more = {"up": True} if act is way_move else {}
        with pytest.raises(PermissionDenied):
            act(actor=outsider, way_id=one.pk, **more)


def test_a_mailbox_that_came_back_to_life_is_used_again_after_a_code():
    dana = make_member(email="dana@example.org")
    way_bounced(way=live_ways(dana)[0])
    assert live_ways(dana) == []
    assert prove(dana, "dana@example.org") in live_ways(dana)


def test_an_address_that_reaches_the_person_already_needs_no_code():
    dana = make_member()
    prove(dana, "dana@example.org")
    with pytest.raises(ValidationError, match="already"):
        address_code_make(actor=dana, address="dana@example.org")
