"""The lines to call."""

from cravings import lines
from cravings.models import CrisisLine


def crisis_lines(region: str) -> list[lines.Line]:
    """The lines of a region in the order they are shown; a site whose table is empty shows the shipped ones."""
    rows = list(CrisisLine.objects.filter(region=region, retired=False)) if region else []
    if rows:
        return [line_of(row) for row in rows]
    if region and not CrisisLine.objects.exists():
        return [line for line in lines.shipped() if line.region == region]
    return []


def line_of(row: CrisisLine) -> lines.Line:
    return lines.Line(
        region=row.region,
        number=row.number,
        name=row.name,
        what=row.what,
        emergency=row.emergency,
        position=row.position,
        source=row.source,
        version=row.version,
        checked_on=row.checked_on,
        checked_by=row.checked_by,
    )


def regions_known() -> list[str]:
    """The regions that a person may choose."""
    return list(lines.regions())


def lines_unchecked() -> list[lines.Line]:
    """Lines that nobody has called yet: the operator is shown them, and a release waits for them."""
    return [line_of(row) for row in CrisisLine.objects.filter(checked_on=None, retired=False)]


def lines_all() -> list[lines.Line]:
    """Every line of the table, for the coordinator who checks them."""
    return [line_of(row) for row in CrisisLine.objects.filter(retired=False)]
