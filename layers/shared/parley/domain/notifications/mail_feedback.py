"""The news of an e-mail that was sent: SES tells by an event that it bounced, or that its reader complained.

The events have the form of "Examples of event data that Amazon SES publishes" (SES developer guide).
"""

import re

from msgspec import Struct

from parley.domain.notifications.mail_state import Off

_link = re.compile(r"<[^>]*/unsubscribe/([A-Za-z0-9_-]+)>")


class Header(Struct, frozen=True):
    """A header of the e-mail, as it was sent."""

    name: str
    value: str


class SentMail(Struct, frozen=True):
    """The e-mail that the news is of."""

    destination: list[str] = []
    headers: list[Header] = []


class Bounce(Struct, frozen=True, rename="camel"):
    """A bounce: `Permanent` of an address that takes no e-mails; others may pass."""

    bounce_type: str = ""


class Complaint(Struct, frozen=True, rename="camel"):
    """A complaint; the type `not-spam` is the contrary of one."""

    complaint_feedback_type: str | None = None


class Feedback(Struct, frozen=True, rename="camel"):
    """The news of one e-mail."""

    event_type: str = ""
    mail: SentMail = SentMail()
    bounce: Bounce | None = None
    complaint: Complaint | None = None

    @property
    def off(self) -> Off | None:
        """Returns why the address gets no more e-mails; None if it may get more."""
        if self.event_type == "Bounce" and self.bounce is not None and self.bounce.bounce_type == "Permanent":
            return "bounced"
        is_spam = self.complaint is not None and self.complaint.complaint_feedback_type != "not-spam"
        return "complained" if self.event_type == "Complaint" and is_spam else None

    @property
    def address(self) -> str | None:
        """Returns the address that the e-mail went to; each of ours goes to one."""
        return self.mail.destination[0] if self.mail.destination else None

    @property
    def token(self) -> str | None:
        """Returns the token of the e-mail's link, which names its person; None for an e-mail of another sender."""
        for header in self.mail.headers:
            if header.name.lower() == "list-unsubscribe" and (found := _link.search(header.value)):
                return found[1]
        return None
