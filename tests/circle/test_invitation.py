"""Dana asks Sam; Sam says yes or no. Nobody else has a hand in it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from circle import services
from circle.models import Supporter
from circle.selectors import consent_live, reachable, supporters_of
from delivery import worker
from delivery.models import Delivery
from ground import clock
from ground.errors import Conflict, Settled, TooMany
from people.models import Change, ContactWay, Link, Person
from tests.circle.people import accepted, ask, link_of
from tests.people_of_the_story import DAY, HOUR, NOW, make_account, make_contact, make_member

pytestmark = pytest.mark.django_db


def test_an_invitation_makes_a_contact_of_its_own_and_asks_once(dana, post):
    sam = ask(dana, zone="America/New_York")
    assert (sam.state, sam.member, sam.person.zone) == ("invited", dana, "America/New_York")
    worker.tick(NOW)
    worker.tick(NOW + HOUR)
    [(address, message)] = post.sent
    assert address == "sam@example.org"
    assert message.text.startswith("Hi Sam, Dana would like you as a contact person.")
    assert message.link
    assert message.stop
    assert [change.cause for change in Change.objects.filter(person=dana, ref=sam.pk)] == ["supporter_changed"]


def test_sam_says_yes_and_then_may_hear_what_dana_allowed(dana):
    sam = ask(dana, purposes=["absence"])
    assert not consent_live(sam, "absence", NOW)
    services.supporter_accept(link=link_of(sam))
    assert consent_live(sam, "absence", NOW)
    assert not consent_live(sam, "back_in_touch", NOW)
    assert reachable(sam, NOW)


def test_the_same_address_chosen_by_two_members_is_two_contacts(dana):
    erin = make_member("Erin")
    one, other = accepted(dana), accepted(erin)
    assert one.person_id != other.person_id
    services.supporter_stop(link=link_of(one, "supporter_stop"))
    assert not reachable(one, NOW)
    assert reachable(other, NOW)
    assert [s.pk for s in supporters_of(erin)] == [other.pk]


def test_an_invitation_used_twice_is_settled(dana):
    sam = ask(dana)
    link = link_of(sam)
    services.supporter_accept(link=link)
    with pytest.raises(Settled):
        services.supporter_accept(link=link)
    assert Supporter.objects.get(pk=sam.pk).state == "accepted"


def test_an_invitation_lasts_14_days_to_the_moment(dana):
    sam, kim = ask(dana), ask(dana, "Kim")
    with clock.frozen(NOW + 14 * DAY), pytest.raises(Settled):
        services.supporter_accept(link=link_of(sam))
    with clock.frozen(NOW + 14 * DAY - timedelta(seconds=1)):
        assert services.supporter_accept(link=link_of(kim)).state == "accepted"


def test_asking_again_ends_the_old_link_and_sends_a_new_one_once_a_day_and_three_times_in_all(dana, post):
    sam = ask(dana)
    old = link_of(sam)
    with pytest.raises(TooMany):
        services.supporter_resend(actor=dana, supporter=sam)
    for day in (1, 2):
        with clock.frozen(NOW + day * DAY):
            services.supporter_resend(actor=dana, supporter=sam)
    with clock.frozen(NOW + 3 * DAY):
        with pytest.raises(TooMany):
            services.supporter_resend(actor=dana, supporter=sam)
        with pytest.raises(Settled):
            services.supporter_accept(link=old)
        worker.tick(clock.now())
        assert len(post.sent) == 1  # those not yet sent were withdrawn
        services.supporter_accept(link=link_of(sam))
    with pytest.raises(Settled):
        services.supporter_resend(actor=dana, supporter=sam)


def test_sam_says_no_before_or_after_a_yes(dana):
    before, after = ask(dana), accepted(dana, "Kim")
    services.supporter_decline(link=link_of(before))
    services.supporter_decline(supporter=after, actor=after.person)
    services.supporter_decline(supporter=after, actor=after.person)  # again is fine
    for supporter in (before, after):
        supporter.refresh_from_db()
        assert supporter.state == "declined"
        assert not consent_live(supporter, "absence", NOW)
        assert not reachable(supporter, NOW)
    assert not Delivery.objects.filter(recipient__in=[before.person, after.person], state="pending").exists()


def test_a_message_that_waits_is_not_sent_after_the_answer(dana, post):
    ask(dana)
    services.supporter_decline(link=link_of(Supporter.objects.get()))
    worker.tick(NOW)
    assert post.sent == []


def test_the_invitation_is_not_sent_when_the_account_was_closed(account, dana, post):
    ask(dana)
    account.is_active = False
    account.save()
    worker.tick(NOW)
    assert post.sent == []
    assert Delivery.objects.get().reason == "the member's account is closed"


def test_somebody_dana_is_made_to_add_is_asked_can_say_yes_and_hears_nothing_ever(dana, post, nudges):
    from tests.circle.people import nudge

    ex = ask(dana, "Alex", forced=True)
    worker.tick(NOW)
    assert len(post.sent) == 1
    ex = services.supporter_accept(link=link_of(ex))
    assert (ex.state, ex.muted) == ("accepted", True)
    delivery = nudge(ex, NOW)
    worker.tick(NOW)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("suppressed", "muted by the member")
    assert len(post.sent) == 1


def test_a_link_of_another_contact_opens_nothing(dana):
    """Forged: the subject of one contact with the person of another."""
    sam, kim = ask(dana), ask(dana, "Kim")
    forged = link_of(sam)
    forged.subject = kim.pk
    for service in (services.supporter_accept, services.supporter_decline, services.supporter_stop):
        with pytest.raises(PermissionDenied):
            service(link=forged)
    other = Link(purpose="sheet", subject=sam.pk, person=sam.person)
    with pytest.raises(PermissionDenied):
        services.supporter_stop(link=other)


def test_only_the_member_touches_the_list_not_the_supporter_a_facilitator_a_coordinator_or_an_outsider(dana):
    sam = accepted(dana)
    coordinator = make_account("Cora")
    coordinator.is_coordinator = True
    coordinator.save()
    strangers = [make_member("Fay"), coordinator.person, sam.person, make_contact("Olu", email="o@example.org")]
    doors = [
        lambda who: services.supporter_resend(actor=who, supporter=sam),
        lambda who: services.supporter_remove(actor=who, supporter=sam),
        lambda who: services.supporter_mute(actor=who, supporter=sam),
        lambda who: services.supporter_unmute(actor=who, supporter=sam),
        lambda who: services.supporter_move(actor=who, supporter=sam, up=True),
        lambda who: services.consent_grant(actor=who, supporter=sam, purpose="absence"),
        lambda who: services.consent_revoke(actor=who, supporter=sam, purpose="absence"),
    ]
    before = list(Supporter.objects.values()), Change.objects.count()
    for who in strangers:
        for door in doors:
            with pytest.raises(PermissionDenied):
                door(who)
    for who in [*strangers[:2], strangers[3], dana]:
        with pytest.raises(PermissionDenied):
            services.supporter_stop(supporter=sam, actor=who)
        with pytest.raises(PermissionDenied):
            services.supporter_decline(supporter=sam, actor=who)
    assert (list(Supporter.objects.values()), Change.objects.count()) == before


def test_a_person_without_an_account_chooses_nobody():
    contact = make_contact("Olu", email="o@example.org")
    with pytest.raises(PermissionDenied):
        ask(contact)
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 41},
        {"name": "https://evil.example"},
        {"name": "evil.example"},
        {"name": "Sam\nBcc: all"},
        {"name": "<b>Sam</b>"},
        {"sender_name": "Call +1 900!"},
        {"address": "no address"},
        {"address": ""},
        {"address": "a@b.org\nBcc: c@d.org"},
        {"way_kind": "pigeon"},
        {"way_kind": "sms", "address": "+4915112345678"},  # this site has no way to send it
        {"way_kind": "webpush"},
        {"zone": "Mars/Olympus"},
        {"purposes": ["everything"]},
        {"days": 0},
        {"days": 367},
    ],
)
def test_bad_input_is_refused_with_nothing_half_written(dana, wrong):
    with pytest.raises(ValidationError) as refused:
        ask(dana, **wrong)
    assert refused.value.messages
    assert not Supporter.objects.exists()
    assert Person.objects.count() == 1
    assert not Delivery.objects.exists()


def test_names_may_be_those_that_people_have(dana):
    for name in ("Mum", "Zoë", "O’Neil", "Jean-Luc", "Dr. Kim", "李雷", "Ana M."):
        assert ask(dana, name, address=f"{abs(hash(name))}@example.org").name == name


def test_the_same_address_twice_and_a_full_list_are_refused_in_words(dana):
    ask(dana)
    with pytest.raises(Conflict):
        ask(dana, "Sammy", address="SAM@example.org ")
    for number in range(9):
        ask(dana, f"Friend {number}", address=f"f{number}@example.org")
    with pytest.raises(TooMany):
        ask(dana, "One more", address="more@example.org")
    with clock.frozen(NOW + 2 * DAY):
        for number in range(10):
            ask(dana, f"Pal {number}", address=f"p{number}@example.org")
    with clock.frozen(NOW + 4 * DAY), pytest.raises(TooMany):
        ask(dana, "The 21st", address="21@example.org")


def test_who_said_stop_is_never_asked_again_and_who_said_no_not_for_30_days(dana):
    stopped, declined = ask(dana), ask(dana, "Kim")
    services.supporter_stop(link=link_of(stopped, "supporter_stop"))
    services.supporter_decline(link=link_of(declined))
    with clock.frozen(NOW + 29 * DAY), pytest.raises(ValidationError):
        ask(dana, "Kim")
    with clock.frozen(NOW + 31 * DAY):
        ask(dana, "Kim")
        with pytest.raises(ValidationError):
            ask(dana, "Sam")
        ask(make_member("Erin"), "Sam")  # another member's contact is another contact


def test_the_address_lies_encrypted(dana):
    from django.db import connection

    ask(dana)
    with connection.cursor() as cursor:
        cursor.execute("select address from people_contactway where person_id <> %s", [dana.pk])
        assert "sam" not in cursor.fetchone()[0]
    assert ContactWay.objects.get(person__supports__member=dana).address == "sam@example.org"


def test_the_schema_refuses_a_state_without_its_time(dana):
    sam = ask(dana)
    for wrong in ({"state": "accepted"}, {"state": "ended"}, {"state": "friend"}, {"name": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Supporter.objects.filter(pk=sam.pk).update(**wrong)
