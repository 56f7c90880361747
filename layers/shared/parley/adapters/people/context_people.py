"""Who belongs to which context: a row for each person of each context, and a digest in the person's own row."""

from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import erased_people, profiles
from parley.domain.people.held import context_key, context_of
from parley.domain.people.profile import Profile


def read(context_type: str, context_id: str, user_id: str) -> Rows:
    """Returns the rows of a person, of their place in a context, and of their erasure; one round trip, 3 units."""
    return batches.read_rows(
        {
            tables.User: [(user_id,)],
            tables.ContextPerson: [(context_key(context_type, context_id), user_id)],
            tables.Erasure: [(erased_people.key(user_id),)],
        }
    )


def is_in(rows: Rows, context_type: str, context_id: str, user_id: str) -> bool:
    """Says whether the row of a person in a context was found by `read`."""
    return rows.has(tables.ContextPerson, context_key(context_type, context_id), user_id)


def write(after: Profile, before: Profile, context_type: str, context_id: str, *, belongs: bool) -> None:
    """Writes or deletes a person's row of a context, with the digests of their own row; one round trip.

    Raises LostRace if the person's row has moved since it was read, so that of two writes both count.
    """
    row = tables.ContextPerson(context=context_key(context_type, context_id), user_id=after.user_id)
    digests = {"held": dict(after.held) or None, "revision": after.revision}
    with conditions.transaction() as transaction:
        transaction.update(
            tables.User(user_id=after.user_id),
            actions=tables.setting(tables.User, digests),
            condition=profiles.unmoved(before),
        )
        if belongs:
            transaction.save(row)
        else:
            transaction.delete(row)


def people_of(context_type: str, context_id: str, after: str | None, limit: int) -> list[str]:
    """Returns up to `limit` people of a context by id, after the person `after`; one consistent round trip."""
    key = context_key(context_type, context_id)
    condition = None if after is None else tables.ContextPerson.user_id > after
    found = tables.ContextPerson.query(key, condition, limit=limit, page_size=limit, consistent_read=True)
    return [row.user_id for row in found]


def contexts_of(user_id: str, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
    """Returns up to `limit` contexts of a person by type and id, after the context `after`; one round trip.

    The index may be a second late.
    """
    condition = None if after is None else tables.ContextPerson.context > context_key(*after)
    found = tables.ContextPerson.by_person.query(user_id, condition, limit=limit, page_size=limit)
    return [context_of(row.context) for row in found]
