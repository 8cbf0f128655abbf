"""`manage.py crisislines`: what the calm screen offers to call, and what nobody has checked yet."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cravings import selectors, services


class Command(BaseCommand):
    help = "Lists the crisis lines that nobody has called yet. --load brings in the shipped list first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--load", action="store_true", help="bring in the lines that come with this version")
        parser.add_argument("--release", action="store_true", help="exit 1 while a line is unchecked")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["load"]:
            self.stdout.write(f"{services.crisis_lines_load()} lines added or changed")
        unchecked = selectors.lines_unchecked()
        for line in unchecked:
            self.stdout.write(f"not checked: {line.region} {line.number} {line.name} (version {line.version})")
        if unchecked and options["release"]:
            raise CommandError(f"{len(unchecked)} crisis lines were never called: call each before a release")
        if not unchecked:
            self.stdout.write("every crisis line was checked by a person")
