"""A text field that lies encrypted in the database (Fernet, key derived from the site's secret)."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Reads and writes plain str; stores ciphertext. Cannot be searched: keep a keyed hash beside it for that.

    Reading with another key than the row was written with raises ValueError naming the remedy.
    """

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return _fernet(settings.FIELD_KEY).encrypt(str(value).encode()).decode("ascii")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        try:
            return _fernet(settings.FIELD_KEY).decrypt(value.encode("ascii")).decode()
        except InvalidToken as error:
            raise ValueError(
                "a stored field cannot be read with this site's secret: restore the secret key it was written with"
            ) from error


@cache
def _fernet(key: bytes) -> Fernet:
    return Fernet(key)
