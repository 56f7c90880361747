"""The list of banned words: one item, and the current version as another."""

from msgspec import convert
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import clients, conditions, tables
from parley.adapters.moderation import audit
from parley.domain.moderation.audit import Entry
from parley.domain.moderation.banned_words import Rule
from parley.domain.moderation.word_list import Past, WordList

LIST = "rules"  # the key of the list


def get_word_list() -> WordList:
    """Returns the list, an empty one if none exists; one round trip, 100 units at most."""
    try:
        row = tables.WordList.get(LIST, consistent_read=True)
    except tables.WordList.DoesNotExist:
        return WordList()
    return WordList(
        version=int(row.version),
        rules=tuple(
            convert(dict(zip(Rule.__struct_fields__, rule, strict=False)), type=Rule) for rule in row.rules or ()
        ),
        updated_at_ms=int(row.updated_at_ms),
        updated_by=row.updated_by,
    )


def put_word_list(wanted: WordList, entry: Entry) -> bool:
    """Writes the list, its version and the audit entry; False if it does not follow the stored version."""
    version = tables.WordList.version
    follows = version.does_not_exist() if wanted.version == 1 else version == wanted.version - 1
    row = tables.WordList(
        name=LIST,
        version=wanted.version,
        rules=[[rule.rule_id, rule.kind, rule.text, rule.action] for rule in wanted.rules],
        updated_at_ms=wanted.updated_at_ms,
        updated_by=wanted.updated_by,
    )
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            transaction.save(row, condition=follows)
            transaction.save(tables.WordList(name=tables.WORD_LIST_VERSION, version=wanted.version))
            audit.put_entry(transaction, entry)
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True


def past(conversation_id: str, limit: int, before_seq: int | None) -> list[Past]:
    """Returns up to `limit` messages of a conversation, the newest first; one round trip per 1 MB."""
    condition = None if before_seq is None else tables.Message.seq < before_seq
    found = tables.Message.query(
        conversation_id, condition, scan_index_forward=False, limit=limit, page_size=limit, consistent_read=True
    )
    return [
        Past(
            conversation_id=row.conversation_id,
            seq=int(row.seq),
            sender_id=row.sender_id or "",
            text=row.text or "",
            created_at_ms=int(row.created_at_ms or 0),
        )
        for row in found
    ]
