"""POST /admin/banned-words/try: what rules would have made of past messages."""

import json
from itertools import combinations

import pytest

from tests.functional.moderation import moderator, open_to_moderators, report, talk
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import fill, open_direct, say
from tests.harness import Frame, Parley, Reply, User

ABSENT = "d_" + "a" * 26
FOOL = {"id": "fool", "kind": "word", "text": "fool", "action": "mask"}
SPAM = {"id": "spam", "kind": "pattern", "text": "spam*", "action": "reject"}


def try_out(person: User, *rules: Frame, **more: object) -> Reply:
    return person.post("/admin/banned-words/try", json={"rules": rules or [FOOL, SPAM], **more})


def hits(reply: Reply) -> list[tuple[str, str, list[str]]]:
    return [(one["excerpt"], one["action"], one["rule_ids"]) for one in reply.json["hits"]]


def conversation_of(message_id: str) -> str:
    return message_id.partition(".")[0]


def opened(parley: Parley, message_id: str) -> str:
    """Returns the conversation of a message, which is open to moderators from then on."""
    return open_to_moderators(parley, conversation_of(message_id))


def test_past_messages_are_found_the_newest_first(parley: Parley) -> None:
    _, _, ids = talk(parley, "hello", "You fооl!", "buy spamalot", "spam, fool")
    mona = moderator(parley)

    reply = try_out(mona, conversation_ids=[opened(parley, ids[0])])

    assert reply.status == 200
    assert hits(reply) == [
        ("spam, fool", "reject", ["fool", "spam"]),
        ("buy spamalot", "reject", ["spam"]),
        ("You fооl!", "mask", ["fool"]),
    ]
    assert (reply.json["looked"], reply.json["next"]) == (4, None)
    assert [one["highlights"] for one in reply.json["hits"]] == [[[0, 4], [6, 10]], [[4, 12]], [[4, 8]]]
    assert [one["message_id"] for one in reply.json["hits"]] == ids[:0:-1]


def test_nothing_is_changed_but_the_audit_log(parley: Parley) -> None:
    _, _, ids = talk(parley, "fool")
    mona, conversation_id = moderator(parley), opened(parley, ids[0])
    before = stored(parley)

    try_out(mona, conversation_ids=[conversation_id])

    assert {name: rows for name, rows in stored(parley).items() if rows != before[name]}.keys() == {"Audit"}
    [entry] = mona.get("/admin/audit").json["entries"]
    assert (entry["action"], entry["details"]) == (
        "try_banned_words", {"conversation_ids": conversation_id},
    )  # fmt: skip


@pytest.mark.parametrize("reads", ["reported", "any"])
def test_conversation_that_is_not_open_to_moderators_is_none(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, reads: str
) -> None:
    monkeypatch.setenv("MODERATOR_READS", reads)
    alice, _, ids = talk(parley, "fool")
    private = open_direct(alice, parley.user("bob"))
    say(alice, private, "my private fool")
    named = [private, opened(parley, ids[0]), ABSENT]

    reply = try_out(moderator(parley), conversation_ids=named if reads == "reported" else named[:2])

    if reads == "any":
        assert len(hits(reply)) == 2
        return
    places = [(f"/conversation_ids/{place}", "not_allowed") for place in (0, 2)]
    assert refusal(reply) == ("conversation_not_found", 404, places)
    assert stored(parley)["Audit"] == []


def test_without_conversations_it_looks_at_what_was_reported(parley: Parley) -> None:
    alice, _, ids = talk(parley, "not reported: fool", "fool one", "fool two", "hello", "fool three")
    reports = []
    for message_id in ids[1:]:
        reports.append(report(alice, message_id).json["id"])
        parley.advance(1)
    mona = moderator(parley)
    mona.patch(f"/admin/reports/{reports[1]}", json={"version": 1, "status": "resolved"})

    reply = try_out(mona)

    assert [excerpt for excerpt, _, _ in hits(reply)] == ["fool three", "fool one", "fool two"]
    assert (reply.json["looked"], reply.json["next"]) == (4, None)


@pytest.mark.parametrize("reported", [False, True], ids=["conversations", "reports"])
def test_cursor_goes_on_where_a_request_ended(parley: Parley, monkeypatch: pytest.MonkeyPatch, reported: bool) -> None:
    monkeypatch.setattr("parley.actions.moderation.banned_words.MAX_LOOKED", 2)
    monkeypatch.setattr("parley.actions.moderation.banned_words.PART", 3)
    alice, mallory, ids = talk(parley, *(f"fool {number}" for number in range(5)))
    other = open_direct(mallory, parley.user("bob"))
    say(mallory, other, "fool 5", "fool 6")
    for message_id in ids if reported else ():
        report(alice, message_id)
        parley.advance(1)
    mona = moderator(parley)
    more: Frame = {} if reported else {"conversation_ids": [opened(parley, ids[0]), open_to_moderators(parley, other)]}

    pages = [try_out(mona, **more).json]
    while pages[-1]["next"] is not None:
        pages.append(try_out(mona, cursor=pages[-1]["next"], **more).json)

    found = [int(one["excerpt"].removeprefix("fool ")) for page in pages for one in page["hits"]]
    assert found == ([4, 3, 2, 1, 0] if reported else [4, 3, 2, 1, 0, 6, 5])
    assert max(page["looked"] for page in pages) == 2


def test_long_texts_end_a_request_sooner(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.moderation.banned_words.MAX_LOOKED_CHARACTERS", 100)
    _, _, ids = talk(parley, "fool " * 10, "x" * 200)

    page = try_out(moderator(parley), conversation_ids=[opened(parley, ids[0])]).json

    assert (page["looked"], page["hits"]) == (1, []) and page["next"] is not None


def test_excerpt_is_the_part_where_it_was_found(parley: Parley) -> None:
    _, _, ids = talk(parley, "é " * 1000 + "fool " + "ü " * 1000)

    [hit] = try_out(moderator(parley), conversation_ids=[opened(parley, ids[0])]).json["hits"]

    assert len(hit["excerpt"]) == 200
    [[start, end]] = hit["highlights"]
    assert hit["excerpt"][start:end] == "fool"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ("/rules", "required")),
        ({"rules": []}, ("/rules", "too_few_items")),
        ({"rules": [FOOL], "conversation_ids": []}, ("/conversation_ids", "too_few_items")),
        ({"rules": [FOOL], "conversation_ids": [ABSENT] * 21}, ("/conversation_ids", "too_many_items")),
        ({"rules": [FOOL], "conversation_ids": ["x"]}, ("/conversation_ids/0", "bad_format")),
        ({"rules": [FOOL], "conversation_ids": [ABSENT + "#c"]}, ("/conversation_ids/0", "bad_format")),
        ({"rules": [FOOL], "cursor": "x"}, ("/cursor", "bad_cursor")),
        ({"rules": [{**FOOL, "text": "a b"}]}, ("/rules/0/text", "bad_format")),
    ],
)
def test_wrong_field_is_named(parley: Parley, body: Frame, wrong: tuple[str, str]) -> None:
    assert refusal(moderator(parley).post("/admin/banned-words/try", json=body)) == invalid(wrong)
    assert stored(parley)["Audit"] == []


def test_cursor_of_another_search_is_refused(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.moderation.banned_words.MAX_LOOKED", 1)
    _, _, ids = talk(parley, "one", "two")
    mona = moderator(parley)
    cursor = try_out(mona, conversation_ids=[opened(parley, ids[0])]).json["next"]

    assert refusal(try_out(mona, cursor=cursor)) == invalid(("/cursor", "bad_cursor"))


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    mona = moderator(parley)

    assert malformed_bodies(lambda raw: mona.post("/admin/banned-words/try", raw=raw)) == {}


@pytest.mark.parametrize("role", ["user", "service"])
def test_only_moderators_may(parley: Parley, role: str) -> None:
    _, _, ids = talk(parley, "fool")

    reply = try_out(parley.user("nosy", role=role), conversation_ids=[conversation_of(ids[0])])

    assert refusal(reply) == ("moderators_only", 403, [])
    assert stored(parley)["Audit"] == []


def test_hits_that_are_longer_than_an_answer_come_in_parts(parley: Parley) -> None:
    alice, _, ids = talk(parley, "one")
    conversation_id = opened(parley, ids[0])
    letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst"
    fill(parley, conversation_id, [letters] * 200)
    pairs = list(combinations(range(len(letters)), 2))[:1_000]
    rules = [
        {
            "id": f"{number:032}",
            "kind": "pattern",
            "text": "".join("?" if place in pair else letter for place, letter in enumerate(letters)),
            "action": "flag",
        }
        for number, pair in enumerate(pairs)
    ]
    mona = moderator(parley)

    found, cursor, pages = [], None, 0
    while cursor is not None or not pages:
        more: Frame = {} if cursor is None else {"cursor": cursor}
        reply = try_out(mona, *rules, conversation_ids=[conversation_id], **more)
        assert reply.status == 200, reply
        assert len(json.dumps(reply.text)) < 6_000_000
        assert {len(one["rule_ids"]) for one in reply.json["hits"]} == {1_000}
        found += [one["message_id"] for one in reply.json["hits"]]
        cursor, pages = reply.json["next"], pages + 1

    assert found == [f"{conversation_id}.{seq}" for seq in range(200, 0, -1)]
