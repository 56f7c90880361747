"""The store's files: what can be read back of them, what is damage, and what is only a write that never ended."""

import os
from pathlib import Path
from typing import Any

import pytest

from local import store_journal
from local.store_journal import Contents, Damaged, Log, SnapshotFile, encoded, load, recover

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/things"
State = dict[str, Any]


def row(number: int, item: object = "there") -> State:
    return {"items": [[TABLE, f"key-{number}", "-", None if item is None else {"is": item}]]}


def rows(contents: Contents) -> dict[str, Any]:
    """Returns what is stored, by key."""
    return {key: of_key["-"]["is"] for key, of_key in contents.items.get(TABLE, {}).items() if of_key}


def written(folder: Path, generation: int, *records: State) -> Path:
    folder.mkdir(exist_ok=True)
    log = Log(folder, generation)
    for record in records:
        log.append(encoded(record))
    log.close()
    return store_journal.path_of(folder, "log", generation)


def snapshot(folder: Path, generation: int, *records: State) -> Path:
    draft = SnapshotFile(folder, generation)
    for record in records:
        draft.add(encoded(record))
    draft.finish()
    return store_journal.path_of(folder, "snapshot", generation)


def spoil(path: Path, line: int) -> None:
    """Changes one byte in a line."""
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"key", b"kez")
    path.write_bytes(b"".join(lines))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_nothing_is_there_at_first(folder: Path) -> None:
    assert load(folder) == (Contents(), 0)


def test_records_are_played_in_order(folder: Path) -> None:
    written(folder, 0, row(1), row(2, "first"), row(2, "then"), row(1, None), row(3))

    contents, generation = load(folder)

    assert (rows(contents), generation) == ({"key-2": "then", "key-3": "there"}, 0)


def test_messages_come_and_go_by_their_ids(folder: Path) -> None:
    def change(*put: str, gone: tuple[str, ...] = ()) -> State:
        return {"messages": {"jobs": {"put": [{"id": each} for each in put], "gone": list(gone)}}}

    written(folder, 0, change("a", "b"), change("c", gone=("a",)), change("c", gone=("nobody",)))

    assert list(load(folder)[0].messages["jobs"]) == ["b", "c"]


def test_a_table_that_was_dropped_has_no_rows(folder: Path) -> None:
    written(folder, 0, row(1), {**row(3), "states": {"dynamodb": {}}, "dropped": [TABLE]}, row(2))

    assert rows(load(folder)[0]) == {"key-2": "there"}


def test_the_log_is_played_over_the_snapshot(folder: Path) -> None:
    written(folder, 0, row(1, "old"))
    written(folder, 1, row(2), row(1, "new"))
    snapshot(folder, 1, row(1, "new"), row(9))  # it was taken while the log was being written

    contents, generation = load(folder)

    assert (rows(contents), generation) == ({"key-1": "new", "key-2": "there", "key-9": "there"}, 1)


def test_a_snapshot_that_was_never_finished_does_not_count(folder: Path) -> None:
    written(folder, 0, row(1))
    written(folder, 1, row(2))
    (folder / "snapshot-000001.tmp").write_bytes(encoded({"parley_store": 1}) + encoded(row(9)))

    contents, generation = load(folder)

    assert (set(rows(contents)), generation) == ({"key-1", "key-2"}, 1)


def test_one_generation_before_the_last_is_kept(folder: Path) -> None:
    for generation in range(4):
        written(folder, generation, row(generation))
        if generation:
            snapshot(folder, generation, *(row(each) for each in range(generation)))

    assert sorted(path.name for path in folder.iterdir()) == [
        "log-000002",
        "log-000003",
        "snapshot-000002",
        "snapshot-000003",
    ]


@pytest.mark.parametrize("kept", ["half", "all but the end", "nulls"])
def test_a_last_record_that_is_cut_off_is_dropped_and_writing_goes_on(folder: Path, kept: str) -> None:
    path = written(folder, 0, row(1))
    whole = path.read_bytes()
    line = encoded(row(2))
    path.write_bytes(whole + {"half": line[:20], "all but the end": line[:-1], "nulls": b"\0" * 50}[kept])

    assert rows(load(folder)[0]) == {"key-1": "there"}
    assert path.read_bytes() == whole
    written(folder, 0, row(3))
    assert set(rows(load(folder)[0])) == {"key-1", "key-3"}


def test_a_damaged_log_is_refused_and_left_as_it_is(folder: Path) -> None:
    path = written(folder, 0, row(1), row(2), row(3), row(4))
    spoil(path, 2)
    before = path.read_bytes()

    with pytest.raises(Damaged) as damage:
        load(folder)

    assert str(path) in str(damage.value) and "line 3" in str(damage.value)
    assert "2 writes before" in str(damage.value) and "2 after it are lost" in str(damage.value)
    assert "python -m local recover" in str(damage.value)
    assert path.read_bytes() == before


def test_a_damaged_log_is_recovered_up_to_the_damage(folder: Path) -> None:
    path = written(folder, 0, row(1), row(2), row(3))
    spoil(path, 2)
    before = path.read_bytes()

    [done] = recover(folder)

    assert "1 writes after it are lost" in done
    assert path.with_name("log-000000.damaged").read_bytes() == before
    assert rows(load(folder)[0]) == {"key-1": "there"}


@pytest.mark.parametrize("how", ["changed", "cut off", "empty"])
def test_a_damaged_snapshot_is_refused_and_nothing_is_lost_by_the_one_before(folder: Path, how: str) -> None:
    written(folder, 0, row(1))
    written(folder, 1, row(2))
    snapshot(folder, 1, row(1))
    written(folder, 2, row(3))
    path = snapshot(folder, 2, row(1), row(2))
    if how == "changed":
        spoil(path, 1)
    else:
        os.truncate(path, path.stat().st_size - 5 if how == "cut off" else 0)
    before = path.read_bytes()

    with pytest.raises(Damaged) as damage:
        load(folder)
    assert "snapshot-000002" in str(damage.value) and "nothing is lost" in str(damage.value)
    assert path.read_bytes() == before

    [done] = recover(folder)
    assert "snapshot-000002.damaged" in done
    assert set(rows(load(folder)[0])) == {"key-1", "key-2", "key-3"}
    assert recover(folder) == []


def test_the_only_snapshot_cannot_be_recovered(folder: Path) -> None:
    written(folder, 1, row(2))
    path = snapshot(folder, 1, row(1))
    spoil(path, 1)

    with pytest.raises(Damaged, match="There is no older snapshot"):
        recover(folder)
    assert path.exists()


def test_a_missing_log_is_refused(folder: Path) -> None:
    written(folder, 1, row(1))
    snapshot(folder, 1, row(1))
    written(folder, 3, row(3))

    with pytest.raises(Damaged, match="missing"):
        load(folder)


def test_a_write_that_fails_leaves_no_part_of_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(folder, 0, row(1))
    whole = path.read_bytes()
    log = Log(folder, 0)
    write = os.write
    taken: list[int] = []

    def full(file: int, data: bytes) -> int:
        if taken:
            raise OSError(28, "No space left on device")
        taken.append(write(file, data[:7]))
        return taken[0]

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            log.append(encoded(row(2)))
    assert path.read_bytes() == whole

    log.append(encoded(row(3)))
    log.close()
    assert set(rows(load(folder)[0])) == {"key-1", "key-3"}
