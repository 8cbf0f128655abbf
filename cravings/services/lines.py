"""The lines to call: the shipped list, what a person checked, where a member is."""

from dataclasses import asdict
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cravings import lines
from cravings.models import CrisisLine
from people.models import Person
from people.selectors import is_coordinator
from people.services import person_settings


def region_choose(*, actor: Person, region: str) -> None:
    """Remember where the member is, for the lines to call; empty means elsewhere. Raises ValidationError."""
    region_check(region)
    person_settings(actor=actor, region=region)


def region_check(region: str) -> None:
    """Raises ValidationError for a region without entries."""
    if region and region not in lines.regions():
        raise ValidationError({"region": _("Please choose a place from the list.")})


def crisis_lines_load() -> int:
    """Bring the shipped lines into the table; return how many were added or changed.

    A line that a person here has checked is theirs and stays as it is.
    """
    changed = 0
    with transaction.atomic():
        for line in lines.shipped():
            key = {"region": line.region, "number": line.number}
            rest = {name: value for name, value in asdict(line).items() if name not in key}
            row, made = CrisisLine.objects.get_or_create(**key, defaults=rest)
            if made:
                changed += 1
            elif row.checked_on is None and any(getattr(row, name) != value for name, value in rest.items()):
                CrisisLine.objects.filter(pk=row.pk).update(**rest)
                changed += 1
    return changed


def crisis_line_check(*, actor: Person, region: str, number: str, on: date) -> None:
    """The coordinator called the number and it is right. Raises PermissionDenied, ValidationError."""
    if not is_coordinator(actor):
        raise PermissionDenied
    found = CrisisLine.objects.filter(region=region, number=number)
    if not found.update(checked_on=on, checked_by=actor.name):
        raise ValidationError(_("This line is not in the list."))
