"""Who acts: faces hand services a Person, never an account."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from people.selectors import person_of

if TYPE_CHECKING:
    from people.models import Person

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def actor_of(request: HttpRequest) -> "Person | None":
    """The Person who is signed in, or None for a guest."""
    return person_of(request.user)


def the_actor(request: HttpRequest) -> "Person":
    """The Person of a view behind `signed_in`, which has sent guests away."""
    actor = actor_of(request)
    assert actor is not None
    return actor


def signed_in(view: View[P]) -> View[P]:
    """Send guests to sign in, and back here afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded
