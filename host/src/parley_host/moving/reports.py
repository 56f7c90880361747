"""The report of a run: counts of records, and each problem with its file and line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley_host.moving.staging import Staging, compact

SHOWN = 10  # problems of one code; the file has all of them
COUNTED = {
    "users": "SELECT count(*) FROM users",
    "contexts": "SELECT count(*) FROM (SELECT DISTINCT type, id FROM context_people)",
    "people_of_contexts": "SELECT count(*) FROM context_people",
    "conversations": "SELECT count(*) FROM conversations WHERE merged_into IS NULL AND type IN ('direct', 'group')",
    "merged_conversations": "SELECT count(*) FROM conversations WHERE merged_into IS NOT NULL",
    "tickets": "SELECT count(*) FROM conversations WHERE type = 'ticket'",
    "notes": "SELECT count(*) FROM messages WHERE conversation_id LIKE 'notes:%'",
    "entries_of_histories": "SELECT count(*) FROM history",
    "members": "SELECT count(*) FROM members",
    "messages": "SELECT count(*) FROM messages",
    "messages_with_files": "SELECT count(*) FROM messages m WHERE json_array_length(body, '$.attachments') > 0"
    " OR EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id)",
    "unread": "SELECT coalesce(sum(c.last_seq - max(m.cleared_seq,"
    " min(m.read_seq, coalesce(m.unread_from_seq - 1, m.read_seq)))), 0) FROM members m"
    " JOIN conversations c ON c.id = m.conversation_id",
    "members_without_read_state": "SELECT count(*) FROM members WHERE NOT has_read_state",
}


@dataclass(frozen=True)
class Report:
    """The findings of a dry run."""

    counts: Mapping[str, int]
    problems: Mapping[str, Mapping[str, Any]]  # by code

    @property
    def errors(self) -> int:
        """Returns how many errors there are; those of an earlier loading are not the source's."""
        of_source = (each for code, each in self.problems.items() if not code.startswith(("parley:", "file:")))
        return sum(each["count"] for each in of_source if each["severity"] == "error")


def made(staging: Staging) -> Report:
    """Returns the report of checked records."""
    counts = {name: int(staging.one(query)) for name, query in COUNTED.items()}
    found = staging.rows("SELECT severity, code, count(*) AS count FROM problems GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2")
    return Report(counts, {row["code"]: {"severity": row["severity"], "count": row["count"]} for row in [*found]})


def write(staging: Staging, report: Report, to: Path, problems: Path) -> None:
    """Writes the counts as JSON, and all problems as JSON Lines in the order of files and lines."""
    text = json.dumps({"counts": report.counts, "problems": report.problems, "errors": report.errors}, indent=2)
    to.write_text(text + "\n", encoding="utf-8")
    with problems.open("w", encoding="utf-8") as file:
        for row in _problems(staging, "ORDER BY p.source, p.line, p.number"):
            file.write(compact({name: row[name] for name in row.keys() if name != "key" or row[name]}) + "\n")


def _problems(staging: Staging, rest: str, *values: object) -> Iterator[Any]:
    return staging.rows(
        "SELECT s.path AS file, p.line, p.severity, p.code, p.pointer, p.detail, k.key FROM problems p"
        f" JOIN sources s ON s.id = p.source LEFT JOIN row_keys k ON k.source = p.source AND k.line = p.line {rest}",
        values,
    )


def text(staging: Staging, report: Report, problems: Path) -> Iterator[str]:
    """Yields the lines of the report as a person reads it."""
    yield from (f"{name.replace('_', ' '):<28}{count:>14,}" for name, count in report.counts.items())
    for code, each in report.problems.items():
        yield ""
        yield f"{each['severity']}: {code}, {each['count']:,} times"
        for row in _problems(staging, "WHERE p.code = ? ORDER BY p.source, p.line LIMIT ?", code, SHOWN):
            yield f"  {_place(row)}: {row['detail']}"
        if each["count"] > SHOWN:
            yield f"  … and {each['count'] - SHOWN:,} more in {problems}"


def refusals(staging: Staging) -> Iterator[str]:
    """Yields a line for each record that Parley refused, and each file that a strict import waits for."""
    found = "WHERE p.code LIKE 'parley:%' OR p.code LIKE 'file:%' AND p.severity = 'error' ORDER BY p.source, p.line"
    for row in _problems(staging, found):
        kind, _, code = row["code"].partition(":")
        said = "Parley refused it" if kind == "parley" else "the file does not come"
        yield f"{_place(row)}: {said} ({code}). {row['detail']}"


def left_open(staging: Staging) -> Iterator[str]:
    """Yields what a person can do after a loading that did not bring all of it."""
    count = "SELECT count(*) FROM conversations WHERE merged_into IS NULL AND state {}"
    if missing := int(staging.one(count.format("!= 'done'"))):
        yield f"{missing:,} conversations did not come. The same command tries them again."
        yield "For corrected files, undo the run with --undo, and import them into the same folder."
    if held := int(staging.one(count.format("IN ('refused', 'leaving') AND parley_id IS NOT NULL"))):
        yield f"{held:,} of them wait in Parley. Their people cannot open them until they come, or until --undo."


def missing_files(staging: Staging) -> Iterator[str]:
    """Yields a line for each of the first files that did not come with their messages."""
    found = "WHERE p.code LIKE 'file:%' OR p.code LIKE 'file\\_%' ESCAPE '\\' ORDER BY p.source, p.line LIMIT ?"
    yield from (f"  {_place(row)}: {row['detail']}" for row in _problems(staging, found, SHOWN))


def _place(row: Any) -> str:
    """Returns file, line and pointer of a problem; of a table its row, with the key if it has one."""
    key = f" ({row['key']})" if row["key"] else ""
    return f"{row['file']}:{row['line']}{key}{' ' if row['pointer'] else ''}{row['pointer']}"
