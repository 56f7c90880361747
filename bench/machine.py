"""The speed of this machine, and whether it is calm: times mean something only beside these two.

Processor times are divided by `slowness`, so that a table depends on the code and not on the machine. Times from a busy
machine are shown, and not kept.
"""

import hashlib
import json
import time
from pathlib import Path

REFERENCE_S = 0.021  # what the piece of work takes on the reference machine, which imports boto3 in 110 ms
WATCHED_S = 1.0
CALM = 0.15  # share of its processors' time that other programs may take while a bench waits
PIECES = 5

_STAT = Path("/proc/stat")
_DOCUMENT = {f"field-{number}": ["text", number, {"nested": [number] * 8}] for number in range(60)}


def slowness() -> float:
    """Returns how many times longer than on the reference machine a fixed piece of work takes here and now."""
    return min(_piece_s() for _ in range(PIECES)) / REFERENCE_S


def _piece_s() -> float:
    """Returns the processor time of what handlers do: JSON, dictionaries, attribute access, a hash."""
    started_s = time.process_time()
    found: dict[str, int] = {}
    for _ in range(120):
        text = json.dumps(_DOCUMENT, sort_keys=True)
        for name, value in json.loads(text).items():
            found[name] = found.get(name, 0) + len(str(value))
        hashlib.sha256(text.encode()).hexdigest()
    return time.process_time() - started_s


def busy_share() -> float | None:
    """Returns the share of the processors that others use, watched for `WATCHED_S`; None without `/proc/stat`."""
    if not _STAT.exists():
        return None
    before = _ticks(_STAT.read_text())
    time.sleep(WATCHED_S)
    return _share(before, _ticks(_STAT.read_text()))


def _share(before: tuple[int, int], after: tuple[int, int]) -> float:
    idle, total = after[0] - before[0], after[1] - before[1]
    return 1 - idle / total if total else 0.0


def _ticks(stat: str) -> tuple[int, int]:
    """Returns the ticks that passed idle, and all of them (proc(5): user nice system idle iowait …)."""
    ticks = [int(number) for number in stat.splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)
