"""The people of a role or of a context, for operations that take everyone whom the caller may add."""

from parley.actions.people import may_open
from parley.actions.people.profiles import caller_of, own_key, sees_everybody
from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import context_people, directory, policies
from parley.domain.api.errors import Forbidden, Refusal
from parley.domain.api.request import Request
from parley.domain.conversations.adding import Adding
from parley.domain.people.directory import Range
from parley.domain.people.policy import Party


def check_selector(request: Request, adding: Adding) -> None:
    """Refuses a role that the caller reaches with nobody, and a context that is not theirs; one round trip."""
    check_caller(caller_of(request, batches.read_rows({tables.User: own_key(request)})), adding)


def check_caller(caller: Party, adding: Adding) -> None:
    """Refuses a caller who may know nobody of the role, or who does not belong to the context.

    Else the people who come in would tell an outsider who belongs to a context.
    """
    if sees_everybody(caller):
        return
    policy = policies.current()
    if adding.role is not None:
        if not policy.reach_of(caller).roles(adding.role):
            detail = f"You may not add people of the role `{adding.role}`."
            raise Forbidden("role_not_allowed", detail, rule=f"{policy.source}: may_open of {caller.role}")
    elif adding.context_type is None or not caller.holds(adding.context_type, adding.context_id):
        detail = f"You do not belong to this {adding.context_type}."
        raise Forbidden("context_not_shared", detail, rule="everyone: a context of your own")


def next_people(adding: Adding, limit: int) -> list[tuple[str, str]]:
    """Returns the next people with the place of each, up to `limit`; one round trip."""
    if adding.role is not None:
        found = directory.of_roles([adding.role], Range.behind(adding.after, ""), limit, words=False)
        return [(entry.user_id, entry.name_key) for entry in found]
    people = context_people.people_of(adding.context_type or "", adding.context_id or "", adding.after, limit)
    return [(user_id, user_id) for user_id in people]


def may_be_added(request: Request, user_ids: list[str], rows: Rows) -> list[str]:
    """Returns those of these people with whom the caller could open a conversation."""
    return [user_id for user_id in user_ids if _may(request, user_id, rows)]


def _may(request: Request, user_id: str, rows: Rows) -> bool:
    try:
        if request.acts_as is not None:
            may_open.require_people(policies.current(), rows, [(user_id, "")])
        else:
            may_open.opening(request, user_id, None).decide(request, rows)
    except Refusal:
        return False
    return True
