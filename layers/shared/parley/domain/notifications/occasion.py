"""An occasion: one thing of which people may be told, as it waits in the queue until they have had time to look."""

from typing import Literal

from msgspec import Struct

from parley.domain.notifications.notice import Kind

OccasionKind = Literal["message", "reaction", "missed_call", "invitation", "ticket", "waiting_ticket"]
MAX_TOLD = 100  # people of one job, each with one occasion: as many as one batch reads (DynamoDB quotas)


class Occasion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing of which people may be told.

    `seq` is its message. `number` is the change of a reaction, or the entry of a ticket's history. A message may also
    be a mention: that is decided when it is told. `user_ids` are those who may be told, of this job; of a ticket its
    requester may be told as well (`tells_requester`), or the agents of a team, all without one. With `devices` a push
    is made to these alone: to those of one person that have failed before. `assignee_id` is who has got a ticket,
    `emoji` that of a reaction. With `by_rule` a rule of the desk notifies them, also if they have read all messages.
    """

    kind: OccasionKind
    conversation_id: str
    seq: int = 0
    number: int = 0
    by: str = ""
    at_ms: int = 0
    user_ids: tuple[str, ...] = ()
    tells_requester: bool = False
    team: str | None = None
    devices: tuple[str, ...] = ()
    assignee_id: str = ""
    emoji: str = ""
    by_rule: bool = False

    @property
    def name(self) -> str:
        """Returns what tells it from all others in its rows; no id holds a `#`."""
        number = f"#{self.number}" if self.number else ""
        return f"{self.conversation_id}#{self.seq}{number}"

    @property
    def trace_place(self) -> str:
        """Returns the place of what the channels have decided about it."""
        return f"t#{self.name}"

    def entry_place(self, kind: Kind) -> str:
        """Returns the place of its entry in the inbox.

        All messages of a conversation have one, and so have all its mentions, all its missed calls, all reactions to a
        message, all invitations to a group, and all changes of a ticket: what one person can do again and again must
        not fill another's inbox.
        """
        match kind:
            case "message":
                return f"c#{self.conversation_id}"
            case "reaction":
                return f"n#{self.conversation_id}#{self.seq}#{kind}"
            case "mention" | "invitation" | "missed_call":
                return f"n#{self.conversation_id}#0#{kind}"
            case "ticket":
                return f"n#{self.conversation_id}#0#{'waiting' if self.kind == 'waiting_ticket' else kind}"


class Closing(Struct, frozen=True):
    """A conversation that a person has read, so that their apps take its notices away.

    With `answered` they have written there: if they have said before that they have read it, their apps know.
    """

    user_id: str
    conversation_id: str
    answered: bool = False


class NotificationJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Occasions to decide about, of `MAX_TOLD` people together.

    With `splits` people who are connected still get time to look: they come again in a job of their own. `trails` says
    that a push tells what others have held back, so it is not held back itself. `tries` counts failed pushes.
    """

    occasions: tuple[Occasion, ...]
    splits: bool = False
    trails: bool = False
    tries: int = 0
    closes: Closing | None = None  # then there are no occasions
