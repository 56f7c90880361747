"""POST /admin/banned-words/try: what rules would have made of past messages. 200, 400, 403."""

from parley.actions import wordlists
from parley.domain.call import Call
from parley.domain.requests import TryBannedWords
from parley.triggers.rest import Reply, ok, operation


@operation(body=TryBannedWords)
def handler(call: Call, body: TryBannedWords) -> Reply[wordlists.TryResult]:
    return ok(wordlists.try_out(call, body))
