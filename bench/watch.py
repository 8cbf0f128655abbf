"""`script/bench watch`: what the watch and the outbox cost, on PostgreSQL with synchronous_commit=on.

Each number stands beside its goal, and what could grow beside a baseline of the same run. `--marks`, `--nudges` and
`--watches` make a quick run; the goals hold for the defaults.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
WEEK = timedelta(weeks=1)
SHEET = 25
BASELINE = 10_000
Row = tuple[str, str, str, str, str]  # what, measured, baseline, ratio, goal


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench watch")
    parser.add_argument("--marks", type=int, default=10_000_000)
    parser.add_argument("--nudges", type=int, default=10_000)
    parser.add_argument("--watches", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="sheet, evaluate, nudges or idle")
    parser.add_argument("--worker", help=argparse.SUPPRESS)  # one of the racing workers: its place and database
    asked = parser.parse_args()
    if asked.worker:
        work(Path(asked.worker))
        return
    from tests.servers import Postgres

    with Postgres(durable=True) as postgres:
        os.environ["DATABASE_URL"] = postgres.url
        os.environ.setdefault("PORCHLIGHT_TEST", "1")
        os.environ["PORCHLIGHT_DATA"] = str(postgres.folder / "site")
        os.environ.pop("REDIS_URL", None)
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        report(asked)


def report(asked: argparse.Namespace) -> None:
    from bench.machine import record

    parts = {
        "nudges": lambda: nudges(asked.nudges),
        "evaluate": lambda: evaluate(min(6_000, asked.watches)),
        "sheet": lambda: sheet(asked.marks),
        "idle": lambda: idle(asked.watches),
    }
    rows, loads = [], []
    for name, part in parts.items():
        if asked.only in {"", name}:
            before = os.getloadavg()[0]
            rows += part()
            loads.append(f"{name} {before:.1f} to {os.getloadavg()[0]:.1f}")
    head = "| what | measured | baseline | ratio | goal |\n|---|---:|---:|---:|---:|\n"
    under = (
        "\n\nPostgreSQL and the workers on the same cores; fsync and synchronous_commit on. Load of the machine (mean"
        f" of a minute) before and after each part, beside other work: {', '.join(loads)}."
    )
    table = head + "\n".join("| " + " | ".join(row) + " |" for row in rows) + under
    if asked.only:
        print(table)
    else:
        record("watch", table)


# --- what every part needs ------------------------------------------------------------------------------------


def sql(text: str, *values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text, values or None)
        return cursor.fetchall() if cursor.description else []


def timed(call: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, found


def counted(call: Any) -> list[str]:
    """The statements that `call` makes, without those that only begin and end transactions."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        call()
    words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [one["sql"] for one in seen if not one["sql"].startswith(words)]


def empty() -> None:
    from django.core.management import call_command

    call_command("flush", verbosity=0, interactive=False)


# --- closing a sheet ------------------------------------------------------------------------------------------


def multiply(one: Any, source: str, **columns: str) -> None:
    """Insert `one` (unsaved) for each row of `source`, with these columns computed by SQL."""
    from django.db import connection

    meta = type(one)._meta  # noqa: SLF001
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(field.pre_save(one, True), connection) for field in fields]
    names = ", ".join(f'"{field.column}"' for field in fields)
    picked = ", ".join(columns.get(field.column, "%s") for field in fields)
    left = [value for field, value in zip(fields, values, strict=True) if field.column not in columns]
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{meta.db_table}" ({names}) SELECT {picked} FROM {source}', left)


def last_id(model: Any) -> int:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


class Town:
    """One weekly meeting of 25 watched members who came and missed in turn in the weeks before last."""

    def __init__(self, weeks: int) -> None:
        from ground import clock
        from groups.models import Group, Membership
        from meetings.models import Commitment, Meeting
        from people.models import Person
        from people.services import account_create
        from support.models import Rule, RuleSpan

        self.now = clock.now()
        self.begun = self.now - 30 * WEEK
        self.facilitator = account_create(alias="fa", zone="UTC", adult=True).person
        self.group = Group.objects.create(slug="g", name="G", zone="UTC", created_at=self.begun)
        Membership.objects.create(group=self.group, person=self.facilitator, role="facilitator", since=self.begun)
        self.first = (self.now - weeks * WEEK).replace(hour=0, minute=0, second=0, microsecond=0)
        self.meeting = Meeting.objects.create(
            group=self.group,
            slug="m",
            name="M",
            zone="UTC",
            starts_local=self.first,
            rrule="FREQ=WEEKLY",
            minutes=60,
            created_at=self.begun,
        )
        people = (Person(name=f"m{n}", created_at=self.begun) for n in range(SHEET))
        self.members = Person.objects.bulk_create(people)
        Membership.objects.bulk_create(
            Membership(group=self.group, person=one, since=self.begun) for one in self.members
        )
        Commitment.objects.bulk_create(
            Commitment(meeting=self.meeting, person=one, since=self.begun) for one in self.members
        )
        rules = Rule.objects.bulk_create(Rule(person=one, threshold=3, changed_at=self.begun) for one in self.members)
        RuleSpan.objects.bulk_create(RuleSpan(rule=one, since=self.begun) for one in rules)
        for week in range(weeks - 1):
            self.close(self.list(week), "absent" if week % 2 else "present")
        self.close(self.list(weeks - 1), "present")
        self.evaluate()
        # as if each had been closed the same evening: the misses count
        sql(
            "UPDATE meetings_sheet s SET opened_at = o.ends_at, first_closed_at = o.ends_at, closed_at = o.ends_at"
            " FROM meetings_occurrence o WHERE o.id = s.occurrence_id"
        )

    def list(self, week: int) -> Any:
        """The list of that week, opened."""
        from meetings.models import Occurrence
        from meetings.services import sheets

        start = self.first + week * WEEK
        held = Occurrence.objects.create(
            meeting=self.meeting, original_local=start, starts_at=start, ends_at=start + timedelta(hours=1)
        )
        return sheets.sheet_for(actor=self.facilitator, occurrence_id=held.pk)

    def close(self, sheet: Any, value: str = "present") -> None:
        """Closed by the service that the page calls."""
        from meetings.services import sheets

        sheets.sheet_close(actor=self.facilitator, sheet=sheet, marks=dict.fromkeys(self.members, value))

    def evaluate(self) -> None:
        import support.worker
        from ground import clock

        while support.worker.tick(clock.now()):
            pass

    def others(self, marks: int) -> None:
        """`marks` marks of watched people elsewhere: weekly groups of 25, for two years."""
        from groups.models import Group, Membership
        from meetings.models import Commitment, Mark, Meeting, Occurrence, Sheet
        from people.models import Person
        from support.models import Rule, RuleSpan, Watch

        weeks = 100
        meetings = max(1, marks // SHEET // weeks)
        group, meeting, person, rule = (last_id(model) for model in (Group, Meeting, Person, Rule))
        sql("ALTER SYSTEM SET max_wal_size = '16GB'")
        sql("SELECT pg_reload_conf()")
        sql("SET session_replication_role = replica")  # without a look-up for each foreign key
        rows, crowd = f"generate_series(1, {meetings}) n", f"generate_series(0, {meetings * SHEET - 1}) n"
        uuid = "gen_random_uuid()"
        multiply(Group(name="O", zone="UTC", created_at=self.begun), rows, slug="'o' || n", pid=uuid)
        like = Meeting.objects.get(pk=self.meeting.pk)
        multiply(like, rows, slug="'o' || n", pid=uuid, group_id=f"{group} + n")
        multiply(Person(name="o", created_at=self.begun), crowd, pid=uuid)
        whose = f"{person} + 1 + n"
        multiply(Membership(since=self.begun), crowd, pid=uuid, person_id=whose, group_id=f"{group} + 1 + n / {SHEET}")
        multiply(Commitment(since=self.begun), crowd, person_id=whose, meeting_id=f"{meeting} + 1 + n / {SHEET}")
        multiply(Rule(threshold=3, changed_at=self.begun), crowd, person_id=whose)
        multiply(RuleSpan(since=self.begun), crowd, rule_id=f"{rule} + 1 + n")
        seen = Watch.objects.first()
        assert seen is not None
        multiply(Watch(snapshot=seen.snapshot, evaluated_at=self.begun), crowd, person_id=whose)
        start = "date_trunc('hour', now()) - w * interval '1 week' - n % 168 * interval '1 hour'".replace("%", "%%")
        multiply(
            Occurrence(original_local=self.first, starts_at=self.first, ends_at=self.first),
            f"{rows}, generate_series(1, {weeks}) w",
            meeting_id=f"{meeting} + n",
            original_local=start,
            starts_at=start,
            ends_at=f"{start} + interval '1 hour'",
        )
        held = f"meetings_occurrence o WHERE o.meeting_id > {meeting}"
        closed = dict.fromkeys(("opened_at", "first_closed_at", "closed_at"), "o.ends_at")
        multiply(Sheet(state="closed", revision=1), held, occurrence_id="o.id", **closed)
        multiply(
            Mark(value="present", expected=True, at=self.begun),
            f"generate_series(1, {SHEET}) k, meetings_sheet s JOIN meetings_occurrence o ON o.id = s.occurrence_id"
            f" WHERE o.meeting_id > {meeting}",
            sheet_id="s.id",
            person_id=f"{person} + (o.meeting_id - {meeting} - 1) * {SHEET} + k",
            at="o.ends_at",
        )
        sql("SET session_replication_role = origin")
        sql("VACUUM ANALYZE")


@dataclass
class Closings:
    """What closing the same list with the same history cost in one database, each time undone."""

    closing: list[float] = field(default_factory=list)  # ms
    evaluating: list[float] = field(default_factory=list)  # ms
    statements: tuple[int, int] = (0, 0)
    rows: int = 0
    touched: int = 0

    def again(self, town: Town, week: int, *, count: bool) -> None:
        from ground import clock
        from meetings.models import Occurrence
        from people.models import Change
        from support.models import Watch

        town_list = town.list(week)
        began = clock.now()
        if count:
            before = rows_read()
            self.statements = (len(counted(lambda: town.close(town_list))), len(counted(town.evaluate)))
            self.rows = rows_read() - before
            self.touched = Watch.objects.filter(evaluated_at__gte=began).count()
        else:
            self.closing.append(timed(lambda: town.close(town_list))[0] * 1000)
            self.evaluating.append(timed(town.evaluate)[0] * 1000)
        assert not Change.objects.exists()
        Occurrence.objects.filter(pk=town_list.occurrence_id).delete()


def sheet(marks: int, times: int = 40) -> list[Row]:
    """Closing a list of 25 and evaluating it, with few and with many marks of others around, in turns."""
    from django.db import connection, connections

    weeks = 11
    town = Town(weeks)
    connection.close()

    def connect(name: str) -> Any:
        """To another database of this server, without the pool, which knows one only."""
        found = connections.create_connection("default")
        options = {key: value for key, value in found.settings_dict["OPTIONS"].items() if key != "pool"}
        found.settings_dict = {**found.settings_dict, "NAME": name, "OPTIONS": options}
        return found

    connection.close_pool()
    root = connect("postgres")
    sizes, at = (BASELINE, marks), {}
    with root.cursor() as cursor:
        for size in sizes:
            cursor.execute(f"CREATE DATABASE marks_{size} TEMPLATE porchlight")
            at[size] = connect(f"marks_{size}")
    usual = connections["default"]
    cost = {size: Closings() for size in sizes}
    stored = {}
    try:
        for size in sizes:
            connections["default"] = at[size]
            town.others(size)
            (stored[size],) = sql("SELECT count(*) FROM meetings_mark")[0]
            for _ in range(3):  # warm
                Closings().again(town, weeks, count=False)
            cost[size].again(town, weeks, count=True)
        for turn in range(times):
            for size in sizes if turn % 2 else reversed(sizes):
                connections["default"] = at[size]
                cost[size].again(town, weeks, count=False)
    finally:
        connections["default"] = usual
        for one in at.values():
            one.close()
        with root.cursor() as cursor:
            for size in at:
                cursor.execute(f"DROP DATABASE marks_{size}")
        root.close()
    few, many = cost[BASELINE], cost[marks]
    empty()
    what = f"with {stored[marks]:,} marks stored, against {stored[BASELINE]:,}"
    turns = f"(median of {times}, in turns)"
    return [
        (
            f"closing a list of {SHEET}, ms {turns}, {what}",
            *compare(median(many.closing), median(few.closing)),
            "<= 1.2",
        ),
        (f"evaluating it, ms {turns}", *compare(median(many.evaluating), median(few.evaluating)), "<= 1.2"),
        ("statements to close it", *compare(many.statements[0], few.statements[0]), "<= 1.2"),
        (
            "statements to evaluate it, and the idle tick after it",
            *compare(many.statements[1], few.statements[1]),
            "<= 1.2",
        ),
        ("rows read to close and evaluate it, of all tables", *compare(many.rows, few.rows), "<= 1.2"),
        ("watches touched", str(many.touched), str(few.touched), "", f"<= {SHEET}"),
    ]


def rows_read() -> int:
    """Rows of the site's tables that PostgreSQL has read so far, by scans of whole tables or through indexes."""
    sql("SELECT pg_stat_force_next_flush()")
    (count,) = sql("SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables")[0]
    return int(count)


def compare(measured: float, baseline: float) -> tuple[str, str, str]:
    def text(value: float) -> str:
        return f"{value:.1f}" if isinstance(value, float) else f"{value:,}"

    return text(measured), text(baseline), f"{measured / baseline:.2f}" if baseline else "1.00"


# --- evaluating -----------------------------------------------------------------------------------------------


def evaluate(watches: int) -> list[Row]:
    """One worker evaluates one change for each of many members with records of 12 weeks."""
    import support.worker
    from ground import clock, memory
    from people.models import Change, Person
    from support.models import Rule, RuleSpan

    town = Town(12)
    begun = town.begun
    people = Person.objects.bulk_create(Person(name=f"w{n}", created_at=begun) for n in range(watches))
    rules = Rule.objects.bulk_create(Rule(person=one, threshold=3, changed_at=begun) for one in people)
    RuleSpan.objects.bulk_create(RuleSpan(rule=one, since=begun) for one in rules)
    first = people[0].pk
    ids = (first, people[-1].pk)
    for table, columns in (
        ("groups_membership", "group_id, role, state, since"),
        ("meetings_commitment", "meeting_id, since"),
    ):
        theirs = ", ".join(f"x.{column.strip()}" for column in columns.split(","))
        sql(
            f"INSERT INTO {table} (person_id, {columns}) SELECT p.id, {theirs} FROM people_person p,"
            f" (SELECT * FROM {table} WHERE person_id = %s LIMIT 1) x WHERE p.id BETWEEN %s AND %s",
            town.members[0].pk,
            *ids,
        )
    sql(
        "INSERT INTO meetings_mark (sheet_id, person_id, value, expected, at)"
        " SELECT m.sheet_id, p.id, m.value, true, m.at FROM meetings_mark m, people_person p"
        " WHERE m.person_id = %s AND p.id BETWEEN %s AND %s",
        town.members[0].pk,
        *ids,
    )
    sql("ANALYZE")
    memory.settle()  # as the worker's loop does
    rates = []
    for _ in range(3):  # the first round makes the watches
        Change.objects.bulk_create(Change(person=one, cause="marked", at=clock.now()) for one in people)
        began, done = time.perf_counter(), 0
        while count := support.worker.tick(clock.now()):
            done += count
        assert done == watches, done
        rates.append(watches / (time.perf_counter() - began))
    empty()
    return [
        (
            f"watches evaluated a second, one worker, {watches:,} with 12 weeks of records",
            f"{rates[-1]:,.0f}",
            f"{rates[0]:,.0f} (the round that makes them)",
            f"{rates[-1] / rates[0]:.2f}",
            ">= 2,000",
        ),
    ]


# --- nudges ---------------------------------------------------------------------------------------------------


def nudges(count: int) -> list[Row]:
    """One, then four workers hand over what is due, each with a recording transport."""
    rates = {1: hand_over(min(count, 2_000), 1), 4: hand_over(count, 4)}
    one, four = rates[1], rates[4]
    return [
        (
            f"nudges handed over a second, 4 workers, {count:,} due (against 1 worker)",
            *compare(four[0], one[0]),
            ">= 1,000",
        ),
        ("handed over twice", str(four[1]), str(one[1]), "", "0"),
        ("never handed over", str(four[2]), str(one[2]), "", "0"),
    ]


def hand_over(count: int, workers: int) -> tuple[float, int, int]:
    """(a second, twice, never) from the first claim to the last answer, by the clock of the rows."""
    from django.db import connection

    from delivery.models import Attempt, Delivery
    from ground import clock
    from tests.crowd import nudges_due

    nudges_due(count, clock.now())
    sql("ANALYZE")
    place = Path(os.environ["PORCHLIGHT_DATA"]) / f"workers-{workers}"
    place.mkdir()
    connection.close()
    command = [sys.executable, "-m", "bench.watch", "--worker"]
    running = [subprocess.Popen([*command, str(place / str(n))], cwd=ROOT) for n in range(workers)]
    while len(list(place.glob("*.ready"))) < workers:
        assert all(one.poll() is None for one in running), "a worker ended before it began"
        time.sleep(0.05)
    (place / "go").touch()
    codes = [one.wait() for one in running]
    assert codes == [0] * workers, codes
    sent = [key for file in place.glob("*.json") for key in json.loads(file.read_text())]
    begun = Attempt.objects.order_by("started_at").values_list("started_at", flat=True)[0]
    ended = Delivery.objects.order_by("-handed_at").values_list("handed_at", flat=True)[0]
    never = Delivery.objects.exclude(state="handed_over").count()
    empty()
    return count / (ended - begun).total_seconds(), len(sent) - len(set(sent)), never


def work(place: Path) -> None:
    """One worker: the outbox's tick until nothing is due; what was sent goes into a file."""
    django.setup()
    import delivery.worker
    from delivery import transports
    from delivery.models import Delivery
    from delivery.transports.recording import RecordingTransport
    from ground import clock, memory

    post = RecordingTransport()
    transports.register("email", post)
    Delivery.objects.exists()  # connected
    memory.settle()  # as the worker's loop does
    place.with_suffix(".ready").touch()
    while not (place.parent / "go").exists():
        time.sleep(0.005)
    while delivery.worker.tick(clock.now()):
        pass
    place.with_suffix(".json").write_text(json.dumps([message.key for _, message in post.sent]))


# --- idle -----------------------------------------------------------------------------------------------------


def idle(watches: int) -> list[Row]:
    """What a tick with nothing to do asks, with many watches, and how PostgreSQL answers it."""
    from delivery.models import Delivery
    from ground import clock
    from people.models import Person
    from porchlight.worker import TICKS
    from support.models import Episode, EpisodeMessage, Rule, Watch

    now = clock.now()
    sql("SET session_replication_role = replica")
    multiply(Person(name="o", created_at=now), f"generate_series(1, {watches}) n", pid="gen_random_uuid()")
    multiply(Rule(threshold=3, changed_at=now), "people_person p", person_id="p.id")
    multiply(Watch(snapshot={"group": None, "records": []}, evaluated_at=now), "people_person p", person_id="p.id")
    # one in ten has an episode of which nothing is due today, and a message that was read
    multiply(Episode(opened_at=now), "support_watch w WHERE w.id %% 10 = 0", watch_id="w.id")
    multiply(
        Delivery(
            kind="soft_note", state="handed_over", created_at=now, due_at=now, not_before=now, handed_at=now, attempts=1
        ),
        "support_episode e JOIN support_watch w ON w.id = e.watch_id",
        pid="gen_random_uuid()",
        topic="'episode:' || e.id",
        dedupe_key="'soft_note:' || e.id",
        recipient_id="w.person_id",
    )
    multiply(
        EpisodeMessage(open=False),
        "support_episode e JOIN delivery_delivery d ON d.topic = 'episode:' || e.id",
        episode_id="e.id",
        delivery_id="d.id",
    )
    sql("SET session_replication_role = origin")
    sql("VACUUM ANALYZE")
    rows: list[Row] = []
    for tick, _seconds in TICKS:
        room = tick.__module__.partition(".")[0]
        if room in {"support", "delivery"}:
            tick(clock.now())
            seconds, _ = timed(lambda tick=tick: tick(clock.now()))
            seen = counted(lambda tick=tick: tick(clock.now()))
            scans = [line for text in seen for line in scans_of(text)]
            rows.append(
                (
                    f"statements of an idle tick of {room}, {watches:,} watches ({seconds * 1000:.1f} ms)",
                    str(len(seen)),
                    "",
                    "",
                    "<= 2",
                )
            )
            rows.append(
                (f"whole tables of more than 1,000 rows read by it, {room}", ", ".join(scans) or "none", "", "", "none")
            )
    empty()
    return rows


def scans_of(text: str) -> list[str]:
    """The tables of more than 1,000 rows that a statement reads as a whole."""
    plan = sql("EXPLAIN (FORMAT JSON) " + text)[0][0]
    found: list[str] = []

    def look(node: dict[str, Any]) -> None:
        if node["Node Type"] in {"Seq Scan", "Parallel Seq Scan"}:
            (rows,) = sql("SELECT reltuples FROM pg_class WHERE relname = %s", node["Relation Name"])[0]
            if rows > 1_000:
                found.append(node["Relation Name"])
        for child in node.get("Plans", ()):
            look(child)

    look((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    return found


if __name__ == "__main__":
    main()
