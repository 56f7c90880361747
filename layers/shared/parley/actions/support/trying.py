"""Tries of rules: what a list would have done to past tickets. Nothing is written, nobody is told."""

from collections.abc import Sequence

from parley.actions import named
from parley.actions.support import past
from parley.actions.support.automations import check
from parley.actions.support.past import PastPage, PastTicket
from parley.actions.support.roles import require_admin
from parley.adapters.people import agents, named_users
from parley.adapters.support import automations, desks
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.support.automations import AutomationRule, Facts, people_in
from parley.domain.support.trying import (
    MAX_TOLD,
    MAX_TRIED_CHARACTERS,
    MAX_TRIED_ROWS,
    Tried,
    TriedAutomations,
    TriedCounts,
    TriedTicket,
    TryAutomations,
    people_of,
    people_of_firings,
    tried,
)


def try_automations(request: Request, wanted: TryAutomations) -> TriedAutomations:
    """Returns what rules would have done to past tickets, and what not; for support admins and the host's own server.

    Raises what `put_automations` raises for rules that the desk cannot have. Round trips as of `past.page_of`, one for
    the rules or the people whom they name, and two for names; one before them for the host's server.
    """
    require_admin(request)
    asked = past.wanted_of(wanted.since, wanted.to, wanted.cursor, wanted.limit)
    if wanted.rules is not None:
        check(request, wanted.rules)
    past.log(request, "try_automations")
    rules = automations.get_automations().rules if wanted.rules is None else tuple(wanted.rules)
    page = past.page_of(request, asked, MAX_TRIED_ROWS, with_history=True)
    known, desk = _known(rules, page), desks.current()
    names = {user_id: person.name for user_id, person in known.items()}
    able = frozenset(user_id for user_id, person in known.items() if agents.is_agent(person.role))

    def view(each: PastTicket) -> TriedTicket:
        context = None if each.head.context is None else each.head.context.type
        facts = Facts(subject=each.head.title or "", context=context, names=names, agents=able)
        found = Tried(ticket=each.ticket, messages=each.messages, history=each.history, facts=facts)
        firings, rules_left_out = tried(found, rules, desk, request.now_ms)
        return TriedTicket(
            ticket_id=each.ticket.ticket_id,
            number=each.ticket.number,
            created_at=rfc3339(each.ticket.created_at_ms),
            firings=firings[:MAX_TOLD],
            firing_count=len(firings),
            rules_left_out=rules_left_out[:MAX_TOLD],
            rules_left_out_count=len(rules_left_out),
        )

    tickets, left_out, following = past.cut(page, asked, view, MAX_TRIED_CHARACTERS)
    return TriedAutomations(
        tickets=tickets,
        left_out=left_out,
        total=_total(tickets),
        next=following,
        users=named.users(request, people_of_firings(tickets)),
    )


def _total(tickets: Sequence[TriedTicket]) -> TriedCounts:
    return TriedCounts(
        tickets=len(tickets),
        fired=sum(ticket.firing_count > 0 for ticket in tickets),
        firings=sum(ticket.firing_count for ticket in tickets),
        rules_left_out=sum(ticket.rules_left_out_count for ticket in tickets),
    )


def _known(rules: Sequence[AutomationRule], page: PastPage) -> named.Users:
    """Returns the people whom rules name, and those whom replies may name; one round trip, none for nobody."""
    user_ids = [user_id for _, _, user_id in people_in(rules)]
    if any(rule.effects.reply is not None for rule in rules):
        whole = [each for each in page.tickets if isinstance(each, PastTicket)]
        user_ids += [each.ticket.requester_id for each in whole]
        user_ids += people_of(each.history for each in whole)
    return named_users.read_named(dict.fromkeys(user_ids)) if user_ids else {}
