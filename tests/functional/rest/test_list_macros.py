"""GET /support/macros: agents and the host's own server read the macros."""

import pytest

from tests.functional.canned import admin
from tests.functional.desk import agent
from tests.functional.macros import PATH, all_kept, kept
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley


def test_pages_miss_nothing_and_name_the_people(parley: Parley) -> None:
    ada, alan, agnes = admin(parley), admin(parley, "alan"), agent(parley)
    made = {kept(author)["id"] for author in (ada, alan, ada, alan)}
    made.add(kept(ada, {"assignee_id": "agnes"})["id"])

    seen, cursor = [], ""
    while True:
        page = agnes.get(f"{PATH}?limit=2{cursor}").json
        seen += [each["id"] for each in page["macros"]]
        assert {each["created_by"] for each in page["macros"]} <= set(page["users"])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == sorted(made)
    assert agnes.get(PATH).json["users"] == named(parley, "ada", "alan", "agnes")


def test_page_of_the_longest_replies_is_cut_and_goes_on(parley: Parley) -> None:
    ada = admin(parley)
    made = sorted(kept(ada, {"reply": "👋" * 10_000})["id"] for _ in range(60))

    first = ada.get(f"{PATH}?limit=100").json
    second = ada.get(f"{PATH}?limit=100&cursor={first['next']}").json

    assert 0 < len(first["macros"]) < 60
    assert [each["id"] for page in (first, second) for each in page["macros"]] == made


def test_customers_and_moderators_read_none_and_former_agents_none_any_more(parley: Parley) -> None:
    kept(admin(parley))
    agnes, host = agent(parley), parley.user("backend", role="service")
    assert host.put("/users/agnes", json={"role": "user"}).status == 200

    for person in (parley.user("eve"), agnes, parley.user("mo", role="moderator")):
        refused = person.get(PATH)
        assert (refusal(refused), refused.json["rule"]) == (("agents_only", 403, []), "AgentRoles")
    assert len(all_kept(host)) == 1


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("cursor=abc", ("?cursor", "bad_cursor")),
        ("limit=101", ("?limit", "too_large")),
        ("q=hello", ("?q", "unknown_field")),
    ],
)
def test_bad_query_is_named(parley: Parley, query: str, error: tuple[str, str]) -> None:
    assert refusal(agent(parley).get(f"{PATH}?{query}")) == invalid(error)


@pytest.mark.parametrize("content", ["{", '{"title": "x"}', '{"title": "x", "effects": {"unheard_of": 1}}'])
def test_unreadable_macro_hides_no_other(parley: Parley, content: str) -> None:
    ada = admin(parley)
    damaged, whole = sorted(kept(ada)["id"] for _ in range(2))
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Tickets"].ref,
        Key={"key": {"S": "macros"}, "place": {"S": f"macro#{damaged}"}},
        UpdateExpression="SET content = :content",
        ExpressionAttributeValues={":content": {"S": content}},
    )

    page = ada.get(f"{PATH}?limit=1").json

    assert ([each["id"] for each in page["macros"]], page["next"]) == ([whole], None)
