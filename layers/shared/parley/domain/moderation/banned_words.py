"""Banned words: finds the words of a deployment's rules in a text, disguised ones too, and decides its fate.

A *word* matches as a whole: `ass` is found in "you ass!", not in "class". A *pattern* is a word with wildcards: `*` is
any run of letters within a word, also none, `?` is one letter. `spam*` finds "spammer", `*spam*` also "antispammer",
`sp?m` both "spam" and "spom". It is not a regular expression: a text could make one run for minutes.

Both compare as `text.folding.fold` does, and also find:

- letters of other alphabets, digits and signs that look like Latin ones: `bаd` with a Cyrillic а, `b4d`, `b@d`, `🅱ad`;
  a number alone is a number. `1`, `!` and `|` may be an i or an l, as may an `I` or `l` of the wrong case: `heIl`;
- words with invisible characters between the letters: zero-width characters, soft hyphens, marks piled upon them;
- letters one by one, at least three, up to three other characters between them: `b a d`, `b.a.d`, `b - a - d`;
- repeated letters, at least one of them three times or more: `baaad`. Twice is no disguise, or `god` would
  find "good".

Scripts without spaces (Chinese, Japanese, Thai) do not show whole words, so there both match anywhere.

Not found: words cut in two (`ba d`, `b-ad`), letters left out or starred (`b*d`), doubled ones (`baad`). Found though
innocent: a word of another alphabet that looks exactly like a banned Latin one (`cop` in "сор"), and "u s a" for `usa`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from parley.domain.api.fields import is_blank
from parley.domain.moderation.form_index import Finding, Index, any_unspaced, bits, set_bits
from parley.domain.text.folding import Span, is_unspaced
from parley.domain.text.look_alikes import ALIKE, LOOSE, PLAIN, SHAPE, WRONG_CASE

MAX_RULES = 1_000
MAX_RULE_CHARACTERS = 64
MIN_SPREAD_LETTERS = 3  # fewer single letters do not count as a word: "a b" is two answers of a quiz

Action = Literal["reject", "mask", "flag"]
Problem = Literal["blank", "too_long", "not_one_word", "only_wildcards", "too_short"]

_STRENGTH: tuple[Action, ...] = ("reject", "mask", "flag")
_WILDCARDS = "*?"

# Expressions over a text's shape (`look_alikes.SHAPE`). None below goes back over what it has read, whatever the text.
_WORD = re.compile("w[wi]*+")
_WITH_SIGNS = re.compile("[w$!][w$!i]*+")
_SCRIPT = re.compile("[wu][wui]*+")
_SPREAD = re.compile(rf"(?<![wu$])[wu$!]i*+(?:(?: i*+){{1,3}}[wu$!]i*+){{{MIN_SPREAD_LETTERS - 1},}}(?![wu$])")


class Rule(Struct, frozen=True, kw_only=True):
    """One rule of a deployment's list."""

    rule_id: str
    kind: Literal["word", "pattern"]
    text: str
    action: Action


class Verdict(Struct, frozen=True, kw_only=True):
    """The result of the rules for a text: the strongest action of all that match, None if none does.

    `text` has `*` for each letter that a rule of the action `mask` found, whichever action is the strongest. `rule_ids`
    are all that matched, in the order of the list.
    """

    action: Action | None
    text: str
    rule_ids: tuple[str, ...] = ()


def problem_of(rule: Rule) -> Problem | None:
    """Returns the fault of a rule's text, None if it can be used.

    It is one word of letters and digits, in a pattern with `*` and `?`: no spaces, no punctuation. A pattern needs two
    letters, in scripts without spaces one, or it would match almost everything.
    """
    if is_blank(rule.text):
        return "blank"
    if len(rule.text) > MAX_RULE_CHARACTERS:
        return "too_long"
    letters = _without_wildcards(rule)
    if not letters:
        return "only_wildcards"
    if not all(SHAPE[ord(letter)] in "wui" for letter in letters):
        return "not_one_word"
    plain = letters.translate(PLAIN)
    if not plain:
        return "blank"
    if rule.kind == "pattern" and len(plain) == 1 and not is_unspaced(plain):
        return "too_short"
    return None


def compile_rules(rules: Sequence[Rule]) -> "Rules":
    """Returns the rules ready to check; raises ValueError for more than `MAX_RULES`, or for a faulty rule."""
    if len(rules) > MAX_RULES:
        raise ValueError(f"{len(rules)} rules; at most {MAX_RULES}")
    for rule in rules:
        if problem := problem_of(rule):
            raise ValueError(f"rule {rule.rule_id}: {problem}")
    return Rules(rules)


def _without_wildcards(rule: Rule) -> str:
    return rule.text.replace("*", "").replace("?", "") if rule.kind == "pattern" else rule.text


class Rules:
    """A list of rules, compiled; `compile_rules` makes it. Inside, several rules are an integer with a bit for each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._all = (1 << len(rules)) - 1
        self._masking = bits(number for number, rule in enumerate(rules) if rule.action == "mask")
        self._anywhere = 0
        self._plain, self._alike, self._loose = Index(), Index(), Index()
        for number, rule in enumerate(rules):
            self._add(number, rule)

    def check(self, text: str) -> Verdict:
        """Returns the rules' verdict on `text`."""
        if not self._rules:
            return Verdict(action=None, text=text)
        shape = text.translate(SHAPE)
        finding = self._find(text, shape, self._masking)
        matched = [self._rules[number] for number in sorted(set_bits(finding.rules()))]
        if not matched:
            return Verdict(action=None, text=text)
        return Verdict(
            action=min((rule.action for rule in matched), key=_STRENGTH.index),
            text=_masked(text, shape, _union(finding.spans)),
            rule_ids=tuple(rule.rule_id for rule in matched),
        )

    def spans(self, text: str) -> list[Span]:
        """Returns the spans of `text` that rules match, in order, without overlaps."""
        return _union(self._find(text, text.translate(SHAPE), self._all).spans)

    def _add(self, number: int, rule: Rule) -> None:
        wildcards = _WILDCARDS if rule.kind == "pattern" else ""
        plain, alike = (
            "".join(letter if letter in wildcards else table[ord(letter)] for letter in rule.text)
            for table in (PLAIN, ALIKE)
        )
        if any_unspaced(plain):
            self._anywhere |= 1 << number
        forms = [(self._plain, plain)]
        if not _without_wildcards(rule).translate(PLAIN).isdecimal():
            forms += [(self._alike, alike), (self._loose, alike.translate(LOOSE))]
        for index, form in forms:
            (index.add_pattern if rule.kind == "pattern" else index.add_word)(form, 1 << number)

    def _find(self, text: str, shape: str, covering: int) -> Finding:
        """Returns the rules that match, and the spans that `covering` match."""
        finding = Finding(covering)
        self._find_in_words(text, shape, finding)
        self._find_in_spread_letters(text, shape, finding)
        if self._anywhere:
            self._find_in_scripts(text, shape, finding)
        return finding

    def _find_in_words(self, text: str, shape: str, finding: Finding) -> None:
        known: dict[str, bool] = {}
        for start, end in _words(shape):
            word = text[start:end]
            if word not in known:
                known[word] = self._whole(word, finding, has_signs=_has_signs(shape[start:end]))
            if known[word]:
                finding.spans.append((start, end))

    def _find_in_spread_letters(self, text: str, shape: str, finding: Finding) -> None:
        for found in _SPREAD.finditer(shape):
            places = [place for place in range(*found.span()) if shape[place] in "wu$!"]
            letters, has_signs = "".join(text[place] for place in places), _has_signs(found[0])
            if self._whole(letters, finding, has_signs=has_signs):
                finding.spans.append(found.span())
            for start, end in self._within(letters, finding, self._all, MIN_SPREAD_LETTERS, has_signs=has_signs):
                finding.spans.append((places[start], places[end - 1] + 1))

    def _find_in_scripts(self, text: str, shape: str, finding: Finding) -> None:
        known: dict[str, list[Span]] = {}
        for found in _SCRIPT.finditer(shape):
            if "u" in found[0]:
                run = text[slice(*found.span())]
                if run not in known:
                    known[run] = list(self._within(run, finding, self._anywhere, 1, has_signs=False))
                finding.spans += [(found.start() + start, found.start() + end) for start, end in known[run]]

    def _whole(self, letters: str, finding: Finding, *, has_signs: bool) -> bool:
        return any([index.whole(form, finding) for index, form in self._forms(letters, has_signs=has_signs)])

    def _within(self, letters: str, finding: Finding, rules: int, least: int, *, has_signs: bool) -> Iterator[Span]:
        """Notes the rules that match part of `letters`, and yields the covered parts."""
        for index, form in self._forms(letters, has_signs=has_signs):
            table = PLAIN if index is self._plain else ALIKE
            origins = [origin for origin, letter in enumerate(letters) for _ in table[ord(letter)]]
            yield from index.within(form, origins, finding, rules, least)

    def _forms(self, letters: str, *, has_signs: bool) -> Iterator[tuple[Index, str]]:
        """Yields the possible meanings of `letters`; letters with signs among them cannot be meant literally."""
        plain = letters.translate(PLAIN)
        if not has_signs:
            yield self._plain, plain
        if not plain or plain.isdecimal():
            return
        alike = (WRONG_CASE.sub("1", letters) if "I" in letters or "l" in letters else letters).translate(ALIKE)
        if "1" in alike:
            yield self._loose, alike.translate(LOOSE)
        elif alike != plain:
            yield self._alike, alike


def _words(shape: str) -> Iterator[Span]:
    """Yields the spans of words; if signs may be letters, with and without the signs at either end.

    An exclamation mark at the end may be one.
    """
    yield from (found.span() for found in _WORD.finditer(shape))
    if "$" not in shape and "!" not in shape:
        return
    for found in _WITH_SIGNS.finditer(shape):
        if "w" in found[0]:
            start, end = found.start(), found.start() + len(found[0].rstrip("!i"))
            first, behind = shape.index("w", start), shape.rindex("w", start, end) + 1
            for span in dict.fromkeys(((start, end), (start, behind), (first, end), (first, behind))):
                if _has_signs(shape[slice(*span)]):
                    yield span


def _has_signs(shape: str) -> bool:
    return "$" in shape or "!" in shape


def _union(spans: Iterable[Span]) -> list[Span]:
    """Returns the same spans in order, without overlaps."""
    found: list[Span] = []
    for start, end in sorted(set(spans)):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _masked(text: str, shape: str, spans: Iterable[Span]) -> str:
    """Returns the text with a star for each letter within the spans, without its invisible characters there."""
    is_masked = bytearray(len(text))
    for start, end in spans:
        while shape.startswith("i", end):
            end += 1  # marks and the like on the last letter
        is_masked[start:end] = b"\1" * (end - start)
    shown = []
    for letter, sign, masked in zip(text, shape, is_masked, strict=True):
        if not masked or sign == " ":
            shown.append(letter)
        elif sign != "i":
            shown.append("*")
    return "".join(shown)
