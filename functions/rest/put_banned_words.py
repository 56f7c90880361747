"""PUT /admin/banned-words: replace the list of banned words. 200, 400, 403, 409."""

from parley.actions.moderation import banned_words
from parley.domain.api.request import Request
from parley.domain.api.requests import PutBannedWords
from parley.domain.moderation.word_list import BannedWordList
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutBannedWords)
def handler(request: Request, body: PutBannedWords) -> Reply[BannedWordList]:
    return ok(banned_words.put_banned_words(request, body))
