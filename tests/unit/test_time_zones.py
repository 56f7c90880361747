"""Time zones: IANA's names and no others, on every machine."""

import zoneinfo
from importlib.resources import files
from pathlib import Path

import pytest

from parley.domain.api import time_zones


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Calcutta", "US/Pacific"]
)
def test_time_zones(name: str) -> None:
    assert time_zones.is_time_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Atlantis", "europe/berlin", "../../etc/passwd", "posix/Europe/Berlin", "UTC\n", "+2"]
)
def test_no_time_zones(name: str) -> None:
    assert not time_zones.is_time_zone(name)


def test_time_zones_come_from_the_layer_and_not_from_the_machine(tmp_path: Path) -> None:
    """Lambda's image promises no database, and one machine's may be older than another's."""
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Atlantis").write_bytes((files("tzdata.zoneinfo") / "UTC").read_bytes())
    zoneinfo.reset_tzpath([tmp_path])
    try:
        assert zoneinfo.ZoneInfo("Europe/Atlantis")  # the machine has it
        assert time_zones.is_time_zone("Europe/Berlin")
        assert not time_zones.is_time_zone("Europe/Atlantis")
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()
