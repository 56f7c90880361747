"""The files of an export: whole or not at all, from an address that may run out in the meantime."""

import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from parley_host import Parley
from parley_host.moving import downloading
from parley_host.moving.problems import Stop
from tests.harness.serving import answer, serving


class Addresses:
    """The host's client, with one address after the other for each file."""

    def __init__(self, *urls: str | None) -> None:
        self.urls = urls
        self.asked: list[tuple[str, list[str]]] = []

    def create_stored_file_urls(self, conversation_id: str, ids: Sequence[str]) -> Mapping[str, Any]:
        self.asked.append((conversation_id, [*ids]))
        url = self.urls[min(len(self.asked), len(self.urls)) - 1]
        return {"attachments": {each: None if url is None else {"url": url} for each in ids}}


def file(number: int, name: str = "a.txt") -> dict[str, Any]:
    return {"id": f"a_{number}", "name": name}


def files(addresses: Addresses, folder: Path) -> downloading.Files:
    return downloading.Files(cast(Parley, addresses), folder)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)


def test_ten_files_are_asked_for_at_once(tmp_path: Path) -> None:
    with serving(answer(body=b"Hello")) as server:
        addresses = Addresses(f"http://127.0.0.1:{server.port}/")
        some = files(addresses, tmp_path)
        some.add("c1", [file(number) for number in range(12)])
        assert [len(ids) for _, ids in addresses.asked] == [10]
        some.finish("c1")
        some.finish("c2")

    assert [(where, len(ids)) for where, ids in addresses.asked] == [("c1", 10), ("c1", 2)]
    assert {each.read_bytes() for each in tmp_path.glob("*/a.txt")} == {b"Hello"}
    assert (len([*tmp_path.iterdir()]), some.gone) == (12, 0)


def test_an_address_that_ran_out_and_half_a_file_are_tried_again(tmp_path: Path) -> None:
    said = [
        answer("403 Forbidden", b"<Error/>"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        answer(body=b"ok"),
    ]

    def serve(sock: socket.socket, request: bytes) -> None:
        sock.sendall(said[int(request.split(b" ")[1][1:])])

    with serving(serve) as server:
        addresses = Addresses(*(f"http://127.0.0.1:{server.port}/{number}" for number in range(3)))
        some = files(addresses, tmp_path)
        some.add("c1", [file(1)])
        some.finish("c1")

    assert (tmp_path / "a_1" / "a.txt").read_bytes() == b"ok"


def test_a_file_that_is_deleted_is_counted(tmp_path: Path) -> None:
    some = files(Addresses(None), tmp_path)
    some.add("c1", [file(1)])
    some.finish("c1")

    assert (some.gone, [*tmp_path.iterdir()]) == (1, [])


def test_a_storage_that_is_away_stops_the_export(tmp_path: Path) -> None:
    some = files(Addresses("http://127.0.0.1:1/"), tmp_path)
    some.add("c1", [file(1)])

    with pytest.raises(Stop, match="the storage of Parley does not give a file"):
        some.finish("c1")
    assert [*tmp_path.glob("*/*")] == []


@pytest.mark.parametrize("name", ["../../escape.txt", "/etc/escape.txt", "..\\escape.txt", "a\0escape.txt"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    place = (tmp_path / downloading.path_of(file(1, name))).resolve()

    assert place.parent == tmp_path / "a_1"
