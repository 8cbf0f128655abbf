"""The copy inside the site: once, in the transaction of the hand-over, with a path instead of an address."""

import pytest
from django.db import transaction

from delivery.models import InboxItem
from delivery.services import message_enqueue
from delivery.transports import Message, inbox
from ground.site import site_url
from tests.people_of_the_story import NOW, make_member

pytestmark = pytest.mark.django_db


def test_a_repeat_finds_the_first_copy_and_changes_nothing():
    dana = make_member("Dana")
    with transaction.atomic():
        delivery = message_enqueue(kind="soft_note", topic="t", recipient=dana, dedupe_key="k", not_before=NOW)
    link = f"{site_url()}/abcdefghijklm"
    for text in ("Hi Dana", "Hi again"):
        note = Message(key="k", kind="soft_note", subject="", text=f"{text} {link}", sender="", link=link)
        inbox.put(delivery, note, NOW)
    copy = InboxItem.objects.get()
    assert (copy.person, copy.text, copy.link, copy.at) == (dana, "Hi Dana", "/abcdefghijklm", NOW)
