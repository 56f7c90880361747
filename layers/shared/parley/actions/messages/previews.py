"""Previews of links: a queue brings a message, and its page is looked at; the message shows the page's own words.

Nothing of it happens in a send. A message that is edited meanwhile gets the preview of its new link, and one that is
deleted gets none.
"""

from msgspec import Struct
from msgspec.structs import replace

from parley.actions.messages import changes
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, journal, messages, pages
from parley.adapters.dynamodb import conditions
from parley.adapters.outbound import http
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.types import LinkPreview
from parley.domain.conversations import change_steps
from parley.domain.conversations.change_steps import Found
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Step
from parley.domain.previews.job import PreviewJob
from parley.domain.previews.links import first_link
from parley.domain.previews.page import Page, read_page

MAX_PAGE_BYTES = 1_000_000
TIMEOUT_S = 5.0
MAX_REDIRECTS = 3
_HEADERS = {
    "accept": "text/html, application/xhtml+xml",
    "accept-encoding": "identity",
    "user-agent": "ParleyLinkPreview/1.0",
}


class _Looked(Struct, frozen=True, kw_only=True):
    """The result of a look at a page, with a word for the log that tells nothing of the page."""

    page: Page | None
    outcome: str


def preview_link(job: PreviewJob, now_ms: int, request_id: str) -> str:
    """Gives a message the preview of its link; returns a word for the log.

    Four round trips, the request to the page, and the posts; one round trip less for a page that is known. A job that
    comes again tells the members again what an earlier try may not have told.
    """
    looked: dict[str, _Looked] = {}
    for _ in conditions.tries():
        head, message = in_parallel(
            lambda: conversations.head(job.conversation_id), lambda: messages.get_message(job.conversation_id, job.seq)
        )
        if head is None or message is None:
            return "gone"
        caller = Identity(user_id=message.sender_id, name="", role="system", expires_at_s=0)
        request = Request(caller=caller, now_ms=now_ms, request_id=request_id)
        found = Found(caller_id=message.sender_id, head=head, message=message)
        url = _wanted(message)
        if url is None:
            return "not_wanted"
        if message.link_preview is not None and message.link_preview.url == url:
            changes.tell_again(request, found, message.change_seq)
            return "made_before"
        if url not in looked:
            looked[url] = _look(url, request.now_s)
        if (page := looked[url].page) is None:
            return looked[url].outcome
        preview = LinkPreview(url=url, title=page.title, description=page.description, site=page.site)
        # At the time of the link, not of the look: then a job that is done twice writes the same.
        step = change_steps.put_preview(replace(request, now_ms=job.at_ms), found, preview)
        if _is_shown(request, found, step):
            return looked[url].outcome
    raise conditions.busy()


def _wanted(message: StoredMessage) -> str | None:
    """Returns the link of which a message may show a preview."""
    if message.deleted_at_ms is not None or message.without_preview or message.kind == "system":
        return None
    return first_link(message.text)


def _is_shown(request: Request, found: Found, step: Step) -> bool:
    """Writes a preview, and tells the members; False if another write came between."""
    try:
        journal.write(step, request.now_s)
    except conditions.LostRace:
        return False
    changes.tell(request, found.after(step), step.change)
    return True


def _look(url: str, now_s: int) -> _Looked:
    known = pages.known_page(url, now_s)
    if known is not None:
        return _Looked(page=known.page, outcome="known" if known.page else "known_to_say_nothing")
    looked = _fetched(url)
    pages.put_page(url, looked.page, now_s)
    return looked


def _fetched(url: str) -> _Looked:
    try:
        answer = http.fetch(url, _HEADERS, timeout_s=TIMEOUT_S, max_bytes=MAX_PAGE_BYTES, max_redirects=MAX_REDIRECTS)
    except http.Refused as refused:
        return _Looked(page=None, outcome=refused.code)
    if answer.status != 200:
        return _Looked(page=None, outcome=f"status_{answer.status}")
    page = read_page(answer.body, answer.headers.get("content-type", ""), url)
    return _Looked(page=page, outcome="made" if page else "says_nothing")
