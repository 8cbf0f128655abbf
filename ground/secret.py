"""The site's secret: from the environment, else a key file (mode 0600) made in the data folder at first start."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def load_secret(data_dir: Path) -> str:
    """Return PORCHLIGHT_SECRET, else the content of `data_dir`/secret.key, made with 256 random bits when missing.

    Raises ImproperlyConfigured when the file can be neither read nor made.
    """
    given = os.environ.get("PORCHLIGHT_SECRET")
    if given:
        return given
    file = data_dir / "secret.key"
    try:
        return _read_or_make(file)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{file} can be neither read nor made ({error.strerror}). Give this user the right to write in that "
            "folder, set PORCHLIGHT_DATA to another one, or set PORCHLIGHT_SECRET."
        ) from error


def _read_or_make(file: Path) -> str:
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of this start made it first
        return file.read_text().strip()
    with os.fdopen(handle, "w") as out:
        value = secrets.token_urlsafe(32)
        out.write(value + "\n")
    return value


def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose, so that no key serves two ends."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()


def fernet_key(secret: str, purpose: str) -> bytes:
    """`derive` in the form that cryptography's Fernet takes."""
    return base64.urlsafe_b64encode(derive(secret, purpose))
