"""The JSON doors of this room's login-free links: one list for one facilitator, one date for one member."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Settled
from ground.link_doors import LinkDoor, choice, only
from meetings.api.reading import closing_of, head_count_of, marks_named, view_shown
from meetings.selectors import attendance
from meetings.services import sheets
from meetings.services.confirming import confirming_look
from meetings.services.group_meetings import meeting_confirm
from meetings.services.occurrences import occurrence_cancel, occurrence_uncancel
from meetings.services.plans import plan_answer

if TYPE_CHECKING:
    from meetings.models import Occurrence, Sheet
    from people.models import Link

TAKES = {"mark": ("marks",), "close": ("marks", "rest", "revision"), "correct": ("marks",), "count": ("head_count",)}


class SheetDoor(LinkDoor):
    """mark {marks}, close {marks?, rest?, revision?}, correct {marks}, count {head_count}, not_held, held."""

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        """The list as its facilitator sees it; that they read it is logged, as on the page."""
        view = sheets.sheet_link_read(actor=link.person, sheet_id=link.subject)
        if view.group.head_count_only:
            by_state = ["count"]
        else:
            by_state = ["correct"] if view.sheet.state == "closed" else ["mark", "close"]
        held = "held" if view.occurrence.state == "cancelled" else "not_held"
        return view_shown(view) | {"held": held != "held", "answers": [*by_state, held]}

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        actor, sheet = link.person, sheets.sheet_link_for(actor=link.person, sheet_id=link.subject)
        answer = choice(body, "answer", (*TAKES, "not_held", "held"))
        only(body, "answer", *TAKES.get(answer, ()))
        if answer == "not_held":
            occurrence_cancel(actor=actor, occurrence=sheet.occurrence)
        elif answer == "held":
            occurrence_uncancel(actor=actor, occurrence=sheet.occurrence)
        else:
            self._write(link, sheet, answer, body)
        return {}

    def _write(self, link: "Link", sheet: "Sheet", answer: str, body: dict[str, Any]) -> None:
        actor = link.person
        if answer == "mark":
            sheets.sheet_marks(actor=actor, sheet=sheet, marks=marks_named(body, sheet))
        elif answer == "correct":
            sheets.sheet_correct(actor=actor, sheet=sheet, marks=marks_named(body, sheet))
        elif answer == "count":
            sheets.sheet_count(actor=actor, sheet=sheet, head_count=head_count_of(body))
        else:
            sheets.sheet_close(actor=actor, sheet=sheet, **closing_of(body, sheet))


class PlanDoor(LinkDoor):
    """coming, not: to a note before what one planned. It ends with the date."""

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        held = self._held(link)
        excused = attendance.excused_from(link.person, held)
        return {"starts_at": held.starts_at, "excused": excused, "answers": ["coming", "not"]}

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        held = self._held(link)
        answer = choice(body, "answer", ("coming", "not"))
        only(body, "answer")
        plan_answer(actor=link.person, occurrence=held, coming=answer == "coming")
        return {}

    def _held(self, link: "Link") -> "Occurrence":
        held = attendance.occurrence_of(link.subject)
        if held.ends_at <= clock.now() or held.state == "cancelled":
            raise Settled(_("This date is over or is not held."))
        return held


class ConfirmDoor(LinkDoor):
    """right: all that the finder shows of this meeting is so today."""

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        meeting = confirming_look(actor=link.person, meeting_id=link.subject)
        return {"meeting": meeting.slug, "confirmed_on": meeting.confirmed_on, "answers": ["right"]}

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        choice(body, "answer", ("right",))
        only(body, "answer")
        meeting_confirm(actor=link.person, meeting=confirming_look(actor=link.person, meeting_id=link.subject))
        return {}


doors: dict[str, LinkDoor] = {"sheet": SheetDoor(), "plan": PlanDoor(), "confirm": ConfirmDoor()}
