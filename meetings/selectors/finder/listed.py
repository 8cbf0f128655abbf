"""What is listed at all."""

from functools import lru_cache

from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse

from meetings.guide_types import NOT_SHOWN, TYPES
from meetings.models import Meeting


def anything_listed() -> bool:
    """Whether there is any open meeting: an empty list asks for another sentence than an empty answer."""
    return Meeting.objects.filter(closed_at=None).exists()


def main_zone() -> str:
    """The zone of most meetings here: whose "today" is meant when the visitor's zone is not known. Kept 5 minutes."""
    zone: str | None = cache.get("finder:main_zone")
    if zone is None:
        open_ones = Meeting.objects.filter(closed_at=None)
        row = open_ones.values("zone").annotate(n=Count("pk")).order_by("-n", "zone").first()
        zone = row["zone"] if row else "UTC"
        cache.set("finder:main_zone", zone, 300 if row else 5)
    return zone


def path_of(slug: str) -> str:
    """Where a meeting's page is: what `reverse` says, which takes long for each row of a list."""
    return f"{_before_slug()}{slug}/"


@lru_cache(maxsize=1)
def _before_slug() -> str:
    return reverse("meeting", args=["slug"]).removesuffix("slug/")


def tags_of(meeting: Meeting) -> list[tuple[str, str]]:
    """(code, name) of the types that are worth a tag."""
    return [(code, TYPES[code]) for code in meeting.types if code in TYPES and code not in NOT_SHOWN]
