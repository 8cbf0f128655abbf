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
        for mail in email_messages:
            headers = {"From": str(mail.from_email), "To": ", ".join(mail.to), "Subject": str(mail.subject)}
            write(headers | {name: str(value) for name, value in mail.extra_headers.items()}, str(mail.body))
        return len(email_messages)


def write(headers: dict[str, str], text: str) -> None:
    """One more file: the moment, these headers, the text."""
    folder = Path(settings.MAIL_FILES)
    folder.mkdir(parents=True, exist_ok=True)
    now = clock.now()
    lines = {"Date": format_datetime(now), **headers}
    name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond:06d}-{os.getpid()}-{next(_numbers):06d}"
    fresh = folder / f".{name}.new"
    fresh.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()) + "\n" + text)
    fresh.rename(folder / f"{name}.txt")  # a reader never sees half a mail


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
