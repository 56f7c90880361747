"""Reads a policy from TOML, and refuses a mistake with its line.

roles = ["teacher", "student"]          # every role that a rule names; a token may carry others, which only "*" covers

[class]                                 # one table for each context type
context_id = "required"                 # or "forbidden"
must_share = ["*"]                      # the roles that must hold the context's id; ["*"]: both sides, []: nobody
unknown_users = false                   # may a conversation be opened with a user whom Parley has never seen?
may_open = { teacher = ["student"], student = ["teacher"] }      # who may open one with whom; "*" is everyone
presence = "at_once"                    # may be left out: from when on the two see whether the other one is online

[senders.bookings]                      # may be left out: a sender that is no person; its id is ~parley.system-bookings
name = "Bookings"
avatar_url = "https://example.com/bookings.png"                  # may be left out
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeGuard

from parley.domain.api.identity import (
    AVATAR_URL_PATTERN,
    MAX_AVATAR_URL_CHARACTERS,
    MAX_NAME_CHARACTERS,
    SYSTEM_SENDER_PREFIX,
    is_context_type,
    is_role,
)
from parley.domain.people.policy import EVERYONE, NO_CONTEXT, Policy, Rule, SystemSender
from parley.domain.text.toml_file import Lines, meant, read_tables

NEEDED = ("context_id", "must_share", "unknown_users", "may_open")
KEYS = (*NEEDED, "presence")
SENDERS = "senders"  # the table of the system senders; no context type has this name
SENDER_KEYS = ("name", "avatar_url")
_MISSPELT_EVERYONE = {"all", "any", "anyone", "anybody", "everyone", "everybody", "**", "?", "-", ".*", "* "}

_sender_id = re.compile(r"[a-z0-9_-]{1,64}")


class PolicyError(Exception):
    """A policy has a mistake; the message names file and line: `school.toml:12: …`."""


def load(text: str, source: str) -> Policy:
    """Returns the policy that `text` describes; raises PolicyError for a mistake; `source` names its file."""
    tables, lines = read_tables(text, source, PolicyError)
    return _Reader(source, lines).policy(tables)


class _Reader:
    """Turns TOML's tables into rules, and reports the line of a wrong value."""

    def __init__(self, source: str, lines: Lines) -> None:
        self._source = source
        self._lines = lines
        self._roles: tuple[str, ...] = ()

    def policy(self, tables: Mapping[str, object]) -> Policy:
        self._roles = self._names(tables, "roles", check=self._check_new_role)
        types = [name for name in tables if name not in ("roles", SENDERS)]
        if not types:
            raise self._error("there is no context type, such as [general]")
        senders = self._senders(tables.get(SENDERS, {}))
        return Policy(self._source, {name: self._rule(name, tables[name]) for name in types}, self._roles, senders)

    def _senders(self, table: object) -> dict[str, SystemSender]:
        if not isinstance(table, dict):
            raise self._error(f"`{SENDERS}` must hold tables, [{SENDERS}.bookings]", SENDERS)
        found = [self._sender(name, table[name]) for name in table]
        return {sender.user_id: sender for sender in found}

    def _sender(self, name: str, table: object) -> SystemSender:
        if not isinstance(table, dict):
            raise self._error(f"`{name}` must be a table, [{SENDERS}.{name}]", SENDERS, name)
        if _sender_id.fullmatch(name) is None:
            mistake = f"[{SENDERS}.{name}]: the id of a sender has a–z, 0–9, - and _, at most 64"
            raise self._error(mistake, SENDERS, name)
        for key in table:
            if key not in SENDER_KEYS:
                mistake = f"[{SENDERS}.{name}] has an unknown key `{key}`{meant(key, SENDER_KEYS)}"
                raise self._error(mistake, SENDERS, name, key)
        shown, avatar_url = table.get("name"), table.get("avatar_url")
        if not isinstance(shown, str) or not shown.strip() or len(shown) > MAX_NAME_CHARACTERS:
            mistake = f"[{SENDERS}.{name}] name must be a text of at most {MAX_NAME_CHARACTERS} characters"
            raise self._error(mistake, SENDERS, name, "name")
        if avatar_url is not None and not _is_avatar_url(avatar_url):
            mistake = f"[{SENDERS}.{name}] avatar_url must be an https address"
            raise self._error(mistake, SENDERS, name, "avatar_url")
        return SystemSender(user_id=f"{SYSTEM_SENDER_PREFIX}{name}", name=shown, avatar_url=avatar_url)

    def _rule(self, name: str, table: object) -> Rule:
        if not isinstance(table, dict):
            raise self._error(f"`{name}` must be a table, [{name}], or `roles`", name)
        if not is_context_type(name):
            raise self._error(f"[{name}]: a context type is lower case: a–z, 0–9 and _, at most 32 characters", name)
        for key in table:
            if key not in KEYS:
                raise self._error(f"[{name}] has an unknown key `{key}`{meant(key, KEYS)}", name, key)
        for key in NEEDED:
            if key not in table:
                raise self._error(f"[{name}] says nothing about `{key}`", name)
        rule = Rule(
            context_id=self._context_id(name, table["context_id"]),
            must_share=self._names(table, name, "must_share", check=self._check_role),
            unknown_users=self._unknown_users(name, table["unknown_users"]),
            may_open=self._may_open(name, table["may_open"]),
            presence=self._presence(name, table.get("presence")),
        )
        self._check_sense(name, rule)
        return rule

    def _context_id(self, name: str, value: object) -> Literal["required", "forbidden"]:
        if value == "required":
            return "required"
        if value == "forbidden":
            return "forbidden"
        raise self._error(f'[{name}] context_id must be "required" or "forbidden"', name, "context_id")

    def _presence(self, name: str, value: object) -> Literal["at_once", "after_answer"] | None:
        if value is None:
            return None
        if value == "at_once":
            return "at_once"
        if value == "after_answer":
            return "after_answer"
        raise self._error(f'[{name}] presence must be "at_once" or "after_answer"', name, "presence")

    def _unknown_users(self, name: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise self._error(f"[{name}] unknown_users must be true or false", name, "unknown_users")
        return value

    def _may_open(self, name: str, value: object) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict):
            raise self._error(f'[{name}] may_open must be a table, {{ role = ["role"] }}', name, "may_open")
        if not value:
            raise self._error(f"[{name}] may_open lets nobody open a conversation", name, "may_open")
        for role in value:
            self._check_role(role, name, "may_open", role)
        return {role: self._names(value, name, "may_open", role, check=self._check_role) for role in value}

    def _names(self, table: Mapping[str, object], *path: str, check: Callable[..., None]) -> tuple[str, ...]:
        """Returns the list of roles that `table` holds under the last name of `path`."""
        value, name = table.get(path[-1]), " ".join((f"[{path[0]}]", *path[1:])) if len(path) > 1 else path[0]
        if not isinstance(value, list):
            raise self._error(f'{name} must be a list of roles, ["…"]', *path)
        names: list[str] = []
        for item in value:
            if not isinstance(item, str):
                raise self._error(f"{name} holds {item!r}, which is no role", *path)
            check(item, *path)
            if item in names:
                raise self._error(f'{name} names "{item}" twice', *path)
            names.append(item)
        if not names and path[-2:-1] == ("may_open",):
            raise self._error(f"{name} → nobody: leave the role out", *path)
        if EVERYONE in names and len(names) > 1:
            raise self._error(f'{name}: "*" is everyone, the other roles say nothing', *path)
        return tuple(names)

    def _check_new_role(self, role: str, *path: str) -> None:
        if not is_role(role):
            raise self._error(
                f'"{role}" cannot be a role: letters, digits and . _ : -, 1 to 64', *path, word=f'"{role}"'
            )

    def _check_role(self, role: str, *path: str) -> None:
        if role == EVERYONE or role in self._roles:
            return
        if not role.strip():
            raise self._error("a role is empty", *path, word=f'"{role}"')
        if role in _MISSPELT_EVERYONE:
            raise self._error(f'"{role}" is no role; everyone is "*"', *path, word=role)
        raise self._error(f'"{role}" is not among `roles`{meant(role, self._roles)}', *path, word=role)

    def _check_sense(self, name: str, rule: Rule) -> None:
        """Refuses a rule that can be written but cannot have been meant."""
        if name == NO_CONTEXT and rule.context_id != "forbidden":
            raise self._error(f'[{name}] is about nothing: context_id must be "forbidden"', name, "context_id")
        if rule.must_share and rule.context_id == "forbidden":
            raise self._error(f"[{name}] has no context id that must_share could ask for", name, "must_share")
        if rule.unknown_users and EVERYONE in rule.must_share:
            raise self._error(f"[{name}] unknown_users: nobody knows what they share", name, "unknown_users")
        if rule.unknown_users and not any(EVERYONE in roles for roles in rule.may_open.values()):
            raise self._error(
                f'[{name}] unknown_users have no role, and may_open reaches no "*"', name, "unknown_users"
            )

    def _error(self, mistake: str, *path: str, word: str | None = None) -> PolicyError:
        return PolicyError(f"{self._source}:{self._lines.find(*path, word=word)}: {mistake}")


def _is_avatar_url(value: object) -> TypeGuard[str]:
    """Says whether a value can be the picture of a person."""
    is_short = isinstance(value, str) and len(value) <= MAX_AVATAR_URL_CHARACTERS
    return is_short and re.search(AVATAR_URL_PATTERN, str(value)) is not None
