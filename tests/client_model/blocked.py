"""The people whom the user has blocked: the rules of the guide's chapter "Blocking"."""


class BlockedPeople:
    """The blocked people, each with the time of what was last heard of them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, bool]] = {}

    @property
    def ids(self) -> set[str]:
        return {user_id for user_id, (_, is_blocked) in self._known.items() if is_blocked}

    def take_change(self, user_id: str, at: str, *, is_blocked: bool) -> None:
        """ "Of two about the same person the later `at` counts"."""
        if at >= self._known.get(user_id, ("", False))[0]:
            self._known[user_id] = (at, is_blocked)

    def take_all(self, user_ids: list[str], as_of: str) -> None:
        """ "Replace your list by it, but keep what a `block_changed` said whose `at` is not before `as_of`"."""
        later = {user_id: known for user_id, known in self._known.items() if known[0] >= as_of}
        self._known = dict.fromkeys(user_ids, (as_of, True)) | later
