"""For somebody with an account whom a member chose: the same answers as on the link's page, one row a member."""

from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from circle import services as circle
from circle.selectors import chosen_one, supporter_by_link
from frontend.actor import signed_in, the_actor
from frontend.forms.rest import rest_days
from ground.errors import Settled
from people.services import link_open
from support.services import answer_give

if TYPE_CHECKING:
    from circle.models import Supporter
    from people.models import Person


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def see(request: HttpRequest, token: str) -> HttpResponse:
    """From the link's page: one page to confirm, one tap, and the row stands on Today."""
    link = link_open(token=token)
    try:
        supporter = supporter_by_link(link)
    except ObjectDoesNotExist:
        raise Http404 from None
    if request.method != "POST":
        return render(request, "circle/see.html", {"sender_name": supporter.sender_name})
    try:
        circle.supporter_see(actor=the_actor(request), link=link)
    except ValidationError as wrong:
        context = {"sender_name": supporter.sender_name, "errors": wrong.messages}
        return render(request, "circle/see.html", context, status=400)
    messages.success(request, _("It stands on your Today from now on."))
    return redirect("today")


@require_POST
@signed_in
def answer(request: HttpRequest, pid: UUID) -> HttpResponse:
    """I'm on it, I reached them, I can't now; a rest, its end; stop; not on Today any more."""
    actor = the_actor(request)
    try:
        supporter = chosen_one(actor, pid)
    except ObjectDoesNotExist:
        raise Http404 from None
    given = request.POST.get("answer", "")
    try:
        said = _give(given, supporter, actor, request.POST)
    except Settled as over:
        messages.info(request, str(over))
        return redirect("today")
    except ValidationError as wrong:
        messages.warning(request, " ".join(wrong.messages))
        return redirect("today")
    if not said:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    messages.success(request, said)
    return redirect("today")


def _give(given: str, supporter: "Supporter", actor: "Person", posted: QueryDict) -> str:
    """Do it and say so; empty for an answer that is none."""
    if given in {"claim", "reached", "cannot"}:
        answer_give(kind=given, supporter=supporter, actor=actor)
        return _("Thank you. It is written down.")
    if given == "rest":
        rested = circle.supporter_rest(supporter=supporter, actor=actor, days=rest_days(posted))
        assert rested.rests_until is not None
        until = formats.date_format(rested.rests_until.astimezone(ZoneInfo(actor.zone)), "DATE_FORMAT")
        return _("You rest until %(day)s: nothing is asked of you.") % {"day": until}
    if given == "wake":
        circle.supporter_rest_end(supporter=supporter, actor=actor)
        return _("Your rest is over. Thank you.")
    if given == "stop":
        circle.supporter_stop(supporter=supporter, actor=actor)
        return _("Done: we will not write to you again.")
    if given == "hide":
        circle.supporter_unsee(actor=actor, supporter=supporter)
        return _("It is off your Today. The mails stay as they were.")
    return ""
