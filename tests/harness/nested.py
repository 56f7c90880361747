"""A run of pytest within a test: tests that say what they leave out, on a machine where something is missing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_tests(*tests: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Returns the ended run of these tests (node ids), whose environment has `variables` besides this one's."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": "", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
