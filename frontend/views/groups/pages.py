"""My groups, founding one, and a group's own page with its people."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.actor import signed_in, the_actor
from frontend.forms.groups import FoundForm, GroupForm, MeetingForm
from frontend.views.groups.common import or_404, own_membership, run_by
from ground import clock
from groups import selectors, services
from meetings.selectors import attendance, open_lists, series
from meetings.selectors.corrections import waiting_of
from meetings.services.commitments import membership_leave, membership_remove
from meetings.services.group_meetings import group_end, group_found_afresh, group_found_from_meeting
from meetings.services.keeping import keeping_change
from meetings.services.sheets import attendance_recent

if TYPE_CHECKING:
    from groups.models import Membership
    from meetings.models import Meeting
    from people.models import Link

DATES = 3  # of each meeting on a group's page
KEEPING_SHOWN = timedelta(days=30)  # what it means that the group keeps its lists in another way


@require_safe
@signed_in
def groups(request: HttpRequest) -> HttpResponse:
    """My groups, and what facilitators still have to write down."""
    actor = the_actor(request)
    context = {"memberships": selectors.groups_of(actor), "owed": open_lists.sheets_owed(actor, clock.now())}
    return render(request, "groups/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def found(request: HttpRequest) -> HttpResponse:
    """Found a group: afresh, with or without its first meeting, or (`meeting`) from a listed one.

    A page of the finder posts the meeting alone: the form comes first, nothing is made by that.
    """
    actor = the_actor(request)
    slug = request.POST.get("meeting") or request.GET.get("meeting", "")
    listed = attendance.meeting_at(slug) if slug else None
    filled = request.method == "POST" and "name" in request.POST
    zone = listed.zone if listed else actor.zone
    initial = {"name": listed.name if listed else "", "zone": zone}
    form = FoundForm(request.POST if filled else None, initial=initial)
    if listed is not None:
        del form.fields["zone"]  # the meeting's own
    wanted = listed is None and request.POST.get("with_meeting") == "yes"
    meeting_form = MeetingForm(request.POST if filled and wanted else None, initial={"zone": zone})
    if filled and form.is_valid() and (not wanted or meeting_form.is_valid()):
        data = form.cleaned_data
        about: dict[str, Any] = {"about": data["about"], "head_count_only": data["head_count_only"]}
        try:
            if listed is not None:
                group = group_found_from_meeting(actor=actor, meeting=listed, name=data["name"], **about)
            else:
                plan = meeting_form.plan(data["name"]) if wanted else None
                group = group_found_afresh(actor=actor, name=data["name"], zone=data["zone"], plan=plan, **about)
        except ValidationError as refused:
            (form if set(getattr(refused, "error_dict", {})) <= set(form.fields) else meeting_form).take(refused)
        else:
            messages.success(request, _("Your group is here. Now let the others in."))
            return redirect("group_invite", group.slug)
    context = {
        "form": form,
        "meeting_form": meeting_form,
        "listed": listed,
        "with_meeting": wanted or not filled,
        "errors": bool(form.errors or meeting_form.errors),
    }
    return render(request, "groups/found.html", context, status=400 if context["errors"] else 200)


@require_safe
@signed_in
@or_404
def group(request: HttpRequest, slug: str) -> HttpResponse:
    """A group from inside: its next dates, its people; who waits sees only that they wait."""
    actor = the_actor(request)
    own = own_membership(request, slug)
    if own.state == "waiting":
        return render(request, "groups/waiting.html", {"group": own.group})
    now = clock.now()
    meetings = series.meetings_of(own.group)
    runs = own.role == "facilitator"
    dates = attendance.dates_of(meetings, now=now, count=DATES, person=actor)
    context = {
        "group": own.group,
        "own": own,
        "runs": runs,
        "dates": dates[: DATES + len(meetings) - 1],
        "meetings": _told_apart(meetings, dates),
        "committed": attendance.commitments_of(actor, own.group),
        "people": selectors.members_for(actor=actor, group=own.group),
        "waiting": selectors.waiting_for(actor=actor, group=own.group) if runs else [],
        "owed": [owed for owed in open_lists.sheets_owed(actor, now) if owed.group == own.group] if runs else [],
        "corrections": waiting_of(meetings) if runs else 0,
        "zone": actor.zone,
        "now": now,
        "keeping_new": own.group.keeping_changed_at is not None and own.group.keeping_changed_at > now - KEEPING_SHOWN,
    }
    return render(request, "groups/group.html", context)


def _told_apart(
    meetings: list["Meeting"], dates: list[attendance.Date]
) -> list[tuple["Meeting", attendance.Date | None]]:
    """Each with its next date where there are several: all may bear the group's name."""
    several = len(meetings) > 1
    return [(one, next((date for date in dates if several and date.meeting == one), None)) for one in meetings]


@require_POST
@signed_in
@or_404
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back one's own request to be let in."""
    own = own_membership(request, slug)
    services.membership_withdraw(actor=the_actor(request), membership=own)
    messages.success(request, _("Done. Your request is taken back."))
    return redirect("groups")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """What the group says of itself; at the bottom, ending it."""
    own = run_by(request, slug)
    initial = {"name": own.group.name, "about": own.group.about, "zone": own.group.zone}
    form = GroupForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.group_update(actor=the_actor(request), group=own.group, **form.cleaned_data)
        except ValidationError as refused:
            form.take(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("group", slug)
    return render(request, "groups/edit.html", {"form": form, "group": own.group}, status=400 if form.errors else 200)


@require_POST
@signed_in
@or_404
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End the group. The form asks for the word of a tick box first."""
    own = run_by(request, slug)
    if request.POST.get("sure") != "yes":
        messages.warning(request, _("Nothing is changed. Tick the box if the group is to end."))
        return redirect("group_edit", slug)
    group_end(actor=the_actor(request), group=own.group)
    messages.success(request, _("The group has ended. What you attended stays yours."))
    return redirect("groups")


@require_POST
@signed_in
@or_404
def keeping(request: HttpRequest, slug: str) -> HttpResponse:
    """Lists by name, or only a number. The form asks for the word of a tick box first."""
    own = run_by(request, slug)
    wanted = request.POST.get("keep", "")
    if wanted not in {"names", "heads"}:
        return HttpResponseBadRequest()
    if request.POST.get("sure") != "yes":
        messages.warning(request, _("Nothing is changed. Tick the box if the group has decided so."))
        return redirect("group_edit", slug)
    if keeping_change(actor=the_actor(request), group=own.group, head_count_only=wanted == "heads"):
        messages.success(request, _("Done. Everybody in the group is told."))
    return redirect("group", slug)


def keeping_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """The link in a member's note: it leads to the group's page, which asks them to sign in."""
    return redirect("group", selectors.slug_of(link.subject))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave the group; the last facilitator is asked who follows."""
    actor = the_actor(request)
    own = own_membership(request, slug)
    others = [m for m in selectors.members_for(actor=actor, group=own.group) if m.person_id != actor.pk]
    last = own.role == "facilitator" and not any(m.role == "facilitator" for m in others)
    refusal = ""
    if request.method == "POST":
        chosen = request.POST.get("successor", "")
        try:
            membership_leave(
                actor=actor,
                group=own.group,
                successor=next((m for m in others if str(m.person.pid) == chosen), None),
                without_successor=chosen == "nobody",
            )
        except ValidationError as refused:
            refusal = " ".join(refused.messages)
        else:
            messages.success(request, _("You have left the group. Nobody is told why."))
            return redirect("groups")
    context = {"group": own.group, "last": last, "others": others, "refusal": refusal}
    return render(request, "groups/leave.html", context, status=400 if refusal else 200)


@require_POST
@signed_in
@or_404
def member(request: HttpRequest, slug: str, pid: UUID) -> HttpResponse:
    """A facilitator lets somebody in or not, names a facilitator, or takes a member out."""
    actor = the_actor(request)
    action = request.POST.get("action", "")
    if action not in {"confirm", "refuse", "facilitator", "member", "end"}:
        return HttpResponseBadRequest()
    found_one: Membership = selectors.membership_in(actor=actor, slug=slug, pid=pid)
    name = {"name": found_one.person.name}
    if action == "confirm":
        services.membership_confirm(actor=actor, membership=found_one)
        messages.success(request, _("%(name)s is in.") % name)
    elif action == "refuse":
        services.membership_refuse(actor=actor, membership=found_one)
        messages.success(request, _("Done. %(name)s is not told.") % name)
    elif action == "end":
        membership_remove(actor=actor, membership=found_one)
        messages.success(request, _("%(name)s is no longer in the group.") % name)
    else:
        services.membership_role_set(actor=actor, membership=found_one, role=action)
        messages.success(request, _("Done."))
    return redirect("group", slug)


@require_safe
@signed_in
@or_404
def recent(request: HttpRequest, slug: str) -> HttpResponse:
    """Who was there at the latest eight dates. Whoever is named here sees that it was read."""
    own = run_by(request, slug)
    found_rows = attendance_recent(actor=the_actor(request), group=own.group)
    rows = [(occurrence, attendance.local_of(occurrence), people) for occurrence, people in found_rows]
    return render(request, "groups/recent.html", {"group": own.group, "rows": rows})
