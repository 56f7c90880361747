"""The shipped policies, and the deployment's own choice: the environment variable POLICY.

`python -m parley.adapters.people.policies` checks all of them.
"""

import sys
from functools import cache
from pathlib import Path

from parley.adapters import environment, shipped_files
from parley.domain.people.policy import Policy
from parley.domain.people.policy_file import PolicyError, load

FOLDER = Path(__file__).parents[2] / "policies"


def current() -> Policy:
    """Returns the policy that POLICY names; raises PolicyError for a name without a file, or for a mistake in it."""
    return named(environment.optional("POLICY", "default"))


@cache
def named(name: str) -> Policy:
    """Returns the policy `policies/<name>.toml`; raises PolicyError."""
    refusal = f"POLICY={name}: no such policy; the policies are"
    return shipped_files.read_file(FOLDER, name, load, lambda known: PolicyError(f"{refusal} {known}"))


def check_all(folder: Path = FOLDER) -> list[Policy]:
    """Returns every policy in `folder`; raises PolicyError for the first mistake."""
    return shipped_files.read_all(folder, load)


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
