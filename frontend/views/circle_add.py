"""Adding somebody to my people: one question a page, nothing kept until the last, which signs and invites."""

from collections.abc import Callable
from functools import wraps

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from circle import selectors, services
from circle.consents import OFFERED, PURPOSES
from circle.recent import RECENT, signed_in_recently
from frontend.actor import signed_in, the_actor
from frontend.forms.circle import NOT_MINE, SMS, STEPS, Step, kind_of
from frontend.zones import ZONES
from ground import clock
from ground.errors import Conflict, TooMany

ORDER = list(STEPS)
FINISH = 60 * 60  # seconds
View = Callable[..., HttpResponseBase]


def confirmed(view: View) -> View:
    """Only in a session that was opened or confirmed within 15 minutes; else allauth asks, and leads back here.

    What was begun in time may be finished within the hour, so that nobody's half-typed answers are lost or stored.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponseBase:
        if not signed_in_recently(request, within=RECENT if request.method != "POST" else FINISH):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@confirmed
def add(request: HttpRequest) -> HttpResponse:
    """Show the first question, take an answer and show the next, or go a question back. The last one acts."""
    if request.method != "POST":
        return _page(request, "who", _blank(request, "who"))
    step = request.POST.get("step", "who")
    if step not in STEPS:
        raise ValidationError(_("Please start again."))
    place = ORDER.index(step)
    if "back" in request.POST:
        before = ORDER[max(0, place - 1)]
        return _page(request, before, STEPS[before](initial=_given(request, before)))
    for earlier in ORDER[: place + 1]:
        form = STEPS[earlier](request.POST)
        if not form.is_valid():
            return _page(request, earlier, form, status=400)
    if step == ORDER[-1]:
        return _invite(request)
    following = ORDER[place + 1]
    given = _given(request, following)
    return _page(request, following, STEPS[following](initial=given) if given else _blank(request, following))


def _invite(request: HttpRequest) -> HttpResponse:
    actor = the_actor(request)
    forms = {name: form(request.POST) for name, form in STEPS.items()}
    data: dict[str, str] = {}
    for form in forms.values():
        form.is_valid()  # each was looked at above
        data |= form.cleaned_data
    try:
        supporter = services.supporter_invite(
            actor=actor,
            name=data["name"],
            sender_name=data["sender_name"],
            way_kind=kind_of(data["address"]),
            address=data["address"],
            zone=data["zone"],
            purposes=data["purposes"],
            days=int(data["days"]),
            forced=data["mine"] == NOT_MINE,
        )
    except ValidationError as refused:
        step = _step_of(refused)
        forms[step].take(refused)
        return _page(request, step, forms[step], status=400)
    except (Conflict, TooMany) as refused:
        forms["reach"].add_error(None, str(refused))
        return _page(request, "reach", forms["reach"], status=refused.status)
    messages.success(
        request, _("%(name)s is being asked. Nothing else is sent until they say yes.") % {"name": supporter}
    )
    return redirect("circle")


def _page(request: HttpRequest, step: str, form: Step, status: int = 200) -> HttpResponse:
    """One question, with the other answers carried along unseen."""
    others = [name for other, kind in STEPS.items() if other != step for name in kind.base_fields]
    carried = [(name, value) for name in others for value in request.POST.getlist(name)]
    context = {
        "step": step,
        "form": form,
        "carried": carried,
        "number": ORDER.index(step) + 1,
        "count": len(ORDER),
        "texts": _texts(request) if step == "check" else [],
        "hears": _hears(request) if step == "hear" else [],
        "given": request.POST,
        "by_text": kind_of(request.POST.get("address", "")) == SMS,
    }
    return render(request, f"circle/add_{step}.html", context, status=status)


def _texts(request: HttpRequest) -> list[str]:
    """What the last page signs: the same words that are stored."""
    actor = the_actor(request)
    found = selectors.consent_preview(
        actor,
        name=" ".join(request.POST.get("name", "").split()),
        sender_name=" ".join(request.POST.get("sender_name", "").split()),
        purposes=request.POST.getlist("purposes"),
        days=int(request.POST.get("days", "180")),
        now=clock.now(),
    )
    return [wording.text for wording in found]


def _hears(request: HttpRequest) -> list[str]:
    """What each choice would sound like, in the order of the choices."""
    name = " ".join(request.POST.get("sender_name", "").split())
    return [str(PURPOSES[purpose].hears).format(me=name) for purpose in OFFERED]


def _given(request: HttpRequest, step: str) -> dict[str, object]:
    """What was answered before on this step, to show it again."""
    given: dict[str, object] = {}
    for name in STEPS[step].base_fields:
        if name in request.POST:
            given[name] = request.POST.getlist(name) if name == "purposes" else request.POST[name]
    return given


def _blank(request: HttpRequest, step: str) -> Step:
    """The empty question, with what we know filled in."""
    actor = the_actor(request)
    initial: dict[str, object] = {}
    if step == "who":
        initial["sender_name"] = actor.name
    if step == "reach":
        initial["zone"] = actor.zone if actor.zone in ZONES else "UTC"
    return STEPS[step](initial=initial)


def _step_of(refused: ValidationError) -> str:
    """The question that the service's refusal belongs to."""
    wrong = set(refused.message_dict) if hasattr(refused, "error_dict") else set()
    return next((step for step, form in STEPS.items() if wrong & set(form.base_fields)), "reach")
