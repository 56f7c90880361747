"""The other person of a conversation about a context, if the caller names nobody."""

from collections.abc import Mapping, Sequence

from parley.actions.people.profiles import caller_of, own_key, party_of, sees_everybody
from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import blocks, context_people, policies, profiles
from parley.domain.api.errors import Choice, ChooseOne, Field, NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import WantedContext
from parley.domain.people.policy import Party
from parley.domain.people.profile import Profile

MAX_LOOKED_AT = 100  # people of a context; each is two read units or less
MAX_CHOICES = 20  # people whom a refusal names


def find_counterpart(request: Request, context: WantedContext) -> str:
    """Returns the only person of a context with whom the caller may open a conversation about it; two round trips.

    Raises ChooseOne with these people if they are several, or if the context has more people than it looks at. Raises
    NotFound if there is none, and what the policy refuses the caller anyway. Only rows give a context people; those
    whose token or profile names it are not found.
    """
    found = context_people.people_of(context.type, context.id or "", None, MAX_LOOKED_AT + 2)
    others = [user_id for user_id in found if user_id != request.user_id]
    candidates = _candidates(request, context, others[:MAX_LOOKED_AT])
    capped = len(others) > MAX_LOOKED_AT
    if len(candidates) == 1 and not capped:
        return candidates[0].user_id
    field = Field(f"{request.field_prefix}/user_id", "required")
    rule = f"context {context.type}: one other person with whom you may open a conversation"
    if not candidates and not capped:
        detail = "There is nobody in this context with whom you may open a conversation."
        raise NotFound("no_counterpart", detail, rule=rule, fields=(field,))
    shown = [_choice(profile) for profile in candidates[:MAX_CHOICES]]
    raise ChooseOne(
        "choose_one",
        "Several people belong to this context; name one of them.",
        rule=rule,
        fields=(field,),
        users=tuple(shown),
        capped=capped or len(candidates) > MAX_CHOICES,
    )


def _candidates(request: Request, context: WantedContext, user_ids: Sequence[str]) -> list[Profile]:
    """Returns those of these people with whom the policy lets the caller open a conversation."""
    own = own_key(request) if request.acts_as is None else [(request.acts_as,)]
    rows = batches.read_rows(
        {
            tables.User: [*((user_id,) for user_id in user_ids), *own],
            tables.Block: [blocks.key(request.user_id, user_id) for user_id in user_ids],
        },
        stale=(tables.User, tables.Block),  # the opening itself reads them again
    )
    known = profiles.readable(rows, [*user_ids, *([] if request.acts_as is None else [request.acts_as])])
    caller = _caller(request, rows, known)
    policy = policies.current()
    refusal = policy.decide(caller, None, context)
    if refusal.code != "unknown_user":
        refusal.require(request.field_prefix)
    decide = policy.decide if sees_everybody(caller) else policy.decide_discreetly
    people = [known[user_id] for user_id in user_ids if user_id in known]
    return [
        profile
        for profile in people
        if decide(caller, party_of(profile), context).allowed
        and not blocks.of(rows, request.user_id, profile.user_id).is_on
    ]


def _caller(request: Request, rows: batches.Rows, known: Mapping[str, Profile]) -> Party:
    """Returns the caller, or the person in whose name the host's own server writes, as the policy sees them."""
    if request.acts_as is None:
        return caller_of(request, rows)
    profile = known.get(request.acts_as)
    return Party(request.acts_as, "") if profile is None else party_of(profile)


def _choice(profile: Profile) -> Choice:
    return Choice(id=profile.user_id, name=profile.name, role=profile.role, avatar_url=profile.avatar_url)
