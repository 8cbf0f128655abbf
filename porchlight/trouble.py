"""Trouble outside the code (a setting, a file, a server) is one sentence that says what to do, in every command.

`--traceback` shows the whole. Anything else is a fault of ours and keeps its traceback.
"""

import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError

LITE = ("no such table", "no such column")  # SQLite's words, an OperationalError
MISSING_TABLES = (*LITE, "does not exist")


def in_words(error: BaseException) -> str | None:
    """The sentence for an error of the surroundings; None for one of ours."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if not isinstance(error, OperationalError | ProgrammingError):
        return None
    what = " ".join(str(error).split())
    # PostgreSQL says of a whole database or role, too, that it "does not exist", but as an OperationalError
    words_of = MISSING_TABLES if isinstance(error, ProgrammingError) else LITE
    if any(words in what for words in words_of):
        return "the database is not up to date. Run: python manage.py migrate"
    if isinstance(error, ProgrammingError):
        return None
    return (
        f"the database cannot be written or does not answer ({what}). Nothing was changed. Check that its file and "
        "folder belong to this user, or that its server runs and DATABASE_URL names it."
    )


def run(argv: Sequence[str]) -> None:
    """Django's command line. Exit 2 with one sentence on stderr for trouble outside the code."""
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (reads the settings)

    try:
        execute_from_command_line(list(argv))
    except (ImproperlyConfigured, OperationalError, ProgrammingError) as error:
        words = in_words(error)
        if words is None or "--traceback" in argv:
            raise
        print(f"porchlight: {words}", file=sys.stderr)
        raise SystemExit(2) from None
