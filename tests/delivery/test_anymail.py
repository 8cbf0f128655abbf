"""django-anymail in the place of SMTP, against a provider's twin on loopback: mails out, refusals, reports, answers."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.test import Client
from django.urls import include, path

from circle.models import Supporter
from delivery.models import Delivery
from delivery.transports import Message, dispatch, replaced
from delivery.transports.email import EmailTransport, anymail
from people.models import ContactWay
from porchlight import urls as site
from support.models import Answer
from tests.stories.driver import Story, evening, week
from tests.twins import twin

ROOT = Path(__file__).resolve().parents[2]
urlpatterns = [path("anymail/", include("anymail.urls")), *site.urlpatterns]
NOTE = Message(
    key="k",
    kind="nudge",
    subject="A short note",
    text="Hi Sam",
    sender="Dana",
    ref="0" * 32,
    stop="https://x.example/a",
)


@pytest.fixture
def provider(settings):
    """Postmark's twin."""
    with twin() as there:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.EMAIL_HOST, settings.DEVELOPMENT = "", False
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": f"http://{there.place}/"}
        there.answer = (200, b'{"ErrorCode":0,"Message":"OK","MessageID":"m1","To":"sam@example.org"}')
        with replaced({"email": EmailTransport()}):
            yield there


def test_a_mail_leaves_by_the_providers_own_interface_with_its_headers_and_its_id(provider):
    assert dispatch("email", "sam@example.org", NOTE) == ("sent", "")
    sent = json.loads(provider.came[0].body)
    heads = {one["Name"]: one["Value"] for one in sent["Headers"]}
    assert (sent["To"], sent["Subject"], sent["Metadata"]) == ("sam@example.org", "A short note", {"ref": "0" * 32})
    assert heads["List-Unsubscribe"] == "<https://x.example/a>"
    assert heads["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert heads["Message-ID"].startswith(f"<{'0' * 32}@")


def test_an_address_that_the_provider_refuses_is_hard_and_its_own_trouble_is_soft(provider):
    inactive = "Found inactive addresses: sam@example.org. Inactive recipients are ones that have bounced."
    provider.answer = (422, json.dumps({"ErrorCode": 406, "Message": inactive}).encode())
    assert dispatch("email", "sam@example.org", NOTE)[0] == "hard"
    for trouble in ((500, b"{}"), (401, b'{"ErrorCode":10,"Message":"No such token"}'), (200, b"not json"), None):
        provider.answer = trouble
        assert dispatch("email", "sam@example.org", NOTE)[0] == "soft", trouble


@pytest.fixture
def told(settings, db):
    """Sam was told by mail on Friday; the provider's webhooks are open."""
    settings.ROOT_URLCONF, settings.ANYMAIL = __name__, {"WEBHOOK_SECRET": "user:word"}
    anymail.listen()
    with Story() as story:
        story.home, story.meeting = story.group()
        dana = story.member()
        story.sam = story.supporter(dana)
        story.rule(dana, 1, [story.sam])
        story.join(dana, story.home, story.meeting)
        story.at(evening(week(0)))
        story.close(story.meeting, week(0), {dana: "absent"})
        story.run_until(evening(week(1)))
        yield story


def hook(name, body, secret="user:word"):
    proof = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    return Client().post(f"/anymail/postmark/{name}/", body, content_type="application/json", headers=proof)


def reported(kind, **more):
    ref = Delivery.objects.get(kind="nudge").pid.hex
    common = {"MessageID": "m1", "Metadata": {"ref": ref}, "Recipient": "sam@example.org", "Email": "sam@example.org"}
    return hook("tracking", {"RecordType": kind, **common, **more})


def test_a_bounce_told_by_the_provider_kills_the_address(told):
    assert reported("Bounce", Type="HardBounce", TypeCode=1, Description="unknown", Details="550").status_code == 200
    assert ContactWay.objects.get(person=told.sam.person).bounced_at is not None
    assert Delivery.objects.get(kind="nudge").bounced


@pytest.mark.parametrize("kind", ["SoftBounce", "DMARCPolicy", "VirusNotification"])
def test_a_full_mailbox_and_what_is_no_fault_of_the_address_is_tried_again(told, kind):
    assert reported("Bounce", Type=kind, TypeCode=1, Description="later", Details="452 full").status_code == 200
    nudge = Delivery.objects.get(kind="nudge")
    assert ContactWay.objects.get(person=told.sam.person).bounced_at is None
    assert (nudge.state, nudge.bounced) == ("pending", False)


@pytest.mark.parametrize(
    ("bounce_class", "outcome"),
    [
        *((number, "hard") for number in ("10", "30")),
        *((number, "soft") for number in ("1", "20", "21", "22", "23", "24", "25", "40", "51", "70", None)),
    ],
)
def test_a_bounce_that_the_provider_tells_by_a_number(bounce_class, outcome):
    event = {"type": "bounce", "raw_rcpt_to": "sam@example.org", "raw_reason": "550 [internal] said no"}
    event |= {"bounce_class": bounce_class} if bounce_class else {}
    view = SparkPostTrackingWebhookView(webhook_secret="user:word")
    raw = {"msys": {"message_event": event}}
    assert anymail.outcome_of(view.esp_to_anymail_event("message_event", event, raw)) == outcome


def test_a_sender_that_cannot_be_read_is_no_recipients_fault(provider, settings):
    settings.DEFAULT_FROM_EMAIL = "Porchlight <not an address"
    assert dispatch("email", "sam@example.org", NOTE)[0] == "soft"


def test_a_complaint_is_a_stop(told):
    assert reported("SpamComplaint", Type="SpamComplaint", TypeCode=512).status_code == 200
    assert Supporter.objects.get(pk=told.sam.pk).state == "stopped"


def test_a_report_without_the_secret_is_refused_and_a_forged_name_moves_nothing(told):
    assert hook("tracking", {"RecordType": "Bounce"}, secret="user:guess").status_code == 400
    stranger = {"Metadata": {"ref": "f" * 32}}
    assert reported("Bounce", Type="HardBounce", TypeCode=1, **stranger).status_code == 200
    assert ContactWay.objects.get(person=told.sam.person).bounced_at is None


def test_an_answer_that_the_provider_took_in_counts(told):
    ref = Delivery.objects.get(kind="nudge").pid.hex
    mail = {
        "From": "sam@example.org",
        "FromFull": {"Email": "sam@example.org", "Name": "Sam", "MailboxHash": ""},
        "ToFull": [{"Email": f"replies+{ref}@porchlight.example", "Name": "", "MailboxHash": ref}],
        "CcFull": [],
        "BccFull": [],
        "Subject": "Re: A short note",
        "MessageID": "in1",
        "Headers": [{"Name": "Message-ID", "Value": "<a1@x.example>"}],
        "TextBody": "1\n\n> Hi Sam",
        "HtmlBody": "",
        "Attachments": [],
    }
    assert hook("inbound", mail).status_code == 200
    assert Answer.objects.get().kind == "claim"


def test_a_site_with_anymail_installed_starts_and_opens_its_webhooks(tmp_path):
    (tmp_path / "own_settings.py").write_text(
        "from porchlight.settings import *\n"
        "INSTALLED_APPS = [*INSTALLED_APPS, 'anymail']\n"
        "EMAIL_BACKEND = 'anymail.backends.postmark.EmailBackend'\n"
        "ANYMAIL = {'POSTMARK_SERVER_TOKEN': 'token', 'WEBHOOK_SECRET': 'user:word'}\n"
    )
    asks = "import django; django.setup()\nfrom django.urls import resolve\nfrom anymail.signals import inbound\n"
    asks += "print(resolve('/anymail/postmark/tracking/').view_name, len(inbound.receivers))"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "own_settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    said = subprocess.run(
        [sys.executable, "-c", asks], env=env, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    assert said.stdout.split() == ["anymail:postmark_tracking_webhook", "1"]
