"""The message that a list shows of a conversation whose last one the reader has deleted for themselves."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from parley.actions.named import Known, members
from parley.domain.api.identity import is_reserved
from parley.domain.conversations.head import Head, Membership

Key = TypeVar("Key")


def with_earlier(
    sides: Mapping[Key, tuple[Head, Membership]], asked: Iterable[str] = ()
) -> tuple[dict[Key, Membership], Known]:
    """Returns those of a reader's memberships that show an earlier message, with it, and the people beside it.

    The people are those of small groups, as far as they were not `asked` for. No round trip if there is none, else one.
    """
    due = {
        key: (head, mine, seq)
        for key, (head, mine) in sides.items()
        if mine.shown is None and (seq := head.earlier_seq(mine)) is not None
    }
    if not due:
        return {}, Known()
    from parley.adapters.conversations import messages  # most lists show no earlier message

    people = {user_id for head, _, _ in due.values() if head.has_members for user_id in members(head)}
    people = {user_id for user_id in people.difference(asked) if not is_reserved(user_id)}
    found, users = messages.messages_and_users(((head.conversation_id, seq) for head, _, seq in due.values()), people)
    return {
        key: replace(mine, shown=message.preview())
        for key, (head, mine, seq) in due.items()
        if (message := found.get((head.conversation_id, seq))) is not None
    }, Known(people, users)
