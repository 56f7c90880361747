"""POST /support/tickets/{ticket_id}/macros/{macro_id}: all that a macro says is done at once, or nothing."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from parley.domain.api.times import rfc3339
from parley.domain.figures.days import day_of
from tests.functional.canned import admin
from tests.functional.desk import (
    ALWAYS_OPEN,
    agent,
    answered_ticket,
    assign,
    change,
    history,
    open_ticket,
    respond,
    run_desk,
    take,
    use_office,
)
from tests.functional.erasures import erased
from tests.functional.macros import PATH, apply, kept, macro
from tests.functional.moderation import moderator
from tests.functional.replies import Meanwhile, at_once, invalid, refusal, stored
from tests.functional.talk import names, say
from tests.harness import Frame, Parley, Reply, User
from tests.harness.fixtures import forget_told

PROMISES = f"""
time_zone = "UTC"
{ALWAYS_OPEN}
[categories.general]
name = "General"

[targets.medium]
first_response = "1h"
resolution = "8h"

[targets.urgent]
resolution = "8h"
"""
NOBODYS = "mc_" + "a" * 26
AT_MACRO = [("{macro_id}", "not_allowed")]
SHOWN = ("status", "tags", "assignee_id", "version")
EVENTS = ["message_notification", "message_notification", "member_added", "ticket_updated"]


def texts(person: User, ticket_id: str) -> list[str]:
    """Returns the texts that people have written in a ticket."""
    found = person.get(f"/conversations/{ticket_id}/messages").json["messages"]
    return [each["text"] for each in found if each["kind"] == "text"]


def of(ticket: Frame, *fields: str) -> tuple[object, ...]:
    return tuple(ticket[name] for name in fields)


def test_macro_replies_and_changes_the_ticket_at_once(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    macro_id = macro(parley, reply="Hello {{requester.name}}.", status="resolved", add_tags=["refund"], take=True)
    ticket_id = open_ticket(alice, tags=["vip"])
    device = alice.connect()
    parley.advance(90)

    reply = apply(agnes, ticket_id, macro_id, client_id="a-1", version=1)

    assert reply.status == 200, reply
    ticket, message = reply.json["ticket"], reply.json["message"]
    assert of(ticket, *SHOWN) == ("resolved", ["vip", "refund"], "agnes", 2)
    assert of(message, "text", "from", "seq", "client_id") == ("Hello Alice.", "support", 2, "a-1")
    assert (reply.json["replayed"], reply.json["users"].keys()) == (False, {"alice", "agnes"})
    assert names(device.events()) == EVENTS
    [_, entry] = history(agnes, ticket_id)
    assert of(entry, "event", "macro_id", "first_response_ms") == ("updated", macro_id, 90_000)
    assert entry["changes"].keys() == {"status", "tags", "assignee_id"}
    read = agnes.get(f"/support/tickets/{ticket_id}").json
    assert (read, read["last_seq"], read["unread"]) == (ticket | {"users": read["users"]}, 3, 0)


def test_requester_does_not_see_which_macro_it_was(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    apply(agnes, ticket_id, macro(parley, status="resolved"))

    assert ["macro_id" in entry for entry in history(alice, ticket_id)] == [False, False]


def test_macro_without_a_reply_is_a_change(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    macro_id, ticket_id = macro(parley, priority="urgent", remove_tags=["vip"]), open_ticket(alice, tags=["vip"])
    device = alice.connect()

    reply = apply(agnes, ticket_id, macro_id)

    ticket = reply.json["ticket"]
    assert (reply.status, reply.json["message"]) == (200, None)
    assert of(ticket, "priority", "tags", "version", "last_seq") == ("urgent", [], 2, 2)
    assert names(device.events()) == ["message_notification", "ticket_updated"]
    [_, entry] = history(agnes, ticket_id)
    assert of(entry, "event", "macro_id", "user_id") == ("updated", macro_id, "agnes")
    again = apply(agnes, ticket_id, macro_id, version=1)
    assert (again.status, again.json["ticket"], again.json["replayed"]) == (200, ticket, False)
    assert len(history(agnes, ticket_id)) == 2, "there was nothing left to do"


def test_reply_alone_is_an_entry_of_the_history_each_time(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    macro_id, ticket_id = macro(parley, reply="We are at it."), open_ticket(alice)

    for number in range(2):
        assert apply(agnes, ticket_id, macro_id, client_id=f"a-{number}").json["ticket"]["version"] == 1

    entries = history(agnes, ticket_id)[1:]
    assert [of(each, "event", "macro_id", "changes") for each in entries] == [("responded", macro_id, {})] * 2
    assert ["first_response_ms" in each for each in entries] == [True, False]
    assert len(texts(alice, ticket_id)) == 3


def test_tags_alone_are_no_message_and_a_repeat_does_them_once(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    macro_id, ticket_id = kept(ada, {"add_tags": ["vip"]})["id"], open_ticket(alice)
    device = alice.connect()

    def again() -> Reply:
        return apply(agnes, ticket_id, macro_id, client_id="a-1", version=1)

    first = again()

    assert of(first.json, "message", "replayed") == (None, False) and first.json["ticket"]["tags"] == ["vip"]
    assert names(device.events()) == ["ticket_updated"]
    assert alice.get("/unread-count").json["tickets"]["total"] == 0
    assert [of(each, "event", "macro_id") for each in history(agnes, ticket_id)[1:]] == [("updated", macro_id)]
    other = macro(parley, status="resolved")
    refused = ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert refusal(apply(agnes, ticket_id, other, client_id="a-1")) == refused
    assert refusal(respond(agnes, ticket_id, "One.", client_id="a-1")) == refused
    forget_told()  # an earlier try may have died before it told
    assert again().json["replayed"] and names(device.events()) == ["ticket_updated"]
    assert again().json["replayed"] and device.events() == []
    change(ada, ticket_id, tags=[])
    assert ada.delete(f"{PATH}/{macro_id}").status == 200
    last = again()
    assert (last.json["replayed"], last.json["ticket"]["tags"]) == (True, [])


def test_a_repeat_of_a_reply_with_tags_tells_no_later_message_again(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    macro_id, ticket_id = macro(parley, reply="Hello.", add_tags=["vip"]), open_ticket(alice)
    respond(ada, ticket_id, "Hello.")
    apply(agnes, ticket_id, macro_id, client_id="a-1")
    say(alice, ticket_id, "Later.")
    device = ada.connect()
    forget_told()

    assert apply(agnes, ticket_id, macro_id, client_id="a-1").json["replayed"]

    assert names(device.events()) == ["message_notification", "member_added", "ticket_updated"]
    kinds = [each["kind"] for each in alice.get(f"/conversations/{ticket_id}/messages").json["messages"]]
    assert kinds == ["text"] * 4


@pytest.mark.parametrize("effects", [{"reply": "Done.", "status": "resolved"}, {"status": "resolved"}], ids=str)
def test_repeat_gets_the_result_again_also_after_the_macro_has_changed_or_gone(
    parley: Parley, effects: dict[str, object]
) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    macro_id, ticket_id = kept(ada, effects)["id"], open_ticket(alice)
    first = apply(agnes, ticket_id, macro_id, client_id="a-1", version=1)
    change(alice, ticket_id, status="open")
    before = history(agnes, ticket_id)

    def again() -> Reply:
        return apply(agnes, ticket_id, macro_id, client_id="a-1", version=1)

    replies = [again()]
    body = {"version": 1, "title": "Another", "effects": {"reply": "No.", "status": "closed"}}
    assert ada.put(f"{PATH}/{macro_id}", json=body).status == 200
    replies.append(again())
    assert ada.delete(f"{PATH}/{macro_id}").status == 200
    replies.append(again())

    for reply in replies:
        assert (reply.status, reply.json["replayed"], reply.json["message"]) == (200, True, first.json["message"])
        assert reply.json["ticket"]["status"] == "open", "as it is now"
    assert history(agnes, ticket_id) == before
    assert refusal(apply(agnes, ticket_id, macro_id)) == ("macro_not_found", 404, [])


@pytest.mark.parametrize("reply", [None, "Hello."])
def test_repeat_that_has_told_everybody_tells_nobody_again(parley: Parley, reply: str | None) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    macro_id = macro(parley, priority="high", **({} if reply is None else {"reply": reply}))
    ticket_id = open_ticket(alice)
    apply(agnes, ticket_id, macro_id, client_id="a-1")
    device = alice.connect()

    assert apply(agnes, ticket_id, macro_id, client_id="a-1").json["replayed"]
    assert device.events() == []


def test_client_id_of_another_act_is_refused(parley: Parley) -> None:
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"))
    one, other = macro(parley, reply="One."), macro(parley, status="resolved")
    respond(agnes, ticket_id, "One.", client_id="r-1")
    apply(agnes, ticket_id, one, client_id="a-1")
    apply(agnes, ticket_id, other, client_id="a-2")

    refused = ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert refusal(apply(agnes, ticket_id, one, client_id="r-1")) == refused
    assert refusal(apply(agnes, ticket_id, other, client_id="a-1")) == refused
    assert refusal(respond(agnes, ticket_id, "One.", client_id="a-1")) == refused
    assert refusal(respond(agnes, ticket_id, "One.", client_id="a-2")) == refused


@pytest.mark.parametrize(
    ("effects", "status"),
    [
        ({"reply": "Hi."}, "waiting_on_customer"),
        ({"reply": "Hi.", "take": True}, "waiting_on_customer"),
        ({"reply": "Hi.", "status": "in_progress"}, "in_progress"),
        ({"reply": "Hi.", "status": "open"}, "open"),
        ({"reply": "Hi.", "status": "closed"}, "closed"),
        ({"take": True}, "in_progress"),
        ({"take": True, "status": "open"}, "open"),
        ({"priority": "high"}, "open"),
    ],
    ids=str,
)
def test_status_is_the_macros_or_that_of_every_reply(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, effects: dict[str, object], status: str
) -> None:
    use_office(monkeypatch)
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"), category="destination")

    reply = apply(agnes, ticket_id, macro(parley, **effects))

    assert reply.json["ticket"]["status"] == status
    assert agnes.get(f"/support/tickets/{ticket_id}").json["status"] == status
    if status == "closed":
        assert refusal(respond(agnes, ticket_id)) == ("conversation_closed", 403, [])


def test_team_follows_the_category(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    use_office(monkeypatch)
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"), category="destination")

    done = apply(agnes, ticket_id, macro(parley, category="complaint", reply="This is now: {{ticket.category}}.")).json

    assert of(done["ticket"], "category", "team") == ("complaint", "quality")
    assert done["message"]["text"] == "This is now: Complaint."


def test_late_reply_that_resolves_ends_the_clocks_and_what_it_missed_is_recorded(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id, macro_id = open_ticket(alice), macro(parley, reply="Done.", status="resolved", priority="urgent")
    parley.advance(90 * 60)

    apply(agnes, ticket_id, macro_id)

    sla, now = agnes.get(f"/support/tickets/{ticket_id}/sla").json, rfc3339(parley.clock())
    assert of(sla, "status", "overdue") == ("resolved", False)
    assert (sla["first_response"]["ended_at"], sla["resolution"]["ended_at"]) == (now, now)
    assert sla["first_response"]["breached_at"] < now
    parley.run_schedule("SweepTickets")
    assert [entry["event"] for entry in history(agnes, ticket_id)] == [
        "created",
        "updated",
        "sla_warning",
        "sla_breach",
    ]


@pytest.mark.parametrize("reply", [{"reply": "Ben looks into it."}, {}], ids=["with a reply", "without"])
def test_new_assignee_comes_into_the_ticket(parley: Parley, reply: dict[str, object]) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    macro_id, ticket_id = macro(parley, assignee_id="ben", **reply), open_ticket(parley.user("alice"))
    device = ben.connect()

    ticket = apply(agnes, ticket_id, macro_id).json["ticket"]

    assert ticket["assignee_id"] == "ben"
    assert "conversation_created" in names(device.events())
    mine = {each["id"]: each for each in ben.get("/conversations").json["conversations"]}
    assert mine[ticket_id]["unread"] == (2 if reply else 1), "nothing of it is read by ben"


def test_figures_count_a_macro_as_a_first_reply_and_a_resolution(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"))
    parley.advance(60)

    apply(agnes, ticket_id, macro(parley, reply="Done.", status="resolved", take=True))
    parley.drain()

    today = day_of(parley.clock())
    [row] = admin(parley).get(f"/support/metrics?from={today}&to={today}&by=agent").json["rows"]
    assert (row["key"], row["resolved"]) == ("agnes", 1)
    assert row["first_response"]["median_ms"] == pytest.approx(60_000, rel=0.05)


def test_macro_that_changes_all_that_there_is_fits_into_one_transaction(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_office(monkeypatch)
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    before, after = ([f"{name}{number}" for number in range(10)] for name in ("old", "new"))
    ticket_id = open_ticket(alice, category="booking", tags=before)
    assert assign(agnes, ticket_id, agent(parley, "carl").user_id, team="travel").status == 200
    effects = {"status": "resolved", "priority": "urgent", "category": "complaint", "team": "quality"}
    macro_id = macro(parley, reply="x" * 10_000, add_tags=after, remove_tags=before, assignee_id="ben", **effects)

    ticket = apply(agnes, ticket_id, macro_id, client_id="a-1").json["ticket"]

    assert {name: ticket[name] for name in (*effects, "tags", "assignee_id")} == {
        **effects,
        "tags": after,
        "assignee_id": "ben",
    }
    found = ben.get("/support/tickets/admin/all?status=resolved&tag=new9&assignee=ben&team=quality").json["tickets"]
    assert [each["id"] for each in found] == [ticket_id]
    assert ben.get("/support/tickets/admin/all?status=resolved&tag=old1").json["tickets"] == []


@pytest.mark.parametrize(
    ("effects", "by_hand"),
    [
        ({"reply": "Hi.", "status": "resolved"}, {"status": "resolved"}),
        ({"reply": "Hi.", "priority": "high", "add_tags": ["b"]}, {"priority": "high", "tags": ["a", "b"]}),
        ({"reply": "Hi.", "category": "complaint", "remove_tags": ["a"]}, {"category": "complaint", "tags": []}),
        ({"priority": "low", "category": "general", "status": "closed"}, None),
    ],
    ids=str,
)
def test_macro_leaves_what_the_same_acts_by_hand_leave(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, effects: dict[str, object], by_hand: dict[str, object] | None
) -> None:
    use_office(monkeypatch)
    alice, agnes = parley.user("alice"), agent(parley)
    one, other = (open_ticket(alice, category="destination", tags=["a"], client_id=name) for name in ("1", "2"))
    parley.advance(60)

    apply(agnes, one, macro(parley, **effects))
    if "reply" in effects:
        respond(agnes, other, "Hi.")
    assert change(agnes, other, **(effects if by_hand is None else by_hand)).status == 200

    first, second = (agnes.get(f"/support/tickets/{ticket_id}").json for ticket_id in (one, other))
    told = ("status", "priority", "category", "team", "tags", "assignee_id", "unread")
    assert of(first, *told) == of(second, *told)
    clocks = [agnes.get(f"/support/tickets/{ticket_id}/sla").json for ticket_id in (one, other)]
    assert clocks[0] | {"ticket_id": ""} == clocks[1] | {"ticket_id": ""}
    assert texts(alice, one) == texts(alice, other)


def test_ticket_can_be_put_back(parley: Parley) -> None:
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"))
    take(agnes, ticket_id)

    assert apply(agnes, ticket_id, macro(parley, assignee_id=None)).json["ticket"]["assignee_id"] is None


def test_own_ticket_is_kept_and_that_of_a_former_agent_is_taken(parley: Parley) -> None:
    agnes, ben, ticket_id = agent(parley), agent(parley, "ben"), open_ticket(parley.user("alice"))
    taking = macro(parley, take=True, add_tags=["mine"])
    take(ben, ticket_id)

    assert apply(ben, ticket_id, taking).json["ticket"]["assignee_id"] == "ben"
    assert parley.user("backend", role="service").put("/users/ben", json={"role": "user"}).status == 200
    assert apply(agnes, ticket_id, taking).json["ticket"]["assignee_id"] == "agnes"


def test_banned_words_are_masked_in_a_reply_too(parley: Parley) -> None:
    mona, agnes = moderator(parley), agent(parley)
    rules = [{"id": "m", "text": "maskme", "action": "mask"}]
    assert mona.put("/admin/banned-words", json={"version": 0, "rules": rules}).status == 200
    forget_told()
    ticket_id = open_ticket(parley.user("alice"))

    reply = apply(agnes, ticket_id, macro(parley, reply="This is maskme."))

    assert reply.json["message"]["text"] == "This is ******."


# ---- refused as a whole


def nothing(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    """Leaves the ticket as it is."""


def close(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    change(agnes, ticket_id, status="closed")


def resolve(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    change(agnes, ticket_id, status="resolved")


def give_away(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    assign(agnes, ticket_id, agent(parley, "ben").user_id)


def retire(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    agent(parley, "carl")
    assert parley.user("backend", role="service").put("/users/carl", json={"role": "user"}).status == 200


def tag(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    change(agnes, ticket_id, tags=[f"t{number}" for number in range(10)])


def forbid(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    rules = [{"id": "r", "text": "rejectme", "action": "reject"}]
    assert moderator(parley).put("/admin/banned-words", json={"version": 0, "rules": rules}).status == 200
    forget_told()


def merge_away(parley: Parley, alice: User, agnes: User, ticket_id: str) -> None:
    other = open_ticket(alice)
    assert agnes.post(f"/support/tickets/{ticket_id}/merge", json={"into": other}).status == 200


Prepare = Callable[[Parley, User, User, str], None]


@pytest.mark.parametrize(
    ("prepare", "effects", "refused"),
    [
        (close, {"reply": "Hi.", "status": "open"}, ("ticket_closed", 409, [])),
        (close, {"priority": "high"}, ("ticket_closed", 409, [])),
        (close, {"status": "open"}, ("illegal_status", 409, AT_MACRO)),
        (merge_away, {"reply": "Hi."}, ("ticket_closed", 409, [])),
        (resolve, {"reply": "Hi.", "status": "waiting_on_customer"}, ("illegal_status", 409, AT_MACRO)),
        (give_away, {"reply": "Hi.", "take": True}, ("already_assigned", 409, [])),
        (retire, {"reply": "Hi.", "assignee_id": "carl"}, ("unknown_assignee", 400, AT_MACRO)),
        (tag, {"reply": "Hi.", "add_tags": ["more"]}, ("too_many_tags", 409, [("{macro_id}", "too_many_items")])),
        (forbid, {"reply": "rejectme", "status": "resolved"}, ("banned_words", 422, AT_MACRO)),
    ],
    ids=lambda value: getattr(value, "__name__", str(value))[:50],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_done(
    parley: Parley, prepare: Prepare, effects: dict[str, object], refused: tuple[object, ...]
) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    agent(parley, "carl")
    macro_id, ticket_id = macro(parley, **effects), open_ticket(alice)
    prepare(parley, alice, agnes, ticket_id)
    before = stored(parley)

    assert refusal(apply(agnes, ticket_id, macro_id, client_id="a-1")) == refused
    assert stored(parley) == before


def test_placeholder_without_a_value_is_not_sent(parley: Parley) -> None:
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"))
    macro_id = macro(parley, reply="Hello {{requester.name}}.", status="resolved")
    erased(parley, "alice")
    before = stored(parley)

    reply = apply(agnes, ticket_id, macro_id)

    assert refusal(reply) == ("placeholder_unfilled", 409, AT_MACRO)
    assert "{{requester.name}}" in reply.json["detail"]
    assert stored(parley) == before


def test_filled_reply_is_as_long_as_a_message_may_be_and_no_longer(parley: Parley) -> None:
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"), subject="x" * 200)
    longest = macro(parley, reply="{{ticket.subject}}" * 50)
    too_long = macro(parley, reply="{{ticket.subject}}" * 50 + ".", status="resolved")

    assert len(apply(agnes, ticket_id, longest).json["message"]["text"]) == 10_000
    assert refusal(apply(agnes, ticket_id, too_long)) == ("reply_too_long", 409, [("{macro_id}", "too_long")])
    assert agnes.get(f"/support/tickets/{ticket_id}").json["status"] == "open"


def test_other_version_of_the_ticket_is_refused(parley: Parley) -> None:
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"))
    change(agnes, ticket_id, priority="high")

    for effects in ({"status": "resolved"}, {"reply": "Hi."}):
        refused = apply(agnes, ticket_id, macro(parley, **effects), version=1)
        assert refusal(refused) == ("ticket_changed", 409, [("/version", "not_allowed")])


def test_unknown_ticket_or_macro(parley: Parley) -> None:
    agnes, ticket_id, macro_id = agent(parley), open_ticket(parley.user("alice")), macro(parley, take=True)

    assert refusal(apply(agnes, "t_" + "a" * 26, macro_id)) == ("ticket_not_found", 404, [])
    assert refusal(apply(agnes, ticket_id, NOBODYS)) == ("macro_not_found", 404, [])
    assert refusal(apply(agnes, "g_" + "a" * 26, macro_id)) == invalid(("{ticket_id}", "bad_format"))
    assert refusal(apply(agnes, ticket_id, "c_" + "a" * 26)) == invalid(("{macro_id}", "bad_format"))


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"client_id": "a b"}, [("/client_id", "bad_format")]),
        ({"version": 0}, [("/version", "too_small")]),
        ({"version": "1"}, [("/version", "wrong_type")]),
        ({"text": "Hi."}, [("/text", "unknown_field")]),
    ],
    ids=str,
)
def test_wrong_field_is_named(parley: Parley, fields: dict[str, object], errors: list[tuple[str, str]]) -> None:
    assert refusal(apply(agent(parley), "t_" + "a" * 26, NOBODYS, **fields)) == invalid(*errors)


@pytest.mark.parametrize(
    ("user_id", "role", "refused"),
    [
        ("alice", "user", ("agents_only", 403, [])),  # the requester
        ("eve", "user", ("agents_only", 403, [])),
        ("mo", "moderator", ("agents_only", 403, [])),
        ("boss", "admin", ("agents_only", 403, [])),
        ("backend", "service", ("agents_only", 403, [])),
    ],
)
def test_only_agents_apply_macros(parley: Parley, user_id: str, role: str, refused: tuple[object, ...]) -> None:
    ticket_id, macro_id = open_ticket(parley.user("alice")), macro(parley, reply="Hi.", status="resolved")
    person = parley.user(user_id, role=role)
    before = stored(parley)

    assert refusal(apply(person, ticket_id, macro_id)) == refused
    assert refusal(apply(person, "t_" + "a" * 26, macro_id)) == refused, "the same for a ticket that is not there"
    assert stored(parley) == before


def test_support_admin_applies_and_the_requester_who_is_an_agent_does_not(parley: Parley) -> None:
    agnes, macro_ids = agent(parley), [macro(parley, reply="Hi."), macro(parley, status="resolved")]
    ticket_id = open_ticket(agnes)

    for macro_id in macro_ids:
        assert refusal(apply(agnes, ticket_id, macro_id)) == ("own_ticket", 403, [])
    assert apply(admin(parley), ticket_id, macro_ids[0]).status == 200
    giving = macro(parley, assignee_id="agnes", reply="Hi.")
    assert refusal(apply(admin(parley), ticket_id, giving)) == ("own_ticket", 403, AT_MACRO)


# ---- races


def test_two_agents_at_once_are_one_after_the_other(parley: Parley) -> None:
    alice, people = parley.user("alice"), [agent(parley), agent(parley, "ben")]
    macro_id = macro(parley, reply="Hi.", take=True, add_tags=["seen"])
    ticket_id = open_ticket(alice)

    replies = at_once(partial(apply, person, ticket_id, macro_id, client_id="a-1") for person in people)

    assert sorted(reply.status for reply in replies) == [200, 409]
    [winner] = [reply for reply in replies if reply.status == 200]
    [loser] = [reply for reply in replies if reply.status == 409]
    assert refusal(loser)[0] == "already_assigned"
    assert loser.json["assignee_id"] == winner.json["ticket"]["assignee_id"]
    assert texts(alice, ticket_id).count("Hi.") == 1
    assert len(history(alice, ticket_id)) == 2


def test_two_tries_at_once_are_one_act(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    for effects in ({"reply": "Hi.", "add_tags": ["a"]}, {"priority": "high"}):
        macro_id, ticket_id = macro(parley, **effects), open_ticket(alice)

        replies = at_once(partial(apply, agnes, ticket_id, macro_id, client_id="a-1") for _ in range(3))

        assert {reply.status for reply in replies} == {200}
        assert sorted(reply.json["replayed"] for reply in replies) == [False, True, True]
        assert len({str(reply.json["ticket"]["version"]) for reply in replies}) == 1
        assert len(history(alice, ticket_id)) == 2
        assert texts(alice, ticket_id).count("Hi.") == len(effects) - 1


def racing(parley: Parley, happen: Callable[[], object]) -> Meanwhile:
    hook = Meanwhile("TransactWriteItems", happen)
    parley.hooks.append(hook)
    return hook


@pytest.mark.parametrize("reply", [{"reply": "Hi {{ticket.subject}}."}, {}], ids=["with a reply", "without"])
def test_ticket_that_changes_meanwhile_is_read_again(parley: Parley, reply: dict[str, object]) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    macro_id, ticket_id = macro(parley, add_tags=["late"], **reply), open_ticket(parley.user("alice"))
    hook = racing(parley, lambda: change(ben, ticket_id, tags=["vip"], subject="Changed"))

    done = apply(agnes, ticket_id, macro_id)

    assert (hook.happened, done.status) == (True, 200)
    assert of(done.json["ticket"], "tags", "version") == (["vip", "late"], 3)
    assert [each["text"] for each in [done.json["message"]] if each] == (["Hi Changed."] if reply else [])


@pytest.mark.parametrize("effects", [{"reply": "Hi."}, {"priority": "high"}], ids=str)
def test_ticket_that_is_closed_meanwhile_stays_as_it_is(parley: Parley, effects: dict[str, object]) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    macro_id, ticket_id = macro(parley, **effects), open_ticket(alice)
    racing(parley, lambda: change(alice, ticket_id, status="closed"))

    assert refusal(apply(agnes, ticket_id, macro_id)) == ("ticket_closed", 409, [])
    assert len(history(alice, ticket_id)) == 2
    assert texts(alice, ticket_id) == texts(agnes, ticket_id)[:1]


@pytest.mark.parametrize("goes", [True, False], ids=["deleted", "edited"])
def test_macro_that_changes_meanwhile_is_applied_as_it_was_read(parley: Parley, goes: bool) -> None:
    ada, agnes, ticket_id = admin(parley), agent(parley), open_ticket(parley.user("alice"))
    macro_id = kept(ada, {"reply": "Before.", "priority": "high"})["id"]
    body = {"version": 1, "title": "Other", "effects": {"reply": "After.", "priority": "low"}}

    def meanwhile() -> None:
        reply = ada.delete(f"{PATH}/{macro_id}") if goes else ada.put(f"{PATH}/{macro_id}", json=body)
        assert reply.status == 200

    racing(parley, meanwhile)

    done = apply(agnes, ticket_id, macro_id)

    assert (done.json["message"]["text"], done.json["ticket"]["priority"]) == ("Before.", "high"), "never a mixture"


def test_assignee_who_comes_in_meanwhile_comes_in_once(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    macro_id, ticket_id = macro(parley, assignee_id="ben", reply="Ben helps."), answered_ticket(alice, agnes)
    racing(parley, lambda: respond(ben, ticket_id, "I am here."))

    assert apply(agnes, ticket_id, macro_id).json["ticket"]["assignee_id"] == "ben"
    members = alice.get(f"/conversations/{ticket_id}/members").json["members"]
    assert sorted(each["user_id"] for each in members) == ["agnes", "alice", "ben"]
