"""What every page may use beside its own context."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

# the first part of the address, and the place in the bar of five that it belongs to
PLACES = {
    "": "find",
    "meetings": "find",
    "favourites": "find",
    "find": "find",
    "corrections": "people",
    "groups": "people",
    "g": "people",
    "chat": "talk",
    "talk": "talk",
    "people": "people",
    "circle": "people",
    "supporters": "people",
    "watch": "people",
    "support": "people",
    "today": "today",
    "inbox": "today",
    "sheet": "today",
    "sheets": "today",
    "me": "me",
    "coordinator": "me",
    "lists": "me",
    "join": "me",
    "accounts": "me",
}
NEUTRAL = "notes"  # the second name and icon, for people whose phone is looked at
FACES = {"porchlight": "Porchlight", NEUTRAL: "Notes"}
FACE_COOKIE = "face"


def face_of(request: HttpRequest) -> str:
    """Which name and icon this browser chose: a key of FACES."""
    chosen = request.COOKIES.get(FACE_COOKIE, "")
    return chosen if chosen in FACES else "porchlight"


def page(request: HttpRequest) -> dict[str, Any]:
    face = face_of(request)
    return {
        "nav_place": PLACES.get(request.path.split("/")[1], ""),
        "exit_url": settings.EXIT_URL,
        "face": face,
        "face_name": FACES[face],
        "development": settings.DEVELOPMENT,
    }
