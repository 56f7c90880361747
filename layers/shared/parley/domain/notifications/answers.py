"""The answers of push services, as a trace shows them: which device got which."""

from collections.abc import Iterable

MAX_CHARACTERS = 1_000  # some of the most devices that a person has; a longer text is cut
_BETWEEN, _OF = ", ", ": "


def answer_of(answers: Iterable[tuple[str, str]], earlier: str = "") -> str:
    """Returns the answers of devices, by their ids: "phone: sent 201, laptop: failed 500"; `earlier` is such a text.

    A later answer of a device takes the place of its earlier one. No device is named if there is only one.
    """
    found = dict(part.split(_OF, 1) for part in earlier.split(_BETWEEN) if _OF in part) | dict(answers)
    if len(found) == 1:
        return next(iter(found.values()))[:MAX_CHARACTERS]
    return _BETWEEN.join(f"{device_id}{_OF}{answer}" for device_id, answer in found.items())[:MAX_CHARACTERS]
