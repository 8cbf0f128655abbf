"""`manage.py importmeetings FILE_OR_URL …`: takes meeting lists in."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from meetings import feed, guide
from meetings.services.import_undoing import import_undo_latest
from meetings.services.imports import Report, feed_import

NAMED = 20  # entries of each kind that are printed by name


class Command(BaseCommand):
    requires_system_checks = ()  # they load every page of the site, and say nothing about a list
    help = (
        "Imports meeting lists, files or http(s) addresses. What a list is, is told by what is in it: Meeting Guide\n"
        "(JSON, or CSV with a row of names), BMLT (an answer to GetSearchResults, or the address of a server),\n"
        "online meetings of the OIAA. With one --source several files are one list; a BMLT answer's formats and\n"
        "service bodies, and the groups of online meetings, are given beside their meetings.\n"
        "The same list twice changes nothing; a meeting that is no longer listed is closed, never deleted.\n"
        "Exit 0: imported, also when some entries could not be read (they are listed with the reason).\n"
        "Exit 2: this is no meeting list; nothing was written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("address", metavar="FILE_OR_URL", nargs="*", help="the list, and what lies beside it")
        parser.add_argument("--zone", default="", help="for entries without zone and coordinates, e.g. Europe/Berlin")
        parser.add_argument("--source", default="", help="what the list is called (default: the file's name or host)")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
        parser.add_argument("--undo", action="store_true", help="undo the latest import of --source")
        parser.add_argument("--json", action="store_true", help="print the numbers as one JSON object, as last line")

    def handle(self, *args: Any, address: Sequence[str] | str, zone: str, source: str, **options: Any) -> None:
        addresses = [address] if isinstance(address, str) else list(address)
        if zone and zone not in guide.known_zones():
            raise CommandError(f"--zone {zone} is not a time zone: use a name like America/New_York.", returncode=2)
        if options["undo"]:
            self._undo(source, addresses, as_json=options["json"])
            return
        if not addresses:
            raise CommandError("Name a file or an address to import.", returncode=2)
        dry_run = options["dry_run"]
        try:
            report = self._run(addresses, zone, source[:80], dry_run)
        except feed.NotAList as refused:
            raise CommandError(f"{refused} Nothing was written.", returncode=2) from refused
        self._tell(report, dry_run=dry_run, hint=not zone)
        if options["json"]:
            self.stdout.write(json.dumps(report.numbers(), ensure_ascii=False))

    def _run(self, addresses: list[str], zone: str, source: str, dry_run: bool) -> Report:
        quiet = not sys.stderr.isatty()
        sizes = [Path(one).stat().st_size for one in addresses if Path(one).is_file()]
        total = sum(sizes) if len(sizes) == len(addresses) else None  # of the web nobody knows beforehand
        with (
            tqdm(desc="reading", total=total, unit="B", unit_scale=True, disable=quiet) as reading,
            tqdm(desc="comparing", unit=" entries", disable=quiet, leave=False) as comparing,
        ):
            return feed_import(
                address=addresses,
                zone=zone,
                name=source,
                dry_run=dry_run,
                on_bytes=reading.update,
                on_entries=comparing.update,
            )

    def _undo(self, source: str, addresses: list[str], *, as_json: bool) -> None:
        if not source or addresses:
            raise CommandError("Say which list: importmeetings --undo --source NAME.", returncode=2)
        undone = import_undo_latest(name=source)
        if undone is None:
            raise CommandError(f"There is nothing to undo of a list called {source}.", returncode=2)
        self.stdout.write(f"{source}: {undone['meetings']} meetings as they were before the latest import")
        if undone["left"]:
            self.stdout.write(f"  {undone['left']} of them were changed here since; what was changed is left alone")
        if as_json:
            self.stdout.write(json.dumps(undone))

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

    def _name(self, lines: Iterable[str]) -> None:
        for text in lines:
            self.stdout.write(f"    {text}")
