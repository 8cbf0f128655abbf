"""Where a story plays: a freshly started site on a throw-away database, its clock, and the mails that leave it."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

import httpx

from delivery.catalogue import TEXTS
from ground.windows import next_allowed
from tests.servers import ROOT, Postgres, Site, Valkey
from tests.stories.visitor import Lost

KINDS = {
    "T01": "heads_up", "T02": "final_notice", "T03": "nudge", "T04": "invite", "T05": "back_in_touch",
    "T06": "retraction", "T09": "sheet_reminder", "T10": "craving_offer", "T12": "consent_revoked",
    "T14": "soft_note", "T15": "all_sorted", "T16": "apology", "T17": "reminder", "T18": "unreachable",
}  # fmt: skip
PATIENCE = 30.0  # seconds of real time to wait for a mail that must come
QUIET = 2.5  # seconds of real time, more than two rounds of the worker, in which nothing may come


def _pattern(text: str) -> re.Pattern[str]:
    plain = text.replace(" STOP ends", "")
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(plain)))


PATTERNS = {kind: _pattern(TEXTS[key]["en"]) for key, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that left: when (UTC, by the site's clock), to whom, of which kind, with which link."""

    at: datetime
    to: str
    kind: str
    text: str
    link: str


class Town:
    """A running site. `scaled`: PostgreSQL, Redis, two web processes and two workers; else the embedded default."""

    def __init__(self, *, scaled: bool = False) -> None:
        self.scaled = scaled
        self._stack = ExitStack()
        self.sites: list[Site] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.sites = self.make_sites(stack)
            self.site = self.sites[0]
            self._dev = stack.enter_context(httpx.Client(base_url=self.site.url, timeout=30))
            self._stack = stack.pop_all()
        return self

    def make_sites(self, stack: ExitStack) -> list[Site]:
        """The web processes; the first one has the workers beside it."""
        if not self.scaled:
            return [stack.enter_context(Site())]
        postgres, valkey = stack.enter_context(Postgres()), stack.enter_context(Valkey())
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        first = stack.enter_context(Site(env))
        # one data folder: one clock, one secret, one folder of mails
        shared = {**env, "PORCHLIGHT_DATA": first.env["PORCHLIGHT_DATA"], "PORCHLIGHT_URL": first.url}
        second = stack.enter_context(Site(shared, migrate=False))
        for _ in range(2):
            first.spawn("worker")
        return [first, second]

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    # --- the operator's command -----------------------------------------------------------------------------

    def import_feed(self, feed: Path, zone: str) -> dict[str, Any]:
        """`importmeetings --json` as an operator runs it; the numbers of its last line."""
        command = [sys.executable, "manage.py", "importmeetings", str(feed), "--zone", zone, "--json"]
        done = subprocess.run(command, cwd=ROOT, env=self.site.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Lost(f"importmeetings ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        numbers: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return numbers

    # --- the clock ------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromisoformat(self._dev.get("/dev/clock/").json()["now"])

    def move_to(self, moment: datetime) -> None:
        """Set the site's clock (UTC); it ticks on from there. Time never goes back in a story."""
        if moment > self.now():
            self._dev.post("/dev/clock/", data={"to": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")})

    def window(self, moment: datetime, zone: str) -> datetime:
        """When a message due at `moment` may arrive: 8 to 21 o'clock of `zone`."""
        return next_allowed(moment, zone, 8 * 60, 21 * 60)

    # --- the mails ------------------------------------------------------------------------------------------

    def letters(self) -> list[Letter]:
        """Every mail that left so far, oldest first."""
        return [self._letter(mail) for mail in self._dev.get("/dev/mail/?format=json").json()["mails"]]

    def wait_for(self, kind: str, to: str, *, after: int, zone: str) -> Letter:
        """The next mail of a kind to somebody, beyond the first `after` mails.

        When it is night at the recipient's, the clock is moved to the morning. Raises Lost when it does not come.
        """
        self.move_to(self.window(self.now(), zone))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for letter in self.letters()[after:]:
                if (letter.kind, letter.to) == (kind, to):
                    return letter
            time.sleep(0.1)
        seen = [(letter.kind, letter.to) for letter in self.letters()[after:]]
        raise Lost(f"no {kind} to {to} came; what came: {seen}")

    def expect_nothing(self, *, after: int, to: str | None = None) -> None:
        """No mail (to anybody, or to `to`) comes in more than two rounds of the worker. Raises Lost."""
        time.sleep(QUIET)
        wrong = [letter for letter in self.letters()[after:] if to in {None, letter.to}]
        if wrong:
            raise Lost(f"nothing was to be sent, but there is {[(one.kind, one.to) for one in wrong]}")

    def until(self, true: Callable[[], Any], what: str) -> Any:
        """Wait until `true()` gives something; return that. Raises Lost."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := true():
                return found
            time.sleep(0.1)
        raise Lost(f"{what}: not within {PATIENCE:.0f} s")

    def _letter(self, mail: dict[str, Any]) -> Letter:
        text = " ".join(mail["text"].split())
        code = "address_code" if re.search(r"\b\d{6}\b", text) else "other"
        kind = next((kind for kind, pattern in PATTERNS.items() if pattern.search(text)), code)
        links = re.findall(r"https?://[^/\s]+(/[a-z2-7]{13})\b", mail["text"])
        at = parsedate_to_datetime(mail["headers"]["Date"]).astimezone(UTC)
        return Letter(at, mail["headers"]["To"], kind, text, links[0] if links else "")


def shift(moment: datetime, **parts: float) -> datetime:
    """`moment` and a while later."""
    return moment + timedelta(**parts)
