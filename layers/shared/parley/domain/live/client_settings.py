"""The settings of this deployment that a client must know: sizes and timers."""

from msgspec import Struct

from parley.domain.api.requests import (
    MAX_ADDED,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_FORWARDS,
    MAX_MENTIONED,
    MAX_PAGE,
    MAX_STATUS_USERS,
    MAX_SYNC_CONVERSATIONS,
    MAX_TEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
)
from parley.domain.conversations.send_steps import REPLAY_S
from parley.domain.live.presence import MAX_CONNECTION_S, MAX_JOINED
from parley.domain.live.typing_status import TYPING_EXPIRES_S, TYPING_RESEND_S

MAX_FRAME_BYTES = 32 * 1024  # API Gateway closes with 1009 for a larger frame; longer requests go over REST


class Sizes(Struct, frozen=True, kw_only=True):
    """Maximum sizes of one request, one frame or one device."""

    max_text_characters: int = MAX_TEXT_CHARACTERS
    max_message_bytes: int = MAX_FRAME_BYTES
    max_page: int = MAX_PAGE
    max_status_users: int = MAX_STATUS_USERS
    max_sync_conversations: int = MAX_SYNC_CONVERSATIONS
    max_joined_conversations: int = MAX_JOINED
    max_forward_conversations: int = MAX_FORWARDS
    max_mentions: int = MAX_MENTIONED
    max_added_members: int = MAX_ADDED
    max_title_characters: int = MAX_TITLE_CHARACTERS
    max_description_characters: int = MAX_DESCRIPTION_CHARACTERS


class Timers(Struct, frozen=True, kw_only=True):
    """Timers in seconds; within `client_id_s` a `client_id` gets the first answer again."""

    heartbeat_s: int
    lease_s: int
    typing_resend_s: int = TYPING_RESEND_S
    typing_expires_s: int = TYPING_EXPIRES_S
    connection_s: int = MAX_CONNECTION_S
    client_id_s: int = REPLAY_S
