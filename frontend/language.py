"""The language of who is signed in, on every device: kept with the person, remembered by each browser in a cookie."""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from frontend.actor import actor_of

A_YEAR = 365 * 24 * 3600  # seconds
Answer = TypeVar("Answer", bound=HttpResponse)


class PersonalLanguage:
    """A browser that has no language cookie takes the language of the person who signs in, from then on.

    Stands behind LocaleMiddleware (which reads the cookie, then what the browser asks for) and authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        unknown = settings.LANGUAGE_COOKIE_NAME not in request.COOKIES
        signed_in_before = unknown and self._take(request)
        response = self.get_response(request)
        # the answer to a sign-in belongs to somebody who was a guest when it was asked for
        new_here = unknown and not signed_in_before and request.session.accessed and request.user.is_authenticated
        if (signed_in_before or new_here) and settings.LANGUAGE_COOKIE_NAME not in response.cookies:
            actor = actor_of(request)
            assert actor is not None
            remember(response, settings.LANGUAGE_COOKIE_NAME, actor.language)
        return response

    def _take(self, request: HttpRequest) -> bool:
        """Show this request in the person's language; False for guests, without a query for those without a session."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return False
        actor = actor_of(request)
        assert actor is not None
        if actor.language in dict(settings.LANGUAGES):
            translation.activate(actor.language)
            request.LANGUAGE_CODE = translation.get_language()
        return True


def remember(response: Answer, name: str, value: str) -> Answer:
    """Set a cookie of this site for a year and return the response."""
    response.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response
