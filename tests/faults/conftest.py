"""Real worker processes on the database of this run."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.test import override_settings

from delivery.transports.email.files import Mail, mails
from tests.faults.nursery import Nursery

PATIENCE = 90.0  # seconds; only a fault is waited for so long


def until(holds: Callable[[], object], why: str, seconds: float = PATIENCE) -> None:
    """Wait until a condition holds; fail with `why` when it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, why
        time.sleep(0.03)


def database_url() -> str:
    """The address of the database that this test writes to."""
    name = str(connection.settings_dict["NAME"])
    given = os.environ.get("DATABASE_URL", "")
    return urlunsplit(urlsplit(given)._replace(path=f"/{name}")) if given else f"sqlite:///{name}"


@dataclass
class Workers:
    """The workers of one test, and what they mailed."""

    nursery: Nursery
    data: Path
    pids: list[int] = field(default_factory=list)

    def start(self, failpoint: str = "", data: Path | None = None, database_url: str = "") -> int:
        pid = self.nursery.start(failpoint, data=data or self.data, database_url=database_url)
        self.pids.append(pid)
        return pid

    def wait(self, pid: int) -> int:
        self.pids.remove(pid)
        return self.nursery.wait(pid)

    def end(self) -> int:
        """One of them by SIGTERM; 0 when it ended cleanly."""
        return self.nursery.end(self.pids.pop())

    def mails(self) -> list[Mail]:
        with override_settings(MAIL_FILES=self.data / "mail"):
            return mails()

    def sent(self) -> Counter[str]:
        """How often each message left, by its Message-ID: the key of its delivery."""
        return Counter(mail.headers["Message-ID"] for mail in self.mails())


@pytest.fixture(scope="module")
def nursery(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Nursery]:
    folder = tmp_path_factory.mktemp("workers")
    with django_db_blocker.unblock():
        url = database_url()
    with Nursery(url, folder / "log") as running:
        yield running


@pytest.fixture
def workers(transactional_db, nursery, tmp_path) -> Iterator[Workers]:
    """Ended before the tables are emptied."""
    found = Workers(nursery, tmp_path)
    yield found
    while found.pids:
        nursery.end(found.pids.pop(), 9)
