"""GET /policy/explain?user_id=&context_type=&context_id=: whether the caller may open a conversation. 200, 400."""

from parley.actions.people import explain_policy
from parley.domain.api.request import Request
from parley.domain.api.requests import ExplainPolicy
from parley.triggers.rest import Reply, ok, operation


@operation(query=ExplainPolicy)
def handler(request: Request, query: ExplainPolicy) -> Reply[explain_policy.Explanation]:
    return ok(explain_policy.explain_policy(request, query))
