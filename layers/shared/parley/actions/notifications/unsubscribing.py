"""The link in each e-mail by which a person gets no more of them, without a token."""

from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.notifications import mail_settings, mail_states, mail_templates
from parley.adapters.people import erased_people
from parley.domain.api.pages import Html
from parley.domain.notifications.mail_state import unsubscribed
from parley.domain.notifications.mail_template import DEFAULT_LANGUAGE
from parley.domain.notifications.unsubscribing import Link, State, page_of, read_token

Answer = tuple[int, Html]  # with its status
_STATUSES: dict[State, int] = {"question": 200, "done": 200, "over": 410, "wrong": 404, "busy": 503}


def get_unsubscribe_page(token: str, now_s: int) -> Answer:
    """Returns the page that asks, or says that the link is wrong or over; one round trip. It changes nothing.

    Mail scanners and browsers follow links before a person does.
    """
    link = _link(token)
    if link is None:
        return _answer("wrong")
    if link.expires_at_s <= now_s or erased_people.among([link.user_id]):
        return _answer("over", link.language)
    return _answer("question", link.language)


def unsubscribe(token: str, now_s: int) -> Answer:
    """Switches a person's e-mails off, and returns the page that says so; two round trips, one if they are off already.

    Raises Unavailable if others keep writing the row.
    """
    link = _link(token)
    if link is None:
        return _answer("wrong")
    if link.expires_at_s <= now_s:
        return _answer("over", link.language)
    for _ in conditions.tries():
        read = mail_states.get_state(link.user_id)
        if read is None:
            return _answer("over", link.language)
        if read.state.off == "unsubscribed":
            return _answer("done", link.language)
        try:
            mail_states.save(link.user_id, read, unsubscribed(read.state))
        except conditions.LostRace:
            continue
        return _answer("done", link.language)
    raise retrying.busy()


def failure_page() -> Html:
    """Returns the page for an answer that failed."""
    return _answer("busy")[1]


def _link(token: str) -> Link | None:
    return read_token(token, mail_settings.key()) if mail_settings.is_on() else None


def _answer(state: State, language: str = DEFAULT_LANGUAGE) -> Answer:
    return _STATUSES[state], Html(page_of(mail_templates.for_page(), language, state, mail_settings.name()))
