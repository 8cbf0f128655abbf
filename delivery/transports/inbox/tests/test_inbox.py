"""The copy inside the site: once, in the transaction of the hand-over, with a path instead of an address."""

import pytest
from django.db import transaction

from delivery.services import message_enqueue
from delivery.transports import Message, inbox
from ground.site import site_url
from tests.people_of_the_story import NOW, make_member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hi Dana, we are one tap away: {link}", "Hi Dana, we are one tap away."),
        ("Hi Dana, all sorted. {link}", "Hi Dana, all sorted."),
        ("A minute, no login: {link} Not held? Say so there.", "A minute, no login. Not held? Say so there."),
    ],
)
def test_the_copy_reads_as_sentences_without_its_link(text, shown):
    dana = make_member("Dana")
    with transaction.atomic():
        delivery = message_enqueue(kind="soft_note", topic="t", recipient=dana, dedupe_key="k", not_before=NOW)
    link = f"{site_url()}/abcdefghijklm"
    note = Message(key="k", kind="soft_note", subject="", text=text.format(link=link), sender="", link=link)
    copy = inbox.item(delivery, note, NOW)
    assert (copy.person, copy.text, copy.link, copy.at) == (dana, shown, "/abcdefghijklm", NOW)
