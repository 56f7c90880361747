"""Measures everything, prints the table beside the last one, and keeps it: `python -m bench [section …]`.

Each section runs in its own process, so that none inherits another's imports, environment or patches. Between two
sections the machine should be idle: if it is not, the table is printed and not kept.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bench import machine, report
from bench.rows import Row, Section
from bench.stage import ROOT

# In this order: the last one calculates with the numbers of the first ones.
SECTIONS = (
    "counting",
    "processor",
    "support",
    "sweeping",
    "delivery",
    "local_rest",
    "cold_start",
    "media",
    "notifications",
    "webhooks",
    "moving",
    "web",
    "cost",
)
LIMIT_S = 900  # of one section; past it, something hangs


def main(wanted: list[str]) -> int:
    """Returns 0 if every section could be measured: a missed budget is a result, not a failure.

    Returns 1 if the table should have been kept and was not, because the machine was busy with other things.
    """
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        print(f"bench: there is no section {unknown[0]}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    numbers: dict[str, float] = {}
    disturbed: list[str] = []
    needed = {
        *wanted,
        *(("counting", "processor", "support", "media", "notifications") if "cost" in wanted else ()),
    } or set(SECTIONS)
    for name in (each for each in SECTIONS if each in needed):
        disturbed += _disturbed(f"before {name}")
        started_s = time.monotonic()
        print(f"bench: {name} …", end="", file=sys.stderr, flush=True)
        section = measured(name, numbers)
        print(f" {time.monotonic() - started_s:.0f} s", file=sys.stderr)
        rows += section.rows
        numbers |= section.numbers
    disturbed += _disturbed("at the end")
    report.show(rows, keep=not wanted and not disturbed)
    for each in disturbed:
        print(f"bench: {each}; times from a busy machine say nothing", file=sys.stderr)
    return 1 if disturbed and not wanted else 0


def _disturbed(when: str) -> list[str]:
    """Returns a sentence if other programs keep the machine busy, and nothing if it is calm."""
    share = machine.busy_share()
    if share is None or share <= machine.CALM:
        return []
    return [f"not kept: other programs used {share:.0%} of the processors {when}"]


def measured(name: str, numbers: Mapping[str, float]) -> Section:
    """Measures one section in its own process, and returns its result; the output goes to a file."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        given, result, output = (Path(folder) / part for part in ("given.json", "result.json", "output"))
        given.write_bytes(msgspec.json.encode(numbers))
        with output.open("wb") as said:
            command = [sys.executable, "-m", "bench.section", name, str(given), str(result)]
            status = subprocess.run(command, cwd=ROOT, stdout=said, timeout=LIMIT_S, check=False).returncode
        if status:
            print(output.read_text(errors="replace")[-2000:], file=sys.stderr)
            raise SystemExit(f"bench: {name} could not be measured")
        return msgspec.json.decode(result.read_bytes(), type=Section)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
