"""`put`: format_html for many small pieces. What is not a SafeString is escaped, as there; but it takes plain text only
and so need not ask of each value whether it is a lazy one, which takes most of format_html's time."""

from html import escape

from django.utils.safestring import SafeString

NOTHING = SafeString("")


def put(form: str, *values: str) -> SafeString:
    """The form with the values in their places; `form` is a literal of ours."""
    return SafeString(form.format(*[one if isinstance(one, SafeString) else escape(one) for one in values]))


def joined(pieces: list[SafeString]) -> SafeString:
    return SafeString("".join(pieces))
