"""Public holidays on a meeting's page: whose they are, and which of its dates fall on one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from frontend.actor import signed_in, the_actor
from frontend.views.groups.common import or_404, run_by
from ground import clock
from meetings import free_days
from meetings.countries import COUNTRIES
from meetings.folding import fold
from meetings.selectors import attendance
from meetings.selectors.free_days import Suggested, region_found, region_of, suggested
from meetings.services.free_days import meeting_holidays_set

if TYPE_CHECKING:
    from meetings.models import Meeting


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says of holidays: the dates, the place meant, and the choices to correct it."""

    dates: list[Suggested]
    place: str  # "Germany, Bayern"; empty: none is meant
    found: str  # where it is held, by its address and zone
    chosen: str  # a country, NO_HOLIDAYS, or empty: where it is held
    country: str
    part: str
    countries: list[tuple[str, str]]
    parts: list[tuple[str, str]]


def free_days_shown(meeting: "Meeting") -> Shown:
    region = region_of(meeting)
    country = free_days.country_of(region)
    return Shown(
        dates=suggested(meeting, clock.now(), (get_language() or "en")[:2]),
        place=_place(region),
        found=_place(region_found(meeting)),
        chosen=free_days.country_of(meeting.holidays_of) or meeting.holidays_of,
        country=country,
        part=free_days.part_of(region),
        countries=sorted(((code, _country(code)) for code in COUNTRIES), key=lambda one: fold(one[1])),
        parts=list(free_days.parts_of(country).items()) if country else [],
    )


@require_POST
@signed_in
@or_404
def choose(request: HttpRequest, slug: str, meeting_id: int) -> HttpResponse:
    """Another country or region. A part of a country counts with the country it was offered for only."""
    found = attendance.meeting_in(run_by(request, slug).group, meeting_id)
    country, part, part_of = (request.POST.get(name, "") for name in ("country", "part", "part_of"))
    region = _chosen(country, part, part_of, region_found(found))
    try:
        meeting_holidays_set(actor=the_actor(request), meeting=found, region=region)
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    else:
        messages.success(request, _("Saved."))
    return redirect("group_meeting", slug, meeting_id)


def _chosen(country: str, part: str, part_of: str, found: str) -> str:
    """The region that the form means. A part counts with the country it was offered for only; what is found anyway
    is left to be found, so that it follows the address.
    """
    meant = country or (free_days.country_of(found) if part_of == free_days.country_of(found) else "")
    region = f"{meant}-{part}" if part and meant and meant == part_of else meant
    return "" if not country and region == found else region


def _place(region: str) -> str:
    country, part = free_days.country_of(region), free_days.part_of(region)
    if not country:
        return ""
    return f"{_country(country)}, {free_days.parts_of(country)[part]}" if part else _country(country)


def _country(code: str) -> str:
    return pgettext("country", COUNTRIES[code])
