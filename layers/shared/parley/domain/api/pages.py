"""Pages in HTML, for the few routes that a person opens in a browser by a link and without a token."""

from msgspec import Struct


class Html(Struct, frozen=True):
    """A page, which is sent as `text/html`."""

    text: str
