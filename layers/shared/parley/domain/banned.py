"""Banned words: what the rules of a deployment find in a text, however it is disguised, and what shall happen to it.

A *word* matches as a whole: `ass` is found in "you ass!", not in "class". A *pattern* is a word with wildcards: `*` is
any run of letters within a word, also none, `?` is one letter. `spam*` finds "spammer", `*spam*` also "antispammer",
`sp?m` both "spam" and "spom". It is no regular expression: for one of those, somebody can write what takes minutes.

Both are compared as `words.fold` does, and find as well:

- letters of other alphabets, digits and signs that look like Latin ones: `bаd` with a Cyrillic а, `b4d`, `b@d`, `🅱ad`;
  a number alone is a number. `1`, `!` and `|` may be an i or an l, as may an `I` or `l` of the wrong case: `heIl`;
- what nobody sees between the letters: zero-width characters, soft hyphens, marks piled upon them;
- letters one by one, at least three, up to three other characters between them: `b a d`, `b.a.d`, `b - a - d`;
- letters that stand there too often, one of them three times or more: `baaad`. Twice is no disguise, or `god` would
  find "good".

In scripts without spaces (Chinese, Japanese, Thai) there are no whole words to see, so there both match anywhere.

Not found: words cut in two (`ba d`, `b-ad`), letters left out or starred (`b*d`), doubled ones (`baad`). Found though
innocent: a word of another alphabet that looks exactly like a banned Latin one (`cop` in "сор"), and "u s a" for `usa`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from parley.domain.bodies import is_blank
from parley.domain.words import Remembered, Span, fold, is_ignorable, is_letter, is_unspaced, visible

MAX_RULES = 1_000
MAX_RULE_CHARACTERS = 64
MIN_SPREAD_LETTERS = 3  # fewer letters one by one are not taken for a word: "a b" is two answers of a quiz

Action = Literal["reject", "mask", "flag"]
Problem = Literal["blank", "too_long", "not_one_word", "only_wildcards", "too_short"]

_STRENGTH: tuple[Action, ...] = ("reject", "mask", "flag")
_WILDCARDS = "*?"

# Look-alikes, picked by hand from confusables.txt (UTS #39): letters that look like a Latin one, in either case. Keys
# have no accents and are lower case, but for Greek capitals that look like another letter than their small ones.
_LOOK_ALIKES = {
    **dict(zip("авгеѕіјкмнорстухьһԁԛԝѵӏ", "abresijkmhopctyxbhdqwvl", strict=True)),  # Cyrillic
    **dict(zip("αβγεηικμνορστυχω", "abyenikuvopotuxw", strict=True)),  # Greek
    **dict(zip("ΗΜΝΥΖ", "hmnyz", strict=True)),
    **dict(zip("օոսհցյգ", "onuhgjq", strict=True)),  # Armenian
    **dict(zip("ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᏀᏃᏙᏚᏟᏢᏦᏞᏴᎩ", "drtiajewmhgzvscpklby", strict=True)),  # Cherokee
    **dict(zip("ɑɡʙɢɪɩʟɴʀʏʜƒƅ", "agbgiilnryhfb", strict=True)),  # Latin's own variants
    **dict(zip("ᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜰꜱ", "acdejkmoptuvwzfs", strict=True)),
    **{chr(first + place): chr(ord("a") + place) for first in (0x1F150, 0x1F170) for place in range(26)},  # 🅐 🅰
    **dict(zip("013457", "o1east", strict=True)),  # digits; 1 stays apart, see _LOOSE
}
_SIGNS = {"@": "a", "$": "s", "€": "e", "¢": "c", "!": "1", "|": "1"}
_LOOSE = str.maketrans("1l", "ii")  # the reading for words with a 1: i, l and 1 are one letter
_WRONG_CASE = re.compile(r"(?<=[a-z])I|(?<=[A-Z])l|l(?=[A-Z])")

# A text's shape has one sign for each of its characters: w(ord), u(nspaced), i(gnorable), $ or ! (may be a letter), or
# a space, which is all else. No expression below goes back over what it has read, whatever the text.
_WORD = re.compile("w[wi]*+")
_WITH_SIGNS = re.compile("[w$!][w$!i]*+")
_SCRIPT = re.compile("[wu][wui]*+")
_SPREAD = re.compile(rf"(?<![wu$])[wu$!]i*+(?:(?: i*+){{1,3}}[wu$!]i*+){{{MIN_SPREAD_LETTERS - 1},}}(?![wu$])")
_STRETCHED = re.compile(r"(.)\1\1+")
_REPEATED = re.compile(r"(.)\1*")


class Rule(Struct, frozen=True, kw_only=True):
    """One rule of a deployment's list."""

    rule_id: str
    kind: Literal["word", "pattern"]
    text: str
    action: Action


class Verdict(Struct, frozen=True, kw_only=True):
    """What the rules say of a text: the strongest action of all that match, None where none does.

    `text` has `*` for each letter that a rule of the action `mask` found, whichever action is the strongest. `rule_ids`
    are all that matched, in the order of the list.
    """

    action: Action | None
    text: str
    rule_ids: tuple[str, ...] = ()


def problem_of(rule: Rule) -> Problem | None:
    """Returns what is wrong with a rule's text, None if it can be used.

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
    if not all(_shape[ord(one)] in "wui" for one in letters):
        return "not_one_word"
    plain = letters.translate(_plain)
    if not plain:
        return "blank"
    if rule.kind == "pattern" and len(plain) == 1 and not is_unspaced(plain):
        return "too_short"
    return None


def compile_rules(rules: Sequence[Rule]) -> "Rules":
    """Returns the rules ready to check; raises ValueError for more than `MAX_RULES`, or for one that has a problem."""
    if len(rules) > MAX_RULES:
        raise ValueError(f"{len(rules)} rules; at most {MAX_RULES}")
    for rule in rules:
        if problem := problem_of(rule):
            raise ValueError(f"rule {rule.rule_id}: {problem}")
    return Rules(rules)


def _without_wildcards(rule: Rule) -> str:
    return rule.text.replace("*", "").replace("?", "") if rule.kind == "pattern" else rule.text


def _letters(character: str) -> str:
    """Returns what a character is made of, without what is no letter: ⒝ is a b."""
    return "".join(one for one in visible(character) if is_letter(one) or one in _LOOK_ALIKES)


def _shape_of(character: str) -> str:
    if is_ignorable(character):
        return "i"
    letters = _letters(character)
    if visible(character) in _SIGNS:
        return "!" if _SIGNS[visible(character)] == "1" else "$"
    if letters:
        return "u" if is_unspaced(letters[0]) else "w"
    return " "


def _look(character: str) -> str:
    """Returns the Latin letter that a character looks like, or else what it folds to."""
    if sign := _SIGNS.get(visible(character)):
        return sign
    return "".join(_LOOK_ALIKES.get(one) or _look_folded(one) for one in _letters(character))


def _look_folded(one: str) -> str:
    return "".join(_LOOK_ALIKES.get(folded, folded) for folded in fold(one))


_shape = Remembered(_shape_of)
_plain = Remembered(lambda character: fold(_letters(character)))
_alike = Remembered(_look)


class _Index:
    """The forms of all rules in one reading, to be asked with a text's forms in the same."""

    def __init__(self) -> None:
        self._words: dict[str, list[int]] = {}
        self._squeezed: dict[str, list[str]] = {}  # words by what is left when each letter stands once in a row
        self._lengths: dict[str, set[int]] = {}  # of the words that begin with a letter
        self._patterns: dict[str, list[tuple[int, str]]] = {}  # by up to three letters that each match has
        self._sizes: set[int] = set()

    def add_word(self, form: str, number: int) -> None:
        if form not in self._words:
            self._squeezed.setdefault(_REPEATED.sub(r"\1", form), []).append(form)
            self._lengths.setdefault(form[0], set()).add(len(form))
        self._words.setdefault(form, []).append(number)

    def add_pattern(self, form: str, number: int) -> None:
        letters = max(re.split(r"[*?]", form), key=len)[:3]
        self._patterns.setdefault(letters, []).append((number, form))
        self._sizes.add(len(letters))

    def whole(self, form: str) -> Iterator[int]:
        """Yields the rules that match a form as one word."""
        yield from self._words.get(form, ())
        yield from (number for number, _ in self._by_pattern(form))
        if _STRETCHED.search(form):
            for word in self._squeezed.get(_REPEATED.sub(r"\1", form), ()):
                if _stretches(form, word):
                    yield from self._words[word]
            for shorter in (_STRETCHED.sub(r"\1", form), _STRETCHED.sub(r"\1\1", form)):
                yield from (number for number, _ in self._by_pattern(shorter))

    def within(self, form: str) -> Iterator[tuple[int, Span]]:
        """Yields the rules that match part of a form, and which part."""
        for start, letter in enumerate(form):
            for end in (start + length for length in self._lengths.get(letter, ()) if start + length <= len(form)):
                for number in self._words.get(form[start:end], ()):
                    yield number, (start, end)
        yield from self._by_pattern(form)

    def _by_pattern(self, form: str) -> Iterator[tuple[int, Span]]:
        pieces = {form[start : start + size] for size in self._sizes for start in range(len(form) - size + 1)}
        for letters in pieces & self._patterns.keys():
            for number, pattern in self._patterns[letters]:
                if found := _expression(pattern).match(form):
                    yield number, (found.start("first"), found.end("last"))


def _stretches(form: str, word: str) -> bool:
    """Says whether no letter of `word` stands more often in a row than in `form`; squeezed, they are the same."""
    pairs = zip(_REPEATED.finditer(form), _REPEATED.finditer(word), strict=True)
    return all(len(ours[0]) >= len(theirs[0]) for ours, theirs in pairs)


@lru_cache(maxsize=3 * MAX_RULES)
def _expression(pattern: str) -> re.Pattern[str]:
    """Returns a pattern as an expression: of a whole word, in scripts without spaces of any part of the text.

    It is linear: each part between stars is taken where it comes first, for good, which finds a match if there is one.
    """
    first, *rest = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    if any(map(is_unspaced, pattern)):
        opening, *others = (part for part in (first, *rest) if part)
        then = "".join(f"(?>.*?{part})" for part in others)
        return re.compile(f"(?>.*?(?P<first>){opening}){then}(?P<last>)", re.DOTALL)
    if not rest:
        return re.compile(rf"(?P<first>){first}(?P<last>)\Z", re.DOTALL)
    *middle, last = rest
    then = "".join(f"(?>.*?{part})" for part in middle if part)
    return re.compile(rf"(?P<first>){first}{then}.*{last}(?P<last>)\Z", re.DOTALL)


class Rules:
    """A list of rules, compiled; `compile_rules` makes it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._anywhere = {number for number, rule in enumerate(rules) if any(map(is_unspaced, rule.text))}
        self._plain, self._alike, self._loose = _Index(), _Index(), _Index()
        for number, rule in enumerate(rules):
            self._add(number, rule)

    def check(self, text: str) -> Verdict:
        """Returns what the rules say of `text`."""
        if not self._rules:
            return Verdict(action=None, text=text)
        shape = text.translate(_shape)
        hits = list(self._hits(text, shape))
        if not hits:
            return Verdict(action=None, text=text)
        matched = [self._rules[number] for number in sorted({number for number, _ in hits})]
        return Verdict(
            action=min((rule.action for rule in matched), key=_STRENGTH.index),
            text=_masked(text, shape, [span for number, span in hits if self._rules[number].action == "mask"]),
            rule_ids=tuple(rule.rule_id for rule in matched),
        )

    def spans(self, text: str) -> list[Span]:
        """Returns where in `text` rules match, in order, without overlaps."""
        found: list[Span] = []
        for start, end in sorted({span for _, span in self._hits(text, text.translate(_shape))}):
            if found and start < found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return found

    def _add(self, number: int, rule: Rule) -> None:
        wildcards = _WILDCARDS if rule.kind == "pattern" else ""
        plain, alike = (
            "".join(one if one in wildcards else table[ord(one)] for one in rule.text) for table in (_plain, _alike)
        )
        forms = [(self._plain, plain)]
        if not _without_wildcards(rule).translate(_plain).isdecimal():
            forms += [(self._alike, alike), (self._loose, alike.translate(_LOOSE))]
        for index, form in forms:
            (index.add_pattern if rule.kind == "pattern" else index.add_word)(form, number)

    def _hits(self, text: str, shape: str) -> Iterator[tuple[int, Span]]:
        """Yields each rule that matches and where in the text it does."""
        yield from self._in_words(text, shape)
        yield from self._in_spread_letters(text, shape)
        if self._anywhere:
            yield from self._in_scripts(text, shape)

    def _in_words(self, text: str, shape: str) -> Iterator[tuple[int, Span]]:
        known: dict[str, set[int]] = {}
        for start, end in _words(shape):
            word = text[start:end]
            if word not in known:
                known[word] = self._whole(word, has_signs=_has_signs(shape[start:end]))
            for number in known[word]:
                yield number, (start, end)

    def _in_spread_letters(self, text: str, shape: str) -> Iterator[tuple[int, Span]]:
        for found in _SPREAD.finditer(shape):
            places = [place for place in range(*found.span()) if shape[place] in "wu$!"]
            letters, has_signs = "".join(text[place] for place in places), _has_signs(found[0])
            for number in self._whole(letters, has_signs=has_signs):
                yield number, found.span()
            for number, (start, end) in self._within(letters, has_signs=has_signs):
                if end - start >= MIN_SPREAD_LETTERS:
                    yield number, (places[start], places[end - 1] + 1)

    def _in_scripts(self, text: str, shape: str) -> Iterator[tuple[int, Span]]:
        for found in _SCRIPT.finditer(shape):
            if "u" in found[0]:
                for number, (start, end) in self._within(text[slice(*found.span())], has_signs=False):
                    if number in self._anywhere:
                        yield number, (found.start() + start, found.start() + end)

    def _whole(self, letters: str, *, has_signs: bool) -> set[int]:
        return {number for index, form in self._forms(letters, has_signs=has_signs) for number in index.whole(form)}

    def _within(self, letters: str, *, has_signs: bool) -> Iterator[tuple[int, Span]]:
        """Yields the rules that match part of `letters`, and which part."""
        for index, form in self._forms(letters, has_signs=has_signs):
            table = _plain if index is self._plain else _alike
            origins = [origin for origin, one in enumerate(letters) for _ in table[ord(one)]]
            for number, (start, end) in index.within(form):
                yield number, (origins[start], origins[end - 1] + 1)

    def _forms(self, letters: str, *, has_signs: bool) -> Iterator[tuple[_Index, str]]:
        """Yields how `letters` may be meant; with signs among them they cannot be meant as they stand."""
        plain = letters.translate(_plain)
        if not has_signs:
            yield self._plain, plain
        if not plain or plain.isdecimal():
            return
        alike = (_WRONG_CASE.sub("1", letters) if "I" in letters or "l" in letters else letters).translate(_alike)
        if "1" in alike:
            yield self._loose, alike.translate(_LOOSE)
        elif alike != plain:
            yield self._alike, alike


def _words(shape: str) -> Iterator[Span]:
    """Yields where words stand; where signs may be letters, with and without those at either end.

    An exclamation mark at the end is one.
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


def _masked(text: str, shape: str, spans: Iterable[Span]) -> str:
    """Returns the text with a star for each letter within the spans, and without what nobody saw there."""
    is_masked = bytearray(len(text))
    for start, end in set(spans):
        while shape.startswith("i", end):
            end += 1  # marks and the like on the last letter
        is_masked[start:end] = b"\1" * (end - start)
    shown = []
    for one, sign, masked in zip(text, shape, is_masked, strict=True):
        if not masked or sign == " ":
            shown.append(one)
        elif sign != "i":
            shown.append("*")
    return "".join(shown)
