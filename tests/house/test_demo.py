"""The demo community is made by the services themselves, once, and only with the development switch."""

import pytest
from django.core.management import CommandError, call_command

from chat.models import Message
from delivery.models import Delivery
from meetings.models import Meeting
from people.models import Account
from people.selectors import demo_account
from porchlight import demo


@pytest.mark.django_db(transaction=True)
def test_the_demo_has_lived_six_weeks_when_it_opens_and_is_made_once(mailoutbox):
    assert demo.load()
    assert {account.alias for account in Account.objects.all()} == set(demo.PEOPLE)
    assert Meeting.objects.count() == 120
    assert Message.objects.count() == len(demo.TALK)
    to_dana = Delivery.objects.filter(recipient__name="Dana", state="handed_over").order_by("due_at")
    assert [message.kind for message in to_dana] == ["soft_note", "heads_up"]
    assert [mail.to for mail in mailoutbox] == [["dana@demo.example"]] * 2
    assert not demo.load()
    assert Account.objects.count() == len(demo.PEOPLE)


@pytest.mark.django_db
def test_without_the_development_switch_there_is_no_demo_and_no_demo_sign_in(settings):
    settings.DEVELOPMENT = False
    with pytest.raises(RuntimeError):
        demo.load()
    with pytest.raises(CommandError, match="development switch"):
        call_command("serve", "--demo", "--port", "0")
    assert demo_account("Dana") is None
