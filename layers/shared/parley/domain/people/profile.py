"""A person's profile: the statements of their token, of the host and of their own, and which of them counts.

A newer token replaces the statement of the one before, so that a role which the provider took away is gone. Of name,
picture, language, time zone and e-mail address it keeps what it does not state itself. It never touches what the host
or the person has stated.
"""

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.identity import (
    AVATAR_URL_PATTERN,
    DEFAULT_ROLE,
    MAX_AVATAR_URL_CHARACTERS,
)
from parley.domain.people import directory
from parley.domain.people.held import Held

Contexts = dict[str, tuple[str, ...]]

SHOWN = ("name", "role", "avatar_url", "metadata")  # the fields that others see
KEPT = ("name", "avatar_url", "locale", "time_zone", "email")  # that a newer token keeps if it is silent; no rights
EDITABLE = ("name", "avatar_url", "locale", "time_zone", "metadata")  # the fields that SelfEditableFields may name


class Statement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The statement of one party about a person, and its time; None for each field on which the party is silent."""

    at_s: int = 0
    name: str | None = None
    role: str | None = None
    contexts: Contexts | None = None
    avatar_url: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    email: str | None = None
    metadata: str | None = None  # JSON, as `private_metadata`
    private_metadata: str | None = None


SILENT = Statement()
FIELDS = tuple(name for name in Statement.__struct_fields__ if name != "at_s")


class Rules(Struct, frozen=True, kw_only=True):
    """The deployment's choice: HostProfiles=authoritative, and SelfEditableFields."""

    host_decides: bool = False
    editable: frozenset[str] = frozenset()


class Statements(Struct, frozen=True, kw_only=True):
    """The statements of the three parties."""

    token: Statement = SILENT
    host: Statement = SILENT
    own: Statement = SILENT

    def value(self, name: str, rules: Rules) -> Any:
        """Returns the value of a field that counts, or None if everyone is silent on it.

        An authoritative host comes first, then the person if they may edit the field. Of token and host the later
        statement counts, of one second the host's; a silent one says nothing.
        """
        by_host = getattr(self.host, name)
        if rules.host_decides and by_host is not None:
            return by_host
        if name in rules.editable and (own := getattr(self.own, name)) is not None:
            return own
        by_token = getattr(self.token, name)
        is_token_later = self.token.at_s > self.host.at_s
        later, earlier = (by_token, by_host) if is_token_later else (by_host, by_token)
        return earlier if later is None else later


class Profile(Struct, frozen=True, kw_only=True):
    """A person as Parley shows them: the values that count, and the statements that they come from.

    Without a statement of the host or the person, `by_token` is None: then the values are the token's own.
    """

    user_id: str
    name: str
    role: str
    contexts: Contexts
    avatar_url: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    email: str | None = None
    metadata: str | None = None
    private_metadata: str | None = None
    issued_at_s: int = 0  # the time of the later statement of token and host
    profile_seq: int = 0  # the revision that last changed what others see
    revision: int = 0  # grows with each write, also after an erasure: the time in ms, or one more than before
    by_token: Statement | None = None
    by_host: Statement = SILENT
    by_self: Statement = SILENT
    held: Held = {}  # the contexts that rows of `ContextPeople` give the person
    words: int = 0  # how many rows of later words of the name were there when it was read

    @property
    def name_key(self) -> str:
        """Returns the key by which the directory sorts and finds the person."""
        return directory.name_key(self.name, self.user_id)

    @property
    def word_keys(self) -> list[str]:
        """Returns the keys by which the directory finds the person by the later words of their name."""
        return directory.word_keys(self.name, self.user_id)

    def role_is_news(self, before: "Profile") -> bool:
        """Says whether the host's write may leave a token, or a socket, that carries another role than this profile.

        It also may if the role stays: a newer token has changed it before, or an older one was let in with another.
        Only if the host repeats a role, and no newer token was seen since, everyone has been told already.
        """
        if self.role != before.role:
            return True
        is_repeated = self.by_host.role == before.by_host.role
        is_latest = before.statements.token.at_s <= before.by_host.at_s
        return self.by_host.role is not None and not (is_repeated and is_latest)

    @property
    def statements(self) -> Statements:
        token = self.by_token or Statement(at_s=self.issued_at_s, **{name: getattr(self, name) for name in FIELDS})
        return Statements(token=token, host=self.by_host, own=self.by_self)


def with_token(before: Profile | None, user_id: str, said: Statement, rules: Rules, now_ms: int) -> Profile:
    """Returns a profile after a sign-in, the same one if nothing is new; an older token than the last says nothing."""
    known = before.statements if before is not None else Statements()
    token = _kept(known, said) if said.at_s >= known.token.at_s else known.token
    return _moved(before, user_id, replace(known, token=token), rules, now_ms)


def _kept(known: Statements, said: Statement) -> Statement:
    """Returns the statement of a newer token, with what the one before said of the fields on which it is silent.

    An ID token and an access token of one sign-in name different fields. Where the host has spoken after the token
    before, that one is not asked again, because its words would be as new as the token's.
    """
    is_current = known.token.at_s > known.host.at_s
    silent = [name for name in KEPT if getattr(said, name) is None]
    kept = [name for name in silent if is_current or getattr(known.host, name) is None]
    return replace(said, **{name: getattr(known.token, name) for name in kept})


def with_host(before: Profile | None, user_id: str, said: Statement, rules: Rules, now_ms: int) -> Profile:
    """Returns a profile after the host has put it: it counts more than every token that was seen so far."""
    known = before.statements if before is not None else Statements()
    host = replace(said, at_s=max(now_ms // 1000, known.token.at_s))
    return _moved(before, user_id, replace(known, host=host), rules, now_ms)


def with_own(before: Profile, said: Statement, rules: Rules, now_ms: int) -> Profile:
    """Returns a profile after the person has changed their own statement."""
    return _moved(before, before.user_id, replace(before.statements, own=said), rules, now_ms)


def with_held(before: Profile, held: Held, now_ms: int) -> Profile:
    """Returns a profile after its contexts of rows have changed, the same one if they have not."""
    return before if held == before.held else replace(before, held=held, revision=next_revision(before, now_ms))


def next_revision(before: Profile | None, now_ms: int) -> int:
    """Returns the revision of the next write of a profile."""
    return now_ms if before is None else max(now_ms, before.revision + 1)


def _moved(before: Profile | None, user_id: str, now: Statements, rules: Rules, now_ms: int) -> Profile:
    values = {name: now.value(name, rules) for name in FIELDS}
    defaults = {"name": user_id, "role": DEFAULT_ROLE, "contexts": {}}
    is_of_token_alone = now.host == SILENT and now.own == SILENT
    after = Profile(
        user_id=user_id,
        **values | {name: values[name] or default for name, default in defaults.items()},
        issued_at_s=max(now.token.at_s, now.host.at_s),
        by_token=None if is_of_token_alone else now.token,
        by_host=now.host,
        by_self=now.own,
        held={} if before is None else before.held,
        words=0 if before is None else before.words,
    )
    if before is not None and replace(after, profile_seq=before.profile_seq, revision=before.revision) == before:
        return before
    revision = next_revision(before, now_ms)
    is_shown_alike = before is not None and all(getattr(before, name) == getattr(after, name) for name in SHOWN)
    seq = before.profile_seq if before is not None and is_shown_alike else revision
    return replace(after, revision=revision, profile_seq=seq)


def usable_avatar_url(url: str | None) -> str | None:
    """Returns the URL of a token's claim, or None if a profile cannot hold it."""
    if url is None or len(url) > MAX_AVATAR_URL_CHARACTERS or re.search(AVATAR_URL_PATTERN, url) is None:
        return None
    return url
