"""The members of a conversation, a page at a time; apart from `members.py`, because receipts need only this."""

from parley.adapters.conversations import conversations
from parley.domain.api import cursors
from parley.domain.api.identity import is_stored_user_id
from parley.domain.api.requests import Page
from parley.domain.conversations.head import Head


def read_members(head: Head, query: Page) -> tuple[list[str], str | None]:
    """Returns the members on a page, by id, and the cursor of the next page; one round trip for a large group, or none.

    The cursor is the last member's id; raises Invalid for anything else.
    """
    if query.cursor is not None and not is_stored_user_id(query.cursor):
        raise cursors.unknown()
    found = conversations.members_behind(head, query.limit + 1, query.cursor)
    shown = found[: query.limit]
    return shown, shown[-1] if len(found) > len(shown) else None
