"""A file of made-up old data for a rehearsal of any size: `python -m bench.old_data MESSAGES FILE`.

A user and two conversations for each 500 messages, one marker a conversation, and a reply in each tenth message. The
same number makes the same file.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

IN_EACH = 250  # messages of a conversation
BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
TEXT = "This is a message as people write them, of some hundred characters in all, and it says nothing of any use."


def records(messages: int) -> Iterator[dict[str, Any]]:
    """Yields the records: people first, then each conversation with its messages."""
    conversations = -(-messages // IN_EACH)
    people = max(5, conversations // 2)
    for number in range(people):
        yield {"record": "user", "id": f"u{number}", "name": f"Person {number}"}
    for number in range(conversations):
        # A pair differs from each other pair: two neighbours of a circle, and two next but one.
        pair = [f"u{number % people}", f"u{(number + 1 + number // people) % people}"]
        about = {"context": {"type": "class", "id": f"{number}", "title": "Maths"}}
        yield {"record": "conversation", "id": f"c{number}", "type": "direct", "user_ids": pair, **about}
        yield from _messages(f"c{number}", pair, min(IN_EACH, messages - number * IN_EACH))


def _messages(within: str, pair: list[str], count: int) -> Iterator[dict[str, Any]]:
    at = BEGUN
    for number in range(count):
        at += timedelta(minutes=7)
        reply = {"reply_to": f"{within}-{number - 1}"} if number % 10 == 9 else {}
        yield {
            "record": "message",
            "id": f"{within}-{number}",
            "conversation_id": within,
            "sender_id": pair[number % 2],
            "created_at": at.isoformat(),
            "text": f"{TEXT} {number}",
            **reply,
        }
    if count:
        yield {"record": "read", "conversation_id": within, "user_id": pair[0], "message_id": f"{within}-{count // 2}"}


def main(messages: int, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(each, separators=(",", ":")) + "\n" for each in records(messages))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
