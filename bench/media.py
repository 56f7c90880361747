"""Memory and processor time of an examination, each in a fresh process: the scanner's first file after a cold start.

The seconds are those of a whole processor, which Lambda gives from 1,769 MB on. The last three files are the largest
that the limits let pass. Some files are examined once more as the scanner does it, in a process of a worker (D-444):
`cold` starts the worker, `warm` finds it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from PIL import Image

from bench import machine
from bench.rows import Row, Section
from bench.stage import ROOT
from tests import media_files

MEMORY_MB = 1_769  # of the function, so that it has a whole processor
TIMEOUT_S = 60


_CHILD = """
import re, sys, time
from pathlib import Path
body = Path(sys.argv[1]).read_bytes()
times_s = [time.process_time()]
from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, examine
times_s.append(time.process_time())
found = examine(body, name="a", declared=sys.argv[2], allowed=ALLOWED)
times_s.append(time.process_time())
assert isinstance(found, Clean), found
# getrusage(2) would count what this process had in memory before it became Python, as a part of the bench.
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(times_s[1] - times_s[0], times_s[2] - times_s[1], peak_kb / 1024)
"""


# Processor time of all processes, which Linux tells of those that have ended: so a worker ends after some files.
_CONTAINED_CHILD = """
import resource, sys, time
from pathlib import Path
from parley.domain.attachments.media_types import ALLOWED
from parley_media import contained
from parley_media.examine import Clean, examine
from parley_media.results import Limits
body = Path(sys.argv[1]).read_bytes()
about = {"name": "a", "declared": sys.argv[2], "allowed": ALLOWED, "limits": Limits()}
def taken(examine, count):
    began = [time.process_time(), *resource.getrusage(resource.RUSAGE_CHILDREN)[:2]]
    for _ in range(count):
        assert isinstance(examine(body, **about), Clean)
    contained.close()
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - sum(began)
examine(body, **about)
cold, six, direct = (min(taken(*each) for _ in range(3)) for each in (
    (contained.examine_contained, 1), (contained.examine_contained, 6), (examine, 1)))
print(cold, (six - cold) / 5, direct)
"""


class Contained(Struct, frozen=True):
    """The seconds of one examination in a process of its own, without and with a worker, and in this process."""

    cold_s: float
    warm_s: float
    direct_s: float


class Examined(Struct, frozen=True):
    """The cost of one examination, in a process of its own."""

    import_s: float
    examine_s: float
    peak_mb: float


def measure() -> Section:
    """Returns two rows for each file, and one for the time of the import."""
    slowness = machine.slowness()
    rows: list[Row] = []
    imports_s: list[float] = []
    numbers: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        for key, (what, mime, make) in FILES.items():
            path = Path(folder) / key
            path.write_bytes(make())
            taken = _examined(path, mime)
            imports_s.append(taken.import_s / slowness)
            numbers[f"media.{key}.s"] = taken.examine_s / slowness
            rows += _rows(key, f"{what}, {path.stat().st_size / 1e6:.1f} MB", taken, slowness)
        contained = {key: _contained(Path(folder), key) for key in CONTAINED}
    rows += [row for key, taken_by in contained.items() for row in _contained_rows(key, taken_by, slowness)]
    note = f"the fastest of {len(imports_s)}; the libraries of an examination, msgspec among them"
    rows.append(
        Row(
            key="media.import",
            what="import of the scanner's libraries",
            number=round(min(imports_s), 2),
            unit="s",
            note=note,
        )
    )
    return Section(rows=rows, numbers={**numbers, "media.import.s": min(imports_s)})


def _rows(key: str, what: str, taken: Examined, slowness: float) -> list[Row]:
    seconds = round(taken.examine_s / slowness, 2)
    return [
        Row(
            key=f"media.{key}.memory", what=f"scan of {what}", number=round(taken.peak_mb), unit="MB", budget=MEMORY_MB
        ),
        Row(key=f"media.{key}.time", what=f"scan of {what}", number=seconds, unit="s", budget=TIMEOUT_S),
    ]


def _contained_rows(key: str, taken: Contained, slowness: float) -> list[Row]:
    seconds = {"warm": taken.warm_s, "cold": taken.cold_s}
    return [
        Row(
            key=f"media.contained.{key}.{kind}",
            what=f"scan of {CONTAINED[key][0]} in a process of its own, {kind} worker",
            number=round(spent / taken.direct_s, 2),
            unit="× without",
            note=f"{_ms(spent / slowness)} of a processor; {_ms(taken.direct_s / slowness)} without a process",
        )
        for kind, spent in seconds.items()
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _contained(folder: Path, key: str) -> Contained:
    path = folder / f"contained-{key}"
    _, mime, make = CONTAINED[key]
    path.write_bytes(make())
    return Contained(*_numbers(_CONTAINED_CHILD, path, mime))


def _examined(path: Path, mime: str) -> Examined:
    return Examined(*_numbers(_CHILD, path, mime))


def _numbers(code: str, path: Path, mime: str) -> list[float]:
    """Returns the numbers that a fresh process prints."""
    paths = os.pathsep.join(str(ROOT / "layers" / name) for name in ("shared", "media"))
    command = [sys.executable, "-c", code, str(path), mime]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


# --- the files -------------------------------------------------------------------------------------------------------


def _photo(width: int, height: int, quality: int) -> bytes:
    return media_files.saved(Image.effect_noise((width, height), 40).convert("RGB"), "JPEG", quality=quality)


def _scanned_pages() -> bytes:
    pages = [Image.effect_noise((1240, 1754), 60).convert("RGB") for _ in range(6)]
    return media_files.saved(pages[0], "PDF", save_all=True, append_images=pages[1:], quality=90)


def _flat_png() -> bytes:
    return media_files.saved(Image.new("RGBA", (7745, 7745), (1, 2, 3, 200)), "PNG", compress_level=1)


def _large_webp() -> bytes:
    coarse = Image.effect_noise((612, 612), 70).resize((4896, 4896)).convert("RGB")
    return media_files.saved(coarse, "WEBP", quality=75, method=0)


def _long_animation() -> bytes:
    return media_files.animation("GIF", frames=400, size=(500, 500))


FILES: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "jpeg": ("a JPEG of 12 megapixels", "image/jpeg", lambda: _photo(4032, 3024, 95)),
    "megabyte": ("a JPEG of 1 MB", "image/jpeg", lambda: _photo(1500, 1125, 88)),
    "pdf": ("a PDF of 6 scanned pages", "application/pdf", _scanned_pages),
    "opus": ("5 minutes of opus", "audio/webm", lambda: media_files.recording("audio/webm", seconds=300)),
    "png": ("a transparent PNG of 60 megapixels", "image/png", _flat_png),
    "webp": ("a WebP of 24 megapixels", "image/webp", _large_webp),
    "gif": ("a GIF of 400 frames and 100 megapixels", "image/gif", _long_animation),
}
CONTAINED: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "pixel": ("a PNG of a few pixels", "image/png", lambda: media_files.image("PNG")),
    "megabyte": FILES["megabyte"],
    "jpeg": FILES["jpeg"],
}
