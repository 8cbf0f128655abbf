import json
import logging
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ground import memory
from porchlight.replay.difference import difference
from porchlight.replay.loading import Malformed
from porchlight.replay.playing import Stumbled, play
from porchlight.replay.scenario import scenario_of
from porchlight.replay.throwaway import emptied_afterwards, throwaway_database

log = logging.getLogger("porchlight.replay")

HOLDS, DIFFERS, MALFORMED = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Plays scenario files (docs/rules.md, section 9) on a throw-away database: one line of JSON for each. "
        "Exit 1 when an expectation does not hold, 2 when a file is malformed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        codes = {HOLDS}
        with throwaway_database():
            memory.settle()
            for file in options["files"]:
                codes.add(self._play(file))
        if max(codes) != HOLDS:
            raise SystemExit(max(codes))

    def _play(self, file: str) -> int:
        try:
            scenario = scenario_of(_read(file))
            with emptied_afterwards():
                played = play(scenario)
        except Malformed as fault:
            self.stderr.write(f"{file}: {fault}")
            return MALFORMED
        except Stumbled as fault:
            self.stderr.write(f"{file}: could not be played: {fault}")
            return DIFFERS
        except Exception:  # an error of ours in one file must not keep the others from being played
            log.exception("%s could not be played", file)
            return DIFFERS
        lines = [] if scenario.expect is None else difference(scenario.expect, played.messages)
        line = {
            "file": file,
            "messages": [message.to_json() for message in played.messages],
            "streaks": played.streaks,
            "ok": not lines,
        }
        self.stdout.write(json.dumps(line, ensure_ascii=False))
        self.stdout.flush()
        if lines:
            self.stderr.write("\n".join([f"{file}: not as expected", *(f"  {line}" for line in lines)]))
        return DIFFERS if lines else HOLDS


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Malformed(f"it cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}") from error
