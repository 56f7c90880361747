"""Both clients of host/ against the local stack. Every answer is held to the REST document."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from parley_host import AsyncParley, Forbidden, Invalid, NotFound, Parley, Retries, Signer, problem_of_item, refused
from parley_host.tokens import SERVICE_ID
from tests.e2e.stack import Stack
from tests.harness.documents import check_reply

Ask = Callable[..., Any]


def held(answer: httpx.Response) -> None:
    request = answer.request
    place = request.url.raw_path.decode().removeprefix("/v1")
    check_reply(request.method, place, answer.status_code, answer.headers["Content-Type"], answer.json())


class Held(httpx.HTTPTransport):
    """A transport that holds what it brings to the document."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.read()
        answer.request = request
        held(answer)
        return answer


class AsyncHeld(httpx.AsyncHTTPTransport):
    """The same for asyncio."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        await answer.aread()
        answer.request = request
        held(answer)
        return answer


@pytest.fixture
def signer(stack: Stack) -> Signer:
    return Signer((stack.state / "jwt_secret").read_text(encoding="ascii"))


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, stack: Stack, signer: Signer) -> Ask:
    """Returns a function that calls a method of a client, and reads lists to their end."""

    async def asked(method: str, arguments: tuple[object, ...], named: dict[str, object]) -> Any:
        async with AsyncParley(stack.rest_url, signer, transport=AsyncHeld()) as parley:
            given = getattr(parley, method)(*arguments, **named)
            return [item async for item in given] if isinstance(given, AsyncIterator) else await given

    def ask_async(method: str, *arguments: object, **named: object) -> Any:
        return asyncio.run(asked(method, arguments, named))

    def ask_sync(method: str, *arguments: object, **named: object) -> Any:
        with Parley(stack.rest_url, signer, transport=Held()) as parley:
            given = getattr(parley, method)(*arguments, **named)
            return list(given) if inspect.isgenerator(given) else given

    return ask_sync if request.param == "sync" else ask_async


@pytest.fixture
def names() -> Callable[[str], str]:
    """Returns a function that gives each test ids of its own; they hold a slash, so Parley maps them."""
    own = uuid4().hex
    return lambda name: f"{name}/{own}"


Names = Callable[[str], str]


def me(stack: Stack, token: str) -> Any:
    return httpx.get(f"{stack.rest_url}/me", headers={"Authorization": f"Bearer {token}"}).json()


def test_a_user_with_a_signed_token_is_who_the_server_has_put(
    stack: Stack, signer: Signer, ask: Ask, names: Names
) -> None:
    ann = names("ann")
    put = ask("put_user", ann, name="Ann Lee", role="teacher", metadata={"pronouns": "she"}, contexts={"class": ["7b"]})

    mine = me(stack, signer.user_token(ann))

    assert mine["id"] == put["id"] == ask("get_user", ann)["id"]
    assert (mine["name"], mine["role"], mine["contexts"]) == ("Ann Lee", "teacher", {"class": ["7b"]})
    assert [person["name"] for person in ask("list_users", [ann, names("nobody")])] == ["Ann Lee"]
    signed_out = ask("sign_out_user", ann)
    assert signed_out["user_id"] == put["id"]


def test_250_people_are_put_and_the_wrong_one_is_named(ask: Ask, names: Names) -> None:
    people = [{"id": names(f"p{n}"), "name": f"P{n}"} for n in range(250)]
    people[120]["name"] = " "

    results = ask("put_users", people)

    [wrong] = refused(results)
    problem = problem_of_item(wrong)
    assert (len(results), results.index(wrong)) == (250, 120)
    assert isinstance(problem, Invalid) and problem.fields[0].code == "blank"


def test_people_come_into_contexts_and_out_of_them(ask: Ask, names: Names) -> None:
    ann, bob, class_id = names("ann"), names("bob"), names("7b").replace("/", ":")
    ask("put_users", [{"id": ann, "name": "Ann"}, {"id": bob, "name": "Bob"}])

    ask("put_context_person", "class", class_id, ann)
    results = ask("put_context_people", "class", class_id, add=[bob, names("nobody")], remove=[ann])

    assert [result["status"] for result in results] == [201, 404, 200]
    problem = problem_of_item(results[1])
    assert isinstance(problem, NotFound) and problem.code == "unknown_user"
    assert [person["user_id"] for person in ask("list_context_people", "class", class_id)] == [results[0]["id"]]
    assert ask("list_user_contexts", bob) == [{"type": "class", "id": class_id}]
    ask("remove_context_person", "class", class_id, bob)
    assert ask("list_user_contexts", bob) == []


def test_a_message_with_one_client_id_is_sent_once(ask: Ask, names: Names) -> None:
    bob, client_id = names("bob"), names("order").replace("/", "-")
    ask("put_user", bob, name="Bob")

    first = ask("send_message_to_user", user_id=bob, text="Shipped.", client_id=client_id)
    again = ask("send_message_to_user", user_id=bob, text="Shipped.", client_id=client_id)
    other = ask("send_message", first["conversation_id"], text="Arrived.", custom_type="parcel")

    assert (first["replayed"], again["replayed"], again["id"]) == (False, True, first["id"])
    assert (first["seq"], other["seq"]) == (1, 2)


def test_a_conversation_is_opened_once(ask: Ask, names: Names) -> None:
    bob = names("bob")
    ask("put_user", bob, name="Bob")

    first, again = (ask("create_conversation", type="direct", user_id=bob) for _ in range(2))
    group = ask("create_conversation", type="group", title="News", member_ids=[bob])

    assert first["id"] == again["id"]
    assert [member["user_id"] for member in first["members"]] == [SERVICE_ID, ask("get_user", bob)["id"]]
    assert (group["title"], group["member_count"]) == ("News", 2)


def test_the_server_writes_in_the_name_of_a_person_and_of_a_system_sender(ask: Ask, names: Names) -> None:
    bob = names("bob")
    ask("put_user", bob, name="Bob")
    conversation_id = ask("send_message_to_user", user_id=bob, text="Hello.")["conversation_id"]

    by_bob = ask("send_message", conversation_id, text="I am on my way.", sender_id=bob)
    by_host = ask("send_message", conversation_id, text="Bob was seen.", sender_id="~parley.system-host")

    assert (by_bob["sender_id"], by_bob["via"]) == (ask("get_user", bob)["id"], "host")
    assert (by_host["sender_id"], by_host["seq"]) == ("~parley.system-host", 3)


def test_a_purchase_opens_messaging_in_one_call(ask: Ask, names: Names) -> None:
    ann, bob, order = names("ann"), names("bob"), names("order").replace("/", "-")
    ask("put_users", [{"id": ann, "name": "Ann"}, {"id": bob, "name": "Bob"}])
    buying = {
        "user_ids": [ann, bob],
        "context": {"type": "booking", "id": order},
        "sender_id": "~parley.system-host",
        "text": "Ann has bought a lesson.",
        "client_id": order,
    }

    first, again = ask("send_message_to_user", **buying), ask("send_message_to_user", **buying)

    opened = ask("create_conversation", type="direct", user_ids=[ann, bob], context=buying["context"])
    assert (again["id"], again["replayed"], opened["id"]) == (first["id"], True, first["conversation_id"])
    closed = ask("update_conversation", opened["id"], state="closed", metadata={"paid": True})
    assert (closed["state"], ask("get_conversation", opened["id"])["metadata"]) == ("closed", {"paid": True})
    assert [message["id"] for message in ask("list_messages", opened["id"])][0] == first["id"]


def test_the_server_governs_a_group_that_it_is_not_in(ask: Ask, names: Names) -> None:
    ann, bob, cem = names("ann"), names("bob"), names("cem")
    ids = {who: ask("put_user", who, name="N")["id"] for who in (ann, bob, cem)}
    group = ask("create_conversation", type="group", title="7b", owner_ids=[ann], member_ids=[bob])["id"]

    ask("add_members", group, user_ids=[cem])
    ask("put_member", group, bob, role="admin")
    ask("remove_member", group, cem)
    ask("update_conversation", group, title="8b")

    roles = {member["user_id"]: member["role"] for member in ask("list_members", group)}
    assert roles == {ids[ann]: "owner", ids[bob]: "admin"}
    notes = [message["system"]["event"] for message in ask("list_messages", group)]
    assert len(notes) >= 4
    assert [message["seq"] for message in ask("list_messages", group, after=2)] == [*range(3, len(notes) + 1)]


def test_a_suspension_holds_until_it_is_lifted(stack: Stack, signer: Signer, ask: Ask, names: Names) -> None:
    bob = names("bob")
    ask("put_user", bob, name="Bob")
    until = datetime.now(UTC) + timedelta(days=7)

    suspension = ask("suspend_user", bob, until=until, reason="Insults.", scope="write")

    assert (suspension["suspended_by"], suspension["scope"]) == (SERVICE_ID, "write")
    assert me(stack, signer.user_token(bob))["suspension"]["reason"] == "Insults."
    assert ask("get_suspension", bob) == suspension
    suspension.pop("users")
    assert suspension in ask("list_suspensions")
    for _ in range(2):
        ask("lift_suspension", bob)
    assert ask("get_suspension", bob) is None
    assert me(stack, signer.user_token(bob))["suspension"] is None


def test_the_server_moderates_a_group(stack: Stack, signer: Signer, ask: Ask, names: Names) -> None:
    ann, bob = names("ann"), names("bob")
    ids = {who: ask("put_user", who, name="N")["id"] for who in (ann, bob)}
    group = ask("create_conversation", type="group", title="7b", owner_ids=[ann], member_ids=[bob])["id"]
    message_id = ask("send_message", group, text="A rude word.", sender_id=bob)["id"]

    removed, restored = ask("remove_message", message_id), ask("restore_message", message_id)
    assert (removed["text"], restored["text"]) == ("", "A rude word.")

    assert ask("mute_member", group, bob)["user_id"] == ids[bob]
    with pytest.raises(Forbidden):
        ask("send_message", group, text="Again.", sender_id=bob)
    ask("unmute_member", group, bob)
    ask("send_message", group, text="Sorry.", sender_id=bob)

    assert ask("set_conversation_state", group, state="closed")["state"] == "closed"
    with pytest.raises(Forbidden) as caught:
        ask("send_message", group, text="Too late.", sender_id=ann)
    assert caught.value.code == "conversation_closed"


def test_what_a_person_wrote_is_exported_and_removed(stack: Stack, ask: Ask, names: Names) -> None:
    ann, bob = names("ann"), names("bob")
    for who in (ann, bob):
        ask("put_user", who, name="N")
    group = ask("create_conversation", type="group", title="7b", owner_ids=[ann], member_ids=[bob])["id"]
    ask("send_message", group, text="Buy now.", sender_id=bob)

    export = ask("export_search", bob, "buy")
    begun = ask("remove_messages", user_id=bob, hours=1, reason="Spam.", client_id="r1")
    removal = ask("wait_for_removal", begun["id"], timeout_s=60, every_s=0.5)

    assert (removal["state"], removal["removed"]) == ("done", 1)
    assert [message["removed"] for message in ask("list_messages", group) if message["kind"] == "text"] == [True]
    assert ask("get_export", export["id"])["id"] == export["id"]


def test_everyone_of_a_role_comes_into_a_group(ask: Ask, names: Names) -> None:
    ann, bob = names("ann"), names("bob")
    role = "r" + "".join(each for each in names("role") if each.isalnum())
    ask("put_user", ann, name="Ann")
    ask("put_user", bob, name="Bob", role=role)
    group = ask("create_conversation", type="group", title="7b", owner_ids=[ann])["id"]

    adding = ask("wait_for_everyone", group, {"role": role}, timeout_s=60, every_s=0.5)

    assert (adding["state"], adding["added"]) == ("done", 1)


def test_a_person_is_warned_once(stack: Stack, signer: Signer, ask: Ask, names: Names) -> None:
    bob = names("bob")
    ask("put_user", bob, name="Bob")

    first, again = (ask("warn_user", user_id=bob, reason="Insults.", client_id="w1") for _ in range(2))

    assert first == again
    first.pop("users")
    assert ask("list_warnings", bob) == [first]
    assert [warning["reason"] for warning in me(stack, signer.user_token(bob))["warnings"]] == ["Insults."]


def test_the_server_opens_a_ticket_for_a_customer_and_follows_it(ask: Ask, names: Names) -> None:
    ann, agnes = names("ann"), names("agnes")
    ask("put_user", ann, name="Ann")
    ask("put_user", agnes, name="Agnes", role="agent")
    fields = {
        "subject": "A lost parcel",
        "description": "It never came.",
        "requester_id": ann,
        "client_id": uuid4().hex,
    }

    ticket, again = (ask("create_ticket", **fields) for _ in range(2))
    ask("send_message", ticket["id"], sender_id=ann, text="Still nothing.")
    ask("send_message", ticket["id"], sender_id="~parley.system-host", text="It is on its way.")
    ask("assign_ticket", ticket["id"], assignee_id=agnes, note="Parcels")
    done = ask("update_ticket", ticket["id"], status="resolved", priority="high")
    other = ask("create_ticket", subject="Again", description="And a second one.", requester_id=ann)
    changed = ask("change_tickets", [other["id"]], tags=["parcel"])
    merged = ask("merge_ticket", other["id"], ticket["id"])

    assert ticket["id"] == again["id"] and ask("get_ticket", ticket["id"])["status"] == done["status"] == "resolved"
    texts = [message["text"] for message in ask("list_messages", ticket["id"]) if message["kind"] == "text"]
    assert texts[:3] == ["It never came.", "Still nothing.", "It is on its way."]
    assert ask("list_notes", ticket["id"]) == [] and ask("get_ticket_sla", ticket["id"])["status"] == "resolved"
    assert ask("list_ticket_history", ticket["id"])[0]["event"] == "created"
    assert {ticket["id"], other["id"]} <= {each["id"] for each in ask("list_all_tickets", requester=ann)}
    assert changed["results"][0]["id"] == other["id"] and merged["merged_into"] == ticket["id"]


def test_the_server_keeps_the_desk_and_reads_its_figures(ask: Ask, names: Names) -> None:
    agnes = names("agnes")
    ask("put_user", agnes, name="Agnes", role="agent")

    agent = ask("put_agent", agnes, available=True)
    reply = ask("create_canned_reply", title="Sorry", text="We are sorry.")
    replaced = ask("put_canned_reply", reply["id"], title="Sorry", text="We are very sorry.", version=reply["version"])

    assert agent["user_id"] in {each["user_id"] for each in ask("list_agents")}
    assert replaced["text"] in {each["text"] for each in ask("list_canned_replies")}
    assert ask("delete_canned_reply", reply["id"]) == {"id": reply["id"]}
    macro = ask("create_macro", title="Solve", effects={"status": "resolved"})
    saved = ask("put_macro", macro["id"], title="Close", effects={"status": "closed"}, version=macro["version"])
    assert saved["effects"] in [each["effects"] for each in ask("list_macros")]
    assert ask("delete_macro", macro["id"]) == {"id": macro["id"]}
    rule = {"id": "off", "name": "Off", "enabled": False, "on": "created", "if": {}, "then": {"status": "closed"}}
    rules = ask("put_automations", version=ask("get_automations")["version"], rules=[rule])
    assert (rules["rules"], ask("get_automations")["version"]) == ([rule], rules["version"])
    assert ask("count_queues")["open"] >= 0
    today = datetime.now(UTC).date()
    assert ask("get_support_metrics", since=today, to=today, by="category")["by"] == "category"
    assert [day["day"] for day in ask("get_stats", since=today, to=today)["days"]] == [today.isoformat()]
    assert agent["user_id"] in {each["user_id"] for each in ask("list_user_stats", since=today)}


def test_the_server_keeps_the_knowledge_base(ask: Ask) -> None:
    fields = {"title": "Lost parcels", "text": "Ask the **carrier** first.", "language": "en"}

    draft = ask("create_article", **fields)
    article = ask("put_article", draft["id"], **fields, version=draft["version"], state="published")

    assert ask("get_article", draft["id"])["text"] == fields["text"] and article["version"] == 2
    assert draft["id"] in {each["id"] for each in ask("list_articles", language="en", state="published")}
    assert [each["state"] for each in ask("list_article_versions", draft["id"])] == ["published", "draft"]
    assert draft["id"] in {each["id"] for each in ask("search_articles", "parcels carrier", limit=50)["results"]}
    assert ask("suggest_articles", subject="My parcels are lost")["suggestions"]
    assert ask("delete_article", draft["id"]) == {"id": draft["id"]}


def test_the_server_keeps_webhooks(ask: Ask) -> None:
    made = ask("create_webhook", url="https://hooks.example.org/", events=["ticket.created"])
    webhook_id = made["id"]
    now = datetime.now(UTC)

    rotated = ask("rotate_webhook_secret", webhook_id, version=made["version"])
    queued = ask("test_webhook", webhook_id)
    replay = ask("replay_deliveries", webhook_id, since=now - timedelta(hours=1), until=now, status="failed")
    off = ask("update_webhook", webhook_id, enabled=False)

    assert rotated["secret"] != made["secret"] and queued["type"] == "webhook.test"
    assert replay["webhook_id"] == webhook_id and off["disabled_reason"] == "by_request"
    assert ask("get_webhook", webhook_id)["enabled"] is False
    assert webhook_id in {each["id"] for each in ask("list_webhooks")}
    assert isinstance(ask("list_deliveries", webhook_id), list)
    with pytest.raises(NotFound):
        ask("replay_delivery", f"{webhook_id}.1795246260123.evt_{'0' * 32}")
    assert ask("delete_webhook", webhook_id) == {"id": webhook_id}


def test_an_erasure_is_awaited_to_its_receipt(stack: Stack, signer: Signer, ask: Ask, names: Names) -> None:
    bob = names("bob")
    ask("put_user", bob, name="Bob")

    begun = ask("erase_user", bob)
    over = ask("wait_for_erasure", begun["id"], timeout_s=20, every_s=0.2)

    assert (over["state"], over["receipt"]["erasure_id"]) == ("done", begun["id"])
    with pytest.raises(NotFound):
        ask("get_user", bob)


def test_a_user_cannot_do_what_the_server_can(stack: Stack, signer: Signer) -> None:
    class Theirs:
        def service_token(self) -> str:
            return signer.user_token("mallory")

    with Parley(stack.rest_url, Theirs(), retries=Retries(tries=1), transport=Held()) as parley:
        with pytest.raises(Forbidden) as caught:
            parley.put_user("ann", name="Ann")

    assert (caught.value.code, caught.value.request_id is not None) == ("service_only", True)
