"""Every part of the look on one page, with the development switch only."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

ERRORS = {400, 403, 404, 409, 410, 429, 500}


def components(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/style.html", {"dots": range(8), "names": ["Robin", "Ari M.", "Jo", "Lou from Tuesday"]})


def plain(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/style_plain.html")


def calm(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/style_calm.html")


def error(request: HttpRequest, status: int) -> HttpResponse:
    if status not in ERRORS:
        raise Http404
    return render(request, f"{status}.html", status=status)
