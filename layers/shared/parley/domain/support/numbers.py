"""The number of a ticket, which people say on the phone: eight digits and a check digit, in groups of three.

It is taken from a hash of the ticket's id, so it tells neither how many tickets there are nor which came first. The
check digit finds each wrong digit and each swap of two neighbours (H. M. Damm, "Total anti-symmetrische Quasigruppen",
2004), so a number that was misheard is not another ticket's.
"""

import re
from hashlib import sha256

# The quasigroup of order 10 in Damm's thesis, p. 111.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
NUMBER_PATTERN = r"^[1-9][0-9]{2}-[0-9]{3}-[0-9]{3}$(?!\n)"
_FIRST, _COUNT = 10_000_000, 90_000_000  # eight digits, and no leading zero that a spreadsheet would drop
_separators = re.compile(r"[\s.,/-]")
_digits = re.compile(r"[1-9][0-9]{8}")


def number_of(ticket_id: str, attempt: int) -> str:
    """Returns the number that a ticket tries to take, such as `482-190-375`; each `attempt` (0, 1 …) gives another.

    Two of 90,000,000 numbers may meet, so the ticket takes its number by a conditional write.
    """
    hashed = sha256(f"{ticket_id}\n{attempt}".encode()).digest()
    eight = str(_FIRST + int.from_bytes(hashed[:8], "big") % _COUNT)
    return _grouped(eight + str(_check_digit(eight)))


def read_number(text: str) -> str | None:
    """Returns the number that a person has typed, with or without its separators; None if it cannot be a number."""
    digits = _separators.sub("", text)
    if _digits.fullmatch(digits) is None or _check_digit(digits) != 0:
        return None
    return _grouped(digits)


def _check_digit(digits: str) -> int:
    """Returns the check digit; 0 for digits that end with their own."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def _grouped(digits: str) -> str:
    return "-".join((digits[:3], digits[3:6], digits[6:]))
