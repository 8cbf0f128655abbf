"""A group of 25 in the site of the browser tests, made through the services inside the site's own process."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.servers import Site

PASSWORD = "porch-light-on"
SEED = """
import json
from datetime import datetime, timedelta
from pathlib import Path
from ground import clock
from groups.models import Membership
from groups.services import group_found, invitation_make
from groups.selectors import token_of
from meetings.services.commitments import commitment_make
from meetings.services.group_meetings import meeting_make
from meetings.services.series_plan import Plan
from meetings.services.occurrences import occurrence_get, sheet_get
from meetings.services.sheets import sheet_link_give
from people.services import account_create

start = datetime.fromisoformat("{start}")
names = json.loads('''{names}''')
with clock.frozen(start - timedelta(days=60)):
    facilitator = account_create(alias="{facilitator}", password="{password}", adult=True).person
    group = group_found(actor=facilitator, name="Thursday people", zone="UTC", about="Tea from a quarter to.")
    plan = Plan("Evening circle", (start.weekday(),), start.time(), "UTC", 90, place="Community hall, Mill Lane 4")
    meeting = meeting_make(actor=facilitator, group=group, plan=plan)
    for name in names:
        person = account_create(alias=name, password="{password}", adult=True).person
        Membership.objects.create(group=group, person=person, since=clock.now())
        commitment_make(actor=person, meeting=meeting)
occurrence = occurrence_get(meeting=meeting, original_local=start.replace(tzinfo=None))
sheet = sheet_get(occurrence=occurrence)
found = dict(
    slug=group.slug, meeting=meeting.pk, occurrence=occurrence.pk, link=sheet_link_give(actor=facilitator, sheet=sheet),
    invitation=token_of(invitation_make(actor=facilitator, group=group)),
    code=token_of(invitation_make(actor=facilitator, group=group, kind="code")),
)
Path("{out}").write_text(json.dumps(found))
"""
NAMES = [
    "Robin", "Ari M", "Jo", "Lou from Tuesday", "Sam K", "Noor", "Kit", "Alex", "Mika", "Toni", "Bo", "Charlie",
    "Dana", "Eli", "Frankie", "Gus", "Harper", "Ira", "Jules", "Kim", "Lee", "Max", "Nico", "Ollie", "Pat",
]  # fmt: skip


def make_group_on(site: Site, facilitator: str, names: list[str] | None = None, *, tag: str = "") -> dict[str, Any]:
    """The group's slug, meeting, occurrence (two hours ago), link, invitation and code; `tag` keeps aliases apart."""
    start = (datetime.now(UTC) - timedelta(hours=2)).replace(second=0, microsecond=0)  # noqa: TID251  (the site's own clock)
    out = Path(site.folder) / f"seed-{facilitator}.json"
    people = [name + tag for name in (NAMES if names is None else names)]
    site.manage(
        "shell",
        "-v",
        "0",
        "-c",
        SEED.format(
            start=start.isoformat(), names=json.dumps(people), facilitator=facilitator, password=PASSWORD, out=out
        ),
    )
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def sign_in(page: Any, site: Site, alias: str) -> None:
    page.goto(f"{site.url}/accounts/login/")
    page.fill("input[name=login]", alias)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)
