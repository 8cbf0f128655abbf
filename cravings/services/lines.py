"""The lines to call: the shipped list, what a person checked, where a member is."""

from dataclasses import asdict
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cravings import lines
from cravings.models import CrisisLine
from ground import clock
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

    A line that a person here has checked, written or taken off is theirs and stays as it is.
    """
    changed = 0
    with transaction.atomic():
        for line in lines.shipped():
            key = {"region": line.region, "number": line.number}
            rest = {name: value for name, value in asdict(line).items() if name not in key}
            row, made = CrisisLine.objects.get_or_create(**key, defaults=rest)
            if made:
                changed += 1
            elif _is_ours(row) and any(getattr(row, name) != value for name, value in rest.items()):
                CrisisLine.objects.filter(pk=row.pk).update(**rest)
                changed += 1
    return changed


def _is_ours(row: CrisisLine) -> bool:
    """Nobody here checked it, wrote it or took it off."""
    return row.checked_on is None and row.edited_at is None


def crisis_line_check(*, actor: Person, region: str, number: str, on: date) -> None:
    """The coordinator called the number and it is right. Raises PermissionDenied, ValidationError."""
    if not is_coordinator(actor):
        raise PermissionDenied
    found = CrisisLine.objects.filter(region=region, number=number, retired=False)
    if not found.update(checked_on=on, checked_by=actor.name):
        raise ValidationError(_("This line is not in the list."))


def crisis_line_write(
    *, actor: Person, region: str, number: str, name: str, what: str, emergency: bool = False, before: str = ""
) -> CrisisLine:
    """The coordinator adds a line, or writes the one with the number `before` anew. It is unchecked from then on, its
    source is this site and its version the day.

    Raises PermissionDenied, ValidationError for a place without entries, a number that cannot be dialled, or an empty
    name; also when the line `before` is not in the list.
    """
    _check_writable(actor, region, number, name)
    now = clock.now()
    row = {
        "name": name.strip(),
        "what": what.strip(),
        "emergency": emergency,
        "source": "this site",
        "version": f"{now:%Y-%m-%d}",
        "checked_on": None,
        "checked_by": "",
        "edited_at": now,
        "retired": False,
    }
    with transaction.atomic():
        last = CrisisLine.objects.filter(region=region).order_by("-position").first()
        position = last.position + 1 if last else 0
        if before:
            old = _line(region, before)
            position = old.position
            if number != before:
                _retire(old)
        made, _new = CrisisLine.objects.update_or_create(
            region=region, number=number, defaults={**row, "position": position}
        )
        made.full_clean(exclude=["checked_on", "edited_at"])  # empty on purpose
        _keeps_emergency(region)
    return made


def crisis_line_retire(*, actor: Person, region: str, number: str) -> None:
    """The coordinator takes a line off the list; a new version of the shipped one does not bring it back.

    Raises PermissionDenied, ValidationError when it is not in the list, or is the place's last emergency number.
    """
    if not is_coordinator(actor):
        raise PermissionDenied
    with transaction.atomic():
        _retire(_line(region, number))
        _keeps_emergency(region)


def _keeps_emergency(region: str) -> None:
    if not CrisisLine.objects.filter(region=region, emergency=True, retired=False).exists():
        raise ValidationError(_("A place keeps one emergency number at least."))


def _retire(row: CrisisLine) -> None:
    CrisisLine.objects.filter(pk=row.pk).update(retired=True, edited_at=clock.now(), checked_on=None, checked_by="")


def _line(region: str, number: str) -> CrisisLine:
    row = CrisisLine.objects.filter(region=region, number=number, retired=False).first()
    if row is None:
        raise ValidationError(_("This line is not in the list."))
    return row


def _check_writable(actor: Person, region: str, number: str, name: str) -> None:
    if not is_coordinator(actor):
        raise PermissionDenied
    if not region:
        raise ValidationError({"region": _("Please choose a place from the list.")})
    region_check(region)
    if not lines.dialled(number) or len(number) > 30:
        raise ValidationError({"number": _("Please type a number that a phone can dial.")})
    if not name.strip():
        raise ValidationError({"name": _("Please give it a name.")})
