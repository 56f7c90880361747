"""Ids: a conversation's id tells its kind; a message's id tells its conversation and seq."""

import re
from base64 import b32encode
from hashlib import sha256

from parley.domain.api.errors import Invalid

CONVERSATION_ID_PATTERN = r"^[dgnt]_[a-z2-7]{26}$(?!\n)"
TICKET_ID_PATTERN = r"^t_[a-z2-7]{26}$(?!\n)"
MESSAGE_ID_PATTERN = r"^[dgnt]_[a-z2-7]{26}\.[1-9][0-9]{0,14}$(?!\n)"
CANNED_REPLY_ID_PATTERN = r"^c_[a-z2-7]{26}$(?!\n)"
MACRO_ID_PATTERN = r"^mc_[a-z2-7]{26}$(?!\n)"
ARTICLE_ID_PATTERN = r"^k_[a-z2-7]{26}$(?!\n)"
EXPORT_ID_PATTERN = r"^x_[a-z2-7]{26}$(?!\n)"
ATTACHMENT_ID_PATTERN = r"^a_[a-z2-7]{26}$(?!\n)"
CONNECTION_ID_PATTERN = r"^[A-Za-z0-9_=+/-]{1,128}$(?!\n)"  # base64 in either alphabet, as API Gateway makes them
CLIENT_ID_PATTERN = r"^[A-Za-z0-9._:~-]{1,64}$(?!\n)"

# A client makes its own. A path that ends in `.` or `..` leads elsewhere: every HTTP client resolves it.
PUSH_DEVICE_ID_PATTERN = r"^([A-Za-z0-9_:~-][A-Za-z0-9._:~-]?|\.[A-Za-z0-9_:~-]|[A-Za-z0-9._:~-]{3,64})$(?!\n)"

_conversation_id = re.compile(r"[dgnt]_[a-z2-7]{26}")
_connection_id = re.compile(CONNECTION_ID_PATTERN)
_canned_reply_id = re.compile(r"c_[a-z2-7]{26}")
_macro_id = re.compile(MACRO_ID_PATTERN)
_article_id = re.compile(r"k_[a-z2-7]{26}")
_push_device_id = re.compile(PUSH_DEVICE_ID_PATTERN)
_webhook_id = re.compile(r"wh_[a-z2-7]{26}")
_export_id = re.compile(EXPORT_ID_PATTERN)
_attachment_id = re.compile(ATTACHMENT_ID_PATTERN)
_message_id = re.compile(r"([dgnt]_[a-z2-7]{26})\.([1-9][0-9]{0,14})")

GROUP_PREFIX = "g_"
TICKET_PREFIX = "t_"
NOTES_PREFIX = "n_"


def direct_conversation_id(one_user_id: str, other_user_id: str, context_type: str, context_id: str) -> str:
    """Returns the only id that two people have in a context, whichever of them asks.

    So a pair can never have two conversations.
    """
    # Neither a user id nor a context id can hold a line feed, so no two pairs of names run together.
    return "d_" + _digest(*sorted((one_user_id, other_user_id)), context_type, context_id)


def _digest(*parts: str) -> str:
    return b32encode(sha256("\n".join(parts).encode()).digest()[:16]).decode().rstrip("=").lower()


def group_id(creator_id: str, nonce: str) -> str:
    """Returns the id of a new group.

    The same `nonce` gives the same group again, so a retry makes no second group.
    """
    return GROUP_PREFIX + _digest(creator_id, nonce)


def imported_group_id(source_id: str) -> str:
    """Returns the id of the group that was `source_id` in another system, whichever run brings it."""
    return GROUP_PREFIX + _digest("#import", source_id)  # no creator's id holds a `#`


def imported_ticket_id(source_id: str) -> str:
    """Returns the id of the ticket that was `source_id` in another system, whichever run brings it."""
    return TICKET_PREFIX + _digest("#import", source_id)  # no opener's id holds a `#`


def ticket_id(opener_id: str, nonce: str) -> str:
    """Returns the id of a new ticket; the same `nonce` of the same opener gives the same ticket again."""
    return TICKET_PREFIX + _digest(opener_id, nonce)


def canned_reply_id(author_id: str, nonce: str) -> str:
    """Returns the id of a new canned reply; the same `nonce` of the same author gives the same reply again."""
    return "c_" + _digest(author_id, nonce)


def macro_id(author_id: str, nonce: str) -> str:
    """Returns the id of a new macro; the same `nonce` of the same author gives the same macro again."""
    return "mc_" + _digest(author_id, nonce)


def article_id(author_id: str, nonce: str) -> str:
    """Returns the id of a new article; the same `nonce` of the same author gives the same article again."""
    return "k_" + _digest(author_id, nonce)


def webhook_id(author_id: str, nonce: str) -> str:
    """Returns the id of a new webhook; the same `nonce` of the same author gives the same webhook again."""
    return "wh_" + _digest(author_id, nonce)


def check_webhook_id(text: str, pointer: str) -> str:
    """Returns a text if it can be the id of a webhook; raises Invalid if not."""
    if _webhook_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a webhook.")
    return text


def notes_id(ticket_id: str) -> str:
    """Returns the id of the conversation of a ticket's notes: the same characters after another prefix."""
    return NOTES_PREFIX + ticket_id.removeprefix(TICKET_PREFIX)


def ticket_of(conversation_id: str) -> str:
    """Returns the id of the ticket to which notes belong, and a ticket's own."""
    return TICKET_PREFIX + conversation_id.removeprefix(NOTES_PREFIX).removeprefix(TICKET_PREFIX)


def is_notes_id(conversation_id: str) -> bool:
    """Says whether an id is that of a ticket's notes."""
    return conversation_id.startswith(NOTES_PREFIX)


def is_group_id(conversation_id: str) -> bool:
    """Says whether an id is a group's. Blocks show in groups only."""
    return conversation_id.startswith(GROUP_PREFIX)


def is_ticket_id(conversation_id: str) -> bool:
    """Says whether an id is a ticket's."""
    return conversation_id.startswith(TICKET_PREFIX)


def is_desks_id(conversation_id: str) -> bool:
    """Says whether an id is that of a ticket, or of a ticket's notes: former agents are told nothing of either."""
    return conversation_id.startswith((TICKET_PREFIX, NOTES_PREFIX))


def has_members(conversation_id: str) -> bool:
    """Says whether memberships hold who is in a conversation, and not its head: in all but a direct one."""
    return conversation_id.startswith((GROUP_PREFIX, TICKET_PREFIX, NOTES_PREFIX))


def message_id(conversation_id: str, seq: int) -> str:
    """Returns the id of a message. It carries conversation and seq, so finding a message needs no index."""
    return f"{conversation_id}.{seq}"


def check_conversation_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of a conversation that Parley made.

    Otherwise raises Invalid at `pointer`.
    """
    if _conversation_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a conversation.")
    return text


def check_ticket_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of a ticket; otherwise raises Invalid at `pointer`."""
    if not is_ticket_id(text) or _conversation_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a ticket.")
    return text


def check_canned_reply_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of a canned reply; otherwise raises Invalid at `pointer`."""
    if _canned_reply_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a canned reply.")
    return text


def check_macro_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of a macro; otherwise raises Invalid at `pointer`."""
    if _macro_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a macro.")
    return text


def check_article_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of an article; otherwise raises Invalid at `pointer`."""
    if _article_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of an article.")
    return text


def check_connection_id(text: str, pointer: str) -> str:
    """Returns `text` if API Gateway could have made it as a connection's id; otherwise raises Invalid."""
    if _connection_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a connection.")
    return text


def check_push_device_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be a client's id of a device that takes pushes; otherwise raises Invalid."""
    if _push_device_id.fullmatch(text) is None:
        raise Invalid.field(
            pointer, "bad_format", "An id of a device has 1 to 64 of A-Z a-z 0-9 . _ : ~ - and is not . or .."
        )
    return text


def check_attachment_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of an attachment that Parley made; otherwise raises Invalid at `pointer`."""
    if _attachment_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of an attachment.")
    return text


def check_export_id(text: str, pointer: str) -> str:
    """Returns `text` if it can be the id of an export that Parley made.

    Otherwise raises Invalid at `pointer`.
    """
    if _export_id.fullmatch(text) is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of an export.")
    return text


def split_message_id(text: str, pointer: str) -> tuple[str, int]:
    """Returns the conversation id and the seq that a message's id carries.

    Raises Invalid at `pointer` for any other text.
    """
    found = as_message_id(text)
    if found is None:
        raise Invalid.field(pointer, "bad_format", "That is not the id of a message.")
    return found


def as_message_id(text: str) -> tuple[str, int] | None:
    """Returns the conversation id and the seq that a message's id carries; None for any other text."""
    match = _message_id.fullmatch(text)
    return None if match is None else (match[1], int(match[2]))
