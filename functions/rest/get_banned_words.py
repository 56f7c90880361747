"""GET /admin/banned-words: the list of banned words and its version. 200, 400, 403."""

from parley.actions.moderation import banned_words
from parley.domain.api.request import Request
from parley.domain.moderation.word_list import BannedWordList
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[BannedWordList]:
    return ok(banned_words.get_banned_words(request))
