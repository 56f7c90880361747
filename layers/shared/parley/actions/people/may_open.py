"""Whether somebody may open a conversation with another: what an attempt goes by, and what explains it beforehand."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions.people.profiles import caller_of, party_of, sees_everybody
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import blocks, erased_people, policies, profiles
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.requests import WantedContext
from parley.domain.conversations.head import Head
from parley.domain.erasure import job
from parley.domain.people.policy import NO_CONTEXT, Decision


class Opening(Struct, frozen=True, kw_only=True):
    """A conversation that the caller wants with somebody: `context` is None for one about nothing in particular."""

    user_id: str
    context: WantedContext | None
    conversation_id: str

    def reads(self, request: Request) -> dict[type[tables.Table], Iterable[batches.Key]]:
        """Returns what `open_one` and `decide` want to have been read: one batch, of 1 unit for each of four keys."""
        return {tables.Conversation: [(self.conversation_id,)]} | reads_to_decide(request, [self.user_id])

    def open_one(self, request: Request, rows: Rows) -> Head | None:
        """Returns the conversation where the two have it already; raises Conflict where erasure has ended it."""
        head = conversations.head_of(rows, self.conversation_id)
        # Its id is made of theirs, so one without either of them is the one that was closed when they were erased.
        if head is not None and not {request.user_id, self.user_id} <= set(head.participants):
            raise job.ended()
        return head

    def decide(self, request: Request, rows: Rows) -> Decision:
        """Returns the policy's permission; raises Invalid, NotFound or Forbidden where anything stands against it.

        The policy comes first, so that whom it keeps apart learn nothing more of each other: a person whom the
        directory does not show the caller is refused as one who does not exist.
        """
        caller = caller_of(request)
        profile = profiles.profile_of(rows, self.user_id)
        other = caller if self.user_id == request.user_id else party_of(profile) if profile else None
        policy = policies.current()
        decide = policy.decide if sees_everybody(request) else policy.decide_discreetly
        decision = decide(caller, other, self.context)
        decision.require(request.field_prefix)
        if erased_people.is_marked(rows, self.user_id):
            raise job.nobody(f"{request.field_prefix}/user_id")
        blocks.of(rows, request.user_id, self.user_id).require_none()
        return decision


def reads_to_decide(request: Request, user_ids: Iterable[str]) -> dict[type[tables.Table], Iterable[batches.Key]]:
    """Returns what `Opening.decide` wants to have been read of people: 1 unit for each of three keys a person."""
    people_ids = list(user_ids)
    return {
        tables.User: [(one,) for one in people_ids],
        tables.Erasure: [(erased_people.key(one),) for one in people_ids],
        tables.Block: [blocks.key(request.user_id, one) for one in people_ids],
    }


def opening(request: Request, user_id: str, context: WantedContext | None) -> Opening:
    """Returns what the caller wants to open; one id for the two of them and what it is about."""
    context_type, context_id = (context.type, context.id) if context else (NO_CONTEXT, None)
    conversation_id = ids.direct_conversation_id(request.user_id, user_id, context_type, context_id or "")
    return Opening(user_id=user_id, context=context, conversation_id=conversation_id)
