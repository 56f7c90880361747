"""A person's browser that takes pushes, in sessions on the local stack."""

import json
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.stack import PATIENCE_S, Json, Person
from tests.harness.web_push import Browser, PushService


class PushedBrowser:
    """A browser of a person, registered for pushes."""

    def __init__(self, person: Person, service: PushService) -> None:
        self._browser, self._service, self._name = Browser(), service, person.user_id
        endpoint = service.endpoint(self._name)
        person.put("/me/devices/browser", kind="web_push", endpoint=endpoint, keys=self._browser.keys())

    def pushes(self, count: int) -> list[Json]:
        """Returns what the browser got, once there are so many."""
        bodies = eventually(lambda: self._service.bodies(self._name), lambda found: len(found) >= count)
        return [json.loads(self._browser.open(body)) for body in bodies]


def eventually(ask: Callable[[], Any], is_it: Callable[[Any], bool]) -> Any:
    """Returns an answer once it is the one that is waited for, or the last one."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_it(answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def decided(person: Person, message_id: str) -> dict[str, tuple[str, str]]:
    """Returns state and rule of each channel for a person and a message, once all channels have decided."""
    path = f"/messages/{message_id}/notification-trace"
    channels = eventually(lambda: person.get(path)["channels"], lambda found: all(each["rule"] for each in found))
    return {each["channel"]: (each["state"], each["rule"]) for each in channels}
