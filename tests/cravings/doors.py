"""Through the doors as a browser goes, at a moment of the moved clock; and what somebody reads there."""

import html
import re
from datetime import datetime

from django.test import Client

from ground import clock
from people.models import Person
from tests.people_of_the_story import NOW


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person.account)
    return client


def page(client: Client, url: str, at: datetime = NOW, **given):
    with clock.frozen(at):
        return client.get(url, **given)


def send(client: Client, url: str, at: datetime = NOW, **given):
    with clock.frozen(at):
        return client.post(url, given, follow=True)


def api(client: Client, method: str, path: str, body=None, at: datetime = NOW):
    """A request in JSON; `path` below /api/v1/."""
    with clock.frozen(at):
        return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")


def text_of(response) -> str:
    """The words of a page, without its marks."""
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split()))
