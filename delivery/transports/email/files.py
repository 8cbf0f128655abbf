"""Django's mail backend for the development switch: every outgoing mail becomes one readable text file."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from ground import clock

_numbers = itertools.count(1)


class EmailBackend(BaseEmailBackend):
    """Writes `<time>-<process>-<number>.txt` into settings.MAIL_FILES: headers, an empty line, the text."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_FILES)
        folder.mkdir(parents=True, exist_ok=True)
        for mail in email_messages:
            now = clock.now()
            headers: dict[str, str] = {
                "Date": format_datetime(now),
                "From": str(mail.from_email),
                "To": ", ".join(mail.to),
            }
            headers |= {"Subject": str(mail.subject), **{k: str(v) for k, v in mail.extra_headers.items()}}
            text = "".join(f"{name}: {value}\n" for name, value in headers.items()) + "\n" + str(mail.body)
            name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond:06d}-{os.getpid()}-{next(_numbers):06d}"
            fresh = folder / f".{name}.new"
            fresh.write_text(text)
            fresh.rename(folder / f"{name}.txt")  # a reader never sees half a mail
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail file, read back."""

    name: str
    headers: dict[str, str]
    text: str


def mails() -> list[Mail]:
    """All mails, oldest first."""
    folder = Path(settings.MAIL_FILES)
    return [_read(file) for file in sorted(folder.glob("*.txt"))] if folder.is_dir() else []


def _read(file: Path) -> Mail:
    head, _, text = file.read_text().partition("\n\n")
    pairs = (line.partition(": ") for line in head.splitlines())
    return Mail(file.stem, {name: value for name, _, value in pairs}, text)
