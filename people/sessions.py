"""Which signed-in sessions still stand. A changed password ends every session that was begun with the old one."""

import json
from collections.abc import Collection

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from ground import clock, wake
from people.models import Account

TOPIC = "sessions"  # the payload is a person's id: some session of theirs may have ended; a hint that makes it quicker


def standing(keys: Collection[str]) -> set[str]:
    """Those of the session keys that still sign somebody in."""
    live = Session.objects.filter(session_key__in=keys, expire_date__gt=clock.now())
    found = {session.session_key: session.get_decoded() for session in live}
    accounts = {str(account.pk): account for account in Account.objects.filter(pk__in=_ids(found.values()))}
    return {
        key
        for key, data in found.items()
        if (account := accounts.get(str(data.get(SESSION_KEY)))) is not None
        and account.is_active
        and constant_time_compare(str(data.get(HASH_SESSION_KEY)), account.get_session_auth_hash())
    }


def _ids(sessions: Collection[dict[str, str]]) -> set[str]:
    return {data[SESSION_KEY] for data in sessions if SESSION_KEY in data}


def say_ended(account: Account) -> None:
    """Call after a sign-out or a new password was stored: open sockets are looked at now, in every process."""
    wake.publish(TOPIC, json.dumps(account.person_id).encode())
