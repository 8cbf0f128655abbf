"""The sections of the coordinator's page. A part of the site that a coordinator looks after adds its line here.

A section whose address is not there is left out, so that a part can come and go by itself.
"""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True, slots=True)
class Section:
    """A page of its own: its title, what one finds there, and the name of its address."""

    title: Promise | str
    about: Promise | str
    url_name: str


SECTIONS = (
    Section(
        gettext_lazy("Lists that nobody closed"),
        gettext_lazy("Groups and dates, no names"),
        "coordinator_lists",
    ),
)


def standing() -> list[tuple[Section, str]]:
    """Each section that is there, with its address."""
    found = []
    for section in SECTIONS:
        try:
            found.append((section, reverse(section.url_name)))
        except NoReverseMatch:
            continue
    return found
