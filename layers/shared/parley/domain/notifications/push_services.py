"""The push services of browsers: a subscription names the server to ask, so a deployment says which it may be."""

from collections.abc import Iterable

EVERY = "*"  # every public host


def is_allowed(host: str, services: Iterable[str]) -> bool:
    """Says whether a host is one of some push services; `*.example.org` stands for every name under that one."""
    return any(
        service in (EVERY, host) or (service.startswith("*.") and host.endswith(service[1:])) for service in services
    )
