"""The shipped policies, and the deployment's own choice: the environment variable POLICY.

`python -m parley.adapters.people.policies` checks all of them.
"""

import re
import sys
from functools import cache
from pathlib import Path

from parley.adapters import environment
from parley.domain.people.policy import Policy
from parley.domain.people.policy_file import PolicyError, load

FOLDER = Path(__file__).parents[2] / "policies"
_NAME = re.compile(r"[a-z0-9_-]+")


def current() -> Policy:
    """Returns the policy that POLICY names; raises PolicyError for a name without a file, or for a mistake in it."""
    return named(environment.optional("POLICY", "default"))


@cache
def named(name: str) -> Policy:
    """Returns the policy `policies/<name>.toml`; raises PolicyError."""
    path = FOLDER / f"{name}.toml"
    if _NAME.fullmatch(name) is None or not path.is_file():
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.toml")))
        raise PolicyError(f"POLICY={name}: no such policy; the policies are {known}")
    return load(path.read_text(encoding="utf-8"), path.name)


def check_all(folder: Path = FOLDER) -> list[Policy]:
    """Returns every policy in `folder`; raises PolicyError for the first mistake."""
    return [load(path.read_text(encoding="utf-8"), path.name) for path in sorted(folder.glob("*.toml"))]


def main() -> str | None:
    """Returns the faults of the policies, for `sys.exit`."""
    try:
        check_all()
        current()
    except PolicyError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
