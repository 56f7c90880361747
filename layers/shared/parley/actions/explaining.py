"""Why somebody may open a conversation, or may not: what an attempt would be answered, without the attempt."""

from msgspec import Struct

from parley.actions import people
from parley.adapters import batches, blocks, policies, profiles, tables
from parley.domain import blocking, ids
from parley.domain.call import Call
from parley.domain.policy import NO_CONTEXT
from parley.domain.requests import ExplainPolicy, WantedContext

ALREADY_OPEN = "already_open"


class Explanation(Struct, frozen=True, kw_only=True):
    """Whether the caller may open a conversation, and which rule says so.

    `code` is `allowed`, `already_open`, or what an attempt would be refused with. Whether one may write into an open
    conversation, its capabilities say.
    """

    allowed: bool
    code: str
    rule: str
    detail: str
    conversation_id: str | None


def explain(call: Call, asked: ExplainPolicy) -> Explanation:
    """Returns what an attempt to open that conversation would be answered, and why; one round trip.

    It is decided in the same order, so that it tells nothing more of the other person than an attempt would.
    """
    context_type, context_id = asked.context_type or NO_CONTEXT, asked.context_id
    conversation_id = ids.direct_conversation_id(call.user_id, asked.user_id, context_type, context_id or "")
    rows = batches.read(
        {
            tables.Conversation: [(conversation_id,)],
            tables.User: [(asked.user_id,)],
            tables.Block: [blocks.key(call.user_id, asked.user_id)],
        }
    )
    if rows.get(tables.Conversation, conversation_id) is not None:
        return Explanation(
            allowed=True,
            code=ALREADY_OPEN,
            rule="an open conversation stays open, whatever the policy says later",
            detail="You have this conversation already.",
            conversation_id=conversation_id,
        )
    caller = people.caller_of(call)
    profile = profiles.profile_of(rows, asked.user_id)
    other = caller if asked.user_id == call.user_id else people.party(profile) if profile else None
    decision = policies.current().decide(caller, other, WantedContext(type=context_type, id=context_id))
    if decision.allowed and blocks.of(rows, call.user_id, asked.user_id).is_on:
        refusal = blocking.refusal()
        return Explanation(
            allowed=False, code=refusal.code, rule=refusal.rule or "", detail=refusal.detail, conversation_id=None
        )
    return Explanation(
        allowed=decision.allowed,
        code=decision.code,
        rule=decision.rule,
        detail=decision.detail or "You may open this conversation.",
        conversation_id=None,
    )
