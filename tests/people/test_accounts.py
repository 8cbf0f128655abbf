"""Who may have an account, and what an account is."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction

from ground import clock
from ground.errors import Settled, Unknown
from people.models import AccessLog, Account, Change, ContactWay, Link
from people.selectors import blocked_between
from people.services import (
    access_log,
    account_create,
    block_lift,
    block_set,
    change_write,
    link_give,
    link_look,
    link_open,
    link_revoke,
    link_use_once,
    person_settings,
    way_add,
    way_remove,
)
from tests.people_of_the_story import DAY, NOW, live_ways, make_account, make_member

pytestmark = pytest.mark.django_db


def test_an_alias_and_a_password_are_enough():
    account = account_create(alias="Night Owl", password="a quiet porch", adult=True)
    assert account.check_password("a quiet porch")
    assert (account.person.name, account.email) == ("Night Owl", "")


def test_somebody_who_is_not_an_adult_gets_no_account():
    with pytest.raises(ValidationError, match="18 and older"):
        account_create(alias="kid", password="a quiet porch", adult=False)
    assert not Account.objects.exists()


@pytest.mark.parametrize("alias", ["", "x" * 31, "<b>", "a\nb@c", "-dash"])
def test_an_alias_that_cannot_be_shown_is_refused(alias):
    with pytest.raises(ValidationError) as refused:
        account_create(alias=alias, password="a quiet porch", adult=True)
    assert not Account.objects.exists(), refused


def test_an_alias_is_taken_in_any_case():
    make_account("Dana")
    with pytest.raises(ValidationError, match="taken"):
        account_create(alias="dana", password="a quiet porch", adult=True)


def test_an_unknown_zone_is_refused_and_nothing_is_kept():
    with pytest.raises(ValidationError, match="not a time zone"):
        account_create(alias="dana", password="a quiet porch", zone="Mars/Olympus", adult=True)
    assert not Account.objects.exists()


def test_a_weak_password_says_why():
    with pytest.raises(ValidationError) as refused:
        account_create(alias="dana", password="short", adult=True)
    assert "password" in refused.value.message_dict


@pytest.mark.django_db(transaction=True)
def test_two_people_who_take_one_alias_at_the_same_moment_do_not_both_get_it():
    outcomes = []

    def sign_up():
        try:
            account_create(alias="dana", password="a quiet porch", adult=True)
            outcomes.append("made")
        except ValidationError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=sign_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]


def test_an_address_lies_encrypted_and_is_listed_once():
    dana = make_member(email="Dana@Example.org")
    way_add(person=dana, kind="email", address="dana@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM people_contactway")
        stored = cursor.fetchall()
    assert len(stored) == 1
    assert b"dana" not in str(stored[0][0]).encode().lower()
    assert live_ways(dana)[0].address == "dana@example.org"


def test_nobody_takes_a_way_off_another_persons_list():
    dana, outsider = make_member(email="dana@example.org"), make_member()
    with pytest.raises(PermissionDenied):
        way_remove(actor=outsider, way_id=ContactWay.objects.get().pk)
    assert live_ways(dana)


def test_a_window_must_start_before_it_ends():
    dana = make_member()
    with pytest.raises(ValidationError):
        person_settings(actor=dana, window=(20 * 60, 8 * 60))
    dana.refresh_from_db()
    assert dana.window_start == 8 * 60


def test_a_link_is_the_same_until_it_is_revoked_and_only_its_hash_is_kept():
    dana = make_member()
    token = link_give(purpose="nudge", subject=7, person=dana)
    assert link_give(purpose="nudge", subject=7, person=dana) == token
    assert len(token) == 13
    assert token not in str(Link.objects.values())
    link_revoke(purpose="nudge", subject=7)
    with pytest.raises(Settled):
        link_open(token=token)
    assert link_look(token=token).revoked_at
    assert link_give(purpose="nudge", subject=7, person=dana) != token


def test_a_forged_link_is_unknown():
    with pytest.raises(Unknown):
        link_open(token="aaaaaaaaaaaaa")


def test_a_link_with_a_date_is_over_at_that_moment():
    dana = make_member()
    with clock.frozen(NOW):
        token = link_give(purpose="nudge", subject=7, person=dana, expires_at=NOW + DAY)
    with clock.frozen(NOW + DAY), pytest.raises(Settled):
        link_open(token=token)


@pytest.mark.django_db(transaction=True)
def test_a_link_that_works_once_works_once_also_for_two_at_the_same_moment():
    dana = make_member()
    link = link_look(token=link_give(purpose="invite", subject=1, person=dana))
    outcomes = []

    def use():
        try:
            link_use_once(link=link)
            outcomes.append("used")
        except Settled:
            outcomes.append("settled")
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["settled", "settled", "settled", "used"]


@pytest.mark.django_db(transaction=True)
def test_a_change_outside_a_transaction_is_a_mistake_of_ours():
    dana = make_member()
    with pytest.raises(RuntimeError):
        change_write(person=dana, cause="sheet_closed")
    with transaction.atomic():
        change_write(person=dana, cause="sheet_closed", ref=3)
    assert Change.objects.get().ref == 3


def test_blocking_goes_both_ways_for_the_eye_and_tells_nobody():
    dana, ex = make_member(), make_member()
    block_set(actor=dana, other=ex)
    assert blocked_between(ex, dana)
    block_lift(actor=ex, other=dana)  # the other side cannot lift it
    assert blocked_between(ex, dana)
    block_lift(actor=dana, other=ex)
    assert not blocked_between(ex, dana)


def test_reading_anothers_attendance_is_noted_and_ones_own_is_not():
    dana, facilitator = make_member(), make_member("Fay")
    access_log(person=dana, reader=facilitator, what="sheet")
    access_log(person=dana, reader=dana, what="sheet")
    assert [row.reader_name for row in AccessLog.objects.filter(person=dana)] == ["Fay"]
