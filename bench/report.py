"""The table: printed, kept in `bench/results.json` for the next run to compare with, and in docs/benchmarks.md."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.rows import Row
from bench.stage import ROOT

RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
COSTS = ROOT / "docs" / "operate" / "costs.md"
_TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- /table -->)", re.DOTALL)
_NUMBERS = re.compile(r"(<!-- numbers -->\n).*?(<!-- /numbers -->)", re.DOTALL)
_MONTH = re.compile(r"(<!-- month -->\n).*?(<!-- /month -->)", re.DOTALL)


class Results(Struct, frozen=True, kw_only=True):
    """One run: when, of which commit, on what, and its rows."""

    at: str
    commit: str
    machine: str
    rows: list[Row]


def show(rows: Sequence[Row], *, keep: bool) -> None:
    """Prints the rows beside those of the last kept run; with `keep`, they take its place."""
    last = msgspec.json.decode(RESULTS.read_bytes(), type=Results) if RESULTS.exists() else None
    now = Results(at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", commit=_commit(), machine=_machine(), rows=list(rows))
    before = {row.key: row.number for row in last.rows} if last else {}
    cells = [_HEAD, *([*_cells(row), _change(row, before.get(row.key))] for row in rows)]
    print("\n".join(_aligned(cells)))
    if last:
        print(f"\nbefore: {last.at}, {last.commit}, {last.machine}")
    print(_summary(rows))
    for row in rows:
        if row.note:
            print(f"  {row.what} [{row.unit}]: {row.note}")
    if keep:
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(now), indent=1) + b"\n")
        _fill(PAGE, _TABLE, page_table(now))
        _fill(COSTS, _MONTH, month_table(rows))
        _fill(README, _NUMBERS, numbers(rows))


def _fill(page: Path, place: re.Pattern[str], text: str) -> None:
    found = page.read_text(encoding="utf-8")
    page.write_text(place.sub(lambda marks: marks[1] + text + marks[2], found), encoding="utf-8")


def numbers(rows: Sequence[Row]) -> str:
    """Returns the four numbers of the README, each with its conditions."""
    of = {row.key: row for row in rows}
    cost, trips, listed = of["cost.total"].number, of["send.WebSocket.trips"].number, of["list.10000.trips"].number
    wrong, p50 = of["local.wrong"], of["local.p50"].number
    month, school = of["month.8h"].number, of["month.school"].number
    return (
        f"- **{cost:.2f} USD** for a million delivered messages: at list prices, without heartbeats "
        "and the fixed costs of a stack.\n"
        f"- **{month:.0f} USD** for a month of 10,000 people who are connected for 8 hours a day and write 20 messages "
        f"each, with everything; {school:.0f} USD for a school of 500 ([the parts](docs/operate/costs.md#a-month)).\n"
        f"- **{trips:g} round trips** to DynamoDB before a message is acknowledged, and {listed:g} to list 50 "
        "of 10,000 conversations.\n"
        f"- **{wrong.number:g} {wrong.unit}** messages lost, twice, refused or out of order, over 500 open "
        f"sockets on one machine; half of them arrive within {p50:.0f} ms.\n"
    )


def month_table(rows: Sequence[Row]) -> str:
    """Returns the table of a month's price: a column for each use of the app, a line for each part."""
    months = [row for row in rows if row.key.startswith("month.") and row.what.startswith("a month of ")]
    parts = [dict(re.findall(r"([a-z ]+?) ([\d.]+)(?:, |$)", row.note)) for row in months]
    head = [row.what.removeprefix("a month of ").rpartition(", ")[0] for row in months]
    lines = [f"| USD a month | {' | '.join(head)} |", "|---|" + "---:|" * len(months)]
    lines += [f"| {name} | {' | '.join(part[name] for part in parts)} |" for name in parts[0]]
    lines.append(f"| **all** | {' | '.join(f'**{row.number:g}**' for row in months)} |")
    return "\n".join(lines) + "\n"


_HEAD = ["what", "number", "unit", "budget", "ratio", "", "before"]


def _cells(row: Row) -> list[str]:
    ratio = "" if not row.budget else f"{row.number / row.budget:.2f}"
    budget = "" if row.budget is None else f"≤ {row.budget:g}"
    return [row.what, f"{row.number:g}", row.unit, budget, ratio, row.verdict]


def _change(row: Row, before: float | None) -> str:
    if before is None:
        return "new"
    if before == row.number:
        return "="
    change = f" ({(row.number - before) / before:+.0%})" if before else ""
    return f"{before:g}{change}"


def _summary(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row.verdict]
    missed = [row for row in judged if row.verdict == "MISSED"]
    by = [f"{row.what}: {row.number:g} {row.unit}, {row.number - (row.budget or 0):g} too many" for row in missed]
    return "\n".join([f"{len(judged) - len(missed)} of {len(judged)} budgets met", *by])


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    numbers = {1, 3, 4}
    return [
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def page_table(results: Results) -> str:
    lines = [f"Run of {results.at}, commit {results.commit}, {results.machine}.", ""]
    lines += ["| what | number | budget | ratio | | how |", "|---|---:|---:|---:|---|---|"]
    for row in results.rows:
        what, number, unit, budget, ratio, verdict = _cells(row)
        lines.append(f"| {what} | {number} {unit} | {budget} | {ratio} | {verdict} | {row.note} |")
    return "\n".join(lines) + "\n"


def _commit() -> str:
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return git.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
