"""GET /policy/explain?user_id=&context_type=&context_id=: whether the caller may open a conversation. 200, 400."""

from parley.actions import explaining
from parley.domain.call import Call
from parley.domain.requests import ExplainPolicy
from parley.triggers.rest import Reply, ok, operation


@operation(query=ExplainPolicy)
def handler(call: Call, query: ExplainPolicy) -> Reply[explaining.Explanation]:
    return ok(explaining.explain(call, query))
