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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Literal

from msgspec import Struct

from parley.domain.api.fields import is_blank
from parley.domain.text.folding import Remembered, Span, fold, is_ignorable, is_letter, is_unspaced, visible

MAX_RULES = 1_000
MAX_RULE_CHARACTERS = 64
MIN_SPREAD_LETTERS = 3  # fewer letters one by one are not taken for a word: "a b" is two answers of a quiz

# Characters that regular expressions read of one text, to find where in scripts without spaces patterns with stars
# match. After that a match covers its whole run of letters, so that many matches cannot hide one more.
MAX_EXACT_CHARACTERS = 1_000_000
CALL_CHARACTERS = 100  # what calling an expression counts, however short the run

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


class _Places:
    """Forms of rules, each with a place: a bit of an integer. Equal forms of several rules are one."""

    def __init__(self) -> None:
        self._rules_at: dict[int, int] = {}  # a place -> the rules, as bits
        self._known: dict[int, int] = {}

    def places_of(self, rules: int) -> int:
        """Returns the places of the forms that any of these rules has."""
        if rules not in self._known:
            self._known[rules] = _bits(place for place, those in self._rules_at.items() if those & rules)
        return self._known[rules]

    def rules_at(self, places: int) -> int:
        """Returns the rules whose forms stand at these places."""
        rules = 0
        for place in _set_bits(places):
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
        loops: list[int] = []  # here a form stays, whatever comes: a star follows
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
        self._starts, self._loops, self._any_letter = _bits(starts), _bits(loops), _bits(any_letter)
        self._ends = _bits(self._rules_at)
        # Letters of few places have no integer of their own: of Chinese words there may be thousands, 8 KB each.
        self._common = {letter: _bits(found) for letter, found in self._of_letter.items() if len(found) > 16}

    def whole(self, form: str) -> int:
        """Returns the places of the forms that fit all of `form`."""
        at = self._starts
        for letter in form:
            at = ((at << 1) & self._fits(letter)) | (at & self._loops)
            if not at:
                return 0
        return at & self._ends

    def inside(self, form: str) -> Iterator[tuple[int, int]]:
        """Yields where in `form` forms end, and the places of those that do."""
        at = 0
        if not self._rules_at:
            return
        for end, letter in enumerate(form, 1):
            at = (((at | self._starts) << 1) & self._fits(letter)) | (at & self._loops)
            if ended := at & self._ends:
                yield end, ended

    def _fits(self, letter: str) -> int:
        common = self._common.get(letter)
        return self._any_letter | (_bits(self._of_letter.get(letter, ())) if common is None else common)


class _Stretches(_Places):
    """Words that are the same when each letter stands once in a row: `god`, `good` and `godd`."""

    def __init__(self, words: Mapping[str, int]) -> None:
        super().__init__()
        self._rules_at = dict(enumerate(words.values()))
        needed = [[len(run[0]) for run in _REPEATED.finditer(word)] for word in words]
        # For each run of letters: the words that need no more than so many of it.
        self._fitting = [
            {most: _bits(place for place, need in enumerate(needs) if need <= most) for most in {0, *needs}}
            for needs in zip(*needed, strict=True)
        ]

    def whole(self, form: str) -> int:
        """Returns the places of the words of which no letter stands more often in a row than in `form`."""
        places = -1
        for run, fitting in zip(_REPEATED.finditer(form), self._fitting, strict=True):
            places &= fitting[max(most for most in fitting if most <= len(run[0]))]
        return places


class _Finding:
    """What is found in one text: all rules that match, and each span that one of the `covering` rules matches."""

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
        """Notes forms that match; says whether a rule of one of them covers. What they are is read once, at the end."""
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


class _Index:
    """The forms of all rules in one reading, to be asked with a text's forms in the same."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}
        self._patterns: dict[str, int] = {}
        self._pieces: set[str] = set()  # up to three letters of each pattern, which every match has

    def add_word(self, form: str, rule: int) -> None:
        self._words[form] = self._words.get(form, 0) | rule

    def add_pattern(self, form: str, rule: int) -> None:
        self._patterns[form] = self._patterns.get(form, 0) | rule
        self._pieces.add(max(re.split(r"[*?]", form), key=len)[:3])

    def whole(self, form: str, finding: _Finding) -> bool:
        """Notes the rules that match a form as one word; says whether one of them covers."""
        covers = finding.add_rules(self._words.get(form, 0))
        covers |= self._by_pattern(form, finding)
        if _STRETCHED.search(form):
            if stretches := self._squeezed.get(_REPEATED.sub(r"\1", form)):
                covers |= finding.add(stretches, stretches.whole(form))
            for shorter in (_STRETCHED.sub(r"\1", form), _STRETCHED.sub(r"\1\1", form)):
                covers |= self._by_pattern(shorter, finding)
        return covers

    def within(self, form: str, origins: Sequence[int], finding: _Finding, rules: int, least: int) -> Iterator[Span]:
        """Notes which of `rules` match a part of a form; yields each part that a covering rule matches.

        `origins` says which letter each sign of the form comes from; a match has `least` letters at least. Of the
        matches that end at one letter only the longest is yielded: it covers the others.
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
        """Returns the letters of the longest of the forms that end here; None where they are too few."""
        start = end - len(self._parts.form_at[places.bit_length() - 1])
        first, behind = origins[start], origins[end - 1] + 1
        return (first, behind) if behind - first >= least else None

    def _gapped_within(
        self, form: str, origins: Sequence[int], finding: _Finding, rules: int, least: int
    ) -> Iterator[Span]:
        places = 0
        for _, ended in self._gapped.inside(form):
            places |= ended
        if behind_least := origins and origins[-1] + 1 - origins[0] >= least:
            finding.add(self._gapped, places & self._gapped.places_of(rules))
        covering = places & self._gapped.places_of(rules & finding.covering) if behind_least else 0
        for place in _set_bits(covering):
            finding.exact_left -= len(form) + CALL_CHARACTERS
            if finding.exact_left < 0:
                yield origins[0], origins[-1] + 1
                return
            found = _expression(self._gapped.form_at[place]).match(form)
            if found:
                yield origins[found.start("first")], origins[found.end("last") - 1] + 1

    def _by_pattern(self, form: str, finding: _Finding) -> bool:
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
        """What may be a part of a text: words, and patterns of scripts without spaces, if they have no star."""
        patterns = {form: rules for form, rules in self._patterns.items() if "*" not in form and _is_unspaced(form)}
        forms = {form: self._words.get(form, 0) | patterns.get(form, 0) for form in (*self._words, *patterns)}
        return _Globs(forms)

    @cached_property
    def _gapped(self) -> _Globs:
        """The patterns with stars that may be a part of a text; stars at their ends say nothing there."""
        forms: dict[str, int] = {}
        for form, rules in self._patterns.items():
            if "*" in form and _is_unspaced(form):
                forms[form.strip("*")] = forms.get(form.strip("*"), 0) | rules
        return _Globs(forms)

    @cached_property
    def _squeezed(self) -> dict[str, _Stretches]:
        alike: dict[str, dict[str, int]] = {}
        for word, rules in self._words.items():
            alike.setdefault(_REPEATED.sub(r"\1", word), {})[word] = rules
        return {squeezed: _Stretches(words) for squeezed, words in alike.items()}


def _bits(places: Iterable[int]) -> int:
    """Returns an integer with these bits set."""
    listed = list(places)
    found = bytearray(max(listed, default=0) // 8 + 1)
    for place in listed:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


def _set_bits(number: int) -> Iterator[int]:
    """Yields the places of the bits that are set, the highest first."""
    while number:
        place = number.bit_length() - 1
        yield place
        number ^= 1 << place


def _is_unspaced(form: str) -> bool:
    return any(map(is_unspaced, form))


@lru_cache(maxsize=MAX_RULES)
def _expression(pattern: str) -> re.Pattern[str]:
    """Returns a pattern as an expression that finds where in a text of a script without spaces it first matches.

    It is linear: each part between stars is taken where it comes first, for good, which finds a match if there is one.
    """
    opening, *others = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*") if part)
    then = "".join(f"(?>.*?{part})" for part in others)
    return re.compile(f"(?>.*?(?P<first>){opening}){then}(?P<last>)", re.DOTALL)


class Rules:
    """A list of rules, compiled; `compile_rules` makes it. Inside, several rules are an integer with a bit for each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._all = (1 << len(rules)) - 1
        self._masking = _bits(number for number, rule in enumerate(rules) if rule.action == "mask")
        self._anywhere = 0
        self._plain, self._alike, self._loose = _Index(), _Index(), _Index()
        for number, rule in enumerate(rules):
            self._add(number, rule)

    def check(self, text: str) -> Verdict:
        """Returns what the rules say of `text`."""
        if not self._rules:
            return Verdict(action=None, text=text)
        shape = text.translate(_shape)
        finding = self._find(text, shape, self._masking)
        matched = [self._rules[number] for number in sorted(_set_bits(finding.rules()))]
        if not matched:
            return Verdict(action=None, text=text)
        return Verdict(
            action=min((rule.action for rule in matched), key=_STRENGTH.index),
            text=_masked(text, shape, _union(finding.spans)),
            rule_ids=tuple(rule.rule_id for rule in matched),
        )

    def spans(self, text: str) -> list[Span]:
        """Returns where in `text` rules match, in order, without overlaps."""
        return _union(self._find(text, text.translate(_shape), self._all).spans)

    def _add(self, number: int, rule: Rule) -> None:
        wildcards = _WILDCARDS if rule.kind == "pattern" else ""
        plain, alike = (
            "".join(one if one in wildcards else table[ord(one)] for one in rule.text) for table in (_plain, _alike)
        )
        if _is_unspaced(plain):
            self._anywhere |= 1 << number
        forms = [(self._plain, plain)]
        if not _without_wildcards(rule).translate(_plain).isdecimal():
            forms += [(self._alike, alike), (self._loose, alike.translate(_LOOSE))]
        for index, form in forms:
            (index.add_pattern if rule.kind == "pattern" else index.add_word)(form, 1 << number)

    def _find(self, text: str, shape: str, covering: int) -> _Finding:
        """Returns the rules that match, and where those of `covering` do."""
        finding = _Finding(covering)
        self._find_in_words(text, shape, finding)
        self._find_in_spread_letters(text, shape, finding)
        if self._anywhere:
            self._find_in_scripts(text, shape, finding)
        return finding

    def _find_in_words(self, text: str, shape: str, finding: _Finding) -> None:
        known: dict[str, bool] = {}
        for start, end in _words(shape):
            word = text[start:end]
            if word not in known:
                known[word] = self._whole(word, finding, has_signs=_has_signs(shape[start:end]))
            if known[word]:
                finding.spans.append((start, end))

    def _find_in_spread_letters(self, text: str, shape: str, finding: _Finding) -> None:
        for found in _SPREAD.finditer(shape):
            places = [place for place in range(*found.span()) if shape[place] in "wu$!"]
            letters, has_signs = "".join(text[place] for place in places), _has_signs(found[0])
            if self._whole(letters, finding, has_signs=has_signs):
                finding.spans.append(found.span())
            for start, end in self._within(letters, finding, self._all, MIN_SPREAD_LETTERS, has_signs=has_signs):
                finding.spans.append((places[start], places[end - 1] + 1))

    def _find_in_scripts(self, text: str, shape: str, finding: _Finding) -> None:
        known: dict[str, list[Span]] = {}
        for found in _SCRIPT.finditer(shape):
            if "u" in found[0]:
                run = text[slice(*found.span())]
                if run not in known:
                    known[run] = list(self._within(run, finding, self._anywhere, 1, has_signs=False))
                finding.spans += [(found.start() + start, found.start() + end) for start, end in known[run]]

    def _whole(self, letters: str, finding: _Finding, *, has_signs: bool) -> bool:
        return any([index.whole(form, finding) for index, form in self._forms(letters, has_signs=has_signs)])

    def _within(self, letters: str, finding: _Finding, rules: int, least: int, *, has_signs: bool) -> Iterator[Span]:
        """Notes the rules that match part of `letters`, and yields which parts are covered."""
        for index, form in self._forms(letters, has_signs=has_signs):
            table = _plain if index is self._plain else _alike
            origins = [origin for origin, one in enumerate(letters) for _ in table[ord(one)]]
            yield from index.within(form, origins, finding, rules, least)

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


def _union(spans: Iterable[Span]) -> list[Span]:
    """Returns the same places in order, without overlaps."""
    found: list[Span] = []
    for start, end in sorted(set(spans)):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _masked(text: str, shape: str, spans: Iterable[Span]) -> str:
    """Returns the text with a star for each letter within the spans, and without what nobody saw there."""
    is_masked = bytearray(len(text))
    for start, end in spans:
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
