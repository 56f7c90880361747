"""Suspensions: until when a person may not write, or may not do anything, and the operations that stay open to them."""

import msgspec
from msgspec import Struct

from parley.domain.api.errors import Suspended
from parley.domain.api.times import rfc3339
from parley.domain.api.types import SuspensionScope

# Everything that is not named here is refused to a person who may not write: also each operation to come.
OPEN_UNDER: dict[SuspensionScope, frozenset[str]] = {
    "all": frozenset({"get_me"}),
    "write": frozenset(
        {
            # what the person reads
            "count_queues",
            "count_unread",
            "create_attachment_urls",
            "export_conversation",
            "get_article",
            "get_attachment",
            "get_automations",
            "get_conversation",
            "get_export",
            "get_me",
            "get_message",
            "get_notification_trace",
            "get_preferences",
            "get_presence",
            "get_preview_image",
            "get_support_metrics",
            "get_thumbnail",
            "get_ticket",
            "get_ticket_sla",
            "get_user",
            "list_agents",
            "list_all_tickets",
            "list_article_versions",
            "list_articles",
            "list_attachments",
            "list_blocks",
            "list_canned_replies",
            "list_connections",
            "list_conversations",
            "list_macros",
            "list_members",
            "list_mentions",
            "list_messages",
            "list_notes",
            "list_notifications",
            "list_own_reports",
            "list_pins",
            "list_reactions",
            "list_receipts",
            "list_ticket_history",
            "list_tickets",
            "list_unread",
            "list_unsent_attachments",
            "list_users",
            "list_versions",
            "request_user_status",
            "search_articles",
            "search_messages",
            "simulate_sla",
            "suggest_articles",
            "sync",
            "try_automations",
            # what they have uploaded and nobody else sees
            "delete_attachment",
            # how far they have read, and what they have open
            "join_conversation",
            "leave_conversation",
            "mark_all_read",
            "mark_conversation_read",
            "mark_delivered",
            "mark_notification",
            "mark_notifications",
            "mark_played",
            "mark_read",
            "mark_unread",
            # their devices
            "close_connection",
            "connect",
            "create_ws_ticket",
            "delete_device",
            "hello",
            "list_devices",
            "ping",
            "put_device",
            # going off duty; the action refuses all else
            "put_agent",
            # their own lists, and their protection
            "archive_conversation",
            "block_user",
            "clear_history",
            "report_message",
            "unblock_user",
            "update_preferences",
            "update_settings",
        }
    ),
}


class Suspension(Struct, frozen=True, kw_only=True):
    """A suspension as it is stored. It ends by itself at `until_ms`, or when it was lifted."""

    until_ms: int
    reason: str
    scope: SuspensionScope
    suspended_by: str
    suspended_at_ms: int
    report_id: str | None = None
    lifted_at_ms: int | None = None

    def holds(self, now_ms: int) -> bool:
        return self.lifted_at_ms is None and now_ms < self.until_ms

    def refuses(self, operation: str) -> bool:
        """Says whether this operation is refused."""
        return operation not in OPEN_UNDER[self.scope]


def stored_suspension(document: object) -> Suspension | None:
    """Returns a suspension as it is stored, or None if it is damaged."""
    try:
        return msgspec.convert(document, type=Suspension)
    except msgspec.ValidationError:
        return None


class OwnSuspension(Struct, frozen=True, kw_only=True):
    """A suspension as the suspended person sees it: without its author."""

    until: str
    reason: str
    scope: SuspensionScope


def own_suspension(suspension: Suspension) -> OwnSuspension:
    """Returns a suspension as the suspended person sees it."""
    return OwnSuspension(until=rfc3339(suspension.until_ms), reason=suspension.reason, scope=suspension.scope)


def suspended(suspension: Suspension) -> Suspended:
    """Returns the refusal of a suspended person's request."""
    what = "use this service" if suspension.scope == "all" else "write or change anything"
    until = rfc3339(suspension.until_ms)
    return Suspended(
        "suspended",
        f"You may not {what} until {until}.",
        rule=f"suspension: {suspension.scope}",
        until=until,
        reason=suspension.reason,
        scope=suspension.scope,
    )
