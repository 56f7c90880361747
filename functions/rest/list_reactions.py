"""GET /messages/{message_id}/reactions?emoji=&cursor=&limit=: people who reacted to it, and when. 200, 400, 404."""

from parley.actions.messages import reactions
from parley.domain.api.request import Request
from parley.domain.api.requests import ListReactions
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListReactions)
def handler(request: Request, message_id: str, query: ListReactions) -> Reply[reactions.ReactionList]:
    return ok(reactions.list_reactions(request, message_id, query))
