"""This deployment's limits for one person: the template's parameters under "Limits"."""

from functools import cache

from parley.adapters import environment
from parley.domain.api.types import Limits
from parley.domain.live.presence import HEARTBEAT_S, Heartbeat
from parley.domain.people.claims import MAX_LIFETIME_S

MAX_PER_MINUTE = 60_000  # one a millisecond, the grain of Parley's times
MAX_BURST = 10_000
MAX_UNIT_BURST = 1_000_000
MAX_CONNECTIONS = 100  # they share an item of 400 KB, and each is some 3 KB with 50 conversations open
MAX_GROUPS = 10_000
MIN_HEARTBEAT_S = 20
MAX_HEARTBEAT_S = 300  # API Gateway closes a socket that is silent for 600 s; NATs forget one sooner (D-380)


def current() -> Limits:
    """Returns the limits; raises WrongVariable for a number that template.yaml would refuse."""
    return _limits(
        environment.optional("SENDS_PER_MINUTE", "120"),
        environment.optional("SEND_BURST", "30"),
        environment.optional("LIVE_PER_MINUTE", "240"),
        environment.optional("LIVE_BURST", "100"),
        environment.optional("COST_UNITS_PER_MINUTE", "6000"),
        environment.optional("COST_UNIT_BURST", "10000"),
        environment.optional("CONNECTIONS_PER_USER", "20"),
        environment.optional("GROUPS_PER_USER", "200"),
    )


def heartbeat() -> Heartbeat:
    """Returns how often, in seconds, clients send `ping` (HeartbeatS)."""
    return _heartbeat(environment.optional("HEARTBEAT_S", str(HEARTBEAT_S)))


def token_lifetime_s() -> int:
    """Returns for how many seconds after its `iat` a token counts at most (JwtMaxLifetimeS)."""
    text = environment.optional("TOKEN_LIFETIME_S", str(MAX_LIFETIME_S))
    return environment.whole_number("TOKEN_LIFETIME_S", text, 300, 31_622_400)


@cache
def _limits(
    sends_per_minute: str,
    send_burst: str,
    live_per_minute: str,
    live_burst: str,
    cost_units_per_minute: str,
    cost_unit_burst: str,
    connections: str,
    groups: str,
) -> Limits:
    number = environment.whole_number
    return Limits(
        sends_per_minute=number("SENDS_PER_MINUTE", sends_per_minute, 1, MAX_PER_MINUTE),
        send_burst=number("SEND_BURST", send_burst, 1, MAX_BURST),
        live_per_minute=number("LIVE_PER_MINUTE", live_per_minute, 1, MAX_PER_MINUTE),
        live_burst=number("LIVE_BURST", live_burst, 1, MAX_BURST),
        cost_units_per_minute=number("COST_UNITS_PER_MINUTE", cost_units_per_minute, 1, MAX_PER_MINUTE),
        cost_unit_burst=number("COST_UNIT_BURST", cost_unit_burst, 1, MAX_UNIT_BURST),
        connections=number("CONNECTIONS_PER_USER", connections, 1, MAX_CONNECTIONS),
        groups=number("GROUPS_PER_USER", groups, 1, MAX_GROUPS),
    )


@cache
def _heartbeat(text: str) -> Heartbeat:
    return Heartbeat(environment.whole_number("HEARTBEAT_S", text, MIN_HEARTBEAT_S, MAX_HEARTBEAT_S))
