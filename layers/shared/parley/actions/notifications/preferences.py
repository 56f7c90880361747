"""The caller's preferences of notifications."""

from msgspec import Struct
from msgspec.structs import replace

from parley.adapters.dynamodb import batches, conditions, retrying, tables
from parley.adapters.notifications import mail_queue, mail_settings, mail_states, preferences
from parley.adapters.people import profiles
from parley.domain.api.request import Request
from parley.domain.notifications.mail_state import email_state, switched_on
from parley.domain.notifications.preferences import (
    NotificationPreferences,
    Preferences,
    changed,
    current,
    disturbs_sooner,
    shown,
    wants_email,
)
from parley.domain.notifications.requests import UpdatePreferences


class _Read(Struct, frozen=True, kw_only=True):
    """All that the answer shows, as it was read."""

    preferences: preferences.Read
    mail: mail_states.Read
    address: str | None

    def shown(self, now_ms: int) -> NotificationPreferences:
        state = email_state(self.mail.state, self.address, available=mail_settings.is_on())
        return shown(current(self.preferences.preferences, now_ms), state)


def get_preferences(request: Request) -> NotificationPreferences:
    """Returns the caller's preferences; one round trip."""
    return _read(request.user_id).shown(request.now_ms)


def update_preferences(request: Request, wanted: UpdatePreferences) -> NotificationPreferences:
    """Changes the caller's preferences and returns them.

    Two round trips, one if nothing changes, one more if it switches e-mails on again. If it ends a quiet time, a look
    at what may be mailed is queued: one call of SQS. A `do_not_disturb_until` that is over counts as null.

    Raises Invalid for a time that no calendar has, a time zone that nobody knows, or quiet hours without an end.
    """
    for _ in conditions.tries():
        read = _read(request.user_id)
        after = current(changed(read.preferences.preferences, wanted), request.now_ms)
        if mail_settings.is_on() and disturbs_sooner(read.preferences.preferences, after, request.now_ms):
            # Before the change: a repeated request would find nothing to change, and queue nothing.
            mail_queue.queue_looks([request.user_id], request.now_ms)
        try:
            return _saved(request.user_id, read, after, wants_email=wants_email(wanted)).shown(request.now_ms)
        except conditions.LostRace:
            continue
    raise retrying.busy()


def _read(user_id: str) -> _Read:
    keys = [preferences.key(user_id), mail_states.key(user_id)]
    rows = batches.read_rows({tables.Notification: keys, tables.User: [(user_id,)]})
    own = profiles.profile_of(rows, user_id)
    return _Read(
        preferences=preferences.read_of(rows, user_id),
        mail=mail_states.of(rows, user_id),
        address=None if own is None else own.email,
    )


def _saved(user_id: str, read: _Read, after: Preferences, *, wants_email: bool) -> _Read:
    """Writes what changes; raises LostRace if another was faster."""
    if wants_email and read.mail.state.off is not None:
        read = replace(read, mail=mail_states.save(user_id, read.mail, switched_on(read.mail.state)))
    if after == read.preferences.preferences:
        return read
    if not preferences.save(user_id, read.preferences, after):
        raise conditions.LostRace
    return replace(read, preferences=replace(read.preferences, preferences=after))
