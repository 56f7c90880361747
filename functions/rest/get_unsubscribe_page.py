"""GET /unsubscribe/{token}: the page to which the link of an e-mail leads, with a button that ends e-mails.

It needs no sign-in, and changes nothing, because scanners of e-mails open links, too. Of a link that Parley never made
it says that it is wrong (404), and of an old one that it is over (410).

200, 404, 410.
"""

from parley.actions.notifications import unsubscribing
from parley.domain.api.pages import Html
from parley.domain.api.request import Request
from parley.triggers.pages import page_operation
from parley.triggers.rest import Reply


@page_operation
def handler(request: Request, token: str) -> Reply[Html]:
    return Reply(*unsubscribing.get_unsubscribe_page(token, request.now_s))
