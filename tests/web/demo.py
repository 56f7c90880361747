"""The demo's people on a running stack."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.stack import PATIENCE_S, Stack


@dataclass
class Demo:
    """The demo on a stack; `seed` makes what its people have to begin with."""

    stack: Stack

    @property
    def root(self) -> str:
        return self.stack.rest_url.removesuffix("/v1")

    def seed(self) -> None:
        seeded = httpx.post(f"{self.root}/local/demo/seed", json={}, timeout=6 * PATIENCE_S)
        assert seeded.status_code == 204

    def ask(self, user: str, method: str, path: str, body: object = None) -> Any:
        """Returns what the API answers one of the demo's people."""
        minted = httpx.post(f"{self.root}/local/demo/token", json={"user_id": f"demo-{user}"}, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {minted.json()['token']}"}
        answer = httpx.request(method, self.stack.rest_url + path, json=body, headers=headers, timeout=PATIENCE_S)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None
