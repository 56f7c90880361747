"""The people of each context: a row for each of them, and a digest in the person's own row."""

from msgspec import Struct

from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.people import erased_people, profiles
from parley.domain.people.held import context_key, context_of
from parley.domain.people.profile import Profile


class Standing(Struct, frozen=True, kw_only=True):
    """A person and a context: the profile, if there is one, and whether a row lets the person belong to the context."""

    profile: Profile | None
    belongs: bool
    is_erased: bool


def get_standing(context_type: str, context_id: str, user_id: str) -> Standing:
    """Returns how a person stands to a context; one round trip, 3 read units. Raises one of `unreadable.ERRORS`."""
    key = (context_key(context_type, context_id), user_id)
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.User: [(user_id,)],
        tables.ContextPerson: [key],
        tables.Erasure: [(erased_people.key(user_id),)],
    }
    rows = batches.read_rows(keys)
    return Standing(
        profile=profiles.read_profile(rows, user_id),
        belongs=rows.has(tables.ContextPerson, *key),
        is_erased=erased_people.is_marked(rows, user_id),
    )


def write_standing(after: Profile, before: Profile, context_type: str, context_id: str, *, belongs: bool) -> None:
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
