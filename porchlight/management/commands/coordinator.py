from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ground.errors import Conflict, Unknown
from people.services import coordinator_set


class Command(BaseCommand):
    help = "Makes an account a coordinator (people and safety), or with --remove an ordinary one again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("alias")
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            account = coordinator_set(alias=options["alias"], on=not options["remove"])
        except (Unknown, Conflict) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{account.alias} is {'no longer ' if options['remove'] else ''}a coordinator.")
