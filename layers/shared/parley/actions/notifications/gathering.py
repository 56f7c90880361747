"""The things of which the next e-mail of a person may tell: entries of their inbox, as they are at this moment."""

from collections.abc import Sequence

from msgspec import Struct

from parley.actions.notifications import facts, inbox
from parley.actions.notifications.facts import Known, Pair
from parley.actions.parallel import in_parallel
from parley.adapters.dynamodb import batches, tables
from parley.adapters.notifications import mail_states, notices
from parley.adapters.notifications.notices import Entry
from parley.adapters.people import erased_people, profiles
from parley.domain.notifications.mail_state import MailState
from parley.domain.people.profile import Profile

MAX_LOOKED = 100  # entries that one e-mail may tell of, the newest
MAX_CHECKED = 5  # entries of the last e-mail that say whether the person has read anything since
# An entry may be moved up in the inbox a minute after its news, so entries that are a little older count as new.
OVERLAP_MS = 120_000


class Look(Struct, frozen=True, kw_only=True):
    """A person, the state of their e-mails, and the newest entries of their inbox; without a `profile` nobody."""

    user_id: str
    mail: mail_states.Read
    profile: Profile | None
    entries: Sequence[Entry]

    @property
    def news(self) -> list[Entry]:
        """Returns the entries of which no e-mail has told yet."""
        state = self.mail.state
        return [
            entry
            for entry in self.entries
            if entry.at_ms >= state.told_ms - OVERLAP_MS
            and entry.is_of_something
            and entry.mark > state.told.get(entry.place, -1)
        ]

    @property
    def is_cut(self) -> bool:
        """Says whether there may be more news than one e-mail looks at."""
        return len(self.news) >= MAX_LOOKED


def look(user_id: str) -> Look:
    """Returns a person and their inbox, strongly consistent; one round trip. An erased person has no profile."""
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.Notification: [mail_states.key(user_id)],
        tables.User: [(user_id,)],
        tables.Erasure: [(erased_people.key(user_id),)],
    }
    rows, entries = in_parallel(
        lambda: batches.read_rows(keys),
        lambda: notices.inbox(user_id, MAX_LOOKED, None),
    )
    profile = None if erased_people.is_marked(rows, user_id) else profiles.profile_of(rows, user_id)
    return Look(user_id=user_id, mail=mail_states.of(rows, user_id), profile=profile, entries=entries)


def has_read_since(user_id: str, state: MailState, entries: Sequence[Entry], now_ms: int) -> bool:
    """Says whether the person has read or seen any of the newest things that the last e-mail told; one round trip."""
    told = [entry for entry in entries if entry.place in state.told][:MAX_CHECKED]
    pairs = [Pair(user_id, inbox.occasion_of(entry, state.told[entry.place]), entry.kind) for entry in told]
    known: Sequence[Known] = facts.read_facts(pairs, now_ms) if pairs else ()
    return any(each.facts.has_read or each.facts.has_seen for each in known)
