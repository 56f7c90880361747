"""Those in whose name the host's own server may write: people who may write themselves, and system senders."""

from msgspec import Struct

from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import erased_people, policies
from parley.domain.api.identity import DESK, HOST_SENDER, MODERATORS, is_system_sender
from parley.domain.api.suspension import Suspension, stored_suspension
from parley.domain.people.policy import SystemSender

BUILT_IN = {HOST_SENDER: "Host", MODERATORS: "Moderators", DESK: "Support"}


class Standing(Struct, frozen=True, kw_only=True):
    """A person as a sender: known or not, erased or not, and with their suspension, which may have ended."""

    is_known: bool
    is_erased: bool
    suspension: Suspension | None


def get_standing(user_id: str) -> Standing:
    """Returns how a person stands; one consistent round trip, 3 read units."""
    rows = batches.read_rows(
        {
            tables.User: [(user_id,)],
            tables.Erasure: [(erased_people.key(user_id),)],
            tables.AccountState: [(user_id,)],
        }
    )
    state = rows.get(tables.AccountState, user_id)
    return Standing(
        is_known=rows.has(tables.User, user_id),
        is_erased=erased_people.is_marked(rows, user_id),
        suspension=None if state is None or state.suspension is None else stored_suspension(state.suspension),
    )


def system_sender(user_id: str) -> SystemSender | None:
    """Returns the system sender of this id, None if the policy declares none. No round trip.

    The host's own server is always one, and so are the moderators and the desk; a policy may give them other names.
    """
    if not is_system_sender(user_id):
        return None
    declared = policies.current().senders.get(user_id)
    if declared is None and user_id in BUILT_IN:
        return SystemSender(user_id=user_id, name=BUILT_IN[user_id])
    return declared
