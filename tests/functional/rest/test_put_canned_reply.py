"""PUT /support/canned-replies/{reply_id}: a canned reply is replaced as it was read."""

import pytest

from parley.domain.support.canned import StoredReply
from tests.functional.canned import PATH, TEXT, admin, all_kept, keep, kept
from tests.functional.desk import agent
from tests.functional.erasures import erased
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Frame, Parley, Reply, User

NOBODYS = "c_" + "a" * 26


def put(author: User, reply_id: str, version: int, **fields: object) -> Reply:
    return author.put(f"{PATH}/{reply_id}", json={"version": version, "title": "Day", "text": "Good day.", **fields})


def without_users(answer: Frame) -> Frame:
    return {name: answer[name] for name in answer if name != "users"}


def test_put_replaces_the_whole_reply_and_keeps_its_author(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    before = kept(ada, shortcut="/hello")
    parley.clock.ms += 1000

    reply = put(alan, before["id"], 1)

    after = reply.json
    assert reply.status == 200
    assert [after[name] for name in ("title", "text", "shortcut", "version")] == ["Day", "Good day.", None, 2]
    assert (after["created_by"], after["updated_by"]) == ("ada", "alan")
    assert after["created_at"] == before["created_at"] < after["updated_at"]
    assert after["users"] == named(parley, "ada", "alan")
    assert all_kept(ada) == [without_users(after) | {"filled": None}]


def test_repeat_answers_the_same_and_a_stale_version_is_refused(parley: Parley) -> None:
    ada = admin(parley)
    reply_id = kept(ada)["id"]
    first = put(ada, reply_id, 1)
    parley.clock.ms += 1000

    again, other, of_another = (
        put(ada, reply_id, 1),
        put(ada, reply_id, 1, title="x"),
        put(admin(parley, "a"), reply_id, 1),
    )

    assert first.json == again.json
    for stale in (other, of_another):
        assert (refusal(stale), stale.json["rule"]) == (("canned_reply_changed", 409, []), "version: as it was read")
    assert put(ada, reply_id, 2, title="x").json["version"] == 3


def test_shortcut_moves_and_is_free_afterwards(parley: Parley) -> None:
    ada = admin(parley)
    first, second = kept(ada, shortcut="/one"), kept(ada, shortcut="/two")

    taken = put(ada, first["id"], 1, shortcut="/TWO")
    moved = put(ada, first["id"], 1, shortcut="/three")
    same = put(ada, first["id"], 2, shortcut="/Three")

    assert refusal(taken) == ("shortcut_taken", 409, [("/shortcut", "shortcut_taken")])
    assert (moved.status, same.json["shortcut"]) == (200, "/Three")
    assert put(ada, second["id"], 1, shortcut="/one").status == 200
    assert keep(ada, shortcut="/two").status == 201
    assert keep(ada, shortcut="/three").status == 409
    assert put(ada, first["id"], 3).status == 200
    assert keep(ada, shortcut="/three").status == 201


def test_bad_fields_and_unknown_replies_are_refused(parley: Parley) -> None:
    ada = admin(parley)
    reply_id = kept(ada)["id"]

    assert refusal(put(ada, reply_id, 0)) == invalid(("/version", "too_small"))
    assert refusal(ada.put(f"{PATH}/{reply_id}", json={"title": "x", "text": TEXT})) == invalid(
        ("/version", "required")
    )
    unknown = put(ada, reply_id, 1, text="{{agent.age}}")
    assert refusal(unknown) == ("unknown_placeholder", 400, [("/text", "unknown_placeholder")])
    assert refusal(put(ada, NOBODYS, 1)) == ("canned_reply_not_found", 404, [])
    assert refusal(put(ada, "c_1", 1)) == invalid(("{reply_id}", "bad_format"))
    assert [each["version"] for each in all_kept(ada)] == [1]


@pytest.mark.parametrize("role", ["user", "agent"])
def test_only_support_admins_and_the_host_replace_replies(parley: Parley, role: str) -> None:
    reply_id = kept(admin(parley))["id"]

    refused = put(parley.user("eve", role=role), reply_id, 1)

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert put(parley.user("backend", role="service"), reply_id, 1).json["updated_by"] == "~parley.system-host"


def test_two_who_replace_at_once_do_not_undo_each_other(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    reply_id = kept(ada)["id"]
    from parley.adapters.support import canned_replies

    write, waiting = canned_replies.replace, [lambda: put(alan, reply_id, 1, title="Mine")]

    def replace(before: StoredReply, after: StoredReply) -> None:
        if waiting:
            waiting.pop()()
        write(before, after)

    monkeypatch.setattr(canned_replies, "replace", replace)

    assert refusal(put(ada, reply_id, 1)) == ("canned_reply_changed", 409, [])
    assert [each["title"] for each in all_kept(ada)] == ["Mine"]


def test_erased_author_is_a_pseudonym_in_the_replies_which_stay(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    first, second = kept(ada, shortcut="/one"), kept(alan)
    put(ada, second["id"], 1)
    third = kept(alan)

    erasure = erased(parley, "ada")

    found = {each["id"]: each for each in all_kept(agent(parley))}
    pseudonym = erasure["receipt"]["pseudonym"]
    assert (found[first["id"]]["created_by"], found[first["id"]]["updated_by"]) == (pseudonym, pseudonym)
    assert (found[second["id"]]["created_by"], found[second["id"]]["updated_by"]) == ("alan", pseudonym)
    assert found[third["id"]] == without_users(third) | {"filled": None}
    assert found[first["id"]]["text"] == TEXT
    assert put(alan, first["id"], 1, shortcut="/one").status == 200
