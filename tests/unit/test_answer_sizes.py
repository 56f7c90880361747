"""No answer and no frame is longer than AWS lets through: the largest of each is built by these bounds and encoded.

The shapes are those of the API documents, so a new operation, event or field is here by itself. A text, list or map
without a bound fails the test: give it the one that the code holds to, and cut by bytes (`history.Room`) what passes
the limit.
"""

import json
from typing import Any

import pytest

from parley.domain.api.bulk import MAX_ITEM_ERRORS
from parley.domain.api.custom_data import MAX_METADATA_BYTES
from parley.domain.api.identity import (
    MAX_AVATAR_URL_CHARACTERS,
    MAX_CONTEXT_TYPES,
    MAX_EMAIL_CHARACTERS,
    MAX_LOCALE_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TIME_ZONE_CHARACTERS,
)
from parley.domain.api.identity import MAX_METADATA_BYTES as MAX_PROFILE_METADATA_BYTES
from parley.domain.api.invalid_fields import MAX_POINTER_CHARACTERS, MAX_REPORTED
from parley.domain.api.requests import (
    MAX_ADDED,
    MAX_ATTACHED,
    MAX_CONTEXT_PEOPLE,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_FORWARDS,
    MAX_MENTIONED,
    MAX_PAGE,
    MAX_PAYLOAD_CHARACTERS,
    MAX_PUT_USERS,
    MAX_REMARK_CHARACTERS,
    MAX_RULE_CHARACTERS,
    MAX_SEQ,
    MAX_STATUS_USERS,
    MAX_TEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    MAX_URLS,
)
from parley.domain.articles.finding import MAX_SUGGESTED
from parley.domain.articles.requests import MAX_ARTICLE_CHARACTERS, MAX_FOUND
from parley.domain.attachments.file_names import MAX_NAME_BYTES
from parley.domain.attachments.media_types import ALLOWED
from parley.domain.conversations import change_steps, history, sync
from parley.domain.conversations.group_steps import MAX_ADMINS, MAX_MUTED
from parley.domain.conversations.head import MAX_EVERYONE, MAX_LISTED, MAX_MENTIONS
from parley.domain.conversations.message import (
    PREVIEW_CHANGES,
    PREVIEW_CHARACTERS,
    PREVIEW_NAME_CHARACTERS,
    PREVIEW_PEOPLE,
)
from parley.domain.conversations.named import MAX_FRAME_USERS_BYTES, MAX_USERS_BYTES
from parley.domain.conversations.reports import CONTEXT_MESSAGES
from parley.domain.figures.days import MAX_DAYS
from parley.domain.figures.tallies import MAX_CONTEXT_TYPES as MAX_NAMED_TYPES
from parley.domain.live.presence import MAX_JOINED
from parley.domain.moderation.banned_words import MAX_RULES
from parley.domain.moderation.warnings import MAX_KEPT
from parley.domain.moderation.word_list import EXCERPT_CHARACTERS
from parley.domain.notifications.answers import MAX_CHARACTERS as MAX_ANSWER_CHARACTERS
from parley.domain.notifications.mail_template import MAX_PART_CHARACTERS
from parley.domain.notifications.notice import MAX_TEXT_CHARACTERS as MAX_NOTICE_CHARACTERS
from parley.domain.notifications.notice import MAX_TITLE_CHARACTERS as MAX_NOTICE_TITLE_CHARACTERS
from parley.domain.notifications.push_devices import MAX_DEVICES, MAX_FAULT_CHARACTERS
from parley.domain.notifications.quiet_hours import DAYS
from parley.domain.notifications.quiet_hours import MAX_SPANS as MAX_QUIET_SPANS
from parley.domain.outbound.addresses import MAX_URL_CHARACTERS as MAX_WEBHOOK_URL_CHARACTERS
from parley.domain.previews import page
from parley.domain.previews.links import MAX_TEXT_CHARACTERS as MAX_PREVIEWED_CHARACTERS
from parley.domain.previews.links import MAX_URL_CHARACTERS
from parley.domain.support import automations, roster
from parley.domain.support.canned import MAX_SHORTCUT_CHARACTERS
from parley.domain.support.desk_file import MAX_NAMES
from parley.domain.support.past import MAX_MESSAGES
from parley.domain.support.policy import MAX_HOLIDAYS, MAX_SPANS
from parley.domain.support.requests import MAX_BULK, MAX_MERGED, MAX_TAG_CHARACTERS, MAX_TAGS
from parley.domain.support.trying import EXCERPT_CHARACTERS as MAX_TRIED_CHARACTERS
from parley.domain.support.trying import MAX_TOLD, MAX_TRIED
from parley.domain.text.emoji import MAX_EMOJI_BYTES
from parley.domain.text.queries import MAX_HIGHLIGHTS, MAX_QUERY_WORDS
from parley.domain.webhooks.endpoints import MAX_ENDPOINTS
from parley.domain.webhooks.event_types import MAX_PATTERNS
from parley.domain.webhooks.signatures import MAX_SECRET_CHARACTERS
from tests.unit.test_api_documents import ASYNCAPI, METHODS, OPENAPI

Schema = dict[str, Any]

MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 4096  # of Lambda (aws-facts.md); the rest is status and headers
MAX_FRAME_BYTES = 128 * 1024  # of API Gateway

# Code points of what people write, by field, or by `Class.field`. Each takes 6 bytes of a frame at most (a control
# character, `\u0001`), and 12 of an answer of Lambda's, where the JSON is a text in JSON (an emoji, two escapes).
WRITTEN = {
    "Notification.title": MAX_NOTICE_TITLE_CHARACTERS,
    "Notification.text": MAX_NOTICE_CHARACTERS,
    "ChannelTrace.answer": MAX_ANSWER_CHARACTERS,
    "name": MAX_NAME_CHARACTERS,
    "AttachmentsPreview.name": PREVIEW_NAME_CHARACTERS,
    "title": MAX_TITLE_CHARACTERS,
    "subject": MAX_TITLE_CHARACTERS,
    "LinkPreview.url": MAX_URL_CHARACTERS,
    "LinkPreview.title": page.MAX_TITLE_CHARACTERS,
    "LinkPreview.description": page.MAX_DESCRIPTION_CHARACTERS,
    "LinkPreview.site": page.MAX_SITE_CHARACTERS,
    **dict.fromkeys(["FieldChange.from", "FieldChange.to"], MAX_TITLE_CHARACTERS),
    **dict.fromkeys(["FieldChange.from[]", "FieldChange.to[]"], MAX_TAG_CHARACTERS),
    "tags[]": MAX_TAG_CHARACTERS,
    "description": MAX_DESCRIPTION_CHARACTERS,
    "text": MAX_TEXT_CHARACTERS,
    "MacroEffects.reply": MAX_TEXT_CHARACTERS,
    **dict.fromkeys(["MacroEffects.add_tags[]", "MacroEffects.remove_tags[]"], MAX_TAG_CHARACTERS),
    "ListedMessage.text": PREVIEW_CHARACTERS,
    "NotePreview.title": PREVIEW_CHARACTERS,
    "shortcut": MAX_SHORTCUT_CHARACTERS,
    "Conditions.words[]": automations.MAX_WORD_CHARACTERS,
    "TriedFiring.reply": MAX_TRIED_CHARACTERS,
    "RuleEffects.reply": automations.MAX_LIST_BYTES // automations.MAX_RULES // 2,  # half of a full list
    **dict.fromkeys(["Conditions.tags[]", "Conditions.without_tags[]"], MAX_TAG_CHARACTERS),
    **dict.fromkeys(["RuleEffects.add_tags[]", "RuleEffects.remove_tags[]"], MAX_TAG_CHARACTERS),
    **dict.fromkeys(["Article.text", "ArticleVersion.text"], MAX_ARTICLE_CHARACTERS),
    "filled": MAX_TEXT_CHARACTERS,
    "BannedRule.text": MAX_RULE_CHARACTERS,
    "excerpt": EXCERPT_CHARACTERS,
    "note": MAX_REMARK_CHARACTERS,
    "comment": MAX_REMARK_CHARACTERS,
    "resolution": MAX_REMARK_CHARACTERS,
    "staff_note": MAX_REMARK_CHARACTERS,
    **{
        f"{one}.reason": MAX_REMARK_CHARACTERS
        for one in (
            "OwnSuspension",
            "OwnWarning",
            "Problem",
            "Suspended",
            "SuspensionDetails",
            "WarningDetails",
            "Removal",
        )
    },
    "payload": MAX_PAYLOAD_CHARACTERS,
    "emoji": MAX_EMOJI_BYTES // 4,
    "pointer": MAX_POINTER_CHARACTERS + 1,
    "detail": MAX_POINTER_CHARACTERS + 200,  # a sentence about one pointer
    "request_id": 128,
    "instance": 10_240,  # a path: request line and headers have 10,240 bytes at most (API Gateway quotas)
}
# Bytes of UTF-8 of names that are made safe, so that no control character comes into them.
SAFE = {"MessageAttachment.name": MAX_NAME_BYTES}
# Characters of ASCII: ids and words of ours, times, cursors.
OURS = {
    "do_not_disturb_until": 24,
    # Pages: a part of the template, with its words.
    **{
        f"{operation} {status}": 2 * MAX_PART_CHARACTERS
        for operation in ("get_unsubscribe_page", "unsubscribe")
        for status in (200, 404, 410, "default")
    },
    **dict.fromkeys([f"QuietDays.{day}[][]" for day in DAYS], len("22:00")),
    **dict.fromkeys(
        ["actor_id", "blocked[]", "callee_id", "caller_id", "from_user_id", "handled_by", "mentions[]"], 128
    ),
    "attachment_ids[]": 28,
    "device_id": 64,
    "registered_at": 24,
    "PushFault.answer": MAX_FAULT_CHARACTERS,
    "web_push_public_key": 87,
    "webhook_id": 29,
    **dict.fromkeys(["rule_id", "AutomationRule.id", "Conditions.category[]", "Conditions.context[]"], 32),
    **dict.fromkeys(["RuleEffects.category", "RuleEffects.team", "Notified.team"], 32),
    **dict.fromkeys(["Notified.user_ids[]", "RuleEffects.assignee_id"], 128),
    "event_id": 36,
    **{f"{one}.id": 80 for one in ("DeliveryView", "QueuedDelivery")},
    **{f"{one}.type": 64 for one in ("DeliveryView", "QueuedDelivery")},
    "DeliveryView.code": 32,
    "secret": MAX_SECRET_CHARACTERS,
    **{f"{one}.url": MAX_WEBHOOK_URL_CHARACTERS for one in ("WebhookDetails", "WebhookAnswer", "WebhookWithSecret")},
    **{f"{one}.events[]": 64 for one in ("WebhookDetails", "WebhookAnswer", "WebhookWithSecret")},
    **dict.fromkeys(["disabled_at", "failing_since", "paused_until", "old_secret_until", "occurred_at"], 24),
    **dict.fromkeys(["last_attempt_at", "next_attempt_at", "Replay.since", "Replay.until"], 24),
    "report_id": 28,
    "source_message_id": 44,
    **dict.fromkeys(["merged_into", "merged_from[]", "follow_up_of", "ticket_id"], 28),
    **dict.fromkeys(["hours{}[]", "holidays[]"], 11),
    **dict.fromkeys(
        ["running_since", "warns_at", "due_at", "breached_at", "closes_at", "archives_at", "status_at", "replied_at"],
        24,
    ),
    "macro_id": 29,
    **dict.fromkeys(["MacroEffects.category", "MacroEffects.team", "MacroEffects.priority"], 32),
    "number": 11,  # of a ticket, with its separators
    **dict.fromkeys(["requester_id", "assignee_id"], 128),
    **{f"{one}.{names}[]": 32 for one in ("SupportAgent", "SupportAgentAnswer") for names in ("skills", "teams")},
    **dict.fromkeys(
        ["SupportTicket.team", "SupportTicketAnswer.team", "TicketState.team", "StoredTicketState.team"], 32
    ),
    **dict.fromkeys(
        [
            "SupportTicket.category",
            "SupportTicketAnswer.category",
            "TicketState.category",
            "StoredTicketState.category",
            "SimulatedTicket.category",
            "Article.category",
            "ListedArticle.category",
            "ArticleVersion.category",
            "FoundArticle.category",
            "SuggestedArticle.category",
        ],
        32,
    ),
    "ArticleVersion.by": 128,
    "language": 35,  # of an article; the longest tag that a request may name
    "AddingStatus.code": 32,
    **dict.fromkeys(["Moved.from", "Moved.to"], 128),
    "MessageAttachment.id": 28,
    **dict.fromkeys(
        ["admin_ids[]", "owner_ids[]", "muted_ids[]", "pseudonym", "removed_id", "reporter_id", "sender_id"], 128
    ),
    **dict.fromkeys(
        ["suspended_by", "created_by", "updated_by", "user_id", "user_ids[]", "contexts{}[]", "target", "id"], 128
    ),
    **dict.fromkeys(["connection_id", "from_connection_id", "ticket", "credential", "username"], 256),
    **dict.fromkeys(["conversation_id", "joined[]", "later[]", "left[]", "erasure_id"], 28),
    **dict.fromkeys(["message_id", "reply_to"], 44),
    **dict.fromkeys(["call_id", "client_id", "actor_role", "role", "code", "sha256", "user_sha256"], 64),
    **dict.fromkeys(["kind", "reason", "status", "scope", "event", "policy", "type"], 64),
    **dict.fromkeys(["capabilities[]", "capabilities{}[]", "rule_ids[]"], 32),
    **dict.fromkeys(["answered_at", "as_of", "at", "blocked_at", "created_at", "deleted_at", "delivered_at"], 24),
    **dict.fromkeys(["edited_at", "ended_at", "expires_at", "finished_at", "handled_at", "last_activity_at"], 24),
    **dict.fromkeys(
        [
            "last_seen",
            "muted_until",
            "do_not_disturb_until",
            "seen_before",
            "played_at",
            "reacted_at",
            "read_at",
            "reconnect_by",
            "requested_at",
            "rings_until",
        ],
        24,
    ),
    **dict.fromkeys(
        [
            "server_time",
            "since",
            "connected_at",
            "signed_out_at",
            "started_at",
            "suspended_at",
            "token_expires_at",
            "until",
            "updated_at",
            "warned_at",
            "url_expires_at",
        ],
        24,
    ),
    "avatar_url": MAX_AVATAR_URL_CHARACTERS,
    "locale": MAX_LOCALE_CHARACTERS,
    "time_zone": MAX_TIME_ZONE_CHARACTERS,
    "email": MAX_EMAIL_CHARACTERS,
    "version": 32,
    "rule": 1_000,  # twenty ids of banned words, or a rule of the policy
    "details{}": 600,  # ids of twenty conversations
    "next": 4_096,
    **dict.fromkeys(["url", "thumbnail_url"], 4_096),  # presigned, with a session's token
    "urls[]": 512,
    "fields{}": 8_192,  # of a form: a policy, a session's token
    "placeholder": 40,
    "MetricsRow.key": 128,
    # Tables: 500 rows of an id and 15 numbers, and 366 of 54 numbers.
    **dict.fromkeys(["get_support_metrics 200", "get_stats 200", "list_user_stats 200"], 400_000),
    **dict.fromkeys(["from", "to", "day"], 10),
    "types[]": 100,
    "state": 64,
    "custom_type": 64,
}
MAX_AGENTS = 500  # of figures (`MAX_ROWS` and `MAX_ASSIGNEES` in actions/figures)
MENTIONS = MAX_MENTIONS + MAX_EVERYONE
MAX_CONNECTIONS = 100  # of one person, whatever ConnectionsPerUser says (template.yaml)
# Entries of each list, by `Class.field`: a new one needs a bound of its own.
LISTS = {
    "StoredConversationList.conversations": MAX_PAGE,
    "StoredTicketState.tags": MAX_TAGS,
    "StoredMember.mention_seqs": MENTIONS,
    "StoredMemberList.members": MAX_PAGE,
    "StoredReactionList.reactions": 1_000,
    "NotificationList.notifications": 100,
    "NotificationTrace.channels": 3,
    "NotificationTrace.notices": 2 * 20,
    "NoticeTraced.channels": 3,
    **dict.fromkeys([f"QuietDays.{day}" for day in DAYS], MAX_QUIET_SPANS),
    **dict.fromkeys([f"QuietDays.{day}[]" for day in DAYS], 2),
    "PushDeviceList.devices": MAX_DEVICES,
    **{f"{one}.waveform": 64 for one in ("Attachment", "ListedAttachment", "MessageAttachment")},
    "Shared.owner_ids": MAX_ADMINS // 2,
    "Shared.muted_ids": MAX_MUTED,
    "Shared.admin_ids": MAX_ADMINS // 2,
    "Shared.capabilities{}": 30,
    **{f"{one}.capabilities": 30 for one in ("Conversation", "ConversationAnswer")},
    "ConversationPage.conversations": MAX_PAGE,
    # Of a direct one; a group's are listed by themselves.
    **{f"{one}.members": 2 for one in ("Conversation", "ConversationAnswer")},
    **{f"{one}.mention_seqs": MENTIONS for one in ("Conversation", "ConversationAnswer")},
    "Mine.mention_seqs": MENTIONS,
    **{f"{one}.mentions": MAX_MENTIONED for one in ("Message", "MessageAnswer", "SentMessage")},
    **{f"{one}.reactions": change_steps.MAX_EMOJIS for one in ("Message", "MessageAnswer", "SentMessage")},
    **{f"{one}.attachments": MAX_ATTACHED for one in ("Message", "MessageAnswer", "SentMessage")},
    "Hit.attachment_ids": MAX_ATTACHED,
    **{f"{one}.user_ids": MAX_ADDED for one in ("Note", "AddedMembers", "MemberAdded")},
    **{f"{one}.contexts{{}}": 3 for one in ("Me", "Person", "SignedIn")},  # with 20 types more than `MAX_CONTEXT_BYTES`
    "NotePreview.user_ids": PREVIEW_PEOPLE,
    "AttachmentLimits.types": len(ALLOWED),
    "AttachmentList.attachments": MAX_PAGE,
    "AuditPage.entries": MAX_PAGE,
    "SuspensionList.suspensions": MAX_PAGE,
    "ModeratedConversationList.conversations": MAX_PAGE,
    "ModeratedConversation.user_ids": MAX_LISTED,
    "OwnReportList.reports": MAX_PAGE,
    "Me.warnings": MAX_KEPT,
    "WarningList.warnings": MAX_KEPT,
    "BannedWordList.rules": MAX_RULES,
    "Automations.rules": automations.MAX_RULES,
    "BlockList.blocks": MAX_PAGE,
    "Stats.days": MAX_DAYS,
    "SupportMetrics.rows": MAX_AGENTS,
    "UserStatList.people": MAX_PAGE,
    "QueueCounts.assignees": MAX_AGENTS,
    "Caught.markers": 1,
    "ConversationList.conversations": MAX_PAGE,
    **{f"{one}.tags": MAX_TAGS for one in ("SupportTicket", "SupportTicketAnswer", "TicketState")},
    "TicketHistory.entries": MAX_PAGE,
    **{f"{one}.merged_from": MAX_MERGED for one in ("SupportTicket", "SupportTicketAnswer", "TicketState")},
    **dict.fromkeys(["FieldChange.from", "FieldChange.to"], max(MAX_TAGS, MAX_MERGED)),
    "TicketList.tickets": MAX_PAGE,
    "ChangedTickets.results": MAX_BULK,
    "CannedReplyList.canned_replies": MAX_PAGE,
    "MacroList.macros": MAX_PAGE,
    "MacroEffects.add_tags": MAX_TAGS,
    "MacroEffects.remove_tags": MAX_TAGS,
    "ArticleList.articles": MAX_PAGE,
    "ArticleVersionList.versions": MAX_PAGE,
    "FoundArticles.results": MAX_FOUND,
    "SuggestedArticles.suggestions": MAX_SUGGESTED,
    "ArticleHighlights.title": MAX_HIGHLIGHTS,
    "ArticleHighlights.excerpt": MAX_HIGHLIGHTS,
    "DeliveryList.deliveries": MAX_PAGE,
    "WebhookList.webhooks": MAX_ENDPOINTS,
    **{f"{one}.events": MAX_PATTERNS for one in ("WebhookDetails", "WebhookAnswer", "WebhookWithSecret")},
    "SupportAgentList.agents": roster.MAX_AGENTS,
    **{
        f"{one}.{names}": roster.MAX_NAMES
        for one in ("SupportAgent", "SupportAgentAnswer")
        for names in ("skills", "teams")
    },
    "TicketSlaAnswer.hours{}": MAX_SPANS,
    "TicketSlaAnswer.holidays": MAX_HOLIDAYS,
    "TicketQueue.tickets": MAX_PAGE,
    "UnreadList.tickets": MAX_PAGE,
    "DeviceList.connections": MAX_CONNECTIONS,
    "Forwarded.failed": MAX_FORWARDS,
    "Forwarded.messages": MAX_FORWARDS,
    "Hit.highlights": MAX_HIGHLIGHTS * MAX_QUERY_WORDS,
    "HitList.results": MAX_PAGE,
    "HistoryPage.messages": MAX_PAGE,
    "IceServer.urls": 20,
    "Joined.typing": MAX_LISTED,
    "Joined.viewers": roster.MAX_AGENTS,
    "MemberList.members": MAX_PAGE,
    "MentionList.messages": MAX_PAGE,
    "PastHit.highlights": EXCERPT_CHARACTERS,
    "PastHit.rule_ids": MAX_RULES,
    "PinList.messages": change_steps.MAX_PINS,
    "Pong.joined": MAX_JOINED,
    # Of form, with long pointers. Each of `MAX_ADDED` people can be wrong as well, with a pointer of 30 characters.
    "Problem.errors": MAX_REPORTED,
    "ReactionList.reactions": MAX_PAGE,
    "ReceiptList.receipts": MAX_PAGE,
    **{f"{one}.attachments": 30 for one in ("ReportDetails", "ReportAnswer")},
    "ReportInContext.attachments": 30,
    "ReportInContext.context": 2 * CONTEXT_MESSAGES + 1,
    "ReportList.reports": MAX_PAGE,
    "StatusList.statuses": MAX_STATUS_USERS,
    "TryResult.hits": 200,
    "Simulation.tickets": MAX_PAGE,
    "TriedAutomations.tickets": MAX_TRIED,
    "TriedAutomations.left_out": MAX_TRIED,
    **{f"TriedTicket.{one}": MAX_TOLD for one in ("firings", "rules_left_out")},
    "Simulation.left_out": MAX_PAGE,
    "SimulatedTicket.events": MAX_MESSAGES + 4,  # a clock for each two messages warns, and is missed
    "UnsentAttachmentList.attachments": MAX_PAGE,
    "TurnCredentials.ice_servers": 5,
    "UnreadList.conversations": MAX_PAGE,
    "PutUsersAnswer.results": MAX_PUT_USERS,
    "PutContextPeopleAnswer.results": MAX_CONTEXT_PEOPLE,
    "ContextPersonList.people": MAX_PAGE,
    "UserContextList.contexts": MAX_PAGE,
    "ItemProblem.errors": MAX_ITEM_ERRORS,
    "Problem.possible": 5,  # the states of a ticket (`Status` in domain/support/status.py)
    "Problem.users": 20,  # of `choose_one` (`MAX_CHOICES` in actions/people/counterparts.py)
    "UserList.users": MAX_PAGE,
    "VersionList.versions": change_steps.MAX_EDITS + 1,
}
MAPS = {
    "AttachmentUrlMap.attachments": MAX_URLS,
    "UploadForm.fields": 12,
    "ReportInContext.attachments": 30,
    "Me.contexts": MAX_CONTEXT_TYPES,
    **{f"{one}.contexts": MAX_NAMED_TYPES for one in ("DayStats", "DayNumbers")},
    **{f"QueueCounts.{one}": 2 * MAX_NAMES for one in ("status", "priority", "category", "team")},
    "SignedIn.contexts": MAX_CONTEXT_TYPES,
    "TicketSlaAnswer.hours": 7,
    "Person.contexts": MAX_CONTEXT_TYPES,
    "Shared.capabilities": 3,
    "Note.changes": 5,  # the short fields of a ticket that change at once
    "NotePreview.changes": len(PREVIEW_CHANGES),
    "HistoryEntry.changes": 10,
    "TriedFiring.changes": 6,  # the fields of a ticket that a rule changes
    "AuditEntry.details": 5,
    "Erasure.removed": 30,
    "ErasureReceipt.removed": 30,
}
RATE_LIMITS = 3
USERS = "#/components/schemas/NamedUser"  # maps of these are cut by bytes (`actions/named.py`)
# Pages that `history.Room` cuts, and the list in which it does.
CUT = {
    "HistoryPage": "messages",
    "PinList": "messages",
    "MentionList": "messages",
    "VersionList": "versions",
    "HitList": "results",
    "TryResult": "hits",
    "Simulation": "tickets",
    "TriedAutomations": "tickets",
    "CannedReplyList": "canned_replies",
    "MacroList": "macros",
    "ArticleVersionList": "versions",
    "TicketHistory": "entries",
}
COUNTED = {"CaughtUp"}  # every part of it, by `domain/conversations/sync.py`


class Largest:
    """Builds the largest value of a schema, with `letter` for each character that people write."""

    def __init__(self, letter: str, skip: dict[str, str] | None = None) -> None:
        self._letter = letter
        self._skip = skip or {}

    def of(self, schema: Schema, place: str) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return None if name in COUNTED else self.of(schema_of(name), name)
        if "anyOf" in schema or "oneOf" in schema:
            found = [self.of(one, place) for one in schema.get("anyOf") or schema["oneOf"]]
            return max(found, key=lambda one: len(encoded(one)))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return max(schema["enum"], key=lambda one: len(str(one)))
        return getattr(self, "_" + schema["type"])(schema, place)

    def _null(self, *_: object) -> None:
        return None

    def _boolean(self, *_: object) -> bool:
        return False

    def _integer(self, schema: Schema, _place: str) -> int:
        return int(schema.get("maximum", MAX_SEQ))

    def _string(self, schema: Schema, place: str) -> str:
        field = place.rpartition(".")[2]
        if place in SAFE:
            letter = "x" if self._letter == CONTROL else self._letter
            return letter * (SAFE[place] // len(letter.encode()))
        if place in WRITTEN or (field in WRITTEN and field not in OURS):
            return self._letter * WRITTEN.get(place, WRITTEN.get(field, 0))
        if place not in OURS and field not in OURS:
            raise AssertionError(f"{place} is a text without a bound: give it one in WRITTEN or OURS")
        return "x" * OURS.get(place, OURS.get(field, 0))

    def _array(self, schema: Schema, place: str) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(one, place + "[]") for one in schema["prefixItems"]]
        owner, _, field = place.rpartition(".")
        if self._skip.get(owner) == field:
            return []
        count = RATE_LIMITS if field == "rate_limits" else schema.get("maxItems", LISTS.get(place))
        if count is None:
            raise AssertionError(f"{place} is a list without a bound: give it one in LISTS")
        return [self.of(schema["items"], place + "[]")] * count

    def _object(self, schema: Schema, place: str) -> dict[str, Any]:
        if place.endswith("metadata"):
            of_profile = place.startswith(("Me.", "Person."))
            return self._metadata(MAX_PROFILE_METADATA_BYTES if of_profile else MAX_METADATA_BYTES)
        inner = schema.get("additionalProperties")
        if isinstance(inner, dict):
            if inner.get("$ref") == USERS:
                return {}
            if place not in MAPS:
                raise AssertionError(f"{place} is a map without a bound: give it one in MAPS")
            value = self.of(inner, place + "{}")
            return {f"{number:032}": value for number in range(MAPS[place])}
        found = {name: self.of(one, f"{place}.{name}") for name, one in schema.get("properties", {}).items()}
        if {"system", "metadata"} <= found.keys():  # only a system message has a note, and it has no metadata
            found[min(("system", "metadata"), key=lambda name: len(encoded(found[name])))] = None
        if {"text", "preview"} <= found.keys():  # a long text has no preview (`domain/previews/links.py`)
            short = found | {"text": self._letter * MAX_PREVIEWED_CHARACTERS}
            found = max(found | {"preview": None}, short, key=lambda one: len(encoded(one)))
        if {"users", "errors"} <= found.keys():  # only `choose_one` has people, and it names one field
            people, fields = found | {"errors": found["errors"][:1]}, found | {"users": None}
            return max(people, fields, key=lambda one: len(encoded(one)))
        return found

    def _metadata(self, most_bytes: int) -> dict[str, Any]:
        """Returns the largest metadata: one text, which fills the bytes that it may have."""
        letter_bytes = len(encoded(self._letter).encode()) - 2
        return {"x": self._letter * ((most_bytes - len('{"x":""}')) // letter_bytes)}


def schema_of(name: str) -> Schema:
    found: Schema = (OPENAPI["components"]["schemas"] | ASYNCAPI["components"]["schemas"])[name]
    return found


def encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer_bytes(value: object) -> int:
    """Returns how long a REST answer is as Lambda hands it over: JSON within JSON, in ASCII."""
    return len(json.dumps(encoded(value)))


def frame_bytes(value: object) -> int:
    return len(encoded(value).encode())


ANSWERS = {
    f"{operation['operationId']} {status}": content["schema"]
    for _, _, operation in METHODS
    for status, reply in operation["responses"].items()
    for content in reply.get("content", {}).values()
}
FRAMES = {
    name: message["payload"]
    for name, message in ASYNCAPI["components"]["messages"].items()
    if name == "error" or name.endswith(("_ack", "_event"))
}
CONTROL, EMOJI = "\x01", "👋"


@pytest.mark.parametrize("name", ANSWERS)
def test_largest_answer_fits_what_lambda_hands_over(name: str) -> None:
    for letter in (CONTROL, EMOJI):
        largest = answer_bytes(Largest(letter, CUT).of(ANSWERS[name], name))
        cut = ANSWERS[name].get("$ref", "").rpartition("/")[2] in {*CUT, *COUNTED}

        users = MAX_USERS_BYTES if names_users(ANSWERS[name]) and not COUNTED & {name_of(ANSWERS[name])} else 0
        assert largest + users + (history.MAX_PAGE_BYTES if cut else 0) <= MAX_ANSWER_BYTES


def name_of(schema: Schema) -> str:
    return str(schema.get("$ref", "").rpartition("/")[2])


def names_users(schema: Schema) -> bool:
    properties: Schema = schema_of(name_of(schema)).get("properties", {}) if name_of(schema) else {}
    return bool(properties.get("users", {}).get("additionalProperties", {}).get("$ref") == USERS)


def test_room_for_the_people_whom_an_answer_names_holds_a_page_of_long_names() -> None:
    """A name of 200 emoji and the longest address; a page has 100 entries."""
    longest = Largest(EMOJI).of({"$ref": USERS}, "users")

    assert answer_bytes({"x" * 128: longest}) * 100 < MAX_USERS_BYTES


@pytest.mark.parametrize("name", FRAMES)
def test_largest_frame_fits_what_api_gateway_lets_through(name: str) -> None:
    for letter in (CONTROL, EMOJI):
        largest = frame_bytes(Largest(letter).of(FRAMES[name], name))
        counted = {"sync_ack": sync.OVER_WEBSOCKET.max_bytes, "error": 0}.get(name, MAX_FRAME_USERS_BYTES)

        assert largest + counted <= MAX_FRAME_BYTES


@pytest.mark.parametrize("page, field", CUT.items(), ids=CUT.keys())
def test_page_that_is_cut_goes_on_with_one_part_at_least_and_needs_to_be(page: str, field: str) -> None:
    items = schema_of(page)["properties"][field]["items"]
    for letter in (CONTROL, EMOJI):
        assert answer_bytes(Largest(letter).of(items, f"{page}.{field}[]")) + 1 <= history.MAX_PAGE_BYTES

    assert answer_bytes(Largest(EMOJI).of(schema_of(page), page)) > history.MAX_PAGE_BYTES


def test_largest_message_leaves_room_for_the_rest_of_a_frame_of_sync() -> None:
    """The blocked people, a hundred ids of what is left and of what comes later, and a conversation's envelope."""
    rest = sync.OVER_WEBSOCKET.max_bytes // sync.BLOCKED_SHARE + 2 * 100 * len(f'"{"g" * 28}",') + 4_096

    for event in ("MessageUpdated", "MemberAdded"):
        missed = frame_bytes(Largest(CONTROL).of(schema_of(event), event))
        assert missed + rest <= sync.OVER_WEBSOCKET.max_bytes
