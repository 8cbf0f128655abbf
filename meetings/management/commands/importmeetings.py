"""`manage.py importmeetings FILE_OR_URL`: takes a Meeting Guide list in."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from meetings import feed, guide
from meetings.services.imports import Report, feed_import

NAMED = 20  # entries of each kind that are printed by name


class Command(BaseCommand):
    help = (
        "Imports a Meeting Guide list (JSON), a file or an http(s) address. The same list twice changes nothing; a\n"
        "meeting that is no longer listed is closed, never deleted. Exit 0: imported, also when some entries could\n"
        "not be read (they are listed with the reason). Exit 2: this is no meeting list; nothing was written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("address", metavar="FILE_OR_URL", help="the list")
        parser.add_argument("--zone", default="", help="for entries without zone and coordinates, e.g. Europe/Berlin")
        parser.add_argument("--source", default="", help="what the list is called (default: the file's name or host)")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
        parser.add_argument("--json", action="store_true", help="print the numbers as one JSON object, as last line")

    def handle(self, *args: Any, address: str, zone: str, source: str, dry_run: bool, **options: Any) -> None:
        if zone and zone not in guide.known_zones():
            raise CommandError(f"--zone {zone} is not a time zone: use a name like America/New_York.", returncode=2)
        try:
            report = self._run(address, zone, source[:80], dry_run)
        except feed.NotAList as refused:
            raise CommandError(f"{refused} Nothing was written.", returncode=2) from refused
        self._tell(report, dry_run=dry_run, hint=not zone)
        if options["json"]:
            self.stdout.write(json.dumps(report.numbers(), ensure_ascii=False))

    def _run(self, address: str, zone: str, source: str, dry_run: bool) -> Report:
        quiet = not sys.stderr.isatty()
        with (
            tqdm(desc="reading", total=feed.size_of(address), unit="B", unit_scale=True, disable=quiet) as reading,
            tqdm(desc="comparing", unit=" entries", disable=quiet, leave=False) as comparing,
        ):
            return feed_import(
                address=address,
                zone=zone,
                name=source,
                dry_run=dry_run,
                on_bytes=reading.update,
                on_entries=comparing.update,
            )

    def _tell(self, report: Report, *, dry_run: bool, hint: bool) -> None:
        say = self.stdout.write
        say(f"{report.source}: {report.entries} entries, {report.read} read" + (" (dry run)" if dry_run else ""))
        say(f"  added    {report.added}")
        fields = ", ".join(f"{word} {n}" for word, n in report.changed_fields.most_common())
        say(f"  changed  {report.changed}" + (f" ({fields})" if fields else ""))
        self._name(f"{key}: {', '.join(words)}" for key, words in report.changed_entries[:NAMED])
        say(f"  removed  {report.removed}")
        self._name(report.removed_entries[:NAMED])
        say(f"  unread   {report.unread}")
        for reason, number in report.unread_reasons.most_common():
            say(f"    {number} x {reason}")
        self._name(f"{one.label or 'without name'}: {one.reason}" for one in report.unread_entries[:NAMED])
        if not report.read:
            say("No entry could be read: nothing was changed.")
        if hint and report.unread_reasons.get(guide.NO_ZONE):
            say("Entries without a zone can be read with --zone, e.g. --zone America/New_York.")

    def _name(self, lines: Any) -> None:
        for text in lines:
            self.stdout.write(f"    {text}")
