# Made by `make docs`: change layers/shared/parley/domain/outbound/addresses.py instead.
"""URLs that others gave, and the addresses that they lead to: which of them a function may connect to.

A function must not become a way into its own network, so the rule names what is allowed: HTTPS, a name of the public
DNS or a public address, and nothing in the URL that two parsers could read in two ways.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urljoin

MAX_URL_CHARACTERS = 2048
_MAX_NAME_CHARACTERS = 253  # of a name in the DNS (RFC 1035, 2.3.4, without the last dot)
_HTTPS_PORT = 443
_LEAST_FREE_PORT = 1024  # below it are services of a machine, such as SSH and mail

# A host is in brackets, or has no colon. RFC 3986 allows more, and every further character has been an attack.
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?"
)
_AUTHORITY = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LAST_LABEL = re.compile(r"[a-z]|[a-z][a-z0-9-]*[a-z0-9]")  # a number there makes a name an address (WHATWG URL, 3.5)
_SAFE = re.compile(r"[!-~]+")  # printable ASCII without space
_UNSAFE = frozenset('"<>\\^`{|}')

# Names that lead into a network of one's own (RFC 6761, RFC 6762, ICANN's `.internal`).
_PRIVATE_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa", "lan", "intranet", "corp", "home")

# IANA's registries of special-purpose addresses, and hosts' own: whatever is not reachable by everyone.
_CLOSED_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own services for a machine
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Everything outside is private, or holds an IPv4 address: mapped, NAT64, ULA, link-local, multicast.
_PUBLIC_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocols' own, Teredo among them, which holds an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, which holds an IPv4 address
        "3fff::/20",
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # the upper half of an interface's id that holds an IPv4 address (RFC 5214, 6.1)


class Refused(Exception):
    """A request to another server that was not made, or got no answer; `code` says why, without any content."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL that may be asked, in its parts: `host` without brackets, `path` with the query."""

    is_https: bool
    host: str
    port: int
    path: str

    @property
    def is_literal(self) -> bool:
        """Says whether the host is an address instead of a name."""
        return ":" in self.host or self.host.replace(".", "").isdigit()

    @property
    def authority(self) -> str:
        """Returns host and port as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (_HTTPS_PORT if self.is_https else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Returns the URL again, without its fragment."""
        return f"{'https' if self.is_https else 'http'}://{self.authority}{self.path}"


def parse(url: str, *, loopback: bool = False) -> Target:
    """Returns the parts of a URL that may be asked; raises Refused: bad_url, https_only, private_address.

    `loopback` also allows this machine itself, with http and any port, for the local stack.
    """
    if len(url) > MAX_URL_CHARACTERS or not _SAFE.fullmatch(url) or _UNSAFE & set(url):
        raise Refused("bad_url")
    found = _URL.fullmatch(url)
    authority = found and _AUTHORITY.fullmatch(found["authority"])
    if not found or not authority:  # user information and zone ids of IPv6 are not in the pattern
        raise Refused("bad_url")
    scheme = found["scheme"].lower()
    host = _literal(authority["six"]) if authority["six"] else _name(authority["name"])
    here = loopback and is_loopback(host)
    if scheme != "https" and not (here and scheme == "http"):
        raise Refused("https_only")
    target = Target(
        is_https=scheme == "https",
        host=host,
        port=int(authority["port"] or (_HTTPS_PORT if scheme == "https" else 80)),
        path=(found["path"] or "/") + (found["query"] or ""),
    )
    _require_public(target, here)
    return target


def _require_public(target: Target, here: bool) -> None:
    if here and 0 < target.port <= 65_535:
        return
    if target.port != _HTTPS_PORT and not _LEAST_FREE_PORT <= target.port <= 65_535:
        raise Refused("bad_url")
    if is_private_name(target.host) or (target.is_literal and not is_public(target.host)):
        raise Refused("private_address")


def _literal(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise Refused("bad_url") from None


def _name(text: str) -> str:
    """Returns a name in small letters, or an IPv4 address of four plain numbers; nothing else is a host."""
    name = text.lower()
    labels = name.split(".")
    if all(label.isdigit() for label in labels):
        try:
            return str(IPv4Address(name))  # refuses octal and short forms
        except ValueError:
            raise Refused("bad_url") from None
    is_name = all(_LABEL.fullmatch(label) for label in labels) and _LAST_LABEL.fullmatch(labels[-1])
    if len(name) > _MAX_NAME_CHARACTERS or not is_name or (len(labels) == 1 and name != "localhost"):
        raise Refused("bad_url")
    return name


def is_private_name(name: str) -> bool:
    """Says whether a name leads into a network of one's own."""
    return any(name == each or name.endswith(f".{each}") for each in _PRIVATE_NAMES)


def is_public(address: str) -> bool:
    """Says whether everyone can reach an address: not private, local, reserved, nor one that holds another address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False  # an IPv6 address with a zone, say, which getaddrinfo gives for link-local ones
    if isinstance(parsed, IPv4Address):
        return parsed.is_global and not any(parsed in each for each in _CLOSED_V4)
    if parsed not in _PUBLIC_V6 or any(parsed in each for each in _CLOSED_V6) or parsed.scope_id:
        return False
    return (int(parsed) >> 32) & 0xFFFFFFFF not in _ISATAP


def is_loopback(host: str) -> bool:
    """Says whether a host is this machine: by its name, or by an address of it."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def redirected(target: Target, location: str | None, *, loopback: bool = False) -> Target:
    """Returns where a redirect leads to; raises Refused as `parse` does, and redirect_refused without a `Location`."""
    if not location:
        raise Refused("redirect_refused")
    try:
        url = urljoin(target.url, location)
    except ValueError:
        raise Refused("bad_url") from None
    return parse(url, loopback=loopback)
