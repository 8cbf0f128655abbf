"""The ledger: what Dana allowed Sam to hear, from when until when, in which words."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from circle import services
from circle import worker as circle_worker
from circle.models import Consent
from circle.selectors import consent_live, reachable, why_silent
from delivery import worker
from delivery.models import Delivery, InboxItem
from delivery.services import address_stop
from ground import clock
from ground.errors import Settled
from people.models import Change, ContactWay
from people.services import way_bounced
from tests.circle.people import accepted, ask, link_of, nudge
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def test_a_consent_names_every_element_and_keeps_the_words_as_signed(dana):
    consent = ask(dana, purposes=["absence"]).consents.get()
    assert (consent.granted_at, consent.expires_at) == (NOW, NOW + 180 * DAY)
    assert (consent.member_name, consent.recipient, consent.signed_as) == ("Dana", "Sam", "Dana")
    for part in (
        "I, Dana, allow Porchlight at localhost to tell Sam",
        "no group, place, date, count or reason",
        "so that somebody you trust gets in touch",
        "from 15 January 2026 until 14 July 2026",
        "I can end this at any time",
        "Signed in my own session as Dana",
    ):
        assert part in consent.text
    assert consent.discloser in consent.text
    assert consent.data_class in consent.text
    assert consent.right_to_revoke in consent.text
    assert consent.text_version == "2026-01/en"


ELEMENTS = [
    "text",
    "text_version",
    "member_name",
    "discloser",
    "recipient",
    "data_class",
    "right_to_revoke",
    "signed_as",
    "purpose",
    "granted_at",
    "expires_at",
]


@pytest.mark.parametrize("element", ELEMENTS)
def test_a_consent_that_lacks_an_element_cannot_be_stored(dana, element):
    consent = ask(dana, purposes=["absence"]).consents.get()
    for nothing in (None, ""):
        if nothing == "" and element.endswith("_at"):
            continue
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.filter(pk=consent.pk).update(**{element: nothing})


def test_the_schema_holds_one_standing_consent_that_ends_after_it_starts(dana):
    consent = ask(dana, purposes=["absence"]).consents.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(expires_at=NOW)
    consent.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        consent.save(force_insert=True)


def test_an_unaccepted_supporter_never_has_a_live_consent(dana):
    sam = ask(dana)
    assert not consent_live(sam, "absence", NOW)
    assert why_silent(sam, ("absence",), NOW) == "contact is invited"
    assert not reachable(sam, NOW)


def test_a_consent_ends_by_itself_at_its_last_moment(dana, post, nudges):
    sam = accepted(dana, days=30)
    end = NOW + 30 * DAY
    assert consent_live(sam, "absence", end - SECOND)
    assert not consent_live(sam, "absence", end)
    delivery = nudge(sam, end)
    with clock.frozen(end):
        worker.tick(end)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("suppressed", "no consent: absence")
    assert post.sent == []


def test_revoking_before_the_send_sends_nothing_and_tells_only_the_member(dana, post, nudges):
    sam = accepted(dana)
    delivery = nudge(sam, NOW + HOUR)
    found = services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    assert found.leaving_at is None
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("cancelled", "consent revoked")
    worker.tick(NOW + HOUR)
    [(address, message)] = post.sent
    assert address == "dana@example.org"
    assert message.text.startswith("Hi Dana, done: Sam will get no more messages from us. They were not told.")
    assert InboxItem.objects.filter(person=dana).count() == 1
    assert not consent_live(sam, "absence", NOW)
    sam.refresh_from_db()
    assert sam.state == "accepted"
    assert reachable(sam, NOW)  # it brings nothing forward


def test_revoking_after_the_gate_tells_the_member_that_one_message_was_leaving(dana, nudges):
    sam = accepted(dana)
    delivery = nudge(sam, NOW)
    assert delivery.pk in worker.claim(NOW)
    worker.gate([delivery.pk], NOW)  # the moment of sending
    with clock.frozen(NOW + SECOND):
        found = services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    assert found.leaving_at == NOW
    delivery.refresh_from_db()
    assert delivery.state == "handing"


def test_what_left_minutes_before_is_mentioned_and_what_left_long_ago_is_not(dana, post, nudges):
    sam = accepted(dana)
    nudge(sam, NOW)
    worker.tick(NOW)
    with clock.frozen(NOW + timedelta(minutes=9)):
        assert services.supporter_mute(actor=dana, supporter=sam).leaving_at == NOW
    with clock.frozen(NOW + HOUR):
        assert services.consent_revoke(actor=dana, supporter=sam, purpose="absence").leaving_at is None


def test_revoking_one_of_two_leaves_the_other_and_says_nothing_untrue(dana):
    sam = accepted(dana)
    services.consent_revoke(actor=dana, supporter=sam, purpose="back_in_touch")
    assert consent_live(sam, "absence", NOW)
    assert not Delivery.objects.filter(kind="consent_revoked").exists()
    services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    assert Delivery.objects.filter(kind="consent_revoked").count() == 1


def test_revoking_twice_changes_nothing(dana):
    sam = accepted(dana)
    services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    before = Change.objects.count(), Delivery.objects.count(), list(Consent.objects.values())
    services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    assert (Change.objects.count(), Delivery.objects.count(), list(Consent.objects.values())) == before


def test_allowing_again_is_a_new_row_and_the_signed_one_stays_as_it_was(dana, post):
    sam = accepted(dana, purposes=["absence"])
    old = sam.consents.get()
    with clock.frozen(NOW + 100 * DAY):
        new = services.consent_grant(actor=dana, supporter=sam, purpose="absence")
    rows = list(Consent.objects.order_by("pk"))
    assert [row.pk for row in rows] == [old.pk, new.pk]
    assert (rows[0].text, rows[0].expires_at, rows[0].ended_as) == (old.text, old.expires_at, "renewed")
    assert consent_live(sam, "absence", NOW + 279 * DAY)


def test_allowing_again_right_after_revoking_withdraws_the_note_that_is_no_longer_true(dana, post):
    sam = accepted(dana)
    services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    services.consent_grant(actor=dana, supporter=sam, purpose="absence")
    worker.tick(NOW)
    assert [to for to, _message in post.sent] == []
    assert Delivery.objects.get(kind="consent_revoked").reason == "allowed again"


def test_every_change_of_consent_reaches_the_watch(dana):
    sam = accepted(dana)
    Change.objects.all().delete()
    services.consent_revoke(actor=dana, supporter=sam, purpose="absence")
    services.consent_grant(actor=dana, supporter=sam, purpose="absence")
    found = [(change.person_id, change.cause, change.ref) for change in Change.objects.all()]
    assert found == [(dana.pk, "consent_changed", sam.pk)] * 2


@pytest.mark.parametrize("wrong", [{"purpose": "gossip"}, {"days": 0}, {"days": -1}, {"days": 400}])
def test_a_consent_for_what_we_do_not_know_is_refused(dana, wrong):
    sam = accepted(dana)
    with pytest.raises(ValidationError):
        services.consent_grant(actor=dana, supporter=sam, **{"purpose": "absence", **wrong})
    with pytest.raises(ValidationError):
        services.consent_revoke(actor=dana, supporter=sam, purpose="gossip")


def test_nothing_is_allowed_for_somebody_who_is_gone(dana):
    sam = accepted(dana)
    services.supporter_stop(link=link_of(sam, "supporter_stop"))
    with pytest.raises(Settled):
        services.consent_grant(actor=dana, supporter=sam, purpose="absence")


def test_the_member_hears_once_14_days_before_a_consent_ends(dana, post):
    sam = accepted(dana)  # two consents, one note
    due = NOW + 166 * DAY
    assert circle_worker.tick(due - SECOND) == 0
    with clock.frozen(due):
        assert circle_worker.tick(due) == 1
        assert circle_worker.tick(due) == 0
        worker.tick(due)
    [(address, message)] = [sent for sent in post.sent if sent[1].kind == "consent_ends"]
    assert address == "dana@example.org"
    assert message.text.startswith("Hi Dana, what you allowed for Sam ends on 14 Jul. Keep it, or let it end:")
    assert consent_live(sam, "absence", NOW + 179 * DAY)


def test_a_consent_that_was_renewed_or_revoked_meanwhile_is_not_reminded(dana, post):
    sam, kim = accepted(dana), accepted(dana, "Kim")
    due = NOW + 166 * DAY
    with clock.frozen(due):
        circle_worker.tick(due)
        for purpose in ("absence", "back_in_touch"):
            services.consent_grant(actor=dana, supporter=sam, purpose=purpose)
            services.consent_revoke(actor=dana, supporter=kim, purpose=purpose)
        worker.tick(due)
    assert not [1 for _to, message in post.sent if message.kind == "consent_ends"]


def test_a_short_consent_ends_without_a_reminder(dana):
    accepted(dana, days=14)
    assert circle_worker.tick(NOW + 13 * DAY) == 0


def test_one_broken_reminder_harms_no_other(dana, post, monkeypatch):
    sam, kim = accepted(dana), accepted(dana, "Kim")
    due = NOW + 166 * DAY
    real = services.consent_reminded

    def broken(*, supporter, now):
        if supporter.pk == sam.pk:
            raise RuntimeError("a bad row")
        return real(supporter=supporter, now=now)

    monkeypatch.setattr(circle_worker, "consent_reminded", broken)
    circle_worker.tick(due)
    assert [d.payload["supporter"] for d in Delivery.objects.filter(kind="consent_ends")] == [kim.pk]
    monkeypatch.undo()
    assert circle_worker.tick(due + 59 * timedelta(minutes=1)) == 0
    assert circle_worker.tick(due + HOUR) == 1


def test_a_contact_whose_mail_came_back_or_whose_address_said_stop_is_not_reachable(dana):
    sam, kim = accepted(dana), accepted(dana, "Kim")
    ContactWay.objects.filter(person=sam.person).update(bounced_at=NOW)
    address_stop(address="kim@example.org")
    assert not reachable(sam, NOW)
    assert not reachable(kim, NOW)
    assert why_silent(sam, ("absence",), NOW) == "not reachable"


def test_a_bounce_noted_for_an_address_tells_nothing_to_another_member(dana):
    sam = accepted(dana)
    other = accepted(make_member("Ravi"))
    way_bounced(way=ContactWay.objects.get(person=other.person))
    assert (reachable(sam, NOW), reachable(other, NOW)) == (True, False)
