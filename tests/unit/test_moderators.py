"""The right to moderate, by the roles that the deployment names."""

import pytest

from parley.adapters import environment
from parley.adapters.people import moderators


@pytest.mark.parametrize(
    ("roles", "role", "may"),
    [
        ("admin,moderator", "admin", True),
        ("admin,moderator", "moderator", True),
        ("admin,moderator", "user", False),
        ("admin,moderator", "adm", False),
        ("admin,moderator", "admin,moderator", False),
        ("admin,moderator", "", False),
        ("warden", "warden", True),
        ("warden", "admin", False),
    ],
)
def test_moderators_are_those_whose_role_is_named(
    roles: str, role: str, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODERATOR_ROLES", roles)

    assert moderators.is_moderator(role) is may


def test_deployment_that_names_no_roles_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODERATOR_ROLES", raising=False)

    with pytest.raises(environment.MissingVariable, match="MODERATOR_ROLES"):
        moderators.is_moderator("admin")
