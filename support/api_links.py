"""The JSON doors of the watch's login-free links: the member's answer, and that of somebody the member chose."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from circle.api_links import rest_days
from circle.services import supporter_rest, supporter_rest_end, supporter_stop
from ground import clock
from ground.errors import Settled
from ground.link_doors import LinkDoor, choice, only
from ground.links import is_over
from meetings.services.commitments import excuse, excuse_undo
from support import services
from support.selectors import asked, pages
from support.selectors.next_date import date_ref, next_planned, planned_named

if TYPE_CHECKING:
    from people.models import Link, Person

SETTLED = "settled"


class NudgeDoor(LinkDoor):
    """claim, reached, cannot; rest {days}, wake, stop. Once it is settled only stop; stop works for ever."""

    stop_lasts = True

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        """No more than the link's page shows (privacy rule D5)."""
        view = asked.nudge_view(asked.nudge_row(link), clock.now(), settled=over)
        answers = {
            "open": ["claim", "reached", "cannot", "wake" if view.rests_until else "rest", "stop"],
            "stopped": [],
        }
        return {
            "face": view.face,
            "name": view.name,
            "sender_name": view.sender_name,
            "told_at": view.told_at if view.face == "open" else None,
            "answer": view.answer or None,
            "rests_until": view.rests_until,
            "answers": answers.get(view.face, ["stop"]),
        }

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        row = asked.nudge_row(link)
        answer = choice(body, "answer", ("claim", "reached", "cannot", "rest", "wake", "stop"))
        only(body, "answer", *(["days"] if answer == "rest" else []))
        if answer != "stop" and asked.nudge_view(row, clock.now(), settled=over).face == SETTLED:
            raise Settled(_("This is settled. Thank you for being there."))
        if answer == "stop":
            supporter_stop(supporter=row.supporter, actor=link.person)
        elif answer == "rest":
            supporter_rest(supporter=row.supporter, actor=link.person, days=rest_days(body))
        elif answer == "wake":
            supporter_rest_end(supporter=row.supporter, actor=link.person)
        else:
            services.answer_give(kind=answer, link=link)
        return {}


class WatchDoor(LinkDoor):
    """ok, go, pause {until: ISO 8601 with offset, or null}, excuse {date}, undo {date}. Over 7 days after the end."""

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        view = self._view(link)
        date = next_planned(link.person, clock.now())
        answers = ["ok", "pause", *(["go"] if view.asked else [])] if view.open else []
        return {
            "stage": view.stage,
            "opened_at": view.opened_at,
            "ended_at": view.ended_at,
            "ok_stops": view.ok_stops,
            "paused": view.paused,
            "waiting": [{"name": one.name, "at": one.at, "waits": one.waits} for one in view.waiting],
            "told": view.told,
            "later": [{"words": one.words, "at": one.at} for one in view.later],
            "log": [{"at": line.at, "words": line.words} for line in view.lines],
            "next_date": date and {"date": date_ref(date), "starts_at": date.held.starts_at, "excused": date.excused},
            "answers": answers + (["undo" if date.excused else "excuse"] if date else []),
        }

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        self._view(link)
        member = link.person
        answer = choice(body, "answer", ("ok", "go", "pause", "excuse", "undo"))
        only(body, "answer", *{"pause": ["until"], "excuse": ["date"], "undo": ["date"]}.get(answer, []))
        if answer == "ok":
            return self._leaving(member) if services.ok_say(actor=member) else {"already_leaving": []}
        if answer == "pause":
            services.pause_begin(actor=member, until=self._until(body))
            return self._leaving(member)
        if answer != "go":  # "let it go ahead" changes nothing, and is an answer all the same
            date = planned_named(member, body.get("date"), clock.now())
            act = excuse if answer == "excuse" else excuse_undo
            act(actor=member, meeting=date.meeting, original_local=date.held.original_local)
        return {}

    def _view(self, link: "Link") -> pages.EpisodeView:
        view = pages.episode_view(link)
        if is_over(view.ended_at, clock.now()):
            raise Settled(_("This is settled."))
        return view

    def _leaving(self, member: "Person") -> dict[str, Any]:
        found = pages.leaving_now(member, clock.now())
        return {"already_leaving": [{"name": one.name, "at": one.at} for one in found]}

    def _until(self, body: dict[str, Any]) -> datetime | None:
        given = body.get("until")
        if given is None:
            return None
        try:
            moment = parse_datetime(given) if isinstance(given, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValidationError({"until": _("Send a moment with its offset, as in 2026-01-15T21:00:00+01:00.")})
        return moment


doors: dict[str, LinkDoor] = {"nudge": NudgeDoor(), "watch": WatchDoor()}
