"""GET /admin/banned-words: the list of banned words and its version. 200, 400, 403."""

from parley.actions import wordlists
from parley.domain.call import Call
from parley.domain.wordlist import BannedWordList
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call) -> Reply[BannedWordList]:
    return ok(wordlists.read(call))
