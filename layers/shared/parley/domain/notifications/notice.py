"""A notice: one thing that a person is told outside of the conversation, and the person and devices that get it.

The channels share these types. Nothing of them is stored but a `Device`: a notice's words are made when it is sent.
"""

from typing import Literal, get_args

from msgspec import Struct

Kind = Literal["message", "mention", "reaction", "missed_call", "ticket", "invitation"]
Channel = Literal["in_app", "push", "email"]
DeviceKind = Literal["web_push", "apns", "fcm"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CHANNELS: tuple[Channel, ...] = get_args(Channel)

MAX_TITLE_CHARACTERS = 100
MAX_TEXT_CHARACTERS = 200
NOTICE_LIFE_S = 30 * 24 * 3600  # of an entry of the inbox
TRACE_LIFE_S = 7 * 24 * 3600  # of what a trace tells


class Fault(Struct, frozen=True, kw_only=True):
    """The reason why a device takes no pushes, and since when: the answer of its push service."""

    state: Literal["failed", "refused"]
    answer: str
    since_ms: int


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device that takes pushes: a browser's subscription (`endpoint`, `p256dh`, `auth`), or a mobile app's `token`.

    The keys are base64url as the browser gave them. `at_ms` is when the device was last registered. It has a `fault` if
    the last push to it did not arrive.
    """

    device_id: str
    kind: DeviceKind
    at_ms: int
    endpoint: str | None = None
    p256dh: str | None = None
    auth: str | None = None
    token: str | None = None
    fault: Fault | None = None


class Recipient(Struct, frozen=True, kw_only=True):
    """A person who is told, with what the channels need; `locale` is a language tag, `time_zone` one of IANA's."""

    user_id: str
    locale: str | None = None
    time_zone: str | None = None
    email: str | None = None
    devices: tuple[Device, ...] = ()
    at_host: bool = True  # the host's own topic may be told as well, if there is one


class Notice(Struct, frozen=True, kw_only=True):
    """One thing to tell of, in the recipient's language, as the recipient may see it at this moment.

    `count` is how many unread messages it stands for. `seq` is the message's, or 0. `by` is the id of the user who
    caused it; None for the system. `newest` has the words of the newest of several messages, which an e-mail shows
    beside their number. `rule_id` is the rule of the desk that notifies of a ticket. A channel replaces an
    earlier notice of the same `topic`.
    """

    kind: Kind
    conversation_id: str
    seq: int
    message_id: str | None
    title: str
    text: str
    count: int
    at_ms: int
    by: str | None = None
    newest: tuple[str, ...] = ()
    rule_id: str | None = None

    @property
    def topic(self) -> str:
        """Returns what a device collapses by: one notice for each conversation."""
        return self.conversation_id
