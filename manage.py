#!/usr/bin/env python
"""Django's command line: `python manage.py COMMAND`. `help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porchlight.settings")
    from porchlight import trouble  # noqa: PLC0415

    trouble.run(sys.argv)


if __name__ == "__main__":
    main()
