"""Supporters for the stories of this room: asked, accepted, and the links they hold."""

import time

from allauth.account.internal.flows import login as allauth_login
from django.db import transaction
from django.test import Client

from circle.models import Supporter
from circle.services import supporter_accept, supporter_invite
from delivery.services import message_enqueue
from people.models import Account, Link, Person
from people.services import link_give, link_look


def ask(member: Person, name: str = "Sam", **more) -> Supporter:
    """Dana asks Sam: invited, no answer yet."""
    address = more.pop("address", f"{name.lower()}@example.org")
    return supporter_invite(actor=member, name=name, address=address, **{"sender_name": "Dana", **more})


def accepted(member: Person, name: str = "Sam", **more) -> Supporter:
    """Sam said yes."""
    return supporter_accept(link=link_of(ask(member, name, **more)))


def token_of(supporter: Supporter, purpose: str = "invite") -> str:
    return link_give(purpose=purpose, subject=supporter.pk, person=supporter.person)


def link_of(supporter: Supporter, purpose: str = "invite") -> Link:
    return link_look(token=token_of(supporter, purpose))


def nudge(supporter: Supporter, at, key: str = "nudge:1"):
    """What the watch would decide: a message that needs the consent `absence`."""
    with transaction.atomic():
        return message_enqueue(
            kind="nudge",
            topic="episode:1",
            recipient=supporter.person,
            dedupe_key=key,
            not_before=at,
            payload={"supporter": supporter.pk},
        )


def sign_in(client: Client, account: Account, *, minutes_ago: float = 0) -> Client:
    """A session as allauth opens it, `minutes_ago`."""
    client.force_login(account)
    session = client.session
    session[allauth_login.AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time() - minutes_ago * 60, "username": account.alias}  # noqa: TID251
    ]
    session[allauth_login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(account.pk)
    session.save()
    return client
