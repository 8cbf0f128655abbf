"""The demo community: invented people, an invented list of meetings, six weeks of life. Development switch only.

Everything is done through the services at moments of the past, so what one sees is what the product makes of it.
"""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from chat.services import message_post, room_of
from circle.services import supporter_accept, supporter_invite
from cravings.services import available_set, responder_admit, responder_join
from ground import clock
from groups.models import Group
from groups.selectors import token_of
from groups.services import invitation_make, invitation_use
from meetings.models import Meeting, Occurrence
from meetings.selectors.attendance import held_after
from meetings.services.commitments import commitment_make
from meetings.services.group_meetings import group_found_from_meeting
from meetings.services.imports import feed_import
from meetings.services.sheets import sheet_close, sheet_mark, sheet_read
from own.services import call_card_set, coping_set
from people.models import Account, Person
from people.selectors import demo_accounts
from people.services import account_create, coordinator_set, link_give, link_open
from porchlight import worker
from support.services import rule_set

LIST = Path(__file__).resolve().parent.parent / "meetings" / "data" / "demo_meetings.json"
PASSWORD = "porchlight-demo"  # noqa: S105  (the demo's own, printed at start)
PEOPLE = ("Fay", "Dana", "Ravi", "Noor", "Kit", "Coco")
WEEKS = 6
TALK = (
    ("Fay", "Kettle is on at half past, as always."),
    ("Ravi", "Long day. Glad we meet tonight."),
    ("Noor", "Same here. I will bring the biscuits."),
    ("Kit", "First time this week I am early for anything."),
)


def load() -> bool:
    """Make the demo community unless it is there. Returns whether it was made."""
    if not settings.DEVELOPMENT:
        raise RuntimeError("the demo exists only with the development switch")
    if Account.objects.exists():
        return False
    now = clock.now()
    began = now - timedelta(weeks=WEEKS)
    with clock.frozen(began):
        feed_import(address=str(LIST), name="Demo list")
        people = {alias: _account(alias) for alias in PEOPLE}
        coordinator_set(alias="Coco")
        group, meeting = _gather(people)
        _choose_sam(people["Dana"])
        for alias in ("Ravi", "Noor"):  # a new site: the coordinator lets the first ones in
            responder_admit(actor=people["Coco"], responder_id=responder_join(actor=people[alias]).pk)
    _live(group, meeting, people, now)
    with clock.frozen(now):
        for alias in ("Ravi", "Noor"):
            available_set(actor=people[alias])
        coping_set(actor=people["Dana"], items=["Walk round the block", "The photo of the sea", "Tea, slowly"])
        call_card_set(actor=people["Dana"], name="Aunt Mo", number="+44 20 7946 0018")
    return True


def sign_ins() -> str:
    """What the server prints: who there is to be."""
    names = ", ".join(account.alias for account in demo_accounts())
    return f"Demo people: {names} (password {PASSWORD}), or choose one at /dev/. Mails and clock: /dev/mail/"


def _account(alias: str) -> Person:
    email = f"{alias.lower()}@demo.example"
    return account_create(alias=alias, password=PASSWORD, email=email, zone="Europe/Berlin", adult=True).person


def _gather(people: dict[str, Person]) -> tuple[Group, Meeting]:
    """Fay founds a group around a listed meeting; four others join by a personal invitation and plan to come."""
    meeting = Meeting.objects.get(slug="thursday-porch-berlin")
    group = group_found_from_meeting(actor=people["Fay"], meeting=meeting)
    for alias in ("Dana", "Ravi", "Noor", "Kit"):
        invitation = invitation_make(actor=people["Fay"], group=group)
        invitation_use(actor=people[alias], token=token_of(invitation))
        commitment_make(actor=people[alias], meeting=meeting)
    return group, meeting


def _choose_sam(dana: Person) -> None:
    """Dana chooses Sam, Sam says yes, Dana sets her watch: after three in a row."""
    sam = supporter_invite(actor=dana, name="Sam", address="sam@demo.example")
    supporter_accept(link=link_open(token=link_give(purpose="invite", subject=sam.pk, person=sam.person)))
    sam.refresh_from_db()
    rule_set(actor=dana, threshold=3, levels=[[sam], []])


def _live(group: Group, meeting: Meeting, people: dict[str, Person], now: datetime) -> None:
    """Weeks of meetings: Dana comes at first and stays away from the last two."""
    held = [one for one in held_after(meeting, now - timedelta(weeks=WEEKS), WEEKS + 2) if one.ends_at < now]
    room = room_of(group)
    for number, one in enumerate(held):
        with clock.frozen(one.ends_at + timedelta(minutes=5)):
            _until_quiet()
            occurrence = Occurrence.objects.get(meeting=meeting, starts_at=one.starts_at)
            sheet = sheet_read(actor=people["Fay"], occurrence_id=occurrence.pk).sheet
            for alias in ("Ravi", "Noor", "Kit"):
                sheet_mark(actor=people["Fay"], sheet=sheet, person=people[alias], value="present")
            dana = "present" if number < len(held) - 2 else "absent"
            sheet_close(actor=people["Fay"], sheet=sheet, marks={people["Dana"]: dana}, rest="unknown")
            _until_quiet()
        with clock.frozen(one.ends_at + timedelta(hours=14)):
            _until_quiet()
    for number, (alias, words) in enumerate(TALK):
        with clock.frozen(now - timedelta(hours=3) + timedelta(minutes=7 * number)):
            message_post(actor=people[alias], room_key=room.key, cid=uuid4(), body=words)


def _until_quiet() -> None:
    """Let the worker do all that is due at this moment."""
    for _round in range(20):
        if worker.run_once() == 0:
            return
