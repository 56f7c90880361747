"""In whose name the host's own server writes a message: a person of the conversation, or a system sender."""

from parley.actions.people import profiles
from parley.adapters.people import senders
from parley.domain.api.errors import Conflict, Field, Forbidden, Invalid, NotFound
from parley.domain.api.identity import DESK, MODERATORS, is_system_sender, is_user_id
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339


def acting_as(request: Request, sender_id: str) -> tuple[Request, Forbidden | None]:
    """Returns the request as one in the name of a sender, and the refusal of a suspended one.

    A repeat of a message that was written before comes before that refusal. One round trip, none for a system sender.

    Raises Forbidden unless the caller's role is `service`, and for the moderators. Raises NotFound for a sender whom
    neither Parley nor the policy knows, Conflict for a person who was erased.
    """
    profiles.require_service(request, "write in another's name", "sender_id")
    pointer = f"{request.field_prefix}/sender_id"
    if sender_id in (MODERATORS, DESK):
        detail, rule = "Nobody writes in the name of the moderators.", "moderators act by the routes under /admin/"
        if sender_id == DESK:
            detail, rule = (
                "Nobody writes in the name of the desk.",
                "the desk answers by itself; agents write as they are",
            )
        raise Forbidden("moderators_only", detail, rule=rule, fields=(Field(pointer, "not_allowed"),))
    if is_system_sender(sender_id):
        if senders.system_sender(sender_id) is None:
            raise _unknown(pointer, "The policy declares no such system sender.")
    elif not is_user_id(sender_id):
        raise Invalid.field(pointer, "bad_format", "That is not the id of a user.")
    elif sender_id == request.caller.user_id:
        raise profiles.no_person(pointer)
    else:
        return request.in_name_of(sender_id), _suspended(request, sender_id, Field(pointer, "not_allowed"))
    return request.in_name_of(sender_id), None


def _suspended(request: Request, user_id: str, field: Field) -> Forbidden | None:
    """Returns the refusal of a suspended person; raises Conflict or NotFound for one who is not there."""
    standing = senders.get_standing(user_id)
    if standing.is_erased:
        rule = "nobody writes in the name of a person who was erased"
        raise Conflict("sender_erased", "The sender was erased.", rule=rule, fields=(field,))
    if not standing.is_known:
        raise _unknown(field.pointer, "There is no such user.")
    suspension = standing.suspension
    if suspension is None or not suspension.holds(request.now_ms):
        return None
    detail = f"The sender may not write until {rfc3339(suspension.until_ms)}."
    return Forbidden("sender_suspended", detail, rule=f"suspension: {suspension.scope}", fields=(field,))


def _unknown(pointer: str, detail: str) -> NotFound:
    return NotFound("unknown_user", detail, fields=(Field(pointer, "not_allowed"),))
