"""The files of an export: each is downloaded from the address that Parley gives for a minute, to a folder."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from parley_host.client import Parley
from parley_host.moving.contents import file_name
from parley_host.moving.problems import Stop

AT_ONCE = 10  # files for which one request asks
TRIES = 4
TIMEOUT_S = 120.0


def path_of(attachment: Mapping[str, Any]) -> str:
    """Returns where an export has a file, below its folder of files."""
    return f"{attachment['id']}/{file_name(attachment)}"


class Files:
    """Writes the files of messages into a folder, some at a time; `gone` counts those that Parley has no more."""

    def __init__(self, parley: Parley, folder: Path) -> None:
        self.gone = 0
        self._parley = parley
        self._folder = folder
        self._waiting: list[Mapping[str, Any]] = []

    def add(self, conversation_id: str, attachments: Sequence[Mapping[str, Any]]) -> None:
        """Adds the files of a message; downloads those that wait when there are enough."""
        self._waiting += attachments
        while len(self._waiting) >= AT_ONCE:
            self._download(conversation_id, AT_ONCE)

    def finish(self, conversation_id: str) -> None:
        """Downloads the rest of a conversation's files."""
        self._download(conversation_id, len(self._waiting))

    def _download(self, conversation_id: str, count: int) -> None:
        some, self._waiting = self._waiting[:count], self._waiting[count:]
        urls = self._urls(conversation_id, some) if some else {}
        for each in some:
            self._write(conversation_id, each, urls[each["id"]])

    def _urls(self, conversation_id: str, some: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return self._parley.create_stored_file_urls(conversation_id, [each["id"] for each in some])["attachments"]

    def _write(self, conversation_id: str, attachment: Mapping[str, Any], found: Mapping[str, Any] | None) -> None:
        """Downloads a file with a few tries, each from a new address; raises Stop if none gets it whole."""
        said = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(attempt)
                found = self._urls(conversation_id, [attachment])[attachment["id"]]
            if found is None:
                self.gone += 1
                return
            place = self._folder / path_of(attachment)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                with httpx.stream("GET", found["url"], timeout=TIMEOUT_S) as answer, place.open("wb") as file:
                    answer.raise_for_status()
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
                return
            except httpx.HTTPError as error:
                place.unlink(missing_ok=True)
                said = str(error) or type(error).__name__
        raise Stop(f"the storage of Parley does not give a file ({said}). Begin again with an empty folder.")
