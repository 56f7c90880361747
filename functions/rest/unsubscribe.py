"""POST /unsubscribe/{token}: end a person's e-mails by the link of one of them, without sign-in (RFC 8058).

Mail programs send the form `List-Unsubscribe=One-Click`. The body is not read, so no wish fails by its form. Answers as
well if they have ended before. Of a link that Parley never made it says that it is wrong (404), and of an old one that
it is over (410).

200, 404, 410.
"""

from parley.actions.notifications import unsubscribing
from parley.domain.api.pages import Html
from parley.domain.api.request import Request
from parley.triggers.pages import page_operation
from parley.triggers.rest import Reply


@page_operation
def handler(request: Request, token: str) -> Reply[Html]:
    return Reply(*unsubscribing.unsubscribe(token, request.now_s))
