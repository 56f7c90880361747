"""Addresses of e-mail, as far as a message can be sent to them."""

import re

# SES takes ASCII alone before the @ ("Email addresses"); names after it in another script are written in Punycode.
_local = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_domain = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+")
MAX_ADDRESS_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3
MAX_LOCAL_CHARACTERS = 64


def sendable(address: str | None) -> str | None:
    """Returns an address as SMTP takes it, or None if it is none, or none that SES sends to."""
    local, at, domain = (address or "").rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    is_usable = at and _local.fullmatch(local) and _domain.fullmatch(domain) and len(local) <= MAX_LOCAL_CHARACTERS
    written = f"{local}@{domain}"
    return written if is_usable and len(written) <= MAX_ADDRESS_CHARACTERS else None
