import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.management.base import BaseCommand, CommandParser

from ground import memory
from porchlight.replay.difference import difference
from porchlight.replay.loading import Malformed
from porchlight.replay.playing import Stumbled, play
from porchlight.replay.scenario import scenario_of
from porchlight.replay.throwaway import emptied_afterwards, throwaway_database, use_copy

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

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
        files: list[str] = options["files"]
        processes = min(os.cpu_count() or 1, len(files))
        codes = {HOLDS}
        with ExitStack() as stack:
            stack.enter_context(throwaway_database(copies=processes if processes > 1 else 0))
            memory.settle()
            for said in stack.enter_context(_players(processes))(_play, files):
                codes.add(said.code)
                if said.line:
                    self.stdout.write(said.line)
                    self.stdout.flush()
                if said.trouble:
                    self.stderr.write(said.trouble)
        if max(codes) != HOLDS:
            raise SystemExit(max(codes))


class Said(NamedTuple):
    """What is to be said of one file."""

    code: int
    line: str = ""
    trouble: str = ""


@contextmanager
def _players(processes: int) -> Iterator[Callable[[Callable[[str], Said], list[str]], Iterable[Said]]]:
    """A `map` that keeps the order; with more than one process each plays on a copy of its own."""
    if processes == 1:
        yield map
        return
    fork = multiprocessing.get_context("fork")
    numbers = fork.SimpleQueue()
    for number in range(1, processes + 1):
        numbers.put(number)
    with ProcessPoolExecutor(processes, mp_context=fork, initializer=_begin, initargs=(numbers,)) as pool:
        yield pool.map


def _begin(numbers: "SimpleQueue[int]") -> None:
    use_copy(numbers.get())


def _play(file: str) -> Said:
    try:
        scenario = scenario_of(_read(file))
        with emptied_afterwards():
            played = play(scenario)
    except Malformed as fault:
        return Said(MALFORMED, trouble=f"{file}: {fault}")
    except Stumbled as fault:
        return Said(DIFFERS, trouble=f"{file}: could not be played: {fault}")
    except Exception:  # an error of ours in one file must not keep the others from being played
        log.exception("%s could not be played", file)
        return Said(DIFFERS)
    lines = [] if scenario.expect is None else difference(scenario.expect, played.messages)
    line = {
        "file": file,
        "messages": [message.to_json() for message in played.messages],
        "streaks": played.streaks,
        "ok": not lines,
    }
    trouble = "\n".join([f"{file}: not as expected", *(f"  {one}" for one in lines)]) if lines else ""
    return Said(DIFFERS if lines else HOLDS, json.dumps(line, ensure_ascii=False), trouble)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Malformed(f"it cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}") from error
