"""POST /admin/banned-words/try: test rules against past messages. 200, 400, 403, 404."""

from parley.actions.moderation import banned_words
from parley.domain.api.request import Request
from parley.domain.api.requests import TryBannedWords
from parley.triggers.rest import Reply, ok, operation


@operation(body=TryBannedWords)
def handler(request: Request, body: TryBannedWords) -> Reply[banned_words.TryResult]:
    return ok(banned_words.try_banned_words(request, body))
