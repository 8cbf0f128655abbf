"""The tables of `script/bench talk`: what a stretch found, beside the goals."""

from statistics import median
from typing import Any

Stretches = list[dict[str, Any]]

# against the tutorial, against the durable limit (deliveries); CPU at most: share of the tutorial's, times the limit's
GOALS = {"1x50": (15, 0.7, 1 / 15, 2.0), "1x500": (40, 0.9, 1 / 40, 2.0), "20x50": (15, 0.5, 1 / 15, 2.5)}
CHECKS = {"1x50": (14, 1 / 20), "1x500": (40, 1 / 60), "20x50": (20, 1 / 30)}  # the baselines' own
BUSY = 0.9  # share of its core from which on the load client is the bound


def rate(found: Stretches) -> float:
    return float(median(one["deliveries"] / one["seconds"] for one in found))


def cost(found: Stretches) -> float:
    """Microseconds of processor time a delivery."""
    return float(median(one["cpu"] * 1e6 * one["seconds"] / max(1, one["deliveries"]) for one in found))


def client(found: Stretches) -> float:
    """The share of its own core that the load client used."""
    return float(median(one["client"] for one in found))


def bound(limit: Stretches) -> str:
    """What held the durable limit up, when it was not its own side's processor time."""
    if client(limit) >= BUSY:
        return " (client bound)"
    return "" if busy(limit) >= BUSY else " (nobody busy)"


def busy(found: Stretches) -> float:
    """How many cores the server, PostgreSQL and Valkey used."""
    return float(median(one["cpu"] for one in found))


def missing(found: Stretches) -> int:
    return int(found[-1]["missing"])


def verdict(good: bool) -> str:
    return "" if good else " **missed**"


def shape_rows(name: str, found: dict[str, Stretches]) -> list[str]:
    rows = []
    for server, stretches in found.items():
        row = [name, server, f"{rate(stretches):,.0f}", f"{cost(stretches):.1f}"]
        row.append(f"{1000 * median(one['p50'] for one in stretches):.1f}")
        row.append(f"{1000 * median(one['p99'] for one in stretches):.1f}")
        for other in ("tutorial", "limit"):
            there = found.get(other)
            row.append(f"{rate(stretches) / rate(there):.2f}" if there else "")
            row.append(f"{cost(stretches) / cost(there):.3f}" if there else "")
        row += [f"{100 * busy(stretches):.0f}", f"{100 * client(stretches):.0f}", str(missing(stretches))]
        rows.append("| " + " | ".join(row) + " |")
    return rows


def goal_rows(name: str, found: dict[str, Stretches]) -> list[str]:
    if len(found) < 3:
        return []
    product, limit, tutorial = found["product"], found["limit"], found["tutorial"]
    by = bound(limit)
    fast, near, cheap, dear = GOALS[name]
    able, lean = CHECKS[name]
    rows = [
        ("deliveries, product / tutorial", rate(product) / rate(tutorial), f">= {fast}", fast, 1),
        (f"deliveries, product / limit{by}", rate(product) / rate(limit), f">= {near}", near, 1),
        ("CPU, product / tutorial", cost(product) / cost(tutorial), f"<= {cheap:.4f}", cheap, -1),
        ("CPU, product / limit", cost(product) / cost(limit), f"<= {dear}", dear, -1),
        (f"baselines' own: deliveries, limit / tutorial{by}", rate(limit) / rate(tutorial), f">= {able}", able, 1),
        ("baselines' own: CPU, limit / tutorial", cost(limit) / cost(tutorial), f"<= {lean:.4f}", lean, -1),
    ]
    return [
        f"| {name} | {what} | {value:.4g}{verdict((value - least) * sign >= 0)} | {goal} |"
        for what, value, goal, least, sign in rows
    ]


COLUMNS = "deliveries/s, CPU us each, p50 ms, p99 ms, x tutorial, CPU, x limit, CPU, server %, client %, missing"
HEAD = [f"| shape | server | {COLUMNS.replace(', ', ' | ')} |", "|---|---|" + 11 * "---:|"]
GOAL_HEAD = ["| shape | what | measured | goal |", "|---|---|---:|---:|"]
UNDER = """Medians of {rounds} interleaved stretches. Bodies of 120 characters; a sender posts again when its ack and
its own copy are back (1x50: 10 senders, 1x500: 5, 20x50: 2 in each room); p50 and p99: until its own copy. Limit:
picows and uvloop, two processes, one table, PostgreSQL group commit with synchronous_commit and fsync on, Valkey
pub/sub. Tutorial: Daphne and Channels with the channels_redis core layer, nothing stored. Product: one Daphne,
PostgreSQL, Valkey, everything on but the limit of messages a second. Servers, PostgreSQL and Valkey on one side of
the cores, the load client on the last; "server %" and "client %" say how much of a core each side took. Where the
client took 90 or more ("client bound") or neither did ("nobody busy": everybody waited for the disk or for other work
of the machine), deliveries are a least and only the CPU columns compare. Load of the machine (mean of a minute)
before each part: {loads}.{rest}"""


def whole(rows: list[str], goals: list[str], **under: Any) -> str:
    """The file as it stands after any part."""
    return "\n".join([*HEAD, *rows, "", *GOAL_HEAD, *goals, "", UNDER.format(**under)])
