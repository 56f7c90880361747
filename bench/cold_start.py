"""The time of a cold start: each handler in a fresh interpreter, as Lambda starts it, against boto3 with a client.

Lambda imports the handler's module with `AWS_LAMBDA_INITIALIZATION_TYPE` set, so the client of DynamoDB is made as
well. The comparison does the same by the usual means: `import boto3` and one client of DynamoDB.

Processor time, with byte code and files warm, so that an import waits for nothing. A machine that does other things
is slower at times: so a handler is compared with boto3 just before and after it, in another order each time. Of 82
medians of a few ratios some are high by chance: these are measured more often.
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
MORE_ROUNDS = 15  # of handlers that a few rounds find over the budget
GROUP = 4  # handlers between two imports of boto3
BUDGET = 1.25
BOTO3 = "import boto3"
BASE = f"{BOTO3}; boto3.client('dynamodb')"

_TIMED = "import time; started = time.process_time(); {}; print(time.process_time() - started)"


def measure(rounds: int = ROUNDS, more_rounds: int = MORE_ROUNDS) -> Section:
    """Returns the rows of the start times."""
    modules = [handler.rpartition(".")[0] for handler in handlers()]
    order = random.Random(1)
    found: dict[str, list[float]] = {module: [] for module in modules}
    base_s: list[float] = []
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as byte_code:
        variables = _variables(byte_code)
        for module in ["boto3", *modules]:
            _start_s(f"import {module}", variables)  # writes the byte code
        boto3_s = median(_start_s(BOTO3, variables) for _ in range(rounds))

        def compare(some: list[str], times: int) -> None:
            for _ in range(times if some else 0):
                order.shuffle(some)
                base_s.append(_start_s(BASE, variables))
                for group in (some[first : first + GROUP] for first in range(0, len(some), GROUP)):
                    taken_s = [_start_s(f"import {module}", variables) for module in group]
                    base_s.append(_start_s(BASE, variables))
                    for module, seconds in zip(group, taken_s, strict=True):
                        found[module].append(seconds / mean(base_s[-2:]))

        compare(modules, rounds)
        compare([module for module in modules if median(found[module]) > BUDGET], more_rounds)
    ratios = {module: median(found[module]) for module in modules}
    worst = max(ratios, key=lambda module: ratios[module])
    listed = ", ".join(f"{module} {ratios[module]:.2f}" for module in sorted(ratios, key=lambda one: -ratios[one]))
    row = Row(
        key="cold_start.init",
        what=f"cold start of the slowest handler as Lambda runs it, {worst}",
        number=round(ratios[worst], 2),
        unit="× boto3 with a client",
        budget=BUDGET,
        note=f"boto3 with a client {median(base_s) * 1000:.0f} ms here, without one {boto3_s * 1000:.0f}; {listed}",
    )
    missed = [module for module in ratios if ratios[module] > BUDGET]
    late = Row(
        key="cold_start.over",
        what=f"handlers over {BUDGET} × boto3 with a client",
        number=len(missed),
        unit=f"of {len(ratios)}",
        budget=0,
    )
    return Section(rows=[row, late])


def _variables(byte_code: str) -> dict[str, str]:
    """Returns Lambda's and the functions' environment, with byte code kept whatever this process's own says."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = f"{ROOT / 'functions'}:{ROOT / 'layers/shared'}:{ROOT / 'layers/media'}"
    of_lambda = {
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    return {**inherited, **environment(), **of_lambda, "PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": byte_code}


def _start_s(code: str, variables: dict[str, str]) -> float:
    """Returns the seconds that a fresh interpreter needs for some code."""
    command = [sys.executable, "-c", _TIMED.format(code)]
    return float(subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout)
