"""People's profiles: one row a person, with the values that count and the statements that they come from."""

from collections.abc import Iterable
from typing import Any

import msgspec
from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from parley.adapters import environment
from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import account_states
from parley.domain.people import directory
from parley.domain.people.profile import EDITABLE, SILENT, Profile, Rules, Statement

HOST_PROFILES = {"later": False, "authoritative": True}
NOTHING = "none"  # of SELF_EDITABLE_FIELDS: an empty variable counts as one that is not set
OPTIONAL = ("avatar_url", "locale", "time_zone", "email", "metadata", "private_metadata")


def rules() -> Rules:
    """Returns whose statements count; raises WrongVariable for a word that template.yaml would not let through."""
    host_profiles = environment.optional("HOST_PROFILES", "later")
    editable = environment.optional("SELF_EDITABLE_FIELDS", NOTHING)
    names = frozenset(() if editable == NOTHING else editable.split(","))
    if host_profiles not in HOST_PROFILES:
        raise environment.WrongVariable(f"HOST_PROFILES={host_profiles!r} is neither later nor authoritative")
    if not names <= set(EDITABLE):
        raise environment.WrongVariable(f"SELF_EDITABLE_FIELDS={editable!r} is not of {', '.join(EDITABLE)} or none")
    return Rules(host_decides=HOST_PROFILES[host_profiles], editable=names)


def get_profile(user_id: str) -> Profile | None:
    """Returns a user's profile, None if they have never signed in; strongly consistent, one round trip.

    Raises one of `unreadable.ERRORS` for a damaged row.
    """
    return read_profile(batches.read_rows({tables.User: [(user_id,)]}), user_id)


def read_profile(rows: Rows, user_id: str) -> Profile | None:
    """Returns a user's profile from a batch, or None if it does not exist; raises one of `unreadable.ERRORS`."""
    row = rows.get(tables.User, user_id)
    return None if row is None else _profile(row)


def profile_of(rows: Rows, user_id: str) -> Profile | None:
    """Returns a user's profile from a batch, or None if it does not exist or is unreadable."""
    return readable(rows, [user_id]).get(user_id)


def readable(rows: Rows, user_ids: Iterable[str]) -> dict[str, Profile]:
    """Returns the profiles in a batch that exist and can be read, by id; reports unreadable ones."""
    return unreadable.readable("Users", user_ids, lambda user_id: read_profile(rows, user_id))


def save(profile: Profile, before: Profile | None) -> bool:
    """Writes a profile unless another write was faster, and returns whether it did; one round trip.

    It is a transaction only if the later words of the name change, or what others see of a person whom they know.
    """
    if not _moves_words(profile, before) and not _shows_another(profile, before):
        return _put(row_of(profile), unmoved(before))
    try:
        with conditions.transaction() as transaction:
            _write(transaction, profile, before)
    except conditions.LostRace:
        return False
    return True


def put_profile(profile: Profile, before: Profile | None, now_s: int) -> bool:
    """Writes a profile of the host's, as `save`; a role that a token may contradict is told to each of its requests."""
    if before is None or not profile.role_is_news(before):
        return save(profile, before)
    try:
        with conditions.transaction() as transaction:
            _write(transaction, profile, before)
            account_states.put_role(transaction, profile.user_id, profile.role, profile.revision, now_s)
    except conditions.LostRace:
        return False
    return True


def owner_of(row_id: str) -> str:
    """Returns the person whom a row of the table belongs to; no user id holds a `#`."""
    return row_id.partition("#")[0]


def word_ids(user_id: str, first: int = 0, end: int = directory.MAX_WORDS - 1) -> list[str]:
    """Returns the ids of the rows of the later words of a person's name, from `first` up to `end`."""
    return [f"{user_id}#{number}" for number in range(first, end)]


def _moves_words(profile: Profile, before: Profile | None) -> bool:
    """Says whether the rows of the later words of a name change with a write."""
    keys = profile.word_keys
    if before is None or before.words != len(keys):
        return bool(keys) or (before is not None and before.words > 0)
    return bool(keys) and (before.role != profile.role or before.word_keys != keys)


def _shows_another(profile: Profile, before: Profile | None) -> bool:
    """Says whether others see another person after a write; nobody has seen a new one."""
    return before is not None and profile.profile_seq != before.profile_seq


def _put(row: tables.User, condition: Condition) -> bool:
    try:
        row.save(condition=condition)
    except PutError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def _write(transaction: TransactWrite, profile: Profile, before: Profile | None) -> None:
    """Adds a profile to a transaction, and the rows of the later words of its name if they change.

    If others see it change, it leaves an entry in the outbox: the stream tells them (`actions/live/user_updates.py`).
    """
    transaction.save(row_of(profile), condition=unmoved(before))
    if _shows_another(profile, before):
        _put_entry(transaction, profile)
    if not _moves_words(profile, before):
        return
    keys, known = profile.word_keys, 0 if before is None else before.words
    for row_id, key in zip(word_ids(profile.user_id), keys, strict=False):
        transaction.save(_word_row(profile, row_id, key))
    for row_id in word_ids(profile.user_id, len(keys), known):
        transaction.delete(tables.User(user_id=row_id))


def _put_entry(transaction: TransactWrite, profile: Profile) -> None:
    # Imported here, because every sign-in imports this module.
    from parley.adapters.dynamodb import outbox
    from parley.domain.api.outbox import LATEST, OutboxEntry

    about = {"user_id": profile.user_id, "profile_seq": profile.profile_seq}
    outbox.put_entry(
        transaction,
        OutboxEntry(kind="user_updated", id=profile.user_id, number=LATEST, at_ms=profile.revision, about=about),
    )


def _word_row(profile: Profile, row_id: str, key: str) -> tables.User:
    """Returns the row of a later word of a name: only the keys of the indexes say something."""
    return tables.User(
        user_id=row_id,
        name="",
        role=directory.word_role_shard(profile.role, profile.user_id),
        contexts={},
        issued_at_s=0,
        name_key=key,
        name_shard=directory.word_shard(profile.user_id),
    )


def unmoved(before: Profile | None) -> Condition:
    """Returns the condition that the row is still as it was read; that of an earlier version has no revision."""
    if before is None:
        return tables.User.user_id.does_not_exist()
    of_earlier_version = tables.User.revision.does_not_exist() & (tables.User.issued_at_s == before.issued_at_s)
    as_read: Condition = (tables.User.revision == before.revision) | of_earlier_version
    return as_read


def row_of(profile: Profile) -> tables.User:
    """Returns the row of a profile; a field without a value is not in it."""
    return tables.User(
        user_id=profile.user_id,
        name=profile.name,
        role=directory.role_shard(profile.role, profile.user_id),
        contexts=dict(profile.contexts),
        issued_at_s=profile.issued_at_s,
        name_key=profile.name_key,
        name_shard=directory.shard(profile.user_id),
        profile_seq=profile.profile_seq,
        revision=profile.revision,
        by_token=_document(profile.by_token),
        by_host=_document(profile.by_host),
        by_self=_document(profile.by_self),
        held=dict(profile.held) or None,
        words=len(profile.word_keys) or None,
        **{name: getattr(profile, name) for name in OPTIONAL},
    )


def _profile(row: tables.User) -> Profile:
    issued_at_s = int(row.issued_at_s)
    return Profile(
        user_id=row.user_id,
        name=row.name,
        role=directory.role_of(row.role),
        contexts={context_type: tuple(held) for context_type, held in row.contexts.items()},
        issued_at_s=issued_at_s,
        # A row of an earlier version has neither.
        profile_seq=int(row.profile_seq or issued_at_s * 1000),
        revision=int(row.revision or issued_at_s * 1000),
        by_token=_statement(row.by_token) if row.by_host or row.by_self else None,
        by_host=_statement(row.by_host),
        by_self=_statement(row.by_self),
        held=row.held or {},
        words=int(row.words or 0),
        **{name: getattr(row, name) for name in OPTIONAL},
    )


def _document(statement: Statement | None) -> dict[str, Any] | None:
    return None if statement in (None, SILENT) else msgspec.to_builtins(statement)


def _statement(document: dict[str, Any] | None) -> Statement:
    return SILENT if document is None else msgspec.convert(document, type=Statement)
