"""A suspended person and every operation of both APIs: each is named here with the scopes under which it stays open."""

import pytest

from local.websocket import State
from parley.domain.api.suspension import OPEN_UNDER
from parley.domain.api.types import SuspensionScope
from tests.functional.attempts import everything
from tests.functional.desk import agent, open_ticket, put_on_duty, take
from tests.functional.erasures import erased
from tests.functional.erasures import everything as everything_stored
from tests.functional.moderation import moderator, reported
from tests.functional.replies import refusal
from tests.functional.suspending import HOUR_S, is_suspended, suspend, suspended
from tests.functional.talk import joined, open_direct, say
from tests.harness import Parley

# It reads and writes nothing, so it asks nothing: limits and timers only.
ASKS_NOTHING = {"websocket/hello"}
# Reading, and what nobody but the person sees; a person protects themselves, too.
OPEN_WITHOUT_WRITING = {
    "rest/archive_conversation",
    "rest/block_user",
    "rest/clear_history",
    "rest/close_connection",
    "rest/count_queues",
    "rest/count_unread",
    "rest/create_attachment_urls",
    "rest/create_ws_ticket",
    "rest/delete_attachment",
    "rest/delete_device",
    "rest/export_conversation",
    "rest/get_article",
    "rest/get_attachment",
    "rest/get_automations",
    "rest/get_conversation",
    "rest/get_export",
    "rest/get_me",
    "rest/get_message",
    "rest/get_notification_trace",
    "rest/get_preferences",
    "rest/get_presence",
    "rest/get_preview_image",
    "rest/get_support_metrics",
    "rest/get_thumbnail",
    "rest/get_ticket",
    "rest/get_ticket_sla",
    "rest/get_user",
    "rest/list_agents",
    "rest/list_all_tickets",
    "rest/list_article_versions",
    "rest/list_articles",
    "rest/list_attachments",
    "rest/list_blocks",
    "rest/list_canned_replies",
    "rest/list_connections",
    "rest/list_conversations",
    "rest/list_devices",
    "rest/list_macros",
    "rest/list_members",
    "rest/list_mentions",
    "rest/list_messages",
    "rest/list_notes",
    "rest/list_notifications",
    "rest/list_own_reports",
    "rest/list_pins",
    "rest/list_reactions",
    "rest/list_receipts",
    "rest/list_ticket_history",
    "rest/list_tickets",
    "rest/list_unread",
    "rest/list_unsent_attachments",
    "rest/list_users",
    "rest/list_versions",
    "rest/mark_conversation_read",
    "rest/mark_notification",
    "rest/mark_all_read",
    "rest/mark_notifications",
    "rest/mark_played",
    "rest/mark_read",
    "rest/mark_unread",
    "rest/put_agent",
    "rest/put_device",
    "rest/report_message",
    "rest/search_articles",
    "rest/search_messages",
    "rest/simulate_sla",
    "rest/suggest_articles",
    "rest/sync",
    "rest/try_automations",
    "rest/unblock_user",
    "rest/update_preferences",
    "rest/update_settings",
    "websocket/hello",
    "websocket/join_conversation",
    "websocket/leave_conversation",
    "websocket/mark_conversation_read",
    "websocket/mark_delivered",
    "websocket/mark_read",
    "websocket/mark_unread",
    "websocket/ping",
    "websocket/request_user_status",
    "websocket/sync",
}
# Everything that others see, and every act of moderators and of the host's own server.
REFUSED = {
    "rest/add_members",
    "rest/add_note",
    "rest/add_reaction",
    "rest/apply_macro",
    "rest/assign_ticket",
    "rest/change_tickets",
    "rest/create_article",
    "rest/create_attachment",
    "rest/create_attachment_for_user",
    "rest/create_canned_reply",
    "rest/create_conversation",
    "rest/create_macro",
    "rest/create_ticket",
    "rest/create_turn_credentials",
    "rest/create_webhook",
    "rest/delete_article",
    "rest/delete_canned_reply",
    "rest/delete_macro",
    "rest/delete_message",
    "rest/delete_webhook",
    "rest/edit_message",
    "rest/dissolve_group",
    "rest/erase_user",
    "rest/expel_member",
    "rest/explain_policy",
    "rest/export_search",
    "rest/finish_import",
    "rest/forward_message",
    "rest/get_banned_words",
    "rest/get_erasure",
    "rest/get_removal",
    "rest/get_report",
    "rest/get_stats",
    "rest/get_suspension",
    "rest/get_webhook",
    "rest/create_stored_file_urls",
    "rest/import_attachment",
    "rest/import_conversation",
    "rest/import_messages",
    "rest/lift_suspension",
    "rest/list_any_conversations",
    "rest/list_audit",
    "rest/list_context_people",
    "rest/list_deliveries",
    "rest/list_moderated_messages",
    "rest/list_reports",
    "rest/list_stored_conversations",
    "rest/list_stored_members",
    "rest/list_stored_reactions",
    "rest/list_suspensions",
    "rest/list_user_contexts",
    "rest/list_user_stats",
    "rest/list_warnings",
    "rest/list_webhooks",
    "rest/merge_ticket",
    "rest/mute_member",
    "rest/pin_message",
    "rest/put_automations",
    "rest/put_article",
    "rest/put_banned_words",
    "rest/put_canned_reply",
    "rest/put_context_people",
    "rest/put_context_person",
    "rest/put_macro",
    "rest/put_member",
    "rest/put_user",
    "rest/put_users",
    "rest/rate_ticket",
    "rest/remove_context_person",
    "rest/remove_member",
    "rest/remove_message",
    "rest/remove_messages",
    "rest/remove_preview",
    "rest/remove_reaction",
    "rest/replay_deliveries",
    "rest/replay_delivery",
    "rest/resolve_report",
    "rest/respond_to_ticket",
    "rest/restore_message",
    "rest/rotate_webhook_secret",
    "rest/search_moderated_messages",
    "rest/send_message",
    "rest/send_message_to_user",
    "rest/set_conversation_state",
    "rest/set_role",
    "rest/sign_out_user",
    "rest/suspend_user",
    "rest/take_ticket",
    "rest/test_webhook",
    "rest/try_banned_words",
    "rest/undo_import",
    "rest/unmute_member",
    "rest/unpin_message",
    "rest/update_conversation",
    "rest/update_me",
    "rest/update_ticket",
    "rest/update_webhook",
    "rest/warn_user",
    "websocket/call_signal",
    "websocket/send_message",
    "websocket/typing_start",
    "websocket/typing_stop",
    "rest/vote_on_article",
}
OPEN: dict[SuspensionScope, set[str]] = {"write": OPEN_WITHOUT_WRITING, "all": {"rest/get_me"} | ASKS_NOTHING}


def test_every_operation_is_named(parley: Parley) -> None:
    """A new operation comes into one of the two sets; without a word in `domain/api/suspension.py` it is refused."""
    assert {str(each) for each in everything(parley.template)} == OPEN_WITHOUT_WRITING | REFUSED
    assert not OPEN_WITHOUT_WRITING & REFUSED


def test_what_is_open_exists(parley: Parley) -> None:
    names = {each.operation.name for each in everything(parley.template)} | {"connect"}

    assert all(opened <= names for opened in OPEN_UNDER.values())


@pytest.mark.parametrize("scope", ["write", "all"])
@pytest.mark.parametrize("role", ["user", "moderator", "admin"])
def test_every_operation_is_open_or_refused_as_its_scope_says(
    parley: Parley, role: str, scope: SuspensionScope
) -> None:
    amy, bob = parley.user("amy", role=role), parley.user("bob")
    conversation_id = open_direct(amy, bob)
    say(bob, conversation_id, "one", "two")
    phone = amy.connect()
    put_suspension(parley, "amy", scope)

    answers = {str(each): each.ask(amy, phone, conversation_id).code for each in everything(parley.template)}

    # An operation for the host's own server reads nothing for anybody else, so it need not ask.
    refused = {name for name, code in answers.items() if code in ("suspended", "service_only")}
    assert answers.keys() - refused == OPEN[scope]
    if scope == "all" or role != "user":
        assert {name for name, code in answers.items() if code == "service_only"} <= REFUSED


@pytest.mark.parametrize("scope", ["write", "all"])
def test_nothing_is_written_by_what_is_refused_and_nobody_is_told(parley: Parley, scope: SuspensionScope) -> None:
    amy, bob = parley.user("amy"), parley.user("bob")
    conversation_id = open_direct(amy, bob)
    say(bob, conversation_id, "one", "two")
    phone, screen = amy.connect(), joined(bob, conversation_id)
    put_suspension(parley, "amy", scope)

    # A ping extends the caller's own lease, if there is one. Buckets count what a caller tries.
    quiet = [each for each in everything(parley.template) if str(each) not in OPEN[scope] | {"websocket/ping"}]
    with parley.watch() as calls:
        for each in quiet:
            screen.frames.clear()
            each.ask(amy, phone, conversation_id)
            assert screen.frames == [], each

    buckets, table = parley.functions.environment["RATES_TABLE"], "TableName"
    writes = ("Put", "Update", "Delete", "Transact", "Send")
    written = [call for call in calls if call.operation.startswith(writes) and call.params.get(table) != buckets]
    assert written == []


def test_agent_who_may_not_write_reads_the_desk_and_goes_off_duty(parley: Parley) -> None:
    agnes, ada = agent(parley), parley.user("ada", role="support_admin")
    ticket_id = open_ticket(parley.user("alice"))
    for person in (agnes, ada):
        assert put_on_duty(person).status == 200
        suspended(parley, person.user_id)

    paths = ("/admin/all", f"/{ticket_id}", f"/{ticket_id}/notes", f"/{ticket_id}/sla", f"/{ticket_id}/history")
    for path in (*(f"tickets{path}" for path in paths), "queue-counts", "agents", "canned-replies", "macros"):
        assert agnes.get(f"/support/{path}").status == 200, path
    assert is_suspended(take(agnes, ticket_id))
    for fields in ({"available": True}, {"available": False, "limit": 5}, {"available": False, "skills": []}):
        assert is_suspended(put_on_duty(agnes, **fields))
    assert is_suspended(put_on_duty(ada, "agnes", available=False))
    off = put_on_duty(agnes, available=False)
    assert (off.status, off.json["available"]) == (200, False)
    parley.advance(2 * HOUR_S)
    assert put_on_duty(agnes).status == 200


def test_others_are_not_touched(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    suspended(parley, "bob", "all")

    assert say(alice, direct, "Are you there?")


def test_open_socket_of_a_person_who_may_do_nothing_is_refused_until_it_is_closed(parley: Parley) -> None:
    phone = parley.user("bob").connect()
    put_suspension(parley, "bob", "all")

    assert phone.connection.state is State.OPEN
    assert phone.request("ping")["error"]["code"] == "suspended"


def test_refused_requests_take_nothing_from_the_bucket(parley: Parley) -> None:
    bob = parley.user("bob")
    suspended(parley, "bob", "all")
    reply = bob.get("/conversations")

    assert refusal(reply)[0] == "suspended"
    assert "ratelimit" not in reply.headers


def test_erasing_a_suspended_person_removes_the_suspension(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")

    erased(parley, "bob")

    assert "Insults" not in everything_stored(parley)
    assert refusal(moderator(parley).get("/admin/suspensions/bob"))[0] == "suspension_not_found"


def test_erasing_a_moderator_takes_their_id_from_suspensions(parley: Parley) -> None:
    parley.user("bob")
    suspend(parley, "bob", by=moderator(parley))

    erasure = erased(parley, "mona")

    suspension = moderator(parley, "max").get("/admin/suspensions/bob").json
    assert suspension["suspended_by"] == erasure["receipt"]["pseudonym"]
    assert suspension["reason"] == "Insults."
    assert erasure["removed"]["suspensions"] == 1


def test_suspension_is_no_way_to_learn_of_a_report(parley: Parley) -> None:
    report_id = reported(parley)
    suspend(parley, "mallory", report_id=report_id)
    mallory = parley.user("mallory")

    assert report_id not in mallory.get("/me").text
    assert "mona" not in mallory.get("/me").text


def put_suspension(parley: Parley, user_id: str, scope: SuspensionScope) -> None:
    """Does the first half of a suspension: it is written, and the sockets are still open."""
    from parley.adapters.dynamodb import tables

    suspension = {
        "until_ms": parley.clock() + 60_000,
        "reason": "Insults.",
        "scope": scope,
        "suspended_by": "mona",
        "suspended_at_ms": parley.clock(),
        "report_id": None,
    }
    now_s = parley.clock() // 1000
    tables.AccountState(
        user_id=user_id, signed_out_at_s=0, expires_at_s=now_s + 60, suspension=suspension, suspended="yes"
    ).save()


def test_damaged_suspension_locks_nobody_out_and_is_put_again(parley: Parley) -> None:
    from parley.adapters.dynamodb import tables

    bob = parley.user("bob")
    now_s = parley.clock() // 1000
    tables.AccountState(user_id="bob", signed_out_at_s=0, expires_at_s=now_s + 60, suspension={"scope": 7}).save()

    assert bob.get("/me").json["suspension"] is None
    assert suspended(parley, "bob", "all")["scope"] == "all"
    assert bob.get("/me").json["suspension"]["scope"] == "all"
