"""What holds for every page: errors in plain words, and nothing private left in a browser's cache."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render

from ground.errors import PorchlightError

PACKED = ("image/png", "image/jpeg", "font/woff2", "application/zip")  # smaller already than gzip makes them
PAGES = {404: "404.html", 409: "409.html", 410: "410.html", 429: "429.html"}


class ErrorPages:
    """Turns what services raise into a page: Settled 410, Conflict 409, TooMany 429, ValidationError 400."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, PorchlightError):
            page = PAGES.get(error.status, "400.html")
            return render(request, page, {"sentences": [str(error)] if str(error) else []}, status=error.status)
        if isinstance(error, ValidationError):
            return render(request, "400.html", {"sentences": error.messages}, status=400)
        return None


class PrivatePages:
    """Pages made for somebody who is signed in are not kept: Back after signing out or leaving shows nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response


class Gzip(GZipMiddleware):
    """Django's, but a part of a file (Range) stays the part that was asked for, and packed files are left alone.

    Packing makes a file's ETag weak (W/"…"). It comes back as such, and WhiteNoise compares letter by letter: so the
    mark is taken off again (RFC 9110 13.1.2: If-None-Match compares weakly).
    """

    def process_request(self, request: HttpRequest) -> None:
        known = request.META.get("HTTP_IF_NONE_MATCH", "")
        if known.startswith('W/"'):
            request.META["HTTP_IF_NONE_MATCH"] = known.removeprefix("W/")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        packed = str(response.headers.get("Content-Type", "")).startswith(PACKED)
        if packed or response.status_code in {206, 304} or response.has_header("Content-Range"):
            return response
        return super().process_response(request, response)
