"""After the yes: stop, remove, mute, order, erase."""

from datetime import timedelta

import pytest

from circle import holdings, services
from circle.models import Consent, Supporter
from circle.selectors import _told_so_far, cards, consent_live, supporter_page, supporters_of
from delivery import worker
from delivery.models import Delivery
from ground import clock
from people.models import Change, ContactWay, Link, Person
from tests.circle.people import accepted, ask, link_of, nudge
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


def test_stop_works_at_any_time_and_for_ever(dana):
    invited, yes, no, removed = ask(dana), accepted(dana, "Kim"), ask(dana, "Lou"), accepted(dana, "Max")
    services.supporter_decline(link=link_of(no))
    services.supporter_remove(actor=dana, supporter=removed)
    with clock.frozen(NOW + 2000 * DAY):
        for supporter in (invited, yes, no, removed):
            for _again in range(2):
                assert services.supporter_stop(link=link_of(supporter, "supporter_stop")).state == "stopped"
    assert list(supporters_of(dana)) == []


def test_stop_withdraws_all_that_waits_and_writes_to_nobody(dana, post, nudges):
    sam = accepted(dana)
    delivery = nudge(sam, NOW + HOUR)
    Change.objects.all().delete()
    services.supporter_stop(link=link_of(sam, "supporter_stop"))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("cancelled", "stop")
    worker.tick(NOW + HOUR)
    assert post.sent == []
    assert [(c.cause, c.ref) for c in Change.objects.all()] == [("supporter_changed", sam.pk)]


def test_stop_by_an_invitation_that_was_used_works(dana):
    sam = ask(dana)
    link = link_of(sam)
    services.supporter_accept(link=link)
    assert services.supporter_stop(link=link).state == "stopped"


def test_taking_somebody_off_the_list_ends_all_and_looks_to_them_as_before(dana, post, nudges):
    sam = accepted(dana)
    before = supporter_page(sam, NOW, link=link_of(sam, "supporter_stop"))
    delivery = nudge(sam, NOW + HOUR)
    services.supporter_remove(actor=dana, supporter=sam)
    services.supporter_remove(actor=dana, supporter=sam)
    sam.refresh_from_db()
    delivery.refresh_from_db()
    assert (sam.state, delivery.state) == ("ended", "cancelled")
    assert not consent_live(sam, "absence", NOW)
    assert set(Consent.objects.values_list("ended_as", flat=True)) == {"revoked"}
    worker.tick(NOW + HOUR)
    assert [(to, message.kind) for to, message in post.sent] == [("dana@example.org", "consent_revoked")]
    assert supporter_page(sam, NOW, link=link_of(sam, "supporter_stop")) == before


def test_taking_back_an_invitation_ends_its_link(dana):
    sam = ask(dana)
    link = link_of(sam)
    services.supporter_remove(actor=dana, supporter=sam)
    link.refresh_from_db()
    assert link.revoked_at == NOW
    assert supporter_page(Supporter.objects.get(), NOW, link=link).face == "settled"


def test_a_muted_contact_sees_no_difference_and_hears_nothing(dana, post, nudges):
    ex = accepted(dana, "Alex")
    before = supporter_page(ex, NOW, link=link_of(ex, "supporter_stop"))
    waiting = nudge(ex, NOW + HOUR)
    services.supporter_mute(actor=dana, supporter=ex)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    later = nudge(ex, NOW + HOUR, key="nudge:2")
    worker.tick(NOW + HOUR)
    later.refresh_from_db()
    assert (later.state, later.reason) == ("suppressed", "muted by the member")
    assert post.sent == []  # not even a note to the member: the phone may be watched
    ex.refresh_from_db()
    assert supporter_page(ex, NOW, link=link_of(ex, "supporter_stop")) == before
    assert consent_live(ex, "absence", NOW)


def test_unmuted_messages_go_again_but_what_was_withdrawn_stays_so(dana, post, nudges):
    sam = accepted(dana)
    old = nudge(sam, NOW + HOUR)
    services.supporter_mute(actor=dana, supporter=sam)
    services.supporter_unmute(actor=dana, supporter=sam)
    new = nudge(sam, NOW + HOUR, key="nudge:2")
    worker.tick(NOW + HOUR)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == ("cancelled", "handed_over")


def test_the_order_is_the_members(dana):
    one, two, three = ask(dana, "Ann"), ask(dana, "Ben"), ask(dana, "Cleo")

    def names():
        return [supporter.name for supporter in supporters_of(dana)]

    services.supporter_move(actor=dana, supporter=three, up=True)
    assert names() == ["Ann", "Cleo", "Ben"]
    services.supporter_move(actor=dana, supporter=one, up=True)  # at its end nothing happens
    services.supporter_move(actor=dana, supporter=two, up=False)
    assert names() == ["Ann", "Cleo", "Ben"]
    services.supporter_move(actor=dana, supporter=one, up=False)
    assert names() == ["Cleo", "Ann", "Ben"]


def test_the_members_page_reads_in_few_queries_however_many_people(dana, post, nudges, django_assert_max_num_queries):
    for number in range(8):
        supporter = accepted(dana, f"Friend {number}", address=f"f{number}@example.org")
        nudge(supporter, NOW, key=f"nudge:{number}")
    worker.tick(NOW)
    with django_assert_max_num_queries(4):
        found = cards(dana, NOW)
    assert len(found) == 8
    assert all([told.kind for told in card.told] == ["nudge"] for card in found)
    assert found[0].address == "f…@example.org"


def test_of_a_long_time_the_latest_is_shown_and_no_more_is_read(dana):
    sam, kim = accepted(dana), accepted(dana, "Kim")
    Delivery.objects.bulk_create(
        Delivery(
            kind="nudge",
            topic="episode:1",
            recipient=supporter.person,
            dedupe_key=f"{supporter.pk}:{number}",
            created_at=NOW,
            due_at=NOW,
            not_before=NOW,
            state="handed_over",
            attempted_at=NOW - timedelta(days=number),
            handed_at=NOW,
        )
        for supporter, count in ((sam, 60), (kim, 3))
        for number in range(count)
    )
    assert len(_told_so_far([sam.person_id, kim.person_id])[sam.person_id]) == 21, "one more than is shown"
    of_sam, of_kim = cards(dana, NOW)
    assert [told.at for told in of_sam.told] == [NOW - timedelta(days=number) for number in range(20)]
    assert (of_sam.told_more, len(of_kim.told), of_kim.told_more) == (True, 3, False)


def test_of_those_who_are_off_the_list_the_latest_are_shown(dana):
    for number in range(32):
        with clock.frozen(NOW + timedelta(days=number)):
            services.supporter_remove(actor=dana, supporter=ask(dana, f"Friend {number}", address=f"f{number}@a.org"))
    with clock.frozen(NOW + 40 * DAY):
        kim = ask(dana, "Kim")
    found = cards(dana, NOW + 40 * DAY, all_states=True)
    assert len(found) == 31
    assert kim in [card.supporter for card in found]
    assert "Friend 1" not in {card.supporter.name for card in found}


def test_another_member_sees_none_of_it(dana):
    accepted(dana)
    assert cards(make_member("Erin"), NOW, all_states=True) == []


def test_erasing_the_member_withdraws_first_and_leaves_no_contact(dana, post, nudges):
    sam, kim = accepted(dana), ask(dana, "Kim")
    nudge(sam, NOW + HOUR)
    other = accepted(make_member("Erin"), "Sam")
    holdings.erase(dana)
    assert not Supporter.objects.filter(member=dana).exists()
    assert not Person.objects.filter(pk__in=[sam.person_id, kim.person_id]).exists()
    assert not Link.objects.filter(person_id__in=[sam.person_id, kim.person_id]).exists()
    assert ContactWay.objects.filter(person=other.person).count() == 1
    worker.tick(NOW + HOUR)
    assert [to for to, message in post.sent if message.kind == "nudge"] == []


def test_the_export_holds_the_signed_words_and_the_addresses_dana_gave(dana):
    accepted(dana)
    [one] = holdings.export(dana)["people"]
    assert one["addresses"] == [{"kind": "email", "address": "sam@example.org"}]
    assert [consent["purpose"] for consent in one["consents"]] == ["absence", "back_in_touch"]
    assert "I, Dana, allow" in one["consents"][0]["text"]


def test_the_address_of_somebody_taken_off_is_forgotten_after_30_days_and_a_stop_is_not(dana):
    removed, stopped = accepted(dana), accepted(dana, "Kim")
    services.supporter_remove(actor=dana, supporter=removed)
    services.supporter_stop(link=link_of(stopped, "supporter_stop"))
    assert holdings.purge(NOW + timedelta(days=30)) == 0
    assert holdings.purge(NOW + timedelta(days=31)) == 1
    assert not ContactWay.objects.filter(person=removed.person).exists()
    assert ContactWay.objects.filter(person=stopped.person).exists()
    assert Delivery.objects.filter(recipient=removed.person).exists()
