"""The link of a message that gets a preview, by the Markdown that clients agree on (docs/reference/markdown.md)."""

import re
from bisect import bisect_right
from urllib.parse import urlsplit

# A longer text has no preview: the largest message with all its other parts just fits a frame (D-690).
MAX_TEXT_CHARACTERS = 5_000
MAX_URL_CHARACTERS = 2048  # longer ones are kept by no cache and shown by no client

# In the order in which they are tried: code, which is left alone, an escaped character, a link with a text, which
# leads to its address and not to its text, an address in angle brackets, and a bare one.
_PARTS = re.compile(
    r"(?P<ticks>`+)"
    r"|\\[!-/:-@\[-`{-~]"
    r"|(?<!!)\[(?:[^\[\]\\]|\\.)*\]\((?P<named>https?://[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)"
    r"|<(?P<enclosed>https?://[^\s<>]*)>"
    r"|(?P<bare>https?://[^\s<`]+)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^```")
_LINK = re.compile(r"https?://", re.IGNORECASE)
_TRAILING = ".,:;!?'\"*~"


def first_link(text: str) -> str | None:
    """Returns the address of the first link outside code, or None; its scheme is `http` or `https`.

    None also for a text of more than `MAX_TEXT_CHARACTERS`.

    An address without a host, or with a name and password, is no link that gets a preview.
    """
    if len(text) > MAX_TEXT_CHARACTERS or not _LINK.search(text):
        return None
    for paragraph in _paragraphs(text):
        for address in _addresses(paragraph):
            if len(address) <= MAX_URL_CHARACTERS and _has_plain_host(address):
                return address
    return None


def _paragraphs(text: str) -> list[str]:
    """Returns the paragraphs outside blocks of code; a span of code ends with its paragraph."""
    paragraphs: list[str] = []
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        is_fence = _FENCE.match(line) is not None
        if not is_code and not is_fence and line.strip():
            lines.append(line)
            continue
        paragraphs.append("\n".join(lines))
        lines = []
        is_code = is_code != is_fence
    return [*paragraphs, "\n".join(lines)]


def _addresses(paragraph: str) -> list[str]:
    """Returns the addresses of a paragraph's links, in order."""
    runs: dict[int, list[int]] = {}  # where runs of backticks begin, by their length
    for run in re.finditer("`+", paragraph):
        runs.setdefault(len(run[0]), []).append(run.start())
    found: list[str] = []
    at = 0
    while part := _PARTS.search(paragraph, at):
        at = part.end()
        if part["ticks"]:
            at = _end_of_code(runs, part.start(), len(part["ticks"]))
        elif address := part["named"] or part["enclosed"]:
            found.append(address)
        elif part["bare"]:
            address = _without_trailing(part["bare"])
            at = part.start() + len(address)
            found.append(address)
    return found


def _end_of_code(runs: dict[int, list[int]], start: int, length: int) -> int:
    """Returns where the code ends that a run of backticks opens: after the next run of the same length.

    Without one, the run stands for itself.
    """
    same = runs[length]
    following = bisect_right(same, start)
    return (same[following] if following < len(same) else start) + length


def _without_trailing(address: str) -> str:
    """Returns a bare address without the marks that end its sentence; a `)` stays that closes a `(` of its own."""
    surplus = address.count(")") - address.count("(")
    end = len(address)
    while end:
        last = address[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return address[:end]


def _has_plain_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.username is None and parts.password is None and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return False
