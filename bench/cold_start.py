"""What a cold start imports: each handler in a fresh interpreter, against `import boto3` just before and after it.

Processor time, with byte code and files warm, so that an import waits for nothing. A machine that does other things too
is slower at times: a handler is therefore compared with the imports of boto3 round it, and the order changes each time.
Of 82 medians of a few ratios some are high by chance: those are measured more often before they are believed.
"""

import os
import random
import subprocess
import sys
import tempfile
from statistics import mean, median

from bench.rows import Row, Section
from bench.stage import ROOT, environment, handlers

ROUNDS = 5
MORE_ROUNDS = 15  # of those that a few rounds find to be over the budget
GROUP = 4  # handlers between two imports of boto3
BUDGET = 1.3
BASE = "boto3"

_TIMED = """
import sys, time
started = time.process_time()
for module in sys.argv[1:]:
    __import__(module)
print(time.process_time() - started)
"""


def measure(rounds: int = ROUNDS, more_rounds: int = MORE_ROUNDS) -> Section:
    """Returns the rows of the import times."""
    modules = [handler.rpartition(".")[0] for handler in handlers()]
    order = random.Random(1)
    found: dict[str, list[float]] = {module: [] for module in modules}
    base_s: list[float] = []
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as byte_code:
        variables = _variables(byte_code)
        _import_s([BASE, *modules], variables)  # writes the byte code

        def compare(some: list[str], times: int) -> None:
            for _ in range(times if some else 0):
                order.shuffle(some)
                base_s.append(_import_s([BASE], variables))
                for group in (some[first : first + GROUP] for first in range(0, len(some), GROUP)):
                    taken_s = [_import_s([module], variables) for module in group]
                    base_s.append(_import_s([BASE], variables))
                    for module, seconds in zip(group, taken_s, strict=True):
                        found[module].append(seconds / mean(base_s[-2:]))

        compare(modules, rounds)
        compare([module for module in modules if median(found[module]) > BUDGET], more_rounds)
    ratios = {module: median(found[module]) for module in modules}
    worst = max(ratios, key=lambda module: ratios[module])
    listed = ", ".join(f"{module} {ratios[module]:.2f}" for module in sorted(ratios, key=lambda one: -ratios[one]))
    row = Row(
        key="cold_start.worst",
        what=f"import of the slowest handler, {worst}",
        number=round(ratios[worst], 2),
        unit="× import boto3",
        budget=BUDGET,
        note=f"boto3 {median(base_s) * 1000:.0f} ms here; {listed}",
    )
    missed = [module for module in ratios if ratios[module] > BUDGET]
    late = Row(
        key="cold_start.missed",
        what=f"handlers over {BUDGET} × boto3",
        number=len(missed),
        unit=f"of {len(ratios)}",
        budget=0,
    )
    return Section(rows=[row, late], numbers={f"import.{module}": ratio for module, ratio in ratios.items()})


def _variables(byte_code: str) -> dict[str, str]:
    """Returns the functions' environment, with byte code kept whatever this process's own environment says."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = f"{ROOT / 'functions'}:{ROOT / 'layers/shared'}"
    return {**inherited, **environment(), "PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": byte_code}


def _import_s(modules: list[str], variables: dict[str, str]) -> float:
    """Returns the seconds that a fresh interpreter needs to import these."""
    command = [sys.executable, "-c", _TIMED, *modules]
    return float(subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout)
