"""Link tokens: 13 base32 characters, 65 bits, hashed at rest, the same for the same purpose and subject.

A token is derived, not drawn: a message that is sent again carries the same link, and the database holds only the hash.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings

from ground.secret import derive

LENGTH = 13
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
OPENS = timedelta(days=7)


def token_for(*parts: object) -> str:
    """The token of e.g. ("answer", episode id, supporter id, serial): 13 lower-case base32 characters."""
    message = "\x1f".join(str(part) for part in parts).encode()
    digest = hmac.new(derive(settings.SECRET_KEY, "links"), message, hashlib.sha256).digest()
    return base64.b32encode(digest).decode("ascii")[:LENGTH].lower()


def is_over(ended_at: datetime | None, now: datetime) -> bool:
    """A login-free link opens while what it is about is open, and 7 days after."""
    return ended_at is not None and now >= ended_at + OPENS


def hash_of(token: str) -> str:
    """What is stored of a token: 64 hex characters of a keyed hash."""
    return hmac.new(derive(settings.SECRET_KEY, "link hashes"), token.lower().encode(), hashlib.sha256).hexdigest()


def address_hash(address: str) -> str:
    """The keyed hash by which one e-mail address or phone number is recognised: 64 hex characters."""
    return hmac.new(
        derive(settings.SECRET_KEY, "addresses"), address.strip().casefold().encode(), hashlib.sha256
    ).hexdigest()
