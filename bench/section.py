"""One section in a process of its own: `python -m bench.section <name> <numbers so far> <where the result goes>`."""

import importlib
import sys
from pathlib import Path

import msgspec


def main(name: str, given: str, result: str) -> None:
    """Measures a section and writes its result."""
    module = importlib.import_module(f"bench.{name}")
    numbers = msgspec.json.decode(Path(given).read_bytes(), type=dict[str, float])
    section = module.measure(numbers) if name == "cost" else module.measure()
    Path(result).write_bytes(msgspec.json.encode(section))


if __name__ == "__main__":
    main(*sys.argv[1:])
