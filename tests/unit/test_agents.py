"""The roles of the support desk, as the environment names them."""

import pytest

from parley.adapters.people import agents


@pytest.mark.parametrize(
    ("role", "expected"), [("agent", True), ("clerk", True), ("head", True), ("user", False), ("service", False)]
)
def test_agents_and_support_admins_answer_tickets(monkeypatch: pytest.MonkeyPatch, role: str, expected: bool) -> None:
    monkeypatch.setenv("AGENT_ROLES", "agent,clerk")
    monkeypatch.setenv("SUPPORT_ADMIN_ROLES", "head")

    assert agents.is_agent(role) is expected
