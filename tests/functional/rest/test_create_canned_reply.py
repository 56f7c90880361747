"""POST /support/canned-replies: support admins keep canned replies, each once and under its own shortcut."""

import re
from collections.abc import Callable

import pytest

from parley.domain.support.canned import MAX_REPLIES, StoredReply
from tests.functional.canned import PATH, TEXT, admin, all_kept, keep, kept
from tests.functional.desk import agent
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley

TAKEN = ("shortcut_taken", 409, [("/shortcut", "shortcut_taken")])


def test_support_admin_keeps_a_reply_that_agents_read(parley: Parley) -> None:
    ada = admin(parley)

    reply = keep(ada, shortcut="/hello")

    new = reply.json
    assert reply.status == 201
    assert re.fullmatch(r"c_[a-z2-7]{26}", new["id"])
    assert {name: new[name] for name in ("title", "text", "shortcut", "version", "created_by", "updated_by")} == {
        "title": "Greeting",
        "text": TEXT,
        "shortcut": "/hello",
        "version": 1,
        "created_by": "ada",
        "updated_by": "ada",
    }
    assert new["created_at"] == new["updated_at"]
    assert new["users"] == named(parley, "ada")
    [listed] = all_kept(agent(parley))
    assert listed == {name: new[name] for name in new if name != "users"} | {"filled": None}


@pytest.mark.parametrize("role", ["user", "agent", "moderator", "admin"])
def test_only_support_admins_keep_replies(parley: Parley, role: str) -> None:
    reply = keep(parley.user("eve", role=role))

    assert (refusal(reply), reply.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert all_kept(agent(parley)) == []


def test_host_keeps_replies_in_its_own_name(parley: Parley) -> None:
    host, other = (parley.user(user_id, role="service") for user_id in ("backend", "worker"))

    new = kept(host, client_id="c1")

    assert (new["created_by"], new["users"]["~parley.system-host"]["name"]) == ("~parley.system-host", "Host")
    assert keep(other, client_id="c1").json == new


def test_a_client_id_makes_one_reply_only(parley: Parley) -> None:
    ada = admin(parley)

    first, second = (keep(ada, client_id="c1", shortcut="/hello") for _ in range(2))

    assert (first.status, second.status, first.json) == (201, 200, second.json)
    assert len(all_kept(ada)) == 1
    other = keep(ada, client_id="c1", title="Farewell")
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert keep(admin(parley, "alan"), client_id="c1").status == 201


@pytest.mark.parametrize("other", ["/Refund", "/REFUND", "/refünd"])
def test_shortcut_belongs_to_one_reply_whatever_its_case(parley: Parley, other: str) -> None:
    ada = admin(parley)
    kept(ada, shortcut="/refund")

    assert refusal(keep(ada, shortcut=other)) == TAKEN
    assert len(all_kept(ada)) == 1


def test_many_replies_have_no_shortcut(parley: Parley) -> None:
    ada = admin(parley)

    assert [kept(ada)["shortcut"] for _ in range(2)] == [None, None]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"title": " "}, [("/title", "blank")]),
        ({"title": "x" * 201}, [("/title", "too_long")]),
        ({"text": ""}, [("/text", "blank")]),
        ({"text": "x" * 10_001}, [("/text", "too_long")]),
        ({"shortcut": ""}, [("/shortcut", "bad_format")]),
        ({"shortcut": "two words"}, [("/shortcut", "bad_format")]),
        ({"shortcut": "x" * 33}, [("/shortcut", "too_long")]),
        ({"shortcut": "\u200b"}, [("/shortcut", "blank")]),
        ({"client_id": "a b"}, [("/client_id", "bad_format")]),
        ({"labels": []}, [("/labels", "unknown_field")]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_field_is_named(parley: Parley, fields: dict[str, object], errors: list[tuple[str, str]]) -> None:
    assert refusal(keep(admin(parley), **fields)) == invalid(*errors)


def test_longest_fields_are_kept(parley: Parley) -> None:
    ada = admin(parley)

    new = kept(ada, title="x" * 200, text="ü" * 10_000, shortcut="\ufdfa" * 32)  # one that folds to 18 characters

    assert [all_kept(ada)[0][name] for name in ("title", "text", "shortcut")] == [
        new[name] for name in ("title", "text", "shortcut")
    ]


def test_unknown_placeholder_is_refused_and_nothing_is_kept(parley: Parley) -> None:
    ada = admin(parley)

    reply = keep(ada, text="Dear {{requester.nme}}", shortcut="/dear")

    assert refusal(reply) == ("unknown_placeholder", 400, [("/text", "unknown_placeholder")])
    assert "{{requester.nme}}" in reply.json["detail"] and "requester.name" in reply.json["detail"]
    assert all_kept(ada) == []
    assert keep(ada, shortcut="/dear").status == 201


def fill_desk(parley: Parley, count: int) -> None:
    parley.store.client("dynamodb").put_item(
        TableName=parley.template.resources["Tickets"].ref,
        Item={"key": {"S": "canned"}, "place": {"S": "count"}, "reply_count": {"N": str(count)}},
    )


def test_desk_has_so_many_replies_and_no_more(parley: Parley) -> None:
    ada = admin(parley)
    fill_desk(parley, MAX_REPLIES - 1)
    last = kept(ada, client_id="c1")

    full = keep(ada)

    assert (refusal(full), full.json["rule"]) == (("too_many_canned_replies", 409, []), "canned replies")
    assert keep(ada, client_id="c1").status == 200
    assert ada.delete(f"{PATH}/{last['id']}").status == 200
    assert keep(ada).status == 201


def test_two_at_once_do_not_pass_the_bound(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    fill_desk(parley, MAX_REPLIES - 1)
    in_the_middle(parley, monkeypatch, lambda: kept(alan))

    assert refusal(keep(ada)) == ("too_many_canned_replies", 409, [])
    assert [each["created_by"] for each in all_kept(ada)] == ["alan"]


def test_two_at_once_do_not_get_one_shortcut(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    in_the_middle(parley, monkeypatch, lambda: kept(alan, shortcut="/hello"))

    assert refusal(keep(ada, shortcut="/Hello")) == TAKEN
    assert [each["created_by"] for each in all_kept(ada)] == ["alan"]


def in_the_middle(parley: Parley, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Lets something happen once between the reading and the writing of a new reply."""
    from parley.adapters.support import canned_replies

    write = canned_replies.put_new
    waiting = [act]

    def put_new(new: StoredReply) -> None:
        if waiting:
            waiting.pop()()
        write(new)

    monkeypatch.setattr(canned_replies, "put_new", put_new)
