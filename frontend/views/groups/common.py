"""What the pages of groups share: the actor, the group at an address, what is unknown becomes 404."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from frontend.actor import the_actor
from groups.selectors import group_for

if TYPE_CHECKING:
    from groups.models import Membership

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def or_404(view: View[P]) -> View[P]:
    """What a selector does not find is a page that is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ObjectDoesNotExist as unknown:
            raise Http404 from unknown

    return guarded


def own_membership(request: HttpRequest, slug: str) -> "Membership":
    """The actor's own membership of the group at this address. Raises PermissionDenied for an outsider."""
    return group_for(actor=the_actor(request), slug=slug)


def run_by(request: HttpRequest, slug: str) -> "Membership":
    """The same for pages that only facilitators have."""
    own = own_membership(request, slug)
    if own.state != "active" or own.role != "facilitator":
        raise PermissionDenied
    return own


def going_back(request: HttpRequest, default: str) -> str:
    """Where a form says it stands (`next`), if that is an address of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else default
