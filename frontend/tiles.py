"""The server that draws maps, if the operator names one: the only stranger a page ever asks for anything.

Without PORCHLIGHT_MAP_TILES there is no map. With it, the Content-Security-Policy of the map's pages, and of no others,
lets pictures come from that one host.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import SplitResult, urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  (Django's name)
from django.http import Http404, HttpRequest, HttpResponse

DEEPEST = 22
HERE = {"localhost", "127.0.0.1", "::1"}
PLACES = ("{z}", "{x}", "{y}")
EXAMPLE = "https://tiles.example/{z}/{x}/{y}.png"
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Tiles:
    """`template` holds {z}, {x}, {y}; `origin` is what the policy names, `host` what readers are told."""

    template: str
    origin: str
    host: str
    credit: str
    credit_url: str
    zoom: int


def tiles() -> Tiles | None:
    """What is set, None where nothing is, or nothing that can be used (the check says why)."""
    try:
        return _read(settings.MAP_TILES, settings.MAP_CREDIT, settings.MAP_ZOOM, bool(settings.BEHIND_TLS))
    except ValueError:
        return None


def with_tiles(view: View) -> View:
    """A page with a map: 404 where none is set up, else its policy lets in the pictures of that one host."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = tiles()
        if found is None:
            raise Http404
        opened: Callable[..., Any] = csp_update({"img-src": [found.origin]})(view)
        shown: HttpResponse = opened(request, *args, **kwargs)
        return shown

    return page


@register
def check_tiles(app_configs: Sequence[Any] | None = None, **_more: Any) -> list[CheckMessage]:
    try:
        found = _read(settings.MAP_TILES, settings.MAP_CREDIT, settings.MAP_ZOOM, bool(settings.BEHIND_TLS))
    except ValueError as wrong:
        hint = f"For example {EXAMPLE}, or unset it: then there is no map."
        return [Error(str(wrong), hint=hint, id="frontend.E001")]
    if found and not found.credit:
        return [
            Warning(
                "PORCHLIGHT_MAP_CREDIT is empty: most licences of map data ask to be named beside the map.",
                hint="For example: © OpenStreetMap contributors https://www.openstreetmap.org/copyright",
                id="frontend.W001",
            )
        ]
    return []


@lru_cache(maxsize=8)
def _read(template: str, credit: str, zoom: str, behind_tls: bool) -> Tiles | None:
    """Raises ValueError with a sentence for the operator."""
    if not template:
        return None
    name = "PORCHLIGHT_MAP_TILES"
    try:
        parts = urlsplit(template)
        port = parts.port
    except ValueError as wrong:
        raise ValueError(f"{name} is no address: {wrong}") from wrong
    if re.search(r"[\s;,*'\"<>\\]", template) or not parts.hostname:
        raise ValueError(f"{name} is no address.")
    _check_way(name, parts, behind_tls)
    asked = parts.path + "?" + parts.query
    if any(asked.count(place) != 1 for place in PLACES):
        raise ValueError(f"{name} needs {{z}}, {{x}} and {{y}} once each, behind the host.")
    if set(re.findall(r"{[^}]*}|[{}]", template)) - {*PLACES, "{r}"}:
        raise ValueError(f"{name} may hold {{z}}, {{x}}, {{y}} and {{r}} alone: one host draws all pictures, no {{s}}.")
    if not (zoom.isascii() and zoom.isdecimal() and 1 <= int(zoom) <= DEEPEST):
        raise ValueError(f"PORCHLIGHT_MAP_ZOOM is {zoom}: use a number from 1 to {DEEPEST}.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host += f":{port}" if port else ""
    words, link = _credit(credit)
    return Tiles(template, f"{parts.scheme}://{host}", host, words, link, int(zoom))


def _check_way(name: str, parts: SplitResult, behind_tls: bool) -> None:
    if parts.scheme not in {"https", "http"}:
        raise ValueError(f"{name} must begin with https://")
    if parts.scheme == "http" and behind_tls and parts.hostname not in HERE:
        raise ValueError(f"{name} must begin with https:// on a site that speaks https: browsers refuse the rest.")
    if parts.username or parts.password:
        raise ValueError(f"{name} holds a name or password, which every reader would get.")
    if "{" in parts.netloc:
        raise ValueError(f"{name} must name one host: no {{s}} and no other brace in it.")


def _credit(text: str) -> tuple[str, str]:
    """(words, address): an https address at the end of the words is what they lead to."""
    words, _space, last = text.strip().rpartition(" ")
    return (words, last) if words and last.startswith("https://") else (text.strip(), "")
