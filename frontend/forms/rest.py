"""How long a contact rests, as a page names it."""

from django.http import QueryDict


def rest_days(posted: QueryDict) -> dict[str, int]:
    """`days`, where the form has it; what is no number is one that the service refuses."""
    given = posted.get("days", "").strip()
    if not given:
        return {}
    return {"days": int(given) if given.isdecimal() and len(given) < 4 else 0}
