"""PUT /support/macros/{macro_id}: a macro is replaced as it was read."""

import pytest

from parley.domain.support.macros import StoredMacro
from tests.functional.canned import admin
from tests.functional.desk import agent, open_ticket
from tests.functional.erasures import erased, everything
from tests.functional.macros import EFFECTS, PATH, all_kept, apply, kept
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Frame, Parley, Reply, User

NOBODYS = "mc_" + "a" * 26


def put(author: User, macro_id: str, version: int, **fields: object) -> Reply:
    body = {"version": version, "title": "Close", "effects": {"status": "closed"}, **fields}
    return author.put(f"{PATH}/{macro_id}", json=body)


def without_users(answer: Frame) -> Frame:
    return {name: answer[name] for name in answer if name != "users"}


def test_put_replaces_the_whole_macro_and_keeps_its_author(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    before = kept(ada)
    parley.clock.ms += 1000

    reply = put(alan, before["id"], 1)

    after = reply.json
    assert (reply.status, after["title"], after["version"]) == (200, "Close", 2)
    assert after["effects"] == {"reply": None, "status": "closed", "add_tags": [], "remove_tags": [], "take": False}
    assert (after["created_by"], after["updated_by"]) == ("ada", "alan")
    assert after["created_at"] == before["created_at"] < after["updated_at"]
    assert after["users"] == named(parley, "ada", "alan")
    assert all_kept(ada) == [without_users(after)]


def test_repeat_answers_the_same_and_a_stale_version_is_refused(parley: Parley) -> None:
    ada = admin(parley)
    macro_id = kept(ada)["id"]
    first = put(ada, macro_id, 1)
    parley.clock.ms += 1000

    assert put(ada, macro_id, 1).json == first.json
    for stale in (put(ada, macro_id, 1, title="x"), put(admin(parley, "a"), macro_id, 1)):
        assert (refusal(stale), stale.json["rule"]) == (("macro_changed", 409, []), "version: as it was read")
    assert put(ada, macro_id, 2, title="x").json["version"] == 3


def test_bad_fields_and_unknown_macros_are_refused(parley: Parley) -> None:
    ada = admin(parley)
    macro_id = kept(ada)["id"]

    assert refusal(put(ada, macro_id, 0)) == invalid(("/version", "too_small"))
    assert refusal(ada.put(f"{PATH}/{macro_id}", json={"title": "x", "effects": EFFECTS})) == invalid(
        ("/version", "required")
    )
    assert refusal(put(ada, macro_id, 1, effects={})) == invalid(("/effects", "required"))
    nobody = put(ada, macro_id, 1, effects={"assignee_id": "eve"})
    assert refusal(nobody) == ("unknown_assignee", 400, [("/effects/assignee_id", "not_allowed")])
    assert refusal(put(ada, NOBODYS, 1)) == ("macro_not_found", 404, [])
    assert refusal(put(ada, "mc_1", 1)) == invalid(("{macro_id}", "bad_format"))
    assert [each["version"] for each in all_kept(ada)] == [1]


@pytest.mark.parametrize("role", ["user", "agent"])
def test_only_support_admins_and_the_host_replace_macros(parley: Parley, role: str) -> None:
    macro_id = kept(admin(parley))["id"]

    refused = put(parley.user("eve", role=role), macro_id, 1)

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert put(parley.user("backend", role="service"), macro_id, 1).json["updated_by"] == "~parley.system-host"


def test_two_who_replace_at_once_do_not_undo_each_other(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    macro_id = kept(ada)["id"]
    from parley.adapters.support import kept_macros

    write, waiting = kept_macros.replace, [lambda: put(alan, macro_id, 1, title="Mine")]

    def replace(before: StoredMacro, after: StoredMacro) -> None:
        if waiting:
            waiting.pop()()
        write(before, after)

    monkeypatch.setattr(kept_macros, "replace", replace)

    assert refusal(put(ada, macro_id, 1)) == ("macro_changed", 409, [])
    assert [each["title"] for each in all_kept(ada)] == ["Mine"]


def test_erased_person_is_a_pseudonym_in_the_macros_which_stay(parley: Parley) -> None:
    ada, alan, agnes, ticket_id = admin(parley), admin(parley, "alan"), agent(parley), open_ticket(parley.user("bob"))
    agent(parley, "ben")
    hers, to_ben, others = kept(ada), kept(alan, {"assignee_id": "ben", "priority": "high"}), kept(alan)

    pseudonyms = [erased(parley, user_id)["receipt"]["pseudonym"] for user_id in ("ada", "ben")]

    found = {each["id"]: each for each in all_kept(agnes)}
    assert (found[hers["id"]]["created_by"], found[hers["id"]]["updated_by"]) == (pseudonyms[0], pseudonyms[0])
    assert found[hers["id"]]["effects"] == hers["effects"]
    assert found[to_ben["id"]]["effects"]["assignee_id"] == pseudonyms[1]
    assert found[others["id"]] == without_users(others)
    assert '"ben"' not in everything(parley)
    gone = apply(agnes, ticket_id, to_ben["id"])
    assert refusal(gone) == ("unknown_assignee", 400, [("{macro_id}", "not_allowed")])
    assert put(alan, to_ben["id"], 1).status == 200
