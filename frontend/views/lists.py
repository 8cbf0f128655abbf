"""The coordinator's pages of meeting lists: take one in, see what it changes, apply, undo, look again."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.actor import signed_in, the_actor
from frontend.forms.lists import ListForm, RefreshForm
from frontend.views.groups.common import or_404, run_by
from frontend.views.list_words import WORDS, shown
from ground.errors import Conflict, Settled
from meetings.selectors import attendance, lists
from meetings.services import import_desk, list_words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

KINDS = {
    "added": gettext_lazy("New"),
    "changed": gettext_lazy("Changed"),
    "removed": gettext_lazy("Gone"),
    "unread": gettext_lazy("Not readable"),
}
REASONS: "dict[str, _StrPromise]" = {
    "no name": gettext_lazy("It has no name."),
    "no slug": gettext_lazy("It has no slug or ID by which it is known."),
    "day not understood": gettext_lazy("Its day is not understood."),
    "day without a time": gettext_lazy("It has a day and no time."),
    "time not understood": gettext_lazy("Its time is not understood."),
    "not an entry": gettext_lazy("It is no entry at all."),
    "no zone": gettext_lazy("Its time zone is not known: choose one for the list."),
    "not published": gettext_lazy("Its server does not publish it."),
    "archived": gettext_lazy("Its directory has archived it."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def every(request: HttpRequest) -> HttpResponse:
    """All lists, and a form to take another one in."""
    actor = the_actor(request)
    found = lists.lists_for(actor)
    form = ListForm(request.POST or None, request.FILES or None, initial={"name": request.GET.get("name", "")})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            run = import_desk.import_begin(
                actor=actor, name=given["name"], zone=given["zone"], address=given["address"], files=given["sent"]
            )
        except ValidationError as refused:
            form.take(refused)
        except Conflict as taken:
            form.add_error(None, str(taken))
        else:
            return redirect("meeting_list_import", run.pk)
    return render(request, "lists/every.html", {"lists": found, "form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def one(request: HttpRequest, source_id: int) -> HttpResponse:
    """One list: its imports, and how often it is looked at again."""
    actor = the_actor(request)
    found = lists.list_for(actor, source_id)
    web = found.address if found.address.lower().startswith(("http://", "https://")) else ""
    initial = {"address": web, "hours": found.refresh_hours, "by_itself": found.by_itself,
               "fellowship": found.fellowship}  # fmt: skip
    form = RefreshForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            import_desk.fellowship_set(actor=actor, source_id=source_id, fellowship=given["fellowship"])
            import_desk.refresh_set(
                actor=actor, source_id=source_id, address=given["address"], hours=given["hours"],
                by_itself=given["by_itself"],
            )  # fmt: skip
        except ValidationError as refused:
            form.take(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("meeting_list", source_id)
    context = {"source": found, "form": form, "zone": actor.zone}
    return render(request, "lists/one.html", context, status=400 if form.errors else 200)


@require_safe
@signed_in
@or_404
def look(request: HttpRequest, import_id: int) -> HttpResponse:
    """What an import changes: before it is applied, and afterwards."""
    actor = the_actor(request)
    page = request.GET.get("page", "1")
    number = int(page) if page.isdecimal() and 0 < len(page) < 7 else 1
    found = lists.import_for(actor, import_id, kind=request.GET.get("kind", ""), page=max(1, number))
    tabs = [(kind, KINDS[kind], found.kinds[kind]) for kind in KINDS]
    rows = [
        {
            "label": row.label or row.key or _("without a name"),
            "key": row.key,
            "reason": REASONS.get(row.reason, row.reason),
            "fields": [
                (WORDS.get(word, word), shown(word, before), shown(word, after)) for word, before, after in row.fields
            ],
        }
        for row in found.rows
    ]
    context = {"look": found, "run": found.run, "tabs": tabs, "rows": rows, "zone": actor.zone}
    return render(request, "lists/look.html", context)


@require_POST
@signed_in
def settle(request: HttpRequest, import_id: int) -> HttpResponse:
    """Apply, drop, or undo."""
    actor = the_actor(request)
    acts = {
        "agree": import_desk.import_agree,
        "drop": import_desk.import_drop,
        "undo": import_desk.import_take_back,
    }
    chosen = request.POST.get("action", "")
    if chosen not in acts:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    try:
        acts[chosen](actor=actor, import_id=import_id)
    except (Settled, Conflict) as over:
        messages.info(request, str(over))
        return redirect("meeting_lists")
    if chosen == "drop":
        messages.success(request, _("It was not taken in. Nothing has changed."))
        return redirect("meeting_lists")
    return redirect("meeting_list_import", import_id)


@require_POST
@signed_in
@or_404
def word(request: HttpRequest, slug: str, meeting_id: int) -> HttpResponse:
    """A group's answer to what its meeting's list says: take it over, or keep its own."""
    actor = the_actor(request)
    found = attendance.meeting_in(run_by(request, slug).group, meeting_id)
    acts = {"accept": list_words.list_word_accept, "keep": list_words.list_word_decline}
    chosen = request.POST.get("action", "")
    if chosen not in acts:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    try:
        acts[chosen](actor=actor, meeting=found, unit=request.POST.get("unit", ""))
    except Settled as over:
        messages.info(request, str(over))
    else:
        said = {"accept": _("Taken over from the list."), "keep": _("It stays as your group has it.")}
        messages.success(request, said[chosen])
    return redirect("group_meeting", slug, meeting_id)
