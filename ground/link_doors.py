"""What a room says of one of its login-free links by JSON. The rooms keep the doors, the composition root the address.

A link names one purpose and one subject. Showing changes nothing; an answer is a POST and may be given twice.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class LinkDoor(ABC):
    """One purpose's door. `stop_lasts`: it opens also for a link that is over, which may still say stop.

    Both methods raise what services raise; what is not found is 404.
    """

    stop_lasts = False

    @abstractmethod
    def shown(self, link: Any, *, over: bool) -> dict[str, Any]:
        """What stands there now, and which `answers` are possible."""

    @abstractmethod
    def answered(self, link: Any, body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        """Act; return what the answer says beside what stands there then."""


def choice(body: dict[str, Any], name: str, known: Collection[str]) -> str:
    """One of the known words. Raises ValidationError."""
    value = body.get(name)
    if not isinstance(value, str) or value not in known:
        raise ValidationError({name: _("Choose one of: %(known)s.") % {"known": ", ".join(known)}})
    return value


def only(body: dict[str, Any], *known: str) -> None:
    """A name that is not known is refused: nobody must believe that it did something. Raises ValidationError."""
    if unknown := sorted(set(body) - set(known)):
        raise ValidationError({name: _("This is not known here.") for name in unknown})
