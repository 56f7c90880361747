"""The caller's identity, as a verified token gives it, and its way through API Gateway's authorizer context."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

# Ids come from the host's sign-in: UUIDs (Cognito, Keycloak), `auth0|…`, e-mail addresses. `/` and `#` are Parley's:
# paths and keys. msgspec searches for a pattern, and Python's `$` also matches before a final line feed: so `(?!\n)`.
# The pattern of an id that Parley stores and shows.
STORED_USER_ID_PATTERN = r"^[A-Za-z0-9._~@|:+=-]{1,128}$(?!\n)"
# Ids that Parley makes itself begin with this prefix; no outsider can use one.
RESERVED_PREFIX = "~parley."
PSEUDONYM_PREFIX = f"{RESERVED_PREFIX}erased-"  # of the ids that replace erased people
SYSTEM_SENDER_PREFIX = f"{RESERVED_PREFIX}system-"  # of the system senders that a policy file declares
HOST_SENDER = f"{SYSTEM_SENDER_PREFIX}host"  # the host's own server, in conversations that it is not in
MODERATORS = f"{SYSTEM_SENDER_PREFIX}moderators"  # who acts for all moderators in conversations; members see this id
DESK = f"{SYSTEM_SENDER_PREFIX}desk"  # the support desk, where it answers by itself
SERVICE_ID_PREFIX = f"{RESERVED_PREFIX}service-"  # of the host's programs; a token of the role `service` may hold it
OLD_PSEUDONYM_PREFIX = "erased-"  # of pseudonyms made before the reserved prefix existed
# Ids of people whose id in the token has other characters (`domain/people/mapped_ids.py`). Requests may name them. No
# token can hold them itself. After `=` stand only the bytes that need it, so that an id is written in one way.
MAX_USER_ID_CHARACTERS = 128
MAPPED_ID_PREFIX = f"{RESERVED_PREFIX}id-"
HASHED_ID_PREFIX = f"{RESERVED_PREFIX}sha256-"
PLAIN_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~@|:+-")
_ESCAPED = r"=(?:2[0-9ACF]|3[B-F]|5[B-E]|60|7[BD]|[89A-F][0-9A-F])"
_MAPPED = rf"(?:id-(?=[^=]*=)(?:[A-Za-z0-9._~@|:+-]|{_ESCAPED})+|sha256-[0-9a-f]{{64}})"
# Ids that outsiders may use: none of Parley's own, nor `.` and `..`, which clients take out of paths (RFC 3986, 5.2.4).
NOT_RESERVED = rf"(?!~parley\.(?!{_MAPPED}$)|erased-|\.{{1,2}}$)"
USER_ID_PATTERN = rf"^{NOT_RESERVED}[A-Za-z0-9._~@|:+=-]{{1,128}}$(?!\n)"
CONTEXT_ID_PATTERN = STORED_USER_ID_PATTERN
CONTEXT_TYPE_PATTERN = r"^[a-z][a-z0-9_]{0,31}$(?!\n)"
ROLE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$(?!\n)"
DEFAULT_ROLE = "user"
SYSTEM_ROLE = "system"  # that answers show for system senders
SERVICE_ROLE = "service"  # of the host's own programs; nobody can write to them

MAX_NAME_CHARACTERS = 200
MAX_CONTEXT_TYPES = 20
MAX_CONTEXT_IDS = 500  # of all types together
MAX_CONTEXT_BYTES = 8_192  # of a context, quotes and all (aws-facts.md#websocket-authorizer)

# The other fields of a profile.
MAX_AVATAR_URL_CHARACTERS = 1_024
AVATAR_URL_PATTERN = r"^https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$(?!\n)"  # the characters of RFC 3986
# A well-formed tag of BCP 47 (RFC 5646, `langtag`): language, script, region, variants, extensions, private use.
LOCALE_PATTERN = (
    r"^([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*"
    r"(-[xX](-[A-Za-z0-9]{1,8})+)?$(?!\n)"
)
TIME_ZONE_PATTERN = r"^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$(?!\n)"  # the form of a name in IANA's database
EMAIL_PATTERN = r"^[^\s@]+@[^\s@]+$(?!\n)"
MAX_LOCALE_CHARACTERS = 35  # of the longest tags in use (RFC 5646, 4.4.1)
MAX_TIME_ZONE_CHARACTERS = 64
MAX_EMAIL_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3
MAX_METADATA_BYTES = 2_048

_user_id = re.compile(USER_ID_PATTERN)
_stored_user_id = re.compile(STORED_USER_ID_PATTERN)
_service_id = re.compile(rf"{SERVICE_ID_PREFIX}[A-Za-z0-9._-]{{1,64}}")
_mapped_id = re.compile(rf"~parley\.{_MAPPED}")
_context_type = re.compile(CONTEXT_TYPE_PATTERN)
_role = re.compile(ROLE_PATTERN)


def is_user_id(text: str) -> bool:
    """Says whether an outsider may use `text` as a person's id: 1–128 characters of `A–Z a–z 0–9 . _ ~ @ | : + = -`.

    None of Parley's own ids (`is_reserved`) is one, and neither is `.` nor `..`. An id that stands for one with other
    characters is.
    """
    return _user_id.fullmatch(text) is not None


def is_stored_user_id(text: str) -> bool:
    """Says whether `text` can be the id of a person that Parley shows: a user's id, or a pseudonym."""
    return _stored_user_id.fullmatch(text) is not None


def is_reserved(user_id: str) -> bool:
    """Says whether this id is nobody's, because Parley makes such ids for its own use.

    Pseudonyms made before the reserved prefix count; ids that stand for a token's own (`mapped_ids`) do not.
    """
    if user_id.startswith(OLD_PSEUDONYM_PREFIX):
        return True
    return user_id.startswith(RESERVED_PREFIX) and _mapped_id.fullmatch(user_id) is None


def is_system_sender(user_id: str) -> bool:
    """Says whether this id is one of a system sender. No person has such an id, and no system sender is a member."""
    return user_id.startswith(SYSTEM_SENDER_PREFIX)


def is_service_id(text: str) -> bool:
    """Says whether `text` is an id that only a program of the host can have: no token of a user can hold it."""
    return _service_id.fullmatch(text) is not None


def is_context_id(text: str) -> bool:
    """Says whether `text` can be the id of a class, block, pattern, …: the same characters as a person's id."""
    return _stored_user_id.fullmatch(text) is not None


def is_context_type(text: str) -> bool:
    """Says whether `text` can be a context type: 1–32 characters of `a–z 0–9 _`, a letter first."""
    return _context_type.fullmatch(text) is not None


def is_role(text: str) -> bool:
    """Says whether `text` can be a role: 1–64 characters of `A–Z a–z 0–9 . _ : -`, a letter or digit first."""
    return _role.fullmatch(text) is not None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The caller as Parley knew them at sign-in. `contexts` maps a context type to the ids that they belong to.

    `revision` is that of their profile by then: what the host has put later is not in here. Of contexts that are not
    listed, because rows give them or because they are too many, `held_types` has the types. `profile_seq` is 0 of a
    program, and of a socket older than this field: then nothing says what others see of the caller.
    """

    user_id: str
    name: str
    role: str = DEFAULT_ROLE
    contexts: dict[str, tuple[str, ...]] = {}
    expires_at_s: int  # when the token stops counting, seconds since the epoch
    issued_at_s: int = 0  # of a socket older than this field: before any sign-out
    revision: int = 0  # of a socket older than this field: before anything that the host has put
    held_types: tuple[str, ...] = ()
    avatar_url: str | None = None
    profile_seq: int = 0

    @property
    def is_too_large(self) -> bool:
        """Says whether it is too large for API Gateway to carry from the authorizer to the functions."""
        return len(msgspec.json.encode(self.authorizer_context())) > MAX_CONTEXT_BYTES

    def authorizer_context(self) -> dict[str, str]:
        """Returns the context of an authorizer's answer: strings only, and at most 8 KB (API Gateway)."""
        return {
            "user_id": self.user_id,
            "name": self.name,
            "role": self.role,
            "contexts": msgspec.json.encode(self.contexts).decode(),
            "expires_at_s": str(self.expires_at_s),
            "issued_at_s": str(self.issued_at_s),
            "revision": str(self.revision),
            "held_types": ",".join(self.held_types),
            "avatar_url": self.avatar_url or "",
            "profile_seq": str(self.profile_seq),
        }

    @classmethod
    def from_authorizer_context(cls, context: Mapping[str, Any]) -> "Identity":
        """Returns the identity that `authorizer_context` wrote; raises KeyError if no Parley authorizer ran."""
        return cls(
            user_id=context["user_id"],
            name=context["name"],
            role=context["role"],
            contexts=msgspec.json.decode(context["contexts"], type=dict[str, tuple[str, ...]]),
            expires_at_s=int(context["expires_at_s"]),
            issued_at_s=int(context.get("issued_at_s") or 0),
            revision=int(context.get("revision") or 0),
            held_types=tuple(filter(None, (context.get("held_types") or "").split(","))),
            avatar_url=context.get("avatar_url") or None,
            profile_seq=int(context.get("profile_seq") or 0),
        )
