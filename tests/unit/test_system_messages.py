"""The guide lists every event of which a system message tells."""

import re
from pathlib import Path

from parley.domain.conversations.send_steps import SENTENCES

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "messages.md"


def test_the_guide_has_every_event() -> None:
    section = GUIDE.read_text(encoding="utf-8").partition("## System messages")[2].partition("\n## ")[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]

    named = [event for first in firsts for event in re.findall(r"`(\w+)`", first)]

    assert sorted(named) == sorted(SENTENCES)
