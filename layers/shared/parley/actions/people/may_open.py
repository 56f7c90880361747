"""The right to open a conversation: used by an attempt, and by its explanation beforehand."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions.people.profiles import caller_of, own_key, party_of, sees_everybody
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import blocks, erased_people, policies, profiles
from parley.domain.api import ids
from parley.domain.api.errors import Field, NotFound
from parley.domain.api.identity import is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.requests import WantedContext
from parley.domain.conversations.head import Head
from parley.domain.erasure import job
from parley.domain.people.policy import NO_CONTEXT, Decision, Party, Policy


class Opening(Struct, frozen=True, kw_only=True):
    """A direct conversation that the caller wants to open: `context` is None for a general one.

    `pointers` are the places of the two people in a request of the host's own server.
    """

    user_id: str
    context: WantedContext | None
    conversation_id: str
    pointers: tuple[str, str] = ("", "")

    def reads(self, request: Request) -> dict[type[tables.Table], Iterable[batches.Key]]:
        """Returns the keys that `open_one` and `decide` need: one batch, 1 read unit for each of five keys."""
        return {tables.Conversation: [(self.conversation_id,)]} | reads_to_decide(request, [self.user_id])

    def open_one(self, request: Request, rows: Rows) -> Head | None:
        """Returns the conversation if the two have it already.

        Raises Conflict if an erasure has ended it, or if it is being imported.
        """
        if conversations.is_importing(rows, self.conversation_id):
            from parley.domain.moving.imports import being_imported  # most conversations begin here

            raise being_imported()
        head = conversations.head_of(rows, self.conversation_id)
        # Its id is made of theirs, so if one of them is missing, it was closed when that person was erased.
        if head is not None and not {request.user_id, self.user_id} <= set(head.participants):
            raise job.ended()
        return head

    def decide(self, request: Request, rows: Rows) -> Decision:
        """Returns the policy's permission; raises Invalid, NotFound or Forbidden if anything forbids it.

        The policy comes first, so that people whom it keeps apart learn nothing of each other: a person whom the
        directory does not show the caller is refused like a person who does not exist. Of the host's own server, which
        opens a conversation of two others, the policy is asked only what a conversation can be about.
        """
        if request.acts_as is not None:
            return self._decide_for_host(request, rows)
        caller = caller_of(request, rows)
        profile = profiles.profile_of(rows, self.user_id)
        other = caller if self.user_id == request.user_id else party_of(profile) if profile else None
        policy = policies.current()
        decide = policy.decide if sees_everybody(caller) else policy.decide_discreetly
        decision = decide(caller, other, self.context)
        decision.require(request.field_prefix)
        if erased_people.is_marked(rows, self.user_id):
            raise job.nobody(f"{request.field_prefix}/user_id")
        blocks.of(rows, request.user_id, self.user_id).require_none()
        return decision

    def _decide_for_host(self, request: Request, rows: Rows) -> Decision:
        policy, people = policies.current(), (request.user_id, self.user_id)
        decision = policy.decide_for_host(_party(rows, people[0]), _party(rows, people[1]), self.context)
        decision.require(request.field_prefix)
        require_people(policy, rows, zip(people, self.pointers, strict=True), self.context)
        blocks.of(rows, *people).require_none()
        return decision


def require_people(
    policy: Policy, rows: Rows, places: Iterable[tuple[str, str]], context: WantedContext | None = None
) -> None:
    """Raises NotFound for people whom the host's own server may not bring into a conversation, at their places.

    Those are people who were erased, and people whom Parley does not know, unless the policy allows it for the context.
    """
    for user_id, pointer in places:
        if erased_people.is_marked(rows, user_id):
            raise job.nobody(pointer)
        if not policy.takes_unknown_users(context) and not rows.has(tables.User, user_id):
            raise NotFound("unknown_user", "There is no such user.", fields=(Field(pointer, "not_allowed"),))


def _party(rows: Rows, user_id: str) -> Party:
    """Returns a person as a policy sees them; one without a profile has the role of no rule."""
    profile = profiles.profile_of(rows, user_id)
    return Party(user_id, "") if profile is None else party_of(profile)


def reads_to_decide(request: Request, user_ids: Iterable[str]) -> dict[type[tables.Table], Iterable[batches.Key]]:
    """Returns the keys that `Opening.decide` needs: 3 read units a person, and 1 for the caller's own row.

    If the host's own server opens a conversation of two others, both are such people: 2 units for the first of them.
    """
    people_ids = list(user_ids)
    first = [] if request.acts_as is None or is_system_sender(request.acts_as) else [request.acts_as]
    return {
        tables.User: [*((user_id,) for user_id in (*people_ids, *first)), *own_key(request)],
        tables.Erasure: [(erased_people.key(user_id),) for user_id in (*people_ids, *first)],
        tables.Block: [blocks.key(request.user_id, user_id) for user_id in people_ids],
    }


def opening(
    request: Request, user_id: str, context: WantedContext | None, pointers: tuple[str, str] = ("", "")
) -> Opening:
    """Returns the wanted opening; the conversation's id follows from the two people and the context."""
    context_type, context_id = (context.type, context.id) if context else (NO_CONTEXT, None)
    conversation_id = ids.direct_conversation_id(request.user_id, user_id, context_type, context_id or "")
    return Opening(user_id=user_id, context=context, conversation_id=conversation_id, pointers=pointers)
