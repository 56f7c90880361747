"""GET /support/canned-replies: agents read the canned replies, filled for a ticket if they name one."""

import pytest

from tests.functional.canned import PATH, admin, all_kept, kept
from tests.functional.desk import agent, open_ticket
from tests.functional.erasures import erased
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley

EVERYTHING = "{{requester.name}}|{{agent.name}}|{{ticket.number}}|{{ticket.subject}}|{{ ticket.category }}"


def test_pages_miss_nothing_and_name_the_authors(parley: Parley) -> None:
    ada, alan, agnes = admin(parley), admin(parley, "alan"), agent(parley)
    made = {kept(author)["id"] for author in (ada, alan, ada, alan, ada)}

    seen, cursor = [], ""
    while True:
        page = agnes.get(f"{PATH}?limit=2{cursor}").json
        seen += [each["id"] for each in page["canned_replies"]]
        assert set(page["users"]) == {each["created_by"] for each in page["canned_replies"]}
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == sorted(made)
    assert agnes.get(PATH).json["users"] == named(parley, "ada", "alan")


def test_page_of_the_longest_texts_is_cut_and_goes_on(parley: Parley) -> None:
    ada = admin(parley)
    made = sorted(kept(ada, text="👋" * 10_000)["id"] for _ in range(60))

    first = ada.get(f"{PATH}?limit=100").json
    second = ada.get(f"{PATH}?limit=100&cursor={first['next']}").json

    assert 0 < len(first["canned_replies"]) < 60
    assert [each["id"] for page in (first, second) for each in page["canned_replies"]] == made


def test_text_is_filled_for_a_ticket_in_the_callers_name(parley: Parley) -> None:
    ada, agnes, alice = admin(parley), agent(parley), parley.user("alice")
    kept(ada, text=EVERYTHING)
    ticket_id = open_ticket(alice, subject="Where is {{agent.name}}?")
    ticket = agnes.get(f"/support/tickets/{ticket_id}").json

    [listed] = all_kept(agnes, f"?ticket_id={ticket_id}")

    names = named(parley, "alice", "agnes")
    assert listed["text"] == EVERYTHING
    assert listed["filled"] == "|".join(
        (
            str(names["alice"]["name"]),
            str(names["agnes"]["name"]),
            ticket["number"],
            "Where is {{agent.name}}?",  # a value is never read as a placeholder
            category_name(ticket["category"]),
        )
    )


def category_name(category: str) -> str:
    from parley.adapters.support import desks

    return desks.current().categories[category].name


def test_placeholder_without_a_value_stays(parley: Parley) -> None:
    ada, agnes, alice = admin(parley), agent(parley), parley.user("alice")
    kept(ada, text="Dear {{requester.name}}, {{ticket.subject}}")
    ticket_id = open_ticket(alice)
    erased(parley, "alice")

    [listed] = all_kept(agnes, f"?ticket_id={ticket_id}")

    assert "{{requester.name}}" in listed["filled"]


def test_text_that_is_too_long_for_a_message_when_filled_comes_unfilled(parley: Parley) -> None:
    ada = admin(parley)
    ticket_id = open_ticket(parley.user("alice"), subject="x" * 200)
    placeholder = "{{ticket.subject}}"
    kept(ada, title="fits", text=placeholder * 50)
    kept(ada, title="too long", text=placeholder * 50 + ".")

    filled = {each["title"]: each["filled"] for each in all_kept(ada, f"?ticket_id={ticket_id}")}

    assert filled == {"fits": "x" * 10_000, "too long": None}


def test_customers_read_none_and_former_agents_none_any_more(parley: Parley) -> None:
    kept(admin(parley))
    ticket_id = open_ticket(parley.user("alice"))
    agnes, host = agent(parley), parley.user("backend", role="service")
    assert host.put("/users/agnes", json={"role": "user"}).status == 200

    for person in (parley.user("eve"), agnes, parley.user("mo", role="moderator")):
        for query in ("", f"?ticket_id={ticket_id}"):
            refused = person.get(f"{PATH}{query}")
            assert (refusal(refused), refused.json["rule"]) == (("agents_only", 403, []), "AgentRoles")


def test_host_reads_texts_but_fills_none(parley: Parley) -> None:
    kept(admin(parley))
    ticket_id = open_ticket(parley.user("alice"))
    host = parley.user("backend", role="service")

    assert len(all_kept(host)) == 1
    refused = host.get(f"{PATH}?ticket_id={ticket_id}")
    assert refusal(refused) == ("agents_only", 403, [("?ticket_id", "not_allowed")])


def test_ticket_that_there_is_not_is_refused(parley: Parley) -> None:
    agnes = agent(parley)

    assert refusal(agnes.get(f"{PATH}?ticket_id=t_{'a' * 26}")) == ("ticket_not_found", 404, [])


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("cursor=abc", ("?cursor", "bad_cursor")),
        ("limit=101", ("?limit", "too_large")),
        ("ticket_id=g_1", ("?ticket_id", "bad_format")),
        ("q=hello", ("?q", "unknown_field")),
    ],
)
def test_bad_query_is_named(parley: Parley, query: str, error: tuple[str, str]) -> None:
    assert refusal(agent(parley).get(f"{PATH}?{query}")) == invalid(error)


def test_unreadable_reply_hides_no_other(parley: Parley) -> None:
    ada = admin(parley)
    damaged, whole = sorted(kept(ada)["id"] for _ in range(2))
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Tickets"].ref,
        Key={"key": {"S": "canned"}, "place": {"S": f"reply#{damaged}"}},
        UpdateExpression="REMOVE title",
    )

    page = ada.get(f"{PATH}?limit=1").json

    assert ([each["id"] for each in page["canned_replies"]], page["next"]) == ([whole], None)
