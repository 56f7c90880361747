"""GET /support/tickets: a person's own tickets, the newest first."""

from tests.functional.desk import agent, answered_ticket, open_ticket
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_pages_come_newest_first_and_miss_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    opened = []
    for number in range(5):
        parley.clock.ms += 1000
        opened.append(open_ticket(alice, subject=f"Number {number}"))
    open_ticket(parley.user("bob"))

    seen, cursor = [], ""
    while True:
        page = alice.get(f"/support/tickets?limit=2{cursor}").json
        seen += [ticket["id"] for ticket in page["tickets"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == opened[::-1]


def test_list_shows_each_ticket_as_it_is_read_by_itself(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket_id = answered_ticket(alice, agent(parley))

    page = alice.get("/support/tickets").json

    single = alice.get(f"/support/tickets/{ticket_id}").json
    assert page == {"tickets": [{name: single[name] for name in single if name != "users"}], "next": None} | {
        "users": single["users"]
    }


def test_agent_who_answers_has_no_ticket_of_their_own(parley: Parley) -> None:
    agnes = agent(parley)
    answered_ticket(parley.user("alice"), agnes)

    assert agnes.get("/support/tickets").json == {"tickets": [], "next": None, "users": {}}


def test_cursor_of_another_kind_is_refused(parley: Parley) -> None:
    assert refusal(parley.user("alice").get("/support/tickets?cursor=abc")) == invalid(("?cursor", "bad_cursor"))
