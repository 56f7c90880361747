"""The commands of docs/guides/troubleshooting.md show what the page says: frames, answers and lines of the terminal."""

import subprocess

from tests.e2e.clone import Clone, blocks, missing
from tests.e2e.stack import ROOT

PAGE = (ROOT / "docs" / "guides" / "troubleshooting.md").read_text(encoding="utf-8")
MARK = "--- end of block"


def test_every_command_shows_what_the_page_says(clone: Clone) -> None:
    found = blocks(PAGE)
    commands = [block for language, block in found if language == "sh"]
    shown = {
        number: block for number, (language, block) in enumerate(found) if not language and found[number - 1][0] == "sh"
    }
    script = f"\necho '{MARK}'\n".join(commands)
    done = subprocess.run(
        ["bash", "-uo", "pipefail", "-c", script],
        cwd=clone.folder,
        env=clone.environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    said = done.stdout.split(f"{MARK}\n")

    assert len(said) == len(commands), done.stderr
    of_command = [number for number, (language, _) in enumerate(found) if language == "sh"]
    for output, number in zip(said, of_command, strict=True):
        assert missing(output, shown.get(number + 1, "")) == [], f"{output}\n{done.stderr}"
    terminal = clone.terminal.read_text(encoding="utf-8")
    for language, block in found:
        if language == "log":
            assert missing(terminal, block) == [], terminal


def test_a_line_that_was_not_said_is_missed() -> None:
    assert missing("one\ntwo", "t…o") == []
    assert missing("one\ntwo", "three") == ["three"]
    assert missing("WS  ping 200   7 ms  bob", "WS ping 200 … ms bob") == []
