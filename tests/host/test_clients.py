"""Both clients of host/, against a transport that answers what a test says."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from parley_host import (
    Conflict,
    Forbidden,
    Interrupted,
    Invalid,
    NotFound,
    NotInTime,
    Parley,
    ParleyError,
    Problem,
    Retries,
    ServerError,
    Signer,
    TooMany,
    Unauthenticated,
    Unreachable,
    problem_of_item,
    refused,
)
from parley_host.errors import FieldProblem
from tests.host.transport import AT_ONCE, SECRET, URL, Ask, Server, async_ask, ok, refusal, sync_ask

Asking = Callable[..., Ask]
BUSY = refusal(503, "store_busy", retry_after_ms=1)


@pytest.fixture(params=[sync_ask, async_ask], ids=["sync", "async"])
def asking(request: pytest.FixtureRequest) -> Asking:
    given: Asking = request.param
    return given


def accepted(request: httpx.Request) -> httpx.Response:
    """Answers a bulk request: every person is put."""
    people = json.loads(request.content)["users"]
    return ok({"results": [{"id": each["id"], "status": 201} for each in people]})


def test_a_request_carries_the_servers_token_and_only_what_is_stated(asking: Asking) -> None:
    server = Server(ok({"id": "ann"}))

    person = asking(server)("put_user", "ann", name="Ann", role="teacher", contexts={"class": ["7b"]})

    [request] = server.requests
    assert (person, server.lines) == ({"id": "ann"}, ["PUT /v1/users/ann"])
    assert server.bodies == [{"name": "Ann", "role": "teacher", "contexts": {"class": ["7b"]}}]
    assert request.headers["Authorization"].count(".") == 2
    assert request.headers["User-Agent"].startswith("parley-host/")


@pytest.mark.parametrize(
    "foreign",
    [
        httpx.Response(502, json={"errors": [{"message": "bad gateway"}]}),
        httpx.Response(502, json={"errors": ["x"]}),
        httpx.Response(503, json={"errors": {"a": "b"}}),
        httpx.Response(503, content=b'{"retry_after_ms": NaN, "errors": 7}'),
        httpx.Response(503, json={}, headers={"Retry-After": "9" * 30}),
        httpx.Response(502, json=["x"]),
        httpx.Response(200, json=["x"]),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.DecodingError("no gzip"),
    ],
    ids=["another list", "texts", "an object", "NaN", "far too long", "a list", "200", "deep", "gzip"],
)
def test_an_answer_of_a_proxy_is_tried_again(asking: Asking, foreign: httpx.Response | Exception) -> None:
    server = Server(foreign, foreign, ok({"id": "ann"}))

    assert asking(server)("get_user", "ann") == {"id": "ann"}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "body",
    [[], {}, {"results": None}, {"results": {}}, {"results": []}, {"results": ["x"]}, {"results": [{"id": "ann"}]}],
)
def test_a_bulk_answer_that_is_not_parleys_is_none(asking: Asking, body: object) -> None:
    with pytest.raises(Unreachable) as caught:
        asking(Server(ok(body)))("put_users", [{"id": "ann"}])

    assert caught.value.may_pass


@pytest.mark.parametrize("wrong", ["", ".", ".."])
def test_a_part_of_a_path_never_names_another_route(asking: Asking, wrong: str) -> None:
    server = Server(ok({}))

    with pytest.raises(ValueError, match="Nothing in Parley"):
        asking(server)("remove_message", wrong)
    with pytest.raises(ValueError, match="Nothing in Parley"):
        asking(server)("remove_context_person", wrong, "7b", "bob")

    assert server.requests == []


def test_an_error_says_whether_a_repeat_may_help(asking: Asking) -> None:
    for answer, may_pass in ((BUSY, True), (httpx.ConnectError("x"), True), (refusal(404, "unknown_user"), False)):
        with pytest.raises(ParleyError) as caught:
            asking(Server(answer))("get_user", "ann")
        assert caught.value.may_pass is may_pass


def test_ids_of_yours_are_mapped_in_paths_and_in_bodies(asking: Asking) -> None:
    server = Server(ok({"id": "x", "results": [{"id": "x", "status": 200}]}))
    ask = asking(server)

    ask("put_user", "user/1", name="Ann")
    ask("put_user", 42, name="Ann")
    ask("send_message_to_user", user_id="user/1", mentions=["ü", "*"], text="Hi", metadata={"id": "a b"})
    ask("put_context_people", "class", "7 b/c", add=["user/1"])

    assert server.lines[:2] == ["PUT /v1/users/~parley.id-user%3D2F1", "PUT /v1/users/42"]
    assert server.bodies[2]["user_id"] == "~parley.id-user=2F1"
    assert server.bodies[2]["mentions"] == ["~parley.id-=C3=BC", "*"]
    assert server.bodies[2]["metadata"] == {"id": "a b"}
    assert (server.lines[3], server.bodies[3]) == (
        "PUT /v1/contexts/class/7%20b%2Fc/people",
        {"add": ["~parley.id-user=2F1"]},
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Invalid), (401, Unauthenticated), (403, Forbidden), (404, NotFound), (409, Conflict), (413, Invalid)]
    + [(422, Invalid), (429, TooMany), (500, ServerError), (503, ServerError), (504, ServerError), (418, Problem)],
)
def test_a_refusal_is_an_error_of_its_status(asking: Asking, status: int, kind: type[Problem]) -> None:
    with pytest.raises(Problem) as caught:
        asking(Server(refusal(status, "some_code")))("get_user", "ann")

    assert (type(caught.value), caught.value.status, caught.value.code) == (kind, status, "some_code")


def test_an_error_has_code_fields_rule_request_id_and_the_members_of_its_code(asking: Asking) -> None:
    errors = [{"pointer": "/name", "code": "too_long", "limit": 200}, {"pointer": "?ids", "code": "bad_format"}]
    server = Server(refusal(400, "invalid_request", errors=errors, rule="R", until="2030-01-01T00:00:00.000Z"))

    with pytest.raises(Invalid) as caught:
        asking(server)("put_user", "ann", name="x" * 201)

    error = caught.value
    assert error.fields == (FieldProblem("/name", "too_long", 200), FieldProblem("?ids", "bad_format"))
    assert (error.detail, error.rule, error.request_id, error.retry_after_s) == ("D.", "R", "q", None)
    assert error.document["until"] == "2030-01-01T00:00:00.000Z"
    assert str(error) == "400 invalid_request. D. /name: too_long. ?ids: bad_format. (request_id q)"


def test_an_answer_that_is_not_parleys_is_an_error_too(asking: Asking) -> None:
    with pytest.raises(Problem) as caught:
        asking(Server(httpx.Response(403, html="<p>blocked</p>")))("get_user", "ann")

    assert (caught.value.status, caught.value.code) == (403, "unreadable_answer")


@pytest.mark.parametrize(
    "failure",
    [
        BUSY,
        refusal(429, "throttled"),
        refusal(500, "internal_error"),
        refusal(504, "timeout"),
        refusal(409, "attachment_not_ready", retry_after_ms=1),
        httpx.Response(502, html="<p>bad gateway</p>"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
    ],
    ids=["503", "429", "500", "504", "409 that passes", "502 of a proxy", "time-out", "no connection"],
)
def test_a_send_is_repeated_with_the_same_client_id(asking: Asking, failure: httpx.Response | Exception) -> None:
    server = Server(failure, failure, ok({"seq": 1}, 201))

    sent = asking(server)("send_message", "d_1", text="Hi")

    first, *others = [body["client_id"] for body in server.bodies]
    assert (sent, others) == ({"seq": 1}, [first, first])
    assert len(first) == 32


def test_a_client_id_of_your_own_is_kept_and_a_new_call_gets_a_new_one(asking: Asking) -> None:
    server = Server(ok({"seq": 1}, 201))
    ask = asking(server)

    ask("send_message_to_user", user_id="bob", text="Hi", client_id="order-7")
    ask("send_message_to_user", user_id="bob", text="Hi")
    ask("send_message_to_user", user_id="bob", text="Hi")
    ask("create_conversation", type="group", title="T")
    ask("create_conversation", type="direct", user_id="bob")

    given, second, third, group, direct = [body.get("client_id") for body in server.bodies]
    assert given == "order-7"
    assert len({second, third, group}) == 3 and None not in (second, third, group)
    assert direct is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_that_stays_is_not_repeated(asking: Asking, status: int) -> None:
    server = Server(refusal(status, "some_code"))

    with pytest.raises(Problem):
        asking(server)("get_user", "ann")

    assert len(server.requests) == 1


def test_after_the_last_try_the_last_error_is_raised(asking: Asking) -> None:
    server = Server(httpx.ConnectError("refused"), BUSY)

    with pytest.raises(ServerError) as caught:
        asking(server)("get_user", "ann")

    assert (len(server.requests), caught.value.retry_after_s) == (AT_ONCE.tries, 0.001)


def test_no_answer_is_unreachable_with_its_cause(asking: Asking) -> None:
    with pytest.raises(Unreachable, match="GET /users/ann: ReadTimeout slow") as caught:
        asking(Server(httpx.ReadTimeout("slow")))("get_user", "ann")

    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)


def test_a_wait_longer_than_the_patience_is_raised_at_once(asking: Asking) -> None:
    server = Server(refusal(429, "throttled", retry_after_ms=6_000))

    with pytest.raises(TooMany) as caught:
        asking(server)("get_user", "ann")

    assert (len(server.requests), caught.value.retry_after_s) == (1, 6)


def test_the_wait_of_a_header_counts_where_the_document_has_none(asking: Asking) -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "60"}))

    with pytest.raises(TooMany) as caught:
        asking(server)("get_user", "ann")

    assert (len(server.requests), caught.value.retry_after_s) == (1, 60)


def test_a_request_is_given_up_after_its_time() -> None:
    server = Server(ok({}))
    with Parley(URL, Signer(SECRET), timeout_s=3, transport=httpx.MockTransport(server)) as parley:
        parley.get_user("ann")

    assert server.requests[0].extensions["timeout"] == {"connect": 3, "read": 3, "write": 3, "pool": 3}


@pytest.mark.parametrize(("tried", "longest_s"), [(1, 0.2), (2, 0.4), (3, 0.8), (4, 1.6)])
def test_waits_double_and_chance_spreads_them(tried: int, longest_s: float) -> None:
    waits = [Retries().wait_s(Unreachable(), tried=tried, passed_s=0, chance=chance) for chance in (0.0, 0.5, 1.0)]

    assert waits == [0, pytest.approx(longest_s / 2), pytest.approx(longest_s)]


def test_an_answer_that_asks_for_a_wait_gets_it_whole() -> None:
    error = TooMany(429, {"code": "throttled"}, 2.0)

    assert Retries().wait_s(error, tried=1, passed_s=0, chance=0.0) == 2
    assert Retries(longest_s=1).wait_s(error, tried=4, passed_s=0, chance=1.0) == 3
    assert Retries().wait_s(error, tried=1, passed_s=29, chance=0.0) is None
    assert Retries(tries=1).wait_s(error, tried=1, passed_s=0, chance=0.0) is None
    assert Retries().wait_s(ParleyError(), tried=1, passed_s=0, chance=0.0) is None


def test_people_are_put_in_parts_of_a_hundred(asking: Asking) -> None:
    server = Server(accepted)

    results = asking(server)("put_users", [{"id": f"user {n}", "name": str(n)} for n in range(250)])

    assert [len(body["users"]) for body in server.bodies] == [100, 100, 50]
    assert [result["id"] for result in results] == [f"~parley.id-user=20{n}" for n in range(250)]
    assert refused(results) == []


def test_nobody_to_put_is_no_request(asking: Asking) -> None:
    server = Server(accepted)

    assert asking(server)("put_users", []) == []
    assert server.requests == []


def test_the_problem_of_an_item_is_reported_and_the_others_are_done(asking: Asking) -> None:
    problem = {"code": "invalid_request", "status": 400, "errors": [{"pointer": "/users/1/name", "code": "blank"}]}
    server = Server(ok({"results": [{"id": "a", "status": 201}, {"id": "b", "status": 400, "problem": problem}]}))

    results = asking(server)("put_users", [{"id": "a"}, {"id": "b", "name": ""}])

    [result] = refused(results)
    error = problem_of_item(result)
    assert result["id"] == "b"
    assert isinstance(error, Invalid) and error.fields == (FieldProblem("/users/1/name", "blank"),)
    assert problem_of_item(results[0]) is None


def test_items_with_a_problem_that_passes_are_tried_again_alone(asking: Asking) -> None:
    busy = {"status": 503, "problem": {"code": "store_busy", "retry_after_ms": 1}}
    first = [{"id": "a", "status": 201}, {"id": "b", **busy}, {"id": "c", "status": 400, "problem": {}}, busy]
    server = Server(
        ok({"results": first}),
        ok({"results": [{"id": "b", "status": 200}, {"id": "d", **busy}]}),
        ok({"results": [{"id": "d", "status": 201}]}),
    )

    results = asking(server)("put_users", [{"id": name} for name in "abcd"])

    assert [[each["id"] for each in body["users"]] for body in server.bodies] == [[*"abcd"], ["b", "d"], ["d"]]
    assert [result["status"] for result in results] == [201, 200, 400, 201]


def test_items_that_stay_busy_are_reported(asking: Asking) -> None:
    busy = {"id": "a", "status": 503, "problem": {"code": "store_busy"}}
    server = Server(ok({"results": [busy]}))

    assert asking(server)("put_users", [{"id": "a"}]) == [busy]
    assert len(server.requests) == AT_ONCE.tries


def test_a_bulk_request_that_stops_tells_what_is_done(asking: Asking) -> None:
    people = [{"id": str(n)} for n in range(150)]
    server = Server(accepted, refusal(401, "unauthenticated"))

    with pytest.raises(Interrupted) as caught:
        asking(server)("put_users", people)

    assert ([result["id"] for result in caught.value.results], caught.value.rest) == (
        [str(n) for n in range(100)],
        people[100:],
    )
    assert isinstance(caught.value.__cause__, Unauthenticated)


def test_a_bulk_request_whose_first_part_is_refused_is_that_refusal(asking: Asking) -> None:
    with pytest.raises(Forbidden):
        asking(Server(refusal(403, "service_only")))("put_users", [{"id": "a"}])


def test_people_of_a_context_are_changed_in_parts_of_a_hundred(asking: Asking) -> None:
    def changed(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        return ok({"results": [{"id": each, "status": 201} for each in body.get("add", []) + body.get("remove", [])]})

    server = Server(changed)
    added, removed = [f"a{n}" for n in range(120)], [f"r{n}" for n in range(90)]

    results = asking(server)("put_context_people", "class", "7b", add=added, remove=removed)

    assert [result["id"] for result in results] == added + removed
    assert [{name: len(ids) for name, ids in body.items()} for body in server.bodies] == [
        {"add": 100},
        {"add": 20, "remove": 80},
        {"remove": 10},
    ]


def test_profiles_are_asked_for_in_parts_of_a_hundred(asking: Asking) -> None:
    def found(request: httpx.Request) -> httpx.Response:
        return ok({"users": [{"id": each} for each in request.url.params["ids"].split(",")], "next": None})

    server = Server(found)

    people = asking(server)("list_users", range(130))

    assert [person["id"] for person in people] == [str(n) for n in range(130)]
    assert len(server.requests) == 2


def test_long_ids_are_asked_for_in_addresses_that_api_gateway_takes(asking: Asking) -> None:
    server = Server(ok({"users": [], "next": None}))
    ids = [f"auth0|{n:0>120}" for n in range(100)]

    asking(server)("list_users", ids)

    asked = [request.url.params["ids"].split(",") for request in server.requests]
    assert [user_id for part in asked for user_id in part] == ids
    assert len(asked) == 3 and max(len(request.url.raw_path) for request in server.requests) < 6_100


def test_a_page_of_a_proxy_is_no_answer_of_parleys(asking: Asking) -> None:
    with pytest.raises(Unreachable, match="GET /v1/users/ann: 200 without JSON"):
        asking(Server(httpx.Response(200, html="<p>Sign in to the network</p>")))("get_user", "ann")


@pytest.mark.parametrize(
    ("method", "arguments", "name", "place"),
    [
        ("list_context_people", ("class", "7b"), "people", "/v1/contexts/class/7b/people"),
        ("list_user_contexts", ("ann",), "contexts", "/v1/users/ann/contexts"),
        ("list_suspensions", (), "suspensions", "/v1/admin/suspensions"),
        ("list_all_tickets", (), "tickets", "/v1/support/tickets/admin/all"),
        ("list_ticket_history", ("t_1",), "entries", "/v1/support/tickets/t_1/history"),
        ("list_canned_replies", (), "canned_replies", "/v1/support/canned-replies"),
        ("list_macros", (), "macros", "/v1/support/macros"),
        ("list_articles", (), "articles", "/v1/support/articles"),
        ("list_article_versions", ("k_1",), "versions", "/v1/support/articles/k_1/versions"),
        ("list_user_stats", (), "people", "/v1/admin/stats/users"),
        ("list_deliveries", ("wh_1",), "deliveries", "/v1/admin/webhooks/wh_1/deliveries"),
    ],
)
def test_a_list_is_read_page_after_page(
    asking: Asking, method: str, arguments: tuple[Any, ...], name: str, place: str
) -> None:
    server = Server(ok({name: [{"n": 1}, {"n": 2}], "next": "c+1"}), ok({name: [{"n": 3}], "next": None}))

    assert asking(server)(method, *arguments) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert server.lines == [f"GET {place}?limit=100", f"GET {place}?limit=100&cursor=c%2B1"]


def test_messages_are_read_page_after_page(asking: Asking) -> None:
    pages = [
        {"messages": [{"seq": 6}, {"seq": 7}], "found_newest": False},
        {"messages": [{"seq": 8}], "found_newest": True},
    ]
    server = Server(*(ok({**page, "found_oldest": False}) for page in pages))

    assert asking(server)("list_messages", "d_1", after=5) == [{"seq": 6}, {"seq": 7}, {"seq": 8}]
    assert server.lines == [f"GET /v1/conversations/d_1/messages?after={seq}&limit=100" for seq in (5, 7)]


def test_the_queue_is_filtered_by_ids_of_yours(asking: Asking) -> None:
    server = Server(ok({"tickets": [{"n": 1}], "next": "c"}), ok({"tickets": [], "next": None}))

    assert asking(server)("list_all_tickets", status="open,resolved", requester="ann/1", assignee=7) == [{"n": 1}]
    query = "status=open%2Cresolved&requester=~parley.id-ann%3D2F1&assignee=7&limit=100"
    assert server.lines == [f"GET /v1/support/tickets/admin/all?{query}{more}" for more in ("", "&cursor=c")]


def test_figures_are_of_days(asking: Asking) -> None:
    server = Server(ok({"rows": []}), ok({"days": []}), ok({"people": [], "next": None}))
    ask = asking(server)

    ask("get_support_metrics", since=date(2026, 11, 1), by="agent")
    ask("get_stats", to=date(2026, 11, 30))
    ask("list_user_stats", since=date(2026, 11, 1), to=date(2026, 11, 30))

    assert server.lines == [
        "GET /v1/support/metrics?from=2026-11-01&by=agent",
        "GET /v1/admin/stats?to=2026-11-30",
        "GET /v1/admin/stats/users?from=2026-11-01&to=2026-11-30&limit=100",
    ]


def test_people_of_a_ticket_are_named_by_ids_of_yours(asking: Asking) -> None:
    server = Server(*(ok({"id": "t_1", "results": []}) for _ in range(4)))
    ask = asking(server)

    ask("create_ticket", subject="Help", description="It broke.", requester_id="ann/1", client_id="c1")
    ask("assign_ticket", "t_1", assignee_id="bob/2")
    ask("assign_ticket", "t_1", assignee_id=None)
    ask("change_tickets", ["t_1", "t_2"], assignee_id="bob/2", priority="high")

    ticket = {"subject": "Help", "description": "It broke.", "requester_id": "~parley.id-ann=2F1", "client_id": "c1"}
    changes = {"assignee_id": "~parley.id-bob=2F2", "priority": "high"}
    assert server.bodies == [
        ticket,
        {"assignee_id": "~parley.id-bob=2F2"},
        {"assignee_id": None},
        {"ids": ["t_1", "t_2"], "changes": changes},
    ]


def test_a_suspension_needs_a_time_with_a_zone(asking: Asking) -> None:
    server = Server(ok({"user_id": "bob"}))
    ask = asking(server)

    ask("suspend_user", "bob", until=datetime(2030, 1, 1, tzinfo=UTC), reason="Insults.", scope="write")
    with pytest.raises(ValueError, match="time zone"):
        ask("suspend_user", "bob", until=datetime(2030, 1, 1), reason="Insults.", scope="write")

    assert server.bodies == [{"until": "2030-01-01T00:00:00.000+00:00", "reason": "Insults.", "scope": "write"}]


def test_no_suspension_is_none(asking: Asking) -> None:
    assert asking(Server(refusal(404, "suspension_not_found")))("get_suspension", "bob") is None


def test_another_refusal_than_no_suspension_is_an_error(asking: Asking) -> None:
    with pytest.raises(NotFound):
        asking(Server(refusal(404, "unknown_user")))("get_suspension", "bob")


def test_an_erasure_is_awaited(asking: Asking) -> None:
    running, done = {"id": "z_1", "state": "running"}, {"id": "z_1", "state": "done", "receipt": {"sha256": "x"}}

    assert asking(Server(ok(running), ok(running), ok(done)))("wait_for_erasure", "z_1", every_s=0) == done


@pytest.mark.parametrize("state", ["running", "failed"])
def test_an_erasure_that_is_not_over_in_time_is_an_error(asking: Asking, state: str) -> None:
    with pytest.raises(NotInTime) as caught:
        asking(Server(ok({"id": "z_1", "state": state})))("wait_for_erasure", "z_1", timeout_s=0.02, every_s=0.01)

    assert (caught.value.job_id, caught.value.state) == ("z_1", state)


def test_a_removal_is_awaited_also_if_it_stops(asking: Asking) -> None:
    running, stopped = {"id": "m_1", "state": "running"}, {"id": "m_1", "state": "stopped", "code": "suspended"}

    assert asking(Server(ok(running), ok(stopped)))("wait_for_removal", "m_1", every_s=0) == stopped


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_removal_that_is_not_over_in_time_is_an_error(asking: Asking, state: str) -> None:
    with pytest.raises(NotInTime) as caught:
        asking(Server(ok({"id": "m_1", "state": state})))("wait_for_removal", "m_1", timeout_s=0.02, every_s=0.01)

    assert (caught.value.job_id, caught.value.state) == ("m_1", state)


def test_everyone_is_added_by_one_request_that_is_repeated_until_the_end(asking: Asking) -> None:
    running, done = ({"adding": {"state": state, "found": 2, "added": 2}} for state in ("running", "done"))
    server = Server(ok(running), ok(done))

    adding = asking(server)("wait_for_everyone", "g_1", {"role": "teacher"}, every_s=0)

    assert adding == done["adding"]
    first, second = server.bodies
    assert first == second and first["everyone"] == {"role": "teacher"} and first["client_id"]


def test_everyone_who_is_not_there_in_time_is_an_error(asking: Asking) -> None:
    server = Server(ok({"adding": {"state": "running"}}))

    with pytest.raises(NotInTime):
        asking(server)("wait_for_everyone", "g_1", {"role": "teacher"}, timeout_s=0.02, every_s=0.01)


def test_an_exported_search_has_times_with_a_zone(asking: Asking) -> None:
    server = Server(ok({"id": "x_1"}))

    asking(server)("export_search", "bob", "fool", since=datetime(2030, 1, 1, tzinfo=UTC), client_id="c1")

    wanted = {"q": "fool", "user_id": "bob", "client_id": "c1", "from": "2030-01-01T00:00:00.000+00:00"}
    assert server.bodies == [wanted]
