"""What the JSON doors of the watch share."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from people.selectors import person_of

if TYPE_CHECKING:
    from people.models import Person


def actor(request: Request) -> "Person":
    """The signed-in person; DRF has sent guests away already."""
    person = person_of(request.user)
    assert person is not None
    return person


def parsed(kind: type[serializers.Serializer[object]], request: Request) -> dict[str, Any]:
    """The body. A name that is not known is refused: nobody must believe that it did something."""
    if not isinstance(request.data, dict):
        raise ValidationError(_("Please send one JSON object."))
    unknown = sorted(set(request.data) - set(kind().fields))
    if unknown:
        raise ValidationError({name: _("This is not known here.") for name in unknown})
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
