"""The shipped configurations of a support desk, and the deployment's own choice: the environment variable SUPPORT.

`python -m parley.adapters.support.desks` checks all of them, and says in one line that they are right.
"""

import sys
from functools import cache
from pathlib import Path

from parley.adapters import environment, shipped_files
from parley.domain.support.desk import Desk
from parley.domain.support.desk_file import DeskError, load

FOLDER = Path(__file__).parents[2] / "desks"


def current() -> Desk:
    """Returns the desk that SUPPORT names; raises DeskError for a name without a file, or for a mistake in it."""
    return named(environment.optional("SUPPORT", "default"))


@cache
def named(name: str) -> Desk:
    """Returns the desk `desks/<name>.toml`; raises DeskError."""
    refusal = f"SUPPORT={name}: no such desk; the desks are"
    return shipped_files.read_file(FOLDER, name, load, lambda known: DeskError(f"{refusal} {known}"))


def check_all(folder: Path = FOLDER) -> list[Desk]:
    """Returns every desk in `folder`; raises DeskError for the first mistake."""
    return shipped_files.read_all(folder, load)


def main() -> str | None:
    """Prints the desks that were checked, and returns None; or returns the first mistake, for `sys.exit`."""
    try:
        checked = check_all()
        current()
    except DeskError as error:
        return str(error)
    print(f"Every desk is right: {', '.join(desk.source for desk in checked)}.")
    return None


if __name__ == "__main__":
    sys.exit(main())
