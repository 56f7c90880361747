"""PUT /admin/banned-words: replace the list of banned words. 200, 400, 403, 409."""

from parley.actions import wordlists
from parley.domain.call import Call
from parley.domain.requests import PutBannedWords
from parley.domain.wordlist import BannedWordList
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutBannedWords)
def handler(call: Call, body: PutBannedWords) -> Reply[BannedWordList]:
    return ok(wordlists.put(call, body))
