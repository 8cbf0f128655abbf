"""An address that answers nothing: the floor under bench/finder.py."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"")


urlpatterns = [path("", nothing)]
