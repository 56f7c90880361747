"""The link in each e-mail by which a person gets no more of them, and the page to which it leads.

The link is sealed: nobody can make one, and it tells nothing of the person whom it is for.
"""

import binascii
import hmac
from html import escape
from typing import Literal

from msgspec import Struct

from parley.domain.api.sealed_cursors import seal, unseal
from parley.domain.notifications.digest import plain
from parley.domain.notifications.mail_template import MailTemplate, filled

LIFE_S = 180 * 24 * 3600  # of a link
MAX_TOKEN_CHARACTERS = 1_000
TOKEN_PATTERN = rf"[A-Za-z0-9_-]{{20,{MAX_TOKEN_CHARACTERS}}}"
_VERSION = "1"

# `question` asks; `done` says that it is done; `over` is for a link that is no longer valid, `wrong` for one that was
# never made, and `busy` for a store that does not answer.
State = Literal["question", "done", "over", "wrong", "busy"]


class Link(Struct, frozen=True, kw_only=True):
    """The person of a link, the language of their e-mail, and when the link ends."""

    user_id: str
    language: str
    expires_at_s: int


def key_of(secret: str) -> bytes:
    """Returns the key of the links, derived from a secret of the deployment that has other uses, too."""
    return hmac.digest(secret.encode(), b"parley unsubscribe links", "sha256")


def token_of(link: Link, key: bytes) -> str:
    """Returns the last part of a link's address."""
    return seal("\n".join((_VERSION, str(link.expires_at_s), link.language, link.user_id)), key)


def read_token(token: str, key: bytes) -> Link | None:
    """Returns the link of a token, whether or not it has ended; None for a token that `token_of` did not make."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        return None
    try:
        text = unseal(token, key)
        version, expires_at_s, language, user_id = text.split("\n", 3)
        # Base64 can be written in several ways, of which one is ours.
        if version != _VERSION or seal(text, key) != token:
            return None
        return Link(user_id=user_id, language=language, expires_at_s=int(expires_at_s))
    except (binascii.Error, ValueError):
        return None


def page_of(template: MailTemplate, language: str, state: State, sender: str) -> str:
    """Returns the page in HTML: only that of the question has a button."""
    known = template.language_of(language)
    words = template.words[known]
    sentence: str = getattr(words, f"unsubscribe_{state}")
    name = f"<bdi>{escape(plain(sender))}</bdi>"
    form = filled(template.html.form, {"button": escape(words.unsubscribe_button)}) if state == "question" else ""
    values = {
        "language": escape(known),
        "direction": words.direction,
        "heading": escape(words.unsubscribe_heading),
        "message": filled(escape(sentence), {"sender": name}),
        "sender": name,
        "form": form,
    }
    return filled(template.html.unsubscribe, values)
