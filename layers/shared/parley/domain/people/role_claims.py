"""Chooses a person's role from what the token claims: one role, or a list of groups, roles or permissions."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from parley.domain.api.identity import DEFAULT_ROLE, SERVICE_ROLE, SYSTEM_ROLE, is_role
from parley.domain.people.claim_values import refuse

MAX_CLAIMED_ROLES = 500  # Entra ID writes 200 groups at most; a token of 8,192 bytes can hold 2,000 short texts


class RoleMapError(Exception):
    """The parameter JwtRoleMap has a mistake; the message names the entry."""


class RoleRules(Struct, frozen=True, kw_only=True):
    """Says which claimed values are roles: those of the map, and those that the policy or ModeratorRoles names."""

    mapped: Mapping[str, str] = {}
    known: Callable[[], Collection[str]] = frozenset  # a policy takes milliseconds to read, and only a list needs it

    def role_of(self, value: Any, name: str) -> str | None:
        """Returns the role that the claim `name` gives, None if it gives none; raises Unauthenticated.

        `system` gives none: answers show it for system senders, which no person is.
        """
        if value is None:
            return None
        if isinstance(value, list):
            return self._first_of(value, name)
        role = self.mapped.get(value, value) if isinstance(value, str) else None
        if role is None or not is_role(role):
            refuse(name, "must be one role (1 to 64 of the characters A–Z a–z 0–9 . _ : -) or a list of texts")
        return None if role == SYSTEM_ROLE else role

    def _first_of(self, claimed: list[Any], name: str) -> str | None:
        if len(claimed) > MAX_CLAIMED_ROLES:
            refuse(name, f"lists more than {MAX_CLAIMED_ROLES} roles")
        if not all(isinstance(value, str) for value in claimed):
            refuse(name, "lists a value that is not a text")
        # A group of customer service may be called `service` too. Its members are no programs of the host.
        if set(claimed) == {SERVICE_ROLE} and SERVICE_ROLE not in self.mapped:
            return SERVICE_ROLE
        known = {*self.known()} - {SERVICE_ROLE, SYSTEM_ROLE}
        return next(
            (self.mapped.get(value, value) for value in claimed if value in self.mapped or value in known), None
        )


def read_role_map(text: str, known: Callable[[], Collection[str]]) -> dict[str, str]:
    """Returns the role of each claimed value that `text` names (`Head Teacher=teacher,Admins=admin`).

    Raises RoleMapError for a mistake. An entry counts once: its role is not looked up again.
    """
    mapped: dict[str, str] = {}
    for entry in text.split(",") if text.strip() else ():
        value, role = _read_entry(entry, known)
        if value in mapped:
            raise RoleMapError(f"JwtRoleMap: `{entry.strip()}` maps `{value}` a second time")
        mapped[value] = role
    for value in mapped:
        _check_for_cycle(mapped, value)
    return mapped


def _read_entry(entry: str, known: Callable[[], Collection[str]]) -> tuple[str, str]:
    # A role holds no `=`, and the names of an LDAP directory do (`cn=teachers`).
    value, equals, role = (part.strip() for part in entry.rpartition("="))
    if not equals or not value or not is_role(role):
        raise RoleMapError(f"JwtRoleMap: `{entry.strip()}` is not `claimed value=role`")
    roles = {DEFAULT_ROLE, SERVICE_ROLE, *known()} - {SYSTEM_ROLE}
    if role not in roles:
        raise RoleMapError(
            f"JwtRoleMap: `{entry.strip()}` leads to a role that neither the policy nor ModeratorRoles, AgentRoles "
            f"or SupportAdminRoles names; they name {', '.join(sorted(roles))}"
        )
    return value, role


def _check_for_cycle(mapped: Mapping[str, str], value: str) -> None:
    path = [value]
    while path[-1] in mapped:
        path.append(mapped[path[-1]])
        if path[-1] == value:
            raise RoleMapError(f"JwtRoleMap: `{value}={mapped[value]}` is part of a cycle: {' → '.join(path)}")
        if len(path) > len(mapped):
            return  # it leads into a cycle of others, which is found from there
