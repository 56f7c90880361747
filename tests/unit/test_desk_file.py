"""Configurations of a support desk: the shipped ones, and what a mistake in a file is told."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from parley.adapters.support import desks
from parley.domain.support.clocks import Target
from parley.domain.support.desk import Assignment, Category, Closing, Escalation
from parley.domain.support.desk_file import MAX_NAMES, DeskError, load
from parley.domain.support.desk_file import _Escalation as EscalationKeys
from parley.domain.support.desk_file import _File as File
from parley.domain.support.policy import MAX_HOLIDAYS

LEAST = """
[categories.general]
name = "General"
"""
PROMISE = "\n[targets.high]\nresolution = '8h'\n"
ROOT = Path(__file__).parents[2]
DOCUMENTED = Path(sys.modules[load.__module__].__file__ or "")
MINUTE, HOUR = 60_000, 3_600_000


def refusal(text: str) -> str:
    with pytest.raises(DeskError) as refused:
        load(text, "desk.toml")
    return str(refused.value)


def test_default_desk_has_the_categories_of_the_old_system() -> None:
    desk = desks.named("default")

    assert list(desk.categories) == ["general", "booking", "destination", "complaint"]
    assert desk.default_category == "general"
    assert desk.terms("urgent", "booking").target == Target()
    assert desk.hours.minutes_a_week == 7 * 24 * 60


def test_office_promises_by_priority_and_category() -> None:
    desk = desks.named("office")

    assert desk.terms("high", "general").target.first_response == 4 * HOUR
    assert desk.terms("high", "complaint").target.first_response == 2 * HOUR
    assert desk.terms("urgent", "complaint").target.first_response == 30 * MINUTE
    assert desk.terms("low", "booking").target == Target(first_response=16 * HOUR, resolution=80 * HOUR)
    assert desk.terms("low", "booking").warn_percent == 75
    assert desk.escalations == {
        "breach": Escalation(clocks=("first_response", "resolution"), priority="high", team="quality", to_nobody=True)
    }
    assert desk.closing == Closing(resolved_after_days=5, notice_before_days=2, archive_after_days=30)


@pytest.mark.parametrize(
    ("at", "said"),
    [("2026-11-27T10:00", "We look into your booking"), ("2026-11-28T10:00", "We are in the office")],
    ids=["open", "closed"],
)
def test_acknowledgement_is_of_the_category_or_of_a_closed_desk(at: str, said: str) -> None:
    at_ms = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) * 1000

    assert said in (desks.named("office").acknowledgement("booking", at_ms) or "")
    assert desks.named("default").acknowledgement("booking", at_ms) is None


def test_documented_example_is_a_desk() -> None:
    """Reads the example in the reader's own docstring, so that it cannot go stale."""
    documented = (sys.modules[load.__module__].__doc__ or "").partition("\n\n")[2]

    desk = load(documented, "documented.toml")

    assert list(desk.categories) == ["booking"] and desk.after_reply == "waiting_on_customer"
    assert desk.terms("urgent", "booking").target == Target(first_response=30 * MINUTE)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "missing required field `categories`"),
        ("x = ", 1, "nvalid value"),
        ("[categories]", 1, "length >= 1"),
        ('teems = ["a"]' + LEAST, 1, "unknown field `teems`"),
        ('time_zone = "Europe/Berln"' + LEAST, 1, "did you mean `Europe/Berlin`?"),
        ('teams = ["a", "a"]' + LEAST, 1, 'teams names "a" twice'),
        (
            'after_reply = "closed"' + LEAST,
            1,
            "Invalid enum value 'closed'; it is one of in_progress, waiting_on_customer",
        ),
        ('after_reply = "waiting"' + LEAST, 1, "'waiting'; it is one of in_progress, waiting_on_customer"),
        ("warn_percentage = 80" + LEAST, 1, "unknown field `warn_percentage`; did you mean `warn_percent`?"),
        (LEAST + 'skil = "german"', 4, "unknown field `skil`; did you mean `skill`?"),
        (LEAST + "\n[closing]\nnotise = 'x'", 6, "unknown field `notise`; did you mean `notice`?"),
        (LEAST + "\n[assignment]\nmethod = 'robin'", 6, "; it is one of least_busy, round_robin; did you mean"),
        ("warn_percent = 101" + LEAST, 1, "<= 100"),
        (LEAST + 'team = "travel"', 4, '"travel" is not among `teams`'),
        ('skills = ["german"]' + LEAST + 'skill = "germn"', 4, "did you mean `german`?"),
        (LEAST + "\n[hours]\nmonday = ['09:00-25:00']", 6, '"09:00-25:00" is no span'),
        (LEAST + "\n[hours]\nmonday = ['09:00-24:30']", 6, "does not end after its start, at 24:00 or before"),
        (LEAST + "\n[hours]\nmonday = ['17:00-09:00']", 6, "does not end after its start"),
        (LEAST + "\n[hours]\nmonday = ['09:00-12:00', '11:00-13:00']", 6, "overlap"),
        (LEAST + "\n[hours]\nmonday = '9-17'", 5, "hours: Expected `array`"),
        (LEAST + "\n[hours]\nmonady = ['09:00-17:00']", 6, "did you mean `monday`?"),
        (LEAST + "\n[hours]\nmonday = []", 5, "never open"),
        (LEAST + "\n[hours]\nholidays = ['2026-02-30']", 6, '"2026-02-30" is no date'),
        (LEAST + "\n[targets.urgnt]\nresolution = '1h'", 5, "did you mean `urgent`?"),
        (LEAST + "\n[targets.high.bookings]\nresolution = '1h'", 5, "there is no such category"),
        (LEAST + "\n[targets.high]\nfirst_reply = '1h'", 6, "unknown key `first_reply`"),
        (LEAST + "\n[targets.high]\nresolution = '1 hour'", 6, '"1 hour" is no duration'),
        (LEAST + "\n[targets.high]\nresolution = '0h'", 6, '"0h" is no duration'),
        (LEAST + "\n[targets.high]\nresolution = '8737h'", 6, "more than the desk is open in a year"),
        (LEAST + "\n[hours]\nmonday = ['09:00-10:00']\n[targets.high]\nresolution = '53h'", 8, "in a year"),
        (LEAST + f"\n[hours]\nmonday = {['00:00-00:01'] * 11}", 6, "more than 10 spans"),
        ('time_zone = "Mars/Olympus"' + LEAST, 1, "is not in the IANA time zone database"),
        (LEAST + "\n[escalation.breech]\npriority = 'high'", 5, "did you mean `breach`?"),
        (LEAST + PROMISE + "[escalation.breach]\npriority = 'top'", 8, "'top'; it is one of high, low, medium, urgent"),
        (LEAST + PROMISE + "[escalation.breach]\nteam = 'travel'", 8, '"travel" is not among `teams`'),
        (LEAST + PROMISE + "[escalation.breach]\nassignee = 'agnes'", 8, "'agnes'; it is one of nobody"),
        (
            LEAST + PROMISE + "[escalation.breach]\nclocks = ['next_reply']",
            8,
            "first_response, next_response, resolution",
        ),
        (LEAST + PROMISE + "[escalation.breach]\nprio = 'high'", 8, "did you mean `priority`?"),
        (LEAST + PROMISE + "[escalation.breach]\nclocks = ['resolution']", 7, "[escalation.breach] does nothing"),
        (LEAST + PROMISE + "[escalation.breach]\nclocks = []\npriority = 'high'", 8, "length >= 1"),
        (
            LEAST + PROMISE + "[escalation.breach]\nclocks = ['next_response']\npriority = 'high'",
            7,
            "waits for clocks without a target: next_response",
        ),
        (LEAST + "\n[escalation.warning]\npriority = 'high'", 5, "waits for clocks without a target"),
        (LEAST + "\n[closing]\nnotice = ''", 6, "it is blank"),
        (LEAST + "\n[closing]\nresolved_after_days = -1", 6, ">= 0"),
        (LEAST + "\n[closing]\nresolved_after_days = 2\nnotice_before_days = 2", 7, "must be less"),
        (
            '[categories."Big Thing"]\nname = "Big"',
            1,
            "categories: a name has 1 to 32 of a-z 0-9 _ -, a letter or digit first",
        ),
        ('teams = ["Billing"]' + LEAST, 1, "teams.0: a name has 1 to 32"),
        ('[categories.general]\nname = ""', 2, "categories.name: it is blank"),
        (LEAST + 'acknowledgement = " "', 4, "it is blank"),
        (LEAST + "\n[closing]\nnotice = '  '", 6, "it is blank"),
        ('[categories.general]\nname = "G"\nacknowledgement = "' + "x" * 2_001 + '"', 3, "length <= 2000"),
    ],
)
def test_mistake_is_told_with_its_line(text: str, line: int, said: str) -> None:
    message = refusal(text)

    assert message.startswith(f"desk.toml:{line}: ")
    assert said in message


def test_file_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"[categories.general]\nname = 'Caf\xe9'\n")

    with pytest.raises(DeskError, match=r"^latin.toml:2: the file is not UTF-8$"):
        desks.check_all(tmp_path)


def test_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "marked.toml").write_bytes(b"\xef\xbb\xbf[categories.general]\nname = 'General'\n")

    [desk] = desks.check_all(tmp_path)

    assert list(desk.categories) == ["general"]


def test_longest_desk_is_read_and_a_longer_one_is_not() -> None:
    names = [f"c{number}" for number in range(MAX_NAMES + 1)]
    tables = [f'[categories.{name}]\nname = "{name}"\n' for name in names]
    days = [f'"{2000 + number // 300:04}-{number % 300 // 25 + 1:02}-{number % 25 + 1:02}"' for number in range(401)]

    most = f"[hours]\nholidays = [{', '.join(days[:MAX_HOLIDAYS])}]\n"
    assert len(load("".join(tables[:MAX_NAMES]) + most, "desk.toml").categories) == MAX_NAMES
    assert f"length <= {MAX_NAMES}" in refusal("".join(tables))
    assert f"more than {MAX_HOLIDAYS} holidays" in refusal(LEAST + f"[hours]\nholidays = [{', '.join(days)}]\n")


def test_name_without_a_file_is_refused_with_the_names_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT", "../secrets")

    with pytest.raises(DeskError, match="the desks are default, office"):
        desks.current()


def test_page_about_the_desk_shows_a_file_that_is_right_and_names_each_key() -> None:
    page = (ROOT / "docs" / "operate" / "support.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    keys = {
        name
        for part in (File, Assignment, Category, Closing, Target, EscalationKeys)
        for name in part.__struct_fields__
    }

    assert load(example, "example.toml").default_category == "booking"
    assert {key for key in keys if not re.search(rf"`\[?{key}\b", page)} == set()


def test_check_of_all_desks_is_a_command() -> None:
    command = [sys.executable, "-m", "parley.adapters.support.desks"]

    checked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=DOCUMENTED.parents[3])

    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "Every desk is right: default.toml, office.toml.\n"


def test_assignment_has_a_method_and_a_limit() -> None:
    assert load(LEAST, "desk.toml").assignment == Assignment()
    assert load(f'{LEAST}[assignment]\nmethod = "least_busy"\nlimit = 5\n', "desk.toml").assignment == Assignment(
        method="least_busy", limit=5
    )
    assert refusal(f"{LEAST}[assignment]\nlimit = 5\n").endswith(": [assignment] limit holds for a `method`")
    assert "assignment.method" in refusal(f'{LEAST}[assignment]\nmethod = "dice"\n')
    reassigning = load(
        f'{LEAST}[assignment]\nmethod = "least_busy"\nwhen_offline = "reassign"\n', "desk.toml"
    ).assignment
    assert (reassigning.when_offline, reassigning.grace_minutes) == ("reassign", 10)
    assert refusal(f'{LEAST}[assignment]\nwhen_offline = "reassign"\n').endswith("needs a `method`")
    assert "assignment.grace_minutes" in refusal(f"{LEAST}[assignment]\ngrace_minutes = 0\n")
    assert "assignment.limit" in refusal(f'{LEAST}[assignment]\nmethod = "least_busy"\nlimit = 0\n')
