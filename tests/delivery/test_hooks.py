"""What providers tell us: texts that came in and what became of messages. A forged hook changes nothing."""

import base64
import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import transaction

from circle.models import Supporter
from delivery import holdings, kinds, transports, worker
from delivery.models import Attempt, Delivery, Inbound, Stop
from delivery.services import message_enqueue
from delivery.transports.recording import RecordingTransport
from delivery.transports.sms import SmsTransport
from delivery.transports.sms.gateways import gateway_from
from ground import clock
from ground.errors import Settled
from people.models import ContactWay
from people.services import person_create, way_add
from tests.circle.people import accepted
from tests.people_of_the_story import DAY, HOUR, NOW, make_contact, make_member
from tests.twins import twin

pytestmark = pytest.mark.django_db
SITE = "https://porchlight.example"
NUMBER, OTHER = "+447700900123", "+447700900456"
IN, REPORT, MAIL = "/api/v1/hooks/sms/", "/api/v1/hooks/sms/report/", "/api/v1/hooks/mail/"


@pytest.fixture
def said():
    """A kind that takes the reply "1"; what was said to it, and what came back."""
    heard = []

    def reply(delivery):
        if "over" in heard:
            raise Settled("over")
        heard.append(("1", delivery.recipient.name))

    before = dict(kinds._kinds)
    kinds.register(
        kinds.Kind(
            "note",
            text="T14",
            check=lambda _delivery, _now: None,
            context=lambda _delivery: {"me": "Dana"},
            replies={"1": reply},
            came_back=lambda delivery: heard.append(("back", delivery.recipient.name)),
        )
    )
    yield heard
    kinds._kinds.clear()
    kinds._kinds.update(before)


@pytest.fixture
def phone(settings, said):
    """The provider's twin; mail goes to the recording twin in `phone.post`."""
    settings.SITE_URL, settings.HOOK_SECRET = SITE, "a long secret"
    with twin() as there, clock.frozen(NOW):
        there.post = RecordingTransport()
        sms = SmsTransport(gateway_from(f"twilio+http://AC1:token@{there.place}/?from=%2B1500"))
        with transports.replaced({"sms": sms, "email": there.post}):
            yield there


def on_the_phone(name="Sam", number=NUMBER, mail=""):
    person = person_create(name=name, zone="Europe/Berlin")
    way_add(person=person, kind="sms", address=number)
    if mail:
        way_add(person=person, kind="email", address=mail)
    return person


def send(person, key="k1"):
    with transaction.atomic():
        delivery = message_enqueue(kind="note", topic="t", recipient=person, dedupe_key=key, not_before=clock.now())
    worker.tick(clock.now())
    delivery.refresh_from_db()
    return delivery


def call(client, path, form, *, token="token", signed_path=None):
    signed = SITE + (signed_path or path) + "".join(name + form[name] for name in sorted(form))
    proof = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    kind = "application/x-www-form-urlencoded"
    return client.post(path, urlencode(form), content_type=kind, headers={"X-Twilio-Signature": proof})


def text(client, body, sender=NUMBER, sid="SM1", **more):
    return call(client, IN, {"From": sender, "Body": body, "MessageSid": sid}, **more)


def report(client, delivery, status, *, number=NUMBER, code="", **more):
    form = {"To": number, "MessageStatus": status, "ErrorCode": code, "MessageSid": "SM9"}
    return call(client, f"{REPORT}{delivery.pid.hex}/", form, **more)


def mail_report(client, *events, secret="a long secret"):
    return client.post(
        MAIL, {"events": list(events)}, "application/json", headers={"Authorization": f"Bearer {secret}"}
    )


# --- texts that come in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged",
    [
        {"token": "guessed"},
        {"signed_path": "/api/v1/hooks/sms/?other"},
    ],
)
def test_a_forged_text_is_refused_and_nothing_changes(client, phone, forged):
    sam = on_the_phone()
    assert text(client, "STOP", **forged).status_code == 403
    assert client.post(IN, {"From": NUMBER, "Body": "STOP", "MessageSid": "1"}).status_code in {403, 415}
    delivery = send(sam)
    assert report(client, delivery, "failed", **forged).status_code == 403
    delivery.refresh_from_db()
    assert (Stop.objects.count(), Inbound.objects.count(), delivery.state) == (0, 0, "handed_over")


def test_a_field_added_after_signing_is_a_forgery(client, phone):
    form = {"From": NUMBER, "Body": "STOP", "MessageSid": "1"}
    signed = SITE + IN + "".join(name + form[name] for name in sorted(form))
    proof = base64.b64encode(hmac.new(b"token", signed.encode(), hashlib.sha1).digest()).decode()
    answer = client.post(
        IN,
        f"From=%2B447700900123&Body=STOP&MessageSid=1&From=%2B{OTHER[1:]}",
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": proof},
    )
    assert answer.status_code == 403
    assert not Stop.objects.exists()


def test_a_form_without_what_it_needs_is_told_so(client, phone):
    assert call(client, IN, {"Body": "STOP"}).status_code == 400
    assert call(client, f"{REPORT}abc/", {"To": NUMBER}).status_code == 400
    assert call(client, f"{REPORT}abc/", {"To": NUMBER, "MessageStatus": "failed", "ErrorCode": "x"}).status_code == 400


def test_a_site_without_text_messages_has_no_such_hooks(client, settings):
    settings.HOOK_SECRET = ""
    assert text(client, "STOP").status_code == 404
    assert mail_report(client).status_code == 404


def test_stop_holds_for_the_number_and_for_everybody_who_chose_it(client, phone):
    first, second = (
        accepted(make_member(), "Sam", address=NUMBER, way_kind="sms"),
        accepted(make_member(), "Sammy", address=NUMBER, way_kind="sms"),
    )
    phone.came.clear()
    answer = text(client, "Stop, please")
    assert "<Message>Done. No more messages" in answer.content.decode()
    assert [s.state for s in Supporter.objects.order_by("pk")] == [Supporter.STOPPED] * 2
    for number, supporter in enumerate((first, second)):
        assert send(supporter.person, f"k{number}").state == "failed"
    assert phone.came == []
    assert NUMBER not in str(Stop.objects.values()) + str(Inbound.objects.values())


def test_start_opens_the_number_again_and_brings_nobody_back(client, phone):
    sam = accepted(make_member(), "Sam", address=NUMBER, way_kind="sms")
    text(client, "STOP")
    assert "may come to this number again" in text(client, "START", sid="SM2").content.decode()
    sam.refresh_from_db()
    assert (Stop.objects.count(), sam.state) == (0, Supporter.STOPPED)


def test_help_says_who_writes_and_names_nobody(client, phone):
    on_the_phone()
    answer = text(client, "HELP").content.decode()
    assert "Someone you know asked us" in answer
    assert SITE in answer


def test_the_answer_comes_in_the_language_of_who_is_reached(client, phone):
    sam = on_the_phone()
    sam.language = "es"
    sam.save()
    assert "Gracias" not in text(client, "hola").content.decode()
    assert "Nadie lee este número" in text(client, "hola", sid="SM2").content.decode()


def test_a_digit_answers_the_latest_message_that_offered_it(client, phone, said):
    send(on_the_phone())
    assert "<Message>Thank you, noted.</Message>" in text(client, "1").content.decode()
    assert said == [("1", "Sam")]
    assert "Nobody reads this number" in text(client, "7", sid="SM2").content.decode()


def test_a_text_that_is_told_twice_acts_once(client, phone, said):
    send(on_the_phone())
    text(client, "1")
    assert text(client, "1").content.decode().endswith("<Response></Response>")
    assert said == [("1", "Sam")]


def test_a_digit_from_a_number_that_two_members_chose_is_never_guessed(client, phone, said):
    for name in ("Sam", "Kim"):
        send(on_the_phone(name), name)
    assert "More than one message" in text(client, "1").content.decode()
    assert said == []


def test_a_digit_counts_for_two_weeks_and_only_for_a_message_that_left(client, phone, said):
    sam = on_the_phone()
    phone.answer = (400, b'{"code": 21211}')
    send(sam)
    assert "Nobody reads" in text(client, "1").content.decode()
    phone.answer = (201, b"{}")
    ContactWay.objects.update(bounced_at=None)
    send(sam, "k2")
    with clock.frozen(NOW + 14 * DAY):
        assert "Nobody reads" in text(client, "1", sid="SM2").content.decode()
    assert said == []


def test_a_digit_about_something_over_is_settled(client, phone, said):
    send(on_the_phone())
    said.append("over")
    assert "settled" in text(client, "1").content.decode()


def test_references_of_texts_are_forgotten_after_thirty_days(client, phone):
    text(client, "hello")
    assert holdings.purge(NOW + 30 * DAY) == 0
    assert holdings.purge(NOW + 30 * DAY + HOUR) == 1


# --- what became of messages ---------------------------------------------------------------------------------


def test_a_message_that_came_back_goes_on_to_the_next_way_with_the_same_key(client, phone, said):
    sam = on_the_phone(mail="sam@example.org")
    delivery = send(sam)
    assert report(client, delivery, "undelivered", code="30005").status_code == 204
    delivery.refresh_from_db()
    assert (delivery.state, said) == ("pending", [("back", "Sam")])
    worker.tick(NOW)
    delivery.refresh_from_db()
    assert [(to, message.ref) for to, message in phone.post.sent] == [("sam@example.org", delivery.pid.hex)]
    assert (delivery.state, delivery.bounced) == ("handed_over", False)
    outcomes = Attempt.objects.order_by("pk").values_list("transport", "outcome", "detail")
    assert list(outcomes) == [
        ("sms", "hard", "taken, then came back: undelivered, code 30005"),
        ("email", "sent", ""),
    ]


def test_a_report_told_twice_or_about_another_number_changes_nothing(client, phone, said):
    sam = on_the_phone(mail="sam@example.org")
    way_add(person=sam, kind="sms", address=OTHER)
    delivery = send(sam)
    report(client, delivery, "failed", number=OTHER)
    assert said == []
    report(client, delivery, "failed")
    worker.tick(NOW)
    report(client, delivery, "failed")
    delivery.refresh_from_db()
    assert (delivery.state, len(said)) == ("handed_over", 1)


def test_with_no_way_left_it_did_not_arrive(client, phone, said):
    delivery = send(on_the_phone())
    report(client, delivery, "failed", code="30006")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.bounced) == ("failed", True)
    assert ContactWay.objects.get().bounced_at == NOW


def test_a_phone_that_is_off_is_a_soft_error_and_tried_again(client, phone):
    delivery = send(on_the_phone())
    report(client, delivery, "undelivered", code="30003")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.not_before) == ("pending", NOW + timedelta(minutes=1))
    assert ContactWay.objects.get().bounced_at is None
    with clock.frozen(NOW + timedelta(minutes=1)):
        worker.tick(clock.now())
        report(client, delivery, "undelivered", code="30003")
    delivery.refresh_from_db()
    assert delivery.not_before == NOW + timedelta(minutes=6)
    assert len(phone.came) == 2


def test_a_text_of_which_nobody_knew_counts_as_sent_and_a_report_clears_it_up(client, phone):
    phone.answer = None
    delivery = send(on_the_phone())
    assert delivery.state == "uncertain"
    worker.tick(NOW + DAY)
    assert len(phone.came) == 1  # never a second message
    report(client, delivery, "sent")
    report(client, delivery, "delivered")
    delivery.refresh_from_db()
    assert (delivery.state, Attempt.objects.get().outcome) == ("handed_over", "sent")


def test_a_report_about_nothing_of_ours_changes_nothing(client, phone):
    for ref in ("abc", "0" * 32):
        form = {"To": NUMBER, "MessageStatus": "failed"}
        assert call(client, f"{REPORT}{ref}/", form).status_code == 204


def mailed(client):
    delivery = send(make_contact())
    return delivery, {"address": "SAM@example.org", "message_id": f"<{delivery.pid.hex}@porchlight.example>"}


def test_a_mail_that_bounced_later_is_a_hard_bounce(client, phone):
    delivery, event = mailed(client)
    answer = mail_report(client, {**event, "kind": "hard", "detail": "550 unknown"})
    assert answer.json() == {"changed": 1}
    delivery.refresh_from_db()
    assert (delivery.state, delivery.bounced) == ("failed", True)
    assert ContactWay.objects.get().bounced_at == NOW


def test_a_report_that_overtakes_its_own_hand_over_is_asked_for_again(client, phone):
    delivery, event = mailed(client)
    Delivery.objects.filter(pk=delivery.pk).update(state="handing", lease_until=NOW + HOUR, lease_owner="w")
    assert mail_report(client, {**event, "kind": "hard"}).status_code == 503
    assert ContactWay.objects.get().bounced_at is None
    Delivery.objects.filter(pk=delivery.pk).update(state="handed_over", lease_until=None, lease_owner="")
    assert mail_report(client, {**event, "kind": "hard"}).json() == {"changed": 1}


def test_a_bounce_stops_that_contact_alone(client, phone):
    """One address chosen by two members is two contacts; each learns at its own first bounce (docs/rules.md 4.9)."""
    _delivery, event = mailed(client)
    make_contact("Sammy")
    mail_report(client, {**event, "kind": "hard"})
    assert [way.bounced_at for way in ContactWay.objects.order_by("pk")] == [NOW, None]


def test_a_complaint_is_a_stop(client, phone):
    sam = accepted(make_member(), "Sam", address="sam@example.org")
    mail_report(client, {"kind": "complaint", "address": "sam@example.org"})
    sam.refresh_from_db()
    assert sam.state == Supporter.STOPPED
    assert send(sam.person).state == "failed"


@pytest.mark.parametrize("secret", ["", "a long secre", "a long secretly"])
def test_a_mail_report_without_the_secret_is_refused(client, phone, secret):
    delivery, event = mailed(client)
    assert mail_report(client, {**event, "kind": "hard"}, secret=secret).status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "handed_over"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"kind": "soft", "address": "sam@example.org", "message_id": "<x@y>"},
        {"kind": "hard", "address": "sam@example.org"},
        {"kind": "hard", "address": 1, "message_id": "<x@y>"},
        "hard",
    ],
)
def test_a_malformed_event_is_refused_and_the_others_with_it(client, phone, event):
    delivery, good = mailed(client)
    assert mail_report(client, {**good, "kind": "hard"}, event).status_code == 400
    delivery.refresh_from_db()
    assert delivery.state == "handed_over"
    assert Delivery.objects.count() == 1
