"""The scenarios of all areas; a file that is added here is one more area."""

import pkgutil
from importlib import import_module
from pathlib import Path

from tests.functional.kills.scenario import Scenario

HELPERS = ("acts", "every", "scenario", "stage", "world")
AREAS = [name for _, name, _ in pkgutil.iter_modules([str(Path(__file__).parent)]) if name not in HELPERS]


def scenarios_of(area: str) -> list[Scenario]:
    """Returns the scenarios of an area; AttributeError if it has no list of that name."""
    found: list[Scenario] = import_module(f"tests.functional.kills.{area}").SCENARIOS
    return found


SCENARIOS = [scenario for area in AREAS for scenario in scenarios_of(area)]
