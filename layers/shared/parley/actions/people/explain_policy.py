"""Why the caller may open a conversation, or may not: the answer to an attempt, without the attempt."""

from msgspec import Struct

from parley.actions.people import may_open
from parley.adapters.dynamodb import batches
from parley.domain.api.errors import Refusal
from parley.domain.api.request import Request
from parley.domain.api.requests import ExplainPolicy, WantedContext
from parley.domain.people.policy import NO_CONTEXT

ALREADY_OPEN = "already_open"


class Explanation(Struct, frozen=True, kw_only=True):
    """The answer: the decision about a conversation, and the rule that decided.

    `code` is `allowed`, `already_open`, or the code with which an attempt would be refused. The capabilities of an open
    conversation say whether the caller may write there.
    """

    allowed: bool
    code: str
    rule: str
    detail: str
    conversation_id: str | None


def explain_policy(request: Request, asked: ExplainPolicy) -> Explanation:
    """Returns the answer to an attempt to open that conversation, and why; one round trip.

    An attempt uses the same code, so this reveals no more of the other person than an attempt would.
    """
    context = WantedContext(type=asked.context_type or NO_CONTEXT, id=asked.context_id)
    wish = may_open.opening(request, asked.user_id, context)
    rows = batches.read_rows(wish.reads(request))
    try:
        head = wish.open_one(request, rows)
        if head is not None:
            return _already_open(head.conversation_id)
        decision = wish.decide(request, rows)
    except Refusal as refusal:
        return _answer(False, refusal.code, refusal.rule or "", refusal.detail)
    return _answer(True, decision.code, decision.rule, "You may open this conversation.")


def _already_open(conversation_id: str) -> Explanation:
    rule = "an open conversation stays open, whatever the policy says later"
    return _answer(True, ALREADY_OPEN, rule, "This conversation is already open.", conversation_id)


def _answer(allowed: bool, code: str, rule: str, detail: str, conversation_id: str | None = None) -> Explanation:
    return Explanation(allowed=allowed, code=code, rule=rule, detail=detail, conversation_id=conversation_id)
