"""Exports as values: how a job moves, and what a person may ask for."""

from hashlib import sha256

import msgspec
import pytest

from parley.domain.exports.job import (
    MAX_RECENT,
    MAX_RESTARTS,
    RECENT_MS,
    STALLED_MS,
    ExportState,
    Job,
    Recent,
    export_id_of,
)

NOW_MS = 1_795_246_200_000


def job(total: int = 10, **more: object) -> Job:
    return Job(
        export_id="x_" + "a" * 26,
        user_id="alice",
        conversation_id="d_" + "a" * 26,
        format="jsonl",
        total=total,
        created_at_ms=NOW_MS,
        moved_at_ms=NOW_MS,
        expires_at_s=NOW_MS // 1000 + 60,
        **more,  # type: ignore[arg-type]
    )


def test_every_move_is_one_revision_and_resets_the_clock() -> None:
    begun = job().begun("upload", NOW_MS + 1)
    first = begun.with_part("e1", b"abc", 4, NOW_MS + 2)
    second = first.with_part("e2", b"de", 10, NOW_MS + 3)
    done = second.finished("digest", NOW_MS + 4)

    assert [one.revision for one in (begun, first, second, done)] == [1, 2, 3, 4]
    assert [one.is_written for one in (begun, first, second)] == [False, False, True]
    assert (done.state, done.size_bytes, done.sha256, done.moved_at_ms) == ("done", 5, "digest", NOW_MS + 4)


def test_file_of_one_part_is_hashed_as_it_is_written() -> None:
    whole = job().begun("upload", NOW_MS).with_part("e1", b"abc", 10, NOW_MS)
    half = job().begun("upload", NOW_MS).with_part("e1", b"abc", 9, NOW_MS)

    assert whole.sha256 == sha256(b"abc").hexdigest()
    assert half.sha256 is None and half.with_part("e2", b"d", 10, NOW_MS).sha256 is None


def test_empty_conversation_has_a_part_all_the_same() -> None:
    assert not job(total=0).begun("upload", NOW_MS).is_written
    assert job(total=0).begun("upload", NOW_MS).with_part("e1", b"a", 0, NOW_MS).is_written


def test_job_that_has_not_moved_for_long_is_shown_as_failed() -> None:
    running = job().begun("upload", NOW_MS)

    assert running.state_at(NOW_MS + STALLED_MS - 1) == "running"
    assert running.view(NOW_MS + STALLED_MS).state == "failed"
    assert not running.is_under_way(NOW_MS + STALLED_MS)
    assert running.finished(None, NOW_MS).state_at(NOW_MS + STALLED_MS) == "done"


def test_restart_forgets_what_was_written_until_it_has_had_enough() -> None:
    broken = job().begun("upload", NOW_MS).with_part("e1", b"abc", 4, NOW_MS).restarted(NOW_MS)
    for _ in range(MAX_RESTARTS - 1):
        broken = broken.restarted(NOW_MS)

    assert (broken.state, broken.upload_id, broken.parts, broken.done, broken.size_bytes) == ("queued", None, (), 0, 0)
    assert broken.restarted(NOW_MS).state == "failed"


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_what_is_not_done_tells_no_size(state: ExportState) -> None:
    shown = job(state=state, size_bytes=9, sha256="half").view(NOW_MS)

    assert (shown.size_bytes, shown.sha256, shown.url, shown.url_expires_at) == (None, None, None, None)


def test_wishes_count_for_24_hours() -> None:
    asked = Recent(user_id="alice")
    for number in range(MAX_RECENT):
        asked = asked.with_job(msgspec.structs.replace(job(), created_at_ms=NOW_MS + number), None)

    assert asked.at(NOW_MS + 100).free_in_ms(NOW_MS + 100) == RECENT_MS - 100
    assert asked.at(NOW_MS + RECENT_MS - 1).free_in_ms(NOW_MS + RECENT_MS - 1) == 1
    assert len(asked.at(NOW_MS + RECENT_MS).asked) == MAX_RECENT - 1
    assert asked.at(NOW_MS + RECENT_MS).free_in_ms(NOW_MS + RECENT_MS) == 0
    assert asked.revision == MAX_RECENT


def test_wish_is_known_by_its_client_id_or_by_what_it_is_for() -> None:
    asked = (
        Recent(user_id="alice").with_job(job(), "c1").with_job(msgspec.structs.replace(job(), export_id="x_2"), None)
    )

    assert asked.by_client_id("c1") == asked.asked[0]
    assert asked.by_client_id(None) is None and asked.by_client_id("c2") is None
    assert asked.of("d_" + "a" * 26, "jsonl", False) == ["x_" + "a" * 26, "x_2"]
    assert asked.of("d_" + "a" * 26, "html", False) == asked.of("d_" + "b" * 26, "jsonl", False) == []
    assert asked.of("d_" + "a" * 26, "jsonl", True) == []


def test_id_says_nothing_and_differs_from_wish_to_wish() -> None:
    here, there = "d_" + "a" * 26, "d_" + "b" * 26
    alice, bob = Recent(user_id="alice"), Recent(user_id="bob")
    later = Recent(user_id="alice", revision=1)
    ids = {
        export_id_of(alice, here, "jsonl", NOW_MS),
        export_id_of(bob, here, "jsonl", NOW_MS),
        export_id_of(alice, there, "jsonl", NOW_MS),
        export_id_of(alice, here, "html", NOW_MS),
        export_id_of(alice, here, "jsonl", NOW_MS + 1),
        export_id_of(later, here, "jsonl", NOW_MS),
        export_id_of(alice, here, "jsonl", NOW_MS, with_files=True),
    }

    assert len(ids) == 7 and all(len(one) == 28 and one.startswith("x_") for one in ids)
