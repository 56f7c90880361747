"""The statements of people about themselves: PATCH /me, for the fields that SelfEditableFields names."""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec.structs import replace

from parley.actions import screening
from parley.actions.people.profiles import check_time_zone, read_metadata, unknown_user
from parley.actions.roles import SERVICE
from parley.adapters.dynamodb import conditions
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import profiles
from parley.domain.api.errors import Field, Forbidden
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateMe
from parley.domain.people import profile
from parley.domain.people.profile import Profile


def check_editable(request: Request, names: Collection[str]) -> None:
    """Raises Forbidden for a field that people may not set here; a program has no profile at all."""
    editable = profiles.rules().editable if request.caller.role != SERVICE else frozenset()
    _refuse([name for name in names if name not in editable], "SelfEditableFields")


def _check_host_is_silent(known: Profile, names: Collection[str]) -> None:
    """Raises Forbidden for a field that an authoritative host states: the person's word would have no effect."""
    if profiles.rules().host_decides:
        stated = [name for name in names if getattr(known.by_host, name) is not None]
        _refuse(stated, "HostProfiles=authoritative")


def _refuse(wrong: Sequence[str], rule: str) -> None:
    if wrong:
        raise Forbidden(
            "field_not_editable",
            f"You cannot change `{wrong[0]}` yourself.",
            rule=rule,
            fields=tuple(Field(f"/{name}", "not_allowed") for name in wrong),
        )


def state(request: Request, wanted: UpdateMe, names: Collection[str]) -> None:
    """Writes what the caller states in these fields. Raises Forbidden, Invalid, NotFound or Unprocessable.

    Two round trips; once a minute one more for the version of the banned words, if there is a name.
    """
    check_time_zone(wanted.time_zone, "")
    said: dict[str, Any] = {name: getattr(wanted, name) for name in names}
    if isinstance(wanted.name, str):
        word_list_cache.check_now(request.now_s)
        said["name"] = screening.screen(request, wanted.name, "name").text  # no message: nothing could be reported
    if "metadata" in said:
        said["metadata"] = read_metadata(wanted.metadata, "/metadata")
    for _ in conditions.tries():
        known = profiles.get_profile(request.user_id)
        if known is None:
            raise unknown_user()
        _check_host_is_silent(known, names)
        now = profile.with_own(known, replace(known.by_self, **said), profiles.rules(), request.now_ms)
        if now == known or profiles.save(now, known):
            return
    raise conditions.busy()
