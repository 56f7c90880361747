"""A person who is let in, but may not do a thing, gets the refusal of that rule; nothing is written or told.

Each column says what is refused there, and why; everything else must succeed. So every new operation is tried in all.
"""

import dataclasses
from collections.abc import Iterable, Mapping

import pytest

from tests.functional.attempts import Attempt, everything, leaving_last, naming
from tests.functional.talk import forget_events, joined, make_group, open_direct, say
from tests.harness import Parley, Socket, User

Column = Mapping[str, str]  # operation -> code


def refusing(code: str, *operations: str) -> dict[str, str]:
    """Returns a column in which these are refused."""
    return dict.fromkeys(operations, code)


# On whose message everything is tried.
TEXT = refusing("not_a_voice_message", "rest/mark_played")
OWN = {**refusing("own_message", "rest/report_message"), **TEXT}
ANOTHERS = {**refusing("not_your_message", "rest/edit_message", "rest/remove_preview"), **TEXT}
STATUSES = {"own_message": 400, "not_a_voice_message": 409}  # all other codes: 403

MEMBERS = ("rest/add_members", "rest/put_member", "rest/set_role", "rest/remove_member")
WRITING = ("rest/send_message", "websocket/send_message", "websocket/typing_start", "rest/create_attachment")
REACTING = ("rest/add_reaction", "rest/remove_reaction")
CALLING = ("websocket/call_signal", "rest/create_turn_credentials")
PINNING = ("rest/pin_message", "rest/unpin_message")

DIRECT = refusing("groups_only", *MEMBERS, "rest/dissolve_group", "rest/update_conversation", "rest/list_versions")
BLOCK = refusing("blocked", *WRITING, *REACTING, *PINNING, "rest/edit_message", *CALLING)
DELETING_ANOTHERS_IN_DIRECT = refusing("groups_only", "rest/delete_message")

GROUP = refusing("direct_only", *CALLING)
MEMBER = {
    **refusing("admins_only", *PINNING, "rest/add_members", "rest/put_member"),
    **refusing("admins_only", "rest/update_conversation", "rest/list_versions"),
    **refusing(
        "owners_only", "rest/set_role", "rest/remove_member", "rest/dissolve_group"
    ),  # it is an owner on whom they are tried
}
DELETING_ANOTHERS = refusing("admins_only", "rest/delete_message")
ADMIN = refusing("owners_only", "rest/put_member", "rest/set_role", "rest/remove_member", "rest/dissolve_group")
ANNOUNCED = refusing("posting_restricted", *WRITING, "rest/edit_message")
CLOSED = {
    **refusing("conversation_closed", *WRITING, *REACTING, *PINNING, "rest/edit_message", *CALLING),
    **refusing("conversation_closed", "rest/add_members", "rest/put_member"),
    **refusing("conversation_closed", "rest/update_conversation", "rest/delete_message", "rest/remove_preview"),
}

OF_MODERATORS = refusing(
    "moderators_only",
    "rest/get_banned_words", "rest/put_banned_words", "rest/try_banned_words", "rest/list_audit",
)  # fmt: skip
OF_HOST_AND_MODERATORS = refusing(
    "moderators_only",
    "rest/list_context_people", "rest/list_user_contexts", "rest/list_suspensions", "rest/get_suspension",
    "rest/suspend_user", "rest/lift_suspension", "rest/list_any_conversations",
    "rest/search_moderated_messages", "rest/warn_user", "rest/remove_messages", "rest/get_removal",
    "rest/list_warnings", "rest/export_search", "rest/list_reports", "rest/get_report", "rest/resolve_report",
    "rest/get_stats", "rest/list_user_stats",
)  # fmt: skip
MODERATING = refusing(
    "moderators_only",
    "rest/remove_message", "rest/restore_message", "rest/set_conversation_state", "rest/expel_member",
    "rest/mute_member", "rest/unmute_member", "rest/list_moderated_messages",
)  # fmt: skip
OF_KEEPERS = refusing("webhooks_closed", *(
    f"rest/{one}"
    for one in (
        "list_webhooks", "create_webhook", "get_webhook", "update_webhook", "delete_webhook", "test_webhook",
        "rotate_webhook_secret", "list_deliveries", "replay_delivery", "replay_deliveries",
    )
))  # fmt: skip
OF_SUPPORT_ADMINS = refusing(
    "support_admins_only",
    "rest/create_canned_reply", "rest/put_canned_reply", "rest/delete_canned_reply", "rest/get_support_metrics",
    "rest/put_agent", "rest/create_macro", "rest/put_macro", "rest/delete_macro",
    "rest/simulate_sla", "rest/try_automations",
    "rest/put_automations",
    "rest/create_article", "rest/put_article", "rest/delete_article",
)  # fmt: skip
OF_AGENTS_ALONE = refusing(
    "agents_only", "rest/add_note", "rest/take_ticket", "rest/respond_to_ticket", "rest/apply_macro"
)
OF_DESK = {
    **OF_AGENTS_ALONE,
    **refusing(
        "agents_only",
        "rest/assign_ticket", "rest/change_tickets", "rest/list_all_tickets", "rest/list_canned_replies",
        "rest/list_notes", "rest/count_queues", "rest/get_ticket_sla", "rest/list_agents", "rest/merge_ticket",
        "rest/list_macros", "rest/get_automations",
        "rest/list_article_versions",
    ),
    **OF_SUPPORT_ADMINS,
}  # fmt: skip
OF_SERVICE = refusing(
    "service_only",
    "rest/put_user", "rest/put_users", "rest/put_context_person", "rest/put_context_people",
    "rest/remove_context_person", "rest/erase_user", "rest/get_erasure", "rest/sign_out_user",
    "rest/import_conversation", "rest/import_messages", "rest/finish_import", "rest/undo_import",
    "rest/import_attachment", "rest/create_stored_file_urls",
    "rest/list_stored_conversations", "rest/list_stored_members", "rest/list_stored_reactions",
)  # fmt: skip


def try_all(
    attempts: Iterable[Attempt],
    column: Column,
    person: User,
    socket: Socket,
    conversation_id: str,
    others: list[Socket],
) -> list[str]:
    """Tries everything: what the column names is refused quietly, all else succeeds; returns the events of that."""
    heard: set[str] = set()
    column = {**column, **MODERATING}
    tried = leaving_last(attempts)
    assert column.keys() <= {str(one) for one in tried}
    for one in tried:
        if str(one) in column:
            refused = one.ask_quietly(person, socket, conversation_id, others)
            code = column[str(one)]
            assert (refused.code, refused.status) == (code, STATUSES.get(code, 403)), one
        else:
            answer = one.ask(person, socket, conversation_id)
            assert answer.status < 300 or one.refuses_example, (one, answer)
            person.parley.drain()
            heard |= {event["event"] for device in others for event in device.events()}
    return sorted(heard)


@pytest.fixture(params=[True, False], ids=["own message", "another's message"])
def is_own(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("is_blocker", [True, False], ids=["blocker", "blocked"])
def test_between_two_with_a_block_nothing_new_passes(parley: Parley, is_own: bool, is_blocker: bool) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(bob if is_own else alice, conversation_id, "one", "two")
    blocker, blocked = (bob, alice) if is_blocker else (alice, bob)
    assert blocker.put(f"/users/{blocked.user_id}/block").status == 200
    phone = joined(bob, conversation_id)
    theirs = [alice.connect(), joined(alice, conversation_id)]
    forget_events(*theirs)

    column = {**DIRECT, **BLOCK, **(OWN if is_own else {**ANOTHERS, **DELETING_ANOTHERS_IN_DIRECT})}
    heard = try_all(naming(parley.template), column, bob, phone, conversation_id, theirs)

    # One takes back what one has said also across a block.
    assert heard == (["message_deleted"] if is_own else [])


# Bob's role in a group of alice's, or in his own, and what is refused to him there.
PLACES: dict[str, tuple[bool, dict[str, object], str, Column, Column]] = {
    "member": (False, {}, "member", MEMBER, DELETING_ANOTHERS),
    "member who only reads": (False, {"posting": "admins"}, "member", {**MEMBER, **ANNOUNCED}, DELETING_ANOTHERS),
    "admin": (False, {}, "admin", ADMIN, {}),
    "admin where nobody writes": (False, {"posting": "nobody"}, "admin", {**ADMIN, **ANNOUNCED}, {}),
    "owner": (True, {}, "owner", {}, {}),
    "owner of a closed group": (True, {"state": "closed"}, "owner", CLOSED, {}),
}


@pytest.mark.parametrize(
    ("is_his", "settings", "role", "refused", "refused_on_anothers"), PLACES.values(), ids=list(PLACES)
)
def test_role_in_a_group_opens_what_it_says_and_no_more(
    parley: Parley,
    is_own: bool,
    is_his: bool,
    settings: dict[str, object],
    role: str,
    refused: Column,
    refused_on_anothers: Column,
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    parley.user("carol")
    owner, member = (bob, alice) if is_his else (alice, bob)
    conversation_id = make_group(owner, member)
    say(bob if is_own else alice, conversation_id, "one", "two")
    if settings:
        assert owner.patch(f"/conversations/{conversation_id}", json=settings).status == 200
    if role == "admin":
        assert alice.patch(f"/conversations/{conversation_id}/members/bob", json={"role": role}).status == 200
    phone = joined(bob, conversation_id)
    theirs = [alice.connect(), joined(alice, conversation_id)]
    parley.drain()
    forget_events(*theirs)

    column = {**GROUP, **refused, **(OWN if is_own else {**ANOTHERS, **refused_on_anothers})}
    heard = try_all(naming(parley.template), column, bob, phone, conversation_id, theirs)

    assert "conversation_read" in heard
    assert ("user_typing" in heard) == ("websocket/typing_start" not in column)
    assert ("member_added" in heard) == ("rest/add_members" not in column)


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("user", {**OF_MODERATORS, **OF_HOST_AND_MODERATORS, **OF_SERVICE, **OF_DESK, **OF_KEEPERS}),
        ("student", {**OF_MODERATORS, **OF_HOST_AND_MODERATORS, **OF_SERVICE, **OF_DESK, **OF_KEEPERS}),
        ("moderator", {**OF_SERVICE, **OF_DESK, **OF_KEEPERS}),
        ("admin", {**OF_SERVICE, **OF_DESK, **OF_KEEPERS}),
        ("agent", {**OF_MODERATORS, **OF_HOST_AND_MODERATORS, **OF_SERVICE, **OF_SUPPORT_ADMINS, **OF_KEEPERS}),
        ("service", {**OF_MODERATORS, **OF_AGENTS_ALONE, "rest/vote_on_article": "people_only"}),
    ],
)
def test_role_outside_of_conversations_opens_what_it_says_and_no_more(
    parley: Parley, role: str, refused: Column
) -> None:
    alice, eve = parley.user("alice"), parley.user("eve", role)
    parley.user("bob")
    phone, theirs = eve.connect(), [alice.connect()]

    for one in everything(parley.template):
        if one.ids:
            continue
        if role == "service" and str(one) == "rest/create_ticket":  # a program names the requester
            one = dataclasses.replace(one, fields=one.fields | {"requester_id": "alice"})
        if str(one) in refused:
            answer = one.ask_quietly(eve, phone, "", theirs)
            assert (answer.code, answer.status) == (refused[str(one)], 403), one
        else:  # what there is not, or has changed meanwhile, is another answer than that of a wrong role
            assert one.ask(eve, phone, "").status in (200, 201, 202, 404, 409), one
