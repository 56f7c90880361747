"""Previews of links: a queue brings a message, and its page is looked at; the message shows the page's own words.

A page's picture goes to the attachments' scanner. The same queue then brings it, and the message shows it, too.

Nothing of it happens in a send. A message that is edited meanwhile gets the preview of its new link, and one that is
deleted gets none.
"""

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from parley.actions import screening
from parley.actions.messages import changes
from parley.actions.parallel import in_parallel
from parley.adapters.attachments import pictures
from parley.adapters.conversations import conversations, journal, messages, pages
from parley.adapters.conversations.pages import Copied, Known
from parley.adapters.dynamodb import conditions
from parley.adapters.outbound import http
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.types import LinkPreview, PreviewImage
from parley.domain.conversations import change_steps
from parley.domain.conversations.change_steps import Found
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Step
from parley.domain.previews.job import PreviewJob
from parley.domain.previews.links import first_link
from parley.domain.previews.page import Page, read_page
from parley.domain.previews.pictures import MAX_BYTES, Place, type_of

MAX_PAGE_BYTES = 1_000_000
TIMEOUT_S = 5.0
MAX_REDIRECTS = 3
_PAGES, _PICTURES = "text/html, application/xhtml+xml", "image/webp, image/jpeg, image/png, image/gif"
# The errors of a reader that a stranger's bytes break. No call to AWS is where they are caught.
_BROKEN = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class _Looked(Struct, frozen=True, kw_only=True):
    """The result of a look at a page, with a word for the log that tells nothing of the page."""

    known: Known
    outcome: str


class _Try:
    """One delivery of a job: its looks at pages, and the copy of a picture that it has made."""

    def __init__(self, job: PreviewJob, now_s: int) -> None:
        self.job, self.now_s = job, now_s
        self.copied: Place | None = None
        self._looked: dict[str, _Looked] = {}

    def look(self, url: str) -> _Looked:
        """Returns what the page says; one round trip, for a page that is not known also its request and one more."""
        if url not in self._looked:
            self._looked[url] = _look(url, self.now_s)
        return self._looked[url]

    def place(self, url: str) -> Place:
        """Returns the place of the picture of the message's link."""
        return Place.of(self.job.conversation_id, self.job.seq, self.job.at_ms, url)

    def picture(self, url: str) -> PreviewImage | UnsetType:
        """Returns the picture that the message can have at once: the one of the job, or a copy of another message's."""
        if self.job.picture is not None:
            return self.job.picture
        known, place = self.look(url).known.picture, self.place(url)
        if known is None or (self.copied != place and not pictures.copy(known.key, place)):
            return UNSET
        self.copied = place
        return PreviewImage(id=place.id, width=known.width, height=known.height)

    def leave(self) -> None:
        """Deletes the picture for a message that does not want it any more."""
        unwanted = self.job.picture.id if self.job.picture else self.copied.id if self.copied else None
        if unwanted is not None:
            pictures.delete(self.job.conversation_id, self.job.seq, unwanted)


def preview_link(job: PreviewJob, now_ms: int, request_id: str) -> dict[str, str]:
    """Gives a message the preview of its link, or its picture once that is clean; returns words for the log.

    Four round trips, the request to the page, and the posts; one round trip less for a page that is known. Then, for a
    page with a picture, the request to that and one round trip more. A job that comes again tells the members again
    what an earlier try may not have told. A new list of banned words is one more round trip, once in a process.
    """
    attempt = _Try(job, now_ms // 1000)
    for _ in conditions.tries():
        head, message = in_parallel(
            lambda: conversations.head(job.conversation_id), lambda: messages.get_message(job.conversation_id, job.seq)
        )
        url = None if message is None else _wanted(message, attempt)
        if head is None or message is None or url is None:
            attempt.leave()
            return {"preview": "not_wanted"}
        caller = Identity(user_id=message.sender_id, name="", role="system", expires_at_s=0)
        request = Request(caller=caller, now_ms=now_ms, request_id=request_id)
        found = Found(caller_id=message.sender_id, head=head, message=message)
        shown = message.link_preview
        if shown is not None and shown.url == url and job.picture in (None, shown.image):
            changes.tell_again(request, found, message.change_seq)
            return {"preview": "made_before", **_follow(attempt, url, shown.image)}
        looked = attempt.look(url)
        if (page := looked.known.page) is None:
            attempt.leave()
            return {"preview": looked.outcome}
        words = _screened(page)
        if words is None:
            attempt.leave()
            return {"preview": "banned_words"}
        image = attempt.picture(url)
        preview = LinkPreview(url=url, title=words.title, description=words.description, site=words.site, image=image)
        # At the time of the link, not of the look: then a job that is done twice writes the same.
        step = change_steps.put_preview(replace(request, now_ms=job.at_ms), found, preview)
        if _is_shown(request, found, step):
            return {"preview": looked.outcome, **_follow(attempt, url, image)}
    raise conditions.busy()


def _wanted(message: StoredMessage, attempt: _Try) -> str | None:
    """Returns the link of which a message may show a preview; None also if the picture is that of an earlier link."""
    if message.deleted_at_ms is not None or message.without_preview or message.kind == "system":
        return None
    url, picture = first_link(message.text), attempt.job.picture
    return None if url is None or (picture is not None and picture.id != attempt.place(url).id) else url


def _screened(page: Page) -> Page | None:
    """Returns a page with its words as the banned words leave them; None if a rule rejects one of its texts.

    Pages are kept as they are, so each message shows them by the list of its time.
    """
    title, site = screening.shown(page.title), screening.shown(page.site)
    description = None if page.description is None else screening.shown(page.description)
    if title is None or site is None or (description is None and page.description is not None):
        return None
    return replace(page, title=title, description=description, site=site)


def _is_shown(request: Request, found: Found, step: Step) -> bool:
    """Writes a preview, and tells the members; False if another write came between."""
    try:
        journal.write(step, request.now_s)
    except conditions.LostRace:
        return False
    changes.tell(request, found.after(step), step.change)
    return True


def _follow(attempt: _Try, url: str, image: PreviewImage | UnsetType) -> dict[str, str]:
    """Notes a picture for other messages with the link, or gives the page's to the scanner; returns it for the log."""
    if image is not UNSET and attempt.job.picture is None:
        return {}
    page, place = attempt.look(url).known.page, attempt.place(url)
    if page is None:
        return {}
    if image is not UNSET:
        copied = Copied(key=place.key, width=image.width, height=image.height)
        pages.put_page(url, page, attempt.now_s, copied)
        return {"picture": "shown"}
    return {} if page.image_url is None else {"picture": _given_to_scanner(page.image_url, place)}


def _given_to_scanner(image_url: str, place: Place) -> str:
    """Fetches a picture for the scanner; returns a word for the log."""
    answer = _fetched(image_url, _PICTURES, MAX_BYTES)
    if isinstance(answer, str):
        return answer
    kind = type_of(answer.body)
    if kind is None or not answer.headers.get("content-type", "").lower().startswith("image/"):
        return "no_picture"
    if answer.is_cut:
        return "too_large"
    pictures.upload(place, answer.body, kind)
    return "scanned"


def _look(url: str, now_s: int) -> _Looked:
    known = pages.known_page(url, now_s)
    if known is not None:
        return _Looked(known=known, outcome="known" if known.page else "known_to_say_nothing")
    page, outcome = _read(url)
    pages.put_page(url, page, now_s)
    return _Looked(known=Known(page), outcome=outcome)


def _read(url: str) -> tuple[Page | None, str]:
    answer = _fetched(url, _PAGES, MAX_PAGE_BYTES)
    if isinstance(answer, str):
        return None, answer
    try:
        page = read_page(answer.body, answer.headers.get("content-type", ""), answer.url)
    except _BROKEN:  # such a page says nothing: five tries of each message would break the reader again
        return None, "unreadable"
    return page, "made" if page else "says_nothing"


def _fetched(url: str, accepted: str, max_bytes: int) -> http.Answer | str:
    """Returns the answer of a site, or a word for the log if it gives none with status 200."""
    headers = {"accept": accepted, "accept-encoding": "identity", "user-agent": "ParleyLinkPreview/1.0"}
    try:
        answer = http.fetch(url, headers, timeout_s=TIMEOUT_S, max_bytes=max_bytes, max_redirects=MAX_REDIRECTS)
    except http.Refused as refused:
        return refused.code
    except _BROKEN:  # likewise
        return "unreadable"
    return answer if answer.status == 200 else f"status_{answer.status}"
