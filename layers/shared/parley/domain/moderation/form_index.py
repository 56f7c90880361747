"""The forms of banned words and patterns in one reading, compared all at once; `banned_words.py` explains the rules."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from parley.domain.text.folding import Span, is_unspaced

MAX_EXPRESSIONS = 1_000  # remembered forms: as many as a list can have rules
# Characters that regular expressions read of one text, to find patterns with stars in scripts without spaces.
# After that a match covers its whole run of letters, so that many matches cannot hide one more.
MAX_EXACT_CHARACTERS = 1_000_000
CALL_CHARACTERS = 100  # the cost of calling an expression, however short the run

_STRETCHED = re.compile(r"(.)\1\1+")
_REPEATED = re.compile(r"(.)\1*")


class _Places:
    """Forms of rules, each with a place: a bit of an integer. Equal forms of several rules share one."""

    def __init__(self) -> None:
        self._rules_at: dict[int, int] = {}  # a place -> the rules, as bits
        self._known: dict[int, int] = {}

    def places_of(self, rules: int) -> int:
        """Returns the places of the forms that any of these rules has."""
        if rules not in self._known:
            self._known[rules] = bits(place for place, those in self._rules_at.items() if those & rules)
        return self._known[rules]

    def rules_at(self, places: int) -> int:
        """Returns the rules whose forms have these places."""
        rules = 0
        for place in set_bits(places):
            rules |= self._rules_at[place]
        return rules


class _Globs(_Places):
    """Forms with wildcards, all compared at once: a bit says that a form fits up to one of its letters.

    This is the shift-and algorithm (Baeza-Yates, Gonnet: "A new approach to text searching", 1992). A letter of the
    text costs a few operations on integers of as many bits as the forms have letters, however many forms fit.
    """

    def __init__(self, forms: Mapping[str, int]) -> None:
        super().__init__()
        self.form_at: dict[int, str] = {}
        self._of_letter: dict[str, list[int]] = {}
        starts: list[int] = []
        loops: list[int] = []  # a form stays in these states at any letter: a star follows
        any_letter: list[int] = []
        place = 0
        for form in sorted(forms, key=len):  # of the forms that end at one letter, the longest has the highest bit
            starts.append(place)
            for sign in form:
                if sign == "*":
                    loops.append(place)
                    continue
                place += 1
                (any_letter if sign == "?" else self._of_letter.setdefault(sign, [])).append(place)
            self._rules_at[place], self.form_at[place] = forms[form], form
            place += 1
        self._starts, self._loops, self._any_letter = bits(starts), bits(loops), bits(any_letter)
        self._ends = bits(self._rules_at)
        # Letters of few places have no integer of their own: Chinese words may have thousands of letters, 8 KB each.
        self._common = {letter: bits(found) for letter, found in self._of_letter.items() if len(found) > 16}

    def whole(self, form: str) -> int:
        """Returns the places of the forms that fit all of `form`."""
        at = self._starts
        for letter in form:
            at = ((at << 1) & self._fits(letter)) | (at & self._loops)
            if not at:
                return 0
        return at & self._ends

    def inside(self, form: str) -> Iterator[tuple[int, int]]:
        """Yields the ends of forms in `form`, and the places of those forms."""
        at = 0
        if not self._rules_at:
            return
        for end, letter in enumerate(form, 1):
            at = (((at | self._starts) << 1) & self._fits(letter)) | (at & self._loops)
            if ended := at & self._ends:
                yield end, ended

    def _fits(self, letter: str) -> int:
        common = self._common.get(letter)
        return self._any_letter | (bits(self._of_letter.get(letter, ())) if common is None else common)


class _Stretches(_Places):
    """Words that are equal when each letter occurs once in a row: `god`, `good` and `godd`."""

    def __init__(self, words: Mapping[str, int]) -> None:
        super().__init__()
        self._rules_at = dict(enumerate(words.values()))
        needed = [[len(run[0]) for run in _REPEATED.finditer(word)] for word in words]
        # For each run of letters: the words that need at most so many of it.
        self._fitting = [
            {most: bits(place for place, need in enumerate(needs) if need <= most) for most in {0, *needs}}
            for needs in zip(*needed, strict=True)
        ]

    def whole(self, form: str) -> int:
        """Returns the places of the words that repeat no letter more often in a row than `form` does."""
        places = -1
        for run, fitting in zip(_REPEATED.finditer(form), self._fitting, strict=True):
            places &= fitting[max(most for most in fitting if most <= len(run[0]))]
        return places


class Finding:
    """The result for one text: all rules that match, and each span that a `covering` rule matches."""

    def __init__(self, covering: int) -> None:
        self.covering = covering
        self.spans: list[Span] = []
        self.exact_left = MAX_EXACT_CHARACTERS
        self._rules = 0
        self._found: dict[_Places, int] = {}

    def add_rules(self, rules: int) -> bool:
        """Notes rules that match; says whether one of them covers."""
        self._rules |= rules
        return bool(rules & self.covering)

    def add(self, forms: _Places, places: int) -> bool:
        """Notes forms that match; says whether a rule of one of them covers. Their rules are read once, at the end."""
        self._found[forms] = self.found(forms) | places
        return bool(places & forms.places_of(self.covering))

    def found(self, forms: _Places) -> int:
        return self._found.get(forms, 0)

    def rules(self) -> int:
        """Returns all rules that match, as bits."""
        rules = self._rules
        for forms, places in self._found.items():
            rules |= forms.rules_at(places)
        return rules


class Index:
    """The forms of all rules in one reading, to be compared with a text's forms in the same reading."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}
        self._patterns: dict[str, int] = {}
        self._pieces: set[str] = set()  # up to three letters of each pattern, which every match contains

    def add_word(self, form: str, rule: int) -> None:
        self._words[form] = self._words.get(form, 0) | rule

    def add_pattern(self, form: str, rule: int) -> None:
        self._patterns[form] = self._patterns.get(form, 0) | rule
        self._pieces.add(max(re.split(r"[*?]", form), key=len)[:3])

    def whole(self, form: str, finding: Finding) -> bool:
        """Notes the rules that match a form as one word; says whether one of them covers."""
        covers = finding.add_rules(self._words.get(form, 0))
        covers |= self._by_pattern(form, finding)
        if _STRETCHED.search(form):
            if stretches := self._squeezed.get(_REPEATED.sub(r"\1", form)):
                covers |= finding.add(stretches, stretches.whole(form))
            for shorter in (_STRETCHED.sub(r"\1", form), _STRETCHED.sub(r"\1\1", form)):
                covers |= self._by_pattern(shorter, finding)
        return covers

    def within(self, form: str, origins: Sequence[int], finding: Finding, rules: int, least: int) -> Iterator[Span]:
        """Notes which of `rules` match a part of a form; yields each part that a covering rule matches.

        `origins` gives the letter that each sign of the form comes from; a match has at least `least` letters. Of the
        matches that end at one letter it yields only the longest, which covers the others.
        """
        wanted = self._parts.places_of(rules) & ~finding.found(self._parts)
        covering = self._parts.places_of(rules & finding.covering)
        for end, places in self._parts.inside(form):
            while (new := places & wanted) and self._span(new, end, origins, least):
                found = 1 << (new.bit_length() - 1)
                finding.add(self._parts, found)
                wanted ^= found
            if (longest := places & covering) and (span := self._span(longest, end, origins, least)):
                yield span
        yield from self._gapped_within(form, origins, finding, rules, least)

    def _span(self, places: int, end: int, origins: Sequence[int], least: int) -> Span | None:
        """Returns the letters of the longest of the forms that end here; None if they are too few."""
        start = end - len(self._parts.form_at[places.bit_length() - 1])
        first, behind = origins[start], origins[end - 1] + 1
        return (first, behind) if behind - first >= least else None

    def _gapped_within(
        self, form: str, origins: Sequence[int], finding: Finding, rules: int, least: int
    ) -> Iterator[Span]:
        places = 0
        for _, ended in self._gapped.inside(form):
            places |= ended
        if behind_least := origins and origins[-1] + 1 - origins[0] >= least:
            finding.add(self._gapped, places & self._gapped.places_of(rules))
        covering = places & self._gapped.places_of(rules & finding.covering) if behind_least else 0
        for place in set_bits(covering):
            finding.exact_left -= len(form) + CALL_CHARACTERS
            if finding.exact_left < 0:
                yield origins[0], origins[-1] + 1
                return
            found = _expression(self._gapped.form_at[place]).match(form)
            if found:
                yield origins[found.start("first")], origins[found.end("last") - 1] + 1

    def _by_pattern(self, form: str, finding: Finding) -> bool:
        sizes = range(1, min(len(form), 3) + 1) if self._pieces else ()
        pieces = (form[start : start + size] for size in sizes for start in range(len(form) - size + 1))
        if self._pieces.isdisjoint(pieces):
            return False
        return finding.add(self._globs, self._globs.whole(form))

    @cached_property
    def _globs(self) -> _Globs:
        return _Globs(self._patterns)

    @cached_property
    def _parts(self) -> _Globs:
        """Returns the forms that may be part of a text: words, and patterns of unspaced scripts that have no star."""
        patterns = {form: rules for form, rules in self._patterns.items() if "*" not in form and any_unspaced(form)}
        forms = {form: self._words.get(form, 0) | patterns.get(form, 0) for form in (*self._words, *patterns)}
        return _Globs(forms)

    @cached_property
    def _gapped(self) -> _Globs:
        """Returns the patterns with stars that may be a part of a text; stars at their ends change nothing there."""
        forms: dict[str, int] = {}
        for form, rules in self._patterns.items():
            if "*" in form and any_unspaced(form):
                forms[form.strip("*")] = forms.get(form.strip("*"), 0) | rules
        return _Globs(forms)

    @cached_property
    def _squeezed(self) -> dict[str, _Stretches]:
        alike: dict[str, dict[str, int]] = {}
        for word, rules in self._words.items():
            alike.setdefault(_REPEATED.sub(r"\1", word), {})[word] = rules
        return {squeezed: _Stretches(words) for squeezed, words in alike.items()}


def bits(places: Iterable[int]) -> int:
    """Returns an integer with these bits set."""
    listed = list(places)
    found = bytearray(max(listed, default=0) // 8 + 1)
    for place in listed:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


def set_bits(number: int) -> Iterator[int]:
    """Yields the places of the bits that are set, the highest first."""
    while number:
        place = number.bit_length() - 1
        yield place
        number ^= 1 << place


def any_unspaced(form: str) -> bool:
    """Says whether a form has a letter of a script without spaces."""
    return any(map(is_unspaced, form))


@lru_cache(maxsize=MAX_EXPRESSIONS)
def _expression(pattern: str) -> re.Pattern[str]:
    """Returns a pattern as an expression that finds its first match in a text of a script without spaces.

    It is linear: each part between stars takes its first place for good, which finds a match if the text has one.
    """
    opening, *others = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*") if part)
    then = "".join(f"(?>.*?{part})" for part in others)
    return re.compile(f"(?>.*?(?P<first>){opening}){then}(?P<last>)", re.DOTALL)
