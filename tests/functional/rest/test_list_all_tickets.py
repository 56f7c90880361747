"""GET /support/tickets/admin/all: the desk's queue."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from tests.functional.desk import agent, answered_ticket, ask, open_ticket
from tests.functional.queued import archive, change, fill
from tests.functional.replies import invalid, outside, refusal
from tests.harness import Call, Parley, Reply, User

PATH = "/support/tickets/admin/all"


def listed(reader: User, **query: object) -> Reply:
    return reader.get(f"{PATH}?{urlencode(query)}")


def page(reader: User, **query: object) -> list[str]:
    """Returns the ids of the only page."""
    reply = listed(reader, **query)
    assert (reply.status, reply.json["next"]) == (200, None), reply
    return [ticket["id"] for ticket in reply.json["tickets"]]


def pages(reader: User, **query: object) -> Iterator[list[str]]:
    """Yields the ids of each page."""
    cursor: dict[str, str] = {}
    for _ in range(200):
        reply = listed(reader, **query, **cursor)
        assert reply.status == 200, reply
        yield [ticket["id"] for ticket in reply.json["tickets"]]
        if reply.json["next"] is None:
            return
        cursor = {"cursor": reply.json["next"]}
    raise AssertionError("the pages have no end")


class BeforeStates:
    """A hook: something happens after the lists are read, and before the states of the tickets."""

    def __init__(self, parley: Parley, happen: Callable[[], object]) -> None:
        self._table = parley.template.resources["Tickets"].ref
        self._happen: Callable[[], object] | None = happen

    def before(self, call: Call) -> None:
        happen = self._happen
        if happen is not None and self._table in call.params.get("RequestItems", ()):
            self._happen = None
            outside(happen)

    def after(self, call: Call) -> None:
        pass


def several(parley: Parley, count: int, apart_ms: int = 1000) -> list[str]:
    alice, opened = parley.user("alice"), []
    for number in range(count):
        parley.clock.ms += apart_ms
        opened.append(open_ticket(alice, subject=f"Number {number}"))
    return opened


def test_queue_shows_each_ticket_as_the_agent_reads_it_by_itself(parley: Parley) -> None:
    agnes = agent(parley)
    mine = answered_ticket(parley.user("alice"), agnes)
    parley.clock.ms += 1000
    other = open_ticket(parley.user("bob"), tags=["vip"], context={"type": "booking", "id": "7"})

    reply = listed(agnes)

    single = [agnes.get(f"/support/tickets/{ticket_id}").json for ticket_id in (mine, other)]
    assert reply.json["tickets"] == [{name: it[name] for name in it if name != "users"} for it in single]
    assert reply.json["users"] == single[0]["users"] | single[1]["users"]
    assert reply.json["next"] is None


@pytest.mark.parametrize("apart_ms", [1000, 0], ids=["apart", "in one millisecond"])
@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize(
    "query", [{}, {"status": "open,resolved"}, {"priority": "medium,high"}, {"requester": "alice"}]
)
def test_pages_come_by_age_and_miss_nothing(parley: Parley, order: str, apart_ms: int, query: dict[str, str]) -> None:
    opened = several(parley, 7, apart_ms)
    change(opened[2], status="resolved", priority="high")
    expected = opened if apart_ms else sorted(opened)

    seen = list(pages(agent(parley), limit=2, order=order, **query))

    assert [ticket_id for ids in seen for ticket_id in ids] == (expected if order == "oldest" else expected[::-1])
    assert max(map(len, seen)) == 2


def test_each_filter_finds_its_tickets(parley: Parley) -> None:
    agnes, alice = agent(parley), parley.user("alice")
    plain, special = open_ticket(alice), open_ticket(alice)
    change(
        special,
        status="in_progress",
        priority="urgent",
        category="booking",
        assignee_id="agnes",
        team="billing",
        tags=("vip", "late"),
    )

    for query in (
        {"status": "in_progress"},
        {"status": "in_progress,resolved"},
        {"priority": "urgent"},
        {"category": "booking"},
        {"assignee": "agnes"},
        {"team": "billing"},
        {"tag": "vip"},
        {"tag": "late", "assignee": "agnes", "priority": "urgent,high", "status": "in_progress"},
    ):
        assert page(agnes, **query) == [special], query
    assert page(agnes, assignee="none") == [plain]
    assert page(agnes, status="open") == [plain]
    assert page(agnes, priority="urgent", status="open") == []
    assert page(agnes, tag="vi") == []
    assert page(agnes, requester="bob") == []


def test_closed_ticket_is_found_by_its_status_and_an_archived_one_by_requester_and_number(parley: Parley) -> None:
    agnes, alice = agent(parley), parley.user("alice")
    ticket = ask(alice).json
    change(ticket["id"], status="closed", priority="high")

    assert (page(agnes), page(agnes, priority="high")) == ([], [])
    assert page(agnes, status="closed", priority="high") == [ticket["id"]]

    archive(ticket["id"])

    assert page(agnes, status="closed") == []
    assert page(agnes, requester="alice") == [ticket["id"]]
    assert page(agnes, requester="alice", status="open") == []
    assert page(agnes, q=ticket["number"]) == [ticket["id"]]


def test_number_finds_its_ticket_whatever_else_is_asked(parley: Parley) -> None:
    agnes, ticket = agent(parley), ask(parley.user("alice")).json
    open_ticket(parley.user("bob"))
    number = ticket["number"]

    for said in (number, number.replace("-", ""), f" {number.replace('-', ' ')} "):
        assert page(agnes, q=said, status="closed") == [ticket["id"]], said


def test_words_find_the_subject_and_the_name_of_the_requester(parley: Parley) -> None:
    agnes = agent(parley)
    booking = open_ticket(parley.user("alice", name="Zoë Ångström"), subject="Rechnungen für März")
    parley.clock.ms += 1000
    open_ticket(parley.user("bob"), subject="Something else")

    for words in ("rechnung", "MARZ rechn", "angstrom", "zoe märz"):
        assert page(agnes, q=words) == [booking], words
    assert page(agnes, q="rechnung bob") == []
    assert page(agnes, q="zoe", status="resolved") == []


def test_nine_digits_that_are_no_ticket_are_words(parley: Parley) -> None:
    agnes, ticket = agent(parley), ask(parley.user("alice")).json
    about = open_ticket(parley.user("bob"), subject=f"Phone {_other_number(ticket['number'])}")

    assert page(agnes, q=_other_number(ticket["number"])) == [about]


def _other_number(number: str) -> str:
    from parley.domain.support.numbers import number_of

    return next(other for other in map(number_of, "abc", (0, 0, 0)) if other != number).replace("-", "")


def test_request_looks_at_a_bounded_number_of_tickets_and_goes_on(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.support.queue.MAX_LOOKED_AT", 3)
    opened = several(parley, 10)
    for ticket_id in opened[:7]:
        change(ticket_id, priority="high")
    for ticket_id in opened[6:]:
        change(ticket_id, category="booking")

    seen = list(pages(agent(parley), priority="high", category="booking"))

    assert [ticket_id for ids in seen for ticket_id in ids] == [opened[6]]
    assert len(seen) > 1


def test_words_are_looked_for_in_a_bounded_number_of_tickets(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.support.queue.MAX_SEARCHED", 3)
    opened = several(parley, 10)

    seen = list(pages(agent(parley), q="number 8"))

    assert [ticket_id for ids in seen for ticket_id in ids] == [opened[8]]
    assert len(seen) > 3


def test_fewest_tickets_are_looked_at_whichever_filter_is_the_narrow_one(parley: Parley) -> None:
    """200 and more older tickets that one of the filters refuses are not looked at."""
    agnes = agent(parley)
    fill(parley, 250, priority="high")
    fill(parley, 250, status="closed", assignee_id="agnes")
    [wanted] = several(parley, 1)
    change(wanted, priority="high", assignee_id="agnes", status="resolved")

    assert page(agnes, priority="high", assignee="agnes", status="resolved") == [wanted]


def test_ticket_that_changes_while_it_is_read_is_shown_as_it_is_or_not_at_all(parley: Parley) -> None:
    agnes = agent(parley)
    first, second = several(parley, 2)

    parley.hooks.append(BeforeStates(parley, lambda: change(first, status="resolved")))

    assert page(agnes, status="open") == [second]
    assert page(agnes, status="resolved") == [first]


def test_customer_may_not_see_the_queue(parley: Parley) -> None:
    reply = parley.user("alice").get(PATH)

    assert refusal(reply) == ("agents_only", 403, [])
    assert reply.json["rule"] == "AgentRoles"


def test_audit_log_says_by_which_filters_the_host_has_read_the_queue(parley: Parley) -> None:
    open_ticket(parley.user("alice", name="Secret Name"))

    page(parley.user("backend", role="service"), requester="alice", priority="medium", q="secret")
    page(agent(parley))

    [entry] = parley.user("mona", role="moderator").get("/admin/audit?action=list_tickets").json["entries"]
    assert (entry["actor_id"], entry["target"]) == ("backend", "tickets")
    assert entry["details"] == {"requester": "alice", "priority": "medium"}


def test_host_and_support_admins_see_the_queue(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    assert page(parley.user("backend", role="service")) == [ticket_id]
    assert page(parley.user("sue", role="support_admin")) == [ticket_id]


@pytest.mark.parametrize(
    "query, field, code",
    [
        ({"status": "open,done"}, "?status", "bad_format"),
        ({"status": ""}, "?status", "bad_format"),
        ({"priority": "highest"}, "?priority", "bad_format"),
        ({"category": "A B"}, "?category", "bad_format"),
        ({"tag": "a b"}, "?tag", "bad_format"),
        ({"q": "  "}, "?q", "blank"),
        ({"q": "?!"}, "?q", "blank"),
        ({"order": "age"}, "?order", "not_allowed"),
        ({"limit": "0"}, "?limit", "too_small"),
        ({"cursor": "abc"}, "?cursor", "bad_cursor"),
    ],
)
def test_bad_query_names_its_field(parley: Parley, query: dict[str, str], field: str, code: str) -> None:
    assert refusal(listed(agent(parley), **query)) == invalid((field, code))


def test_cursor_of_another_queue_is_refused(parley: Parley) -> None:
    agnes = agent(parley)
    several(parley, 2)
    cursor = listed(agnes, limit=1).json["next"]

    assert refusal(listed(agnes, limit=1, status="open", cursor=cursor)) == invalid(("?cursor", "bad_cursor"))
