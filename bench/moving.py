"""Moving in over the local stack: messages that eight workers of an importer bring, all of them stored.

Each worker brings a conversation at a time, in parts of 250 messages, and then ends its import. Store, gateway,
functions and workers share the machine.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bench.delivery import running
from bench.rows import Row, Section
from bench.scene import TEXT

WORKERS = 8
MESSAGES = 200_000
OF_CONVERSATION = 1_000
PART = 250  # messages of one request, as many as it takes
S_FOR_A_THOUSAND = 1.0
CREATED = "2024-03-01T00:00:00Z"


class Importer:
    """The host's own server, which brings conversations of two people each."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def ask(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Returns what a request answers; raises httpx.HTTPStatusError for a refusal."""
        answer = await self._client.request(method, f"/v1{path}", json=body, headers=self._headers)
        return answer.raise_for_status().json()

    async def bring(self, numbers: Iterator[int]) -> None:
        """Brings a conversation for each number that no other worker has taken."""
        for number in numbers:
            pair = [f"from-{number}", f"to-{number}"]
            await self.ask("PUT", "/users", {"users": [{"id": user_id} for user_id in pair]})
            members = [{"user_id": user_id} for user_id in pair]
            wanted = {"run": "bench", "source_id": str(number), "type": "direct", "members": members}
            begun = await self.ask("POST", "/migration/conversations", {**wanted, "created_at": CREATED})
            path = f"/migration/conversations/{begun['conversation_id']}"
            for first in range(1, OF_CONVERSATION + 1, PART):
                messages = [message(seq, pair) for seq in range(first, first + PART)]
                await self.ask("POST", f"{path}/messages", {"run": "bench", "messages": messages})
            sides = [{"user_id": user_id, "read_seq": OF_CONVERSATION} for user_id in pair]
            await self.ask("POST", f"{path}/finish", {"run": "bench", "last_seq": OF_CONVERSATION, "members": sides})


def message(seq: int, pair: list[str]) -> dict[str, Any]:
    """Returns a message of one of the two people by turns, a second after the one before."""
    hours, rest = divmod(seq, 3600)
    created_at = f"2024-03-01T{hours:02d}:{rest // 60:02d}:{rest % 60:02d}Z"
    return {"seq": seq, "sender_id": pair[seq % 2], "created_at": created_at, "text": TEXT}


async def _play(rest_url: str, messages: int) -> float:
    """Returns the seconds that it takes to bring so many messages."""
    async with httpx.AsyncClient(base_url=rest_url, timeout=60) as client:
        token = await client.post("/local/token", json={"user_id": "host", "role": "service"})
        headers = {"Authorization": f"Bearer {token.raise_for_status().json()['token']}"}
        importer = Importer(client, headers)
        numbers = iter(range(messages // OF_CONVERSATION))
        began_s = time.perf_counter()
        await asyncio.gather(*(importer.bring(numbers) for _ in range(WORKERS)))
        return time.perf_counter() - began_s


def measure(messages: int = MESSAGES) -> Section:
    """Returns the row of an import."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, running(Path(folder)) as (rest_url, _):
        seconds = asyncio.run(_play(rest_url, messages))
    return Section(rows=[row_of(messages, seconds)])


def row_of(messages: int, seconds: float) -> Row:
    """Returns the row for so many messages that were stored in so long."""
    return Row(
        key="moving.thousand",
        what=f"moving in, local, {messages:,} messages by {WORKERS} workers: time for a thousand",
        number=round(seconds / messages * 1000, 3),
        unit="s",
        budget=S_FOR_A_THOUSAND,
        note=f"{messages / seconds:,.0f} messages/s",
    )
