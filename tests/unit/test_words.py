"""Words: what counts as the same, what a query finds, and where it stands in the text as it was written."""

import time
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.domain.text.folding import MAX_KEY_CHARACTERS, fold, prefix_key
from parley.domain.text.queries import MAX_HIGHLIGHTS, MAX_QUERY_CHARACTERS, MAX_QUERY_WORDS, Query

# The machine may be busy, and the first text drawn builds a table of all characters.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SAME = {
    "case": ("Parley", "pARLEY"),
    "accent": ("café", "cafe"),
    "accent_composed_and_not": ("caf\u00e9", "cafe\u0301"),
    "many_accents": ("Tiếng Việt", "tieng viet"),
    "sharp_s": ("Straße", "STRASSE"),
    "capital_sharp_s": ("STRAẞE", "strasse"),
    "dotted_i": ("İstanbul", "istanbul"),
    "dotless_i": ("kapı", "KAPI"),
    "width": ("Ｐａｒｌｅｙ１", "parley1"),
    "half_width_kana": ("ｶﾞ", "ガ"),
    "ligature": ("ﬁsh", "fish"),
    "stroke": ("Łukasz Søren Đorđe", "lukasz soren dorde"),
    "two_letters_in_one": ("Æon œuvre", "aeon oeuvre"),
    "kelvin": ("\u212a", "k"),
    "mathematical": ("𝓗𝓮𝓵𝓵𝓸", "hello"),
    "superscript": ("x²", "x2"),
    "greek_accent": ("Ελλάδα", "ΕΛΛΑΔΑ"),
    "greek_final_sigma": ("ΣΟΦΟΣ", "σοφος"),
    "cyrillic_yo": ("Ёлка", "елка"),
    "hebrew_points": ("שָׁלוֹם", "שלום"),
    "arabic_vowels": ("مُحَمَّد", "محمد"),
    "arabic_hamza_on_alef": ("أحمد", "احمد"),
    "arabic_tatweel": ("محـــمد", "محمد"),
    "zero_width": ("pa\u200br\u200dl\u2060e\ufeffy", "parley"),
    "soft_hyphen": ("par\u00adley", "parley"),
    "emoji_selector": ("❤\ufe0f", "❤"),
    "hangul_in_parts": (unicodedata.normalize("NFD", "한국"), "한국"),
}

DIFFERENT = {
    "letters": ("a", "b"),
    "devanagari_vowel": ("कि", "की"),
    "devanagari_virama": ("क्", "क"),
    "thai_tone": ("มา", "ม้า"),
    "kana_voicing": ("か", "が"),
    "hebrew_letters": ("ש", "ס"),
    "scripts_that_look_alike": ("а", "a"),
    "digits": ("1", "l"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_people_take_for_the_same_folds_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_people_tell_apart_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


LETTERS = st.text(alphabet="aAéÉßẞİıſøŁΣςάЁйﬁＡ１②k한국がカ字ไทย้हिन्दी👍🏽אָأ \u0301\u200b.-'\"#+“\n", max_size=30)
TEXTS = LETTERS | st.text(max_size=30)


@given(TEXTS)
@patient
def test_fold_of_a_fold_is_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.characters(exclude_categories=["Cs"]), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
@patient
def test_forms_of_one_character_fold_to_the_same(character: str, form: str) -> None:
    assert fold(unicodedata.normalize(form, character)) == fold(character)  # type: ignore[arg-type]


@given(TEXTS, TEXTS)
@patient
def test_fold_goes_character_by_character(one: str, other: str) -> None:
    assert fold(one + other) == fold(one) + fold(other)


@given(TEXTS, TEXTS)
@patient
def test_key_of_a_beginning_is_the_beginning_of_the_key(beginning: str, rest: str) -> None:
    assert prefix_key(beginning + rest).startswith(prefix_key(beginning))


def test_key_ignores_case_accents_and_spaces_at_the_ends() -> None:
    assert prefix_key("  Ólafur\u00a0  Þór ") == "olafur thor"
    assert prefix_key("O'Brien") == "o'brien"
    assert prefix_key("\u200b ") == ""


def test_key_fits_into_a_key() -> None:
    assert len(prefix_key("\ufdfa" * 128)) <= MAX_KEY_CHARACTERS
    assert len(prefix_key("𝼀" * 1_000).encode()) <= 4 * MAX_KEY_CHARACTERS <= 1_024


def found(query: str, text: str) -> list[str] | None:
    """Returns the highlighted parts of the text, as they were written."""
    spans = Query.parse(query).match(text)
    return None if spans is None else [text[start:end] for start, end in spans]


FINDS = {
    "word": ("hello", "Oh, Hello there", ["Hello"]),
    "beginning": ("hel", "Oh, Hello there", ["Hel"]),
    "several_words": ("there hello", "Oh, Hello there", ["Hello", "there"]),
    "partial_last_word": ("hello the", "Oh, Hello there", ["Hello", "the"]),
    "partial_first_word": ("rechnung offen", "Offene Rechnungen", ["Offen", "Rechnung"]),
    "every_place": ("a", "A, b, a!", ["A", "a"]),
    "same_place_twice": ("hel hello", "Hello", ["Hello"]),
    "accents_in_text": ("cafe", "Un café", ["café"]),
    "accents_in_query": ("CAFÉ", "un cafe", ["cafe"]),
    "accent_apart": ("cafe", "cafe\u0301!", ["cafe\u0301"]),
    "behind_what_grew": ("ende", "ßßß ﬁﬁ Ende", ["Ende"]),
    "behind_what_shrank": ("ende", "e\u0301\u200b\u200b Ende", ["Ende"]),
    "mark_between": ("a ั", "A\u200bั", ["A\u200bั"]),
    "grown_itself": ("strasse", "die Straße!", ["Straße"]),
    "part_of_one_character": ("f", "ﬁsh", ["ﬁ"]),
    "zero_width_within": ("zoe", "Z\u200boë", ["Z\u200boë"]),
    "punctuation_in_query": ("hello, there!", "there: hello", ["there", "hello"]),
    "apostrophe": ("don't", "I don't", ["don", "t"]),
    "underscore_is_none_of_a_word": ("bold", "this _bold_ one", ["bold"]),
    "number": ("2024", "in 2024/25", ["2024"]),
    "han_within": ("字", "漢字です", ["字"]),
    "han_together": ("漢字", "この漢字は", ["漢字"]),
    "han_overlapping": ("ハハ", "ハハハ", ["ハハハ"]),
    "kana_voiced": ("が", "ながい", ["が"]),
    "kana_half_width": ("ガ", "ｶﾞｽ", ["ｶﾞ"]),
    "thai_within": ("ไทย", "ภาษาไทยดี", ["ไทย"]),
    "latin_behind_han": ("python", "使用Python吧", ["Python"]),
    "han_and_latin": ("使用python", "Python 使用", ["Python", "使用"]),
    "hangul_beginning": ("한", "한국어", ["한"]),
    "hangul_half_typed": ("하", "한국어", ["한"]),
    "devanagari": ("हिन", "हिन्दी", ["हिन्"]),
    "arabic": ("محمد", "قال مُحَمَّد", ["مُحَمَّد"]),
    "picture": ("👍", "ok👍", ["👍"]),
    "picture_any_tone": ("👍", "👍🏽 ok", ["👍"]),
    "picture_of_a_tone": ("👍🏽", "👍 👍🏽", ["👍🏽"]),
    "c_plus_plus": ("c++", "C, c++ and C++11", ["c++", "C++"]),
    "c_plus_half_typed": ("c+", "c++", ["c+"]),
    "c_sharp_full_width": ("c#", "in Ｃ＃.", ["Ｃ＃"]),
    "c_sharp_behind_han": ("c#", "使用C#吧", ["C#"]),
    "signs_before_punctuation": ("c++, c#", "C#/C++", ["C#", "C++"]),
    "dot_net": (".NET", "the .net, ASP.NET", [".net", ".NET"]),
    "word_behind_a_sign": ("net", "the .net", ["net"]),
    "word_before_a_sign": ("c", "c++ C#", ["c", "C"]),
    "sign_between_words": ("node.js", "Node.js, JS", ["Node", "js", "JS"]),
    "sum": ("1+1", "1 + 1", ["1", "1"]),
    "tag": ("#tag", "tag #tags", ["#tag"]),
    "tag_without_its_sign": ("tag", "a #tag", ["tag"]),
    "dots": ("...and", "and so", ["and"]),
    "end_of_a_sentence": ("hello.", "hello there", ["hello"]),
    "phrase": ('"big dog"', "dog, big: a Big Dog.", ["Big Dog"]),
    "phrase_over_punctuation": ('"hello there"', "Hello, (there)", ["Hello, (there"]),
    "phrase_and_word": ('run "big dog" slow', "slowly runs the big dog", ["slow", "run", "big dog"]),
    "phrase_of_one_word": ('"cat"', "category Cat", ["Cat"]),
    "phrase_with_signs": ('"c++ is"', "c is, C++ is", ["C++ is"]),
    "phrase_over_signs": ('"node js"', "node.js", ["node.js"]),
    "phrase_of_two_scripts": ('"使用 python"', "使用Python吧", ["使用Python"]),
    "phrase_in_han": ("“漢字 です”", "漢字です", ["漢字です"]),
    "phrase_in_curly_marks": ("„großer Hund“", "GROSSER HUND", ["GROSSER HUND"]),
    "phrase_without_an_end": ('"dog big', "big dog", ["big", "dog"]),
    "phrase_without_words": ('"..." dog', "dog", ["dog"]),
    "inches": ('5" or 7"', '7" or 5"', ["7", "or", "5"]),
    "phrase_after_inches": ('5" "big dog"', 'big dog 5"', ["big dog", "5"]),
    "beyond_the_first_plane": ("ende", "𝓗𝓮𝓵𝓵𝓸 😀 Ende", ["Ende"]),
}

MISSES = {
    "other_word": ("bye", "Hello there"),
    "one_of_two": ("hello bye", "Hello there"),
    "inside_a_word": ("ello", "Hello there"),
    "longer": ("hellos", "Hello there"),
    "over_a_space": ("hellothere", "Hello there"),
    "han_apart": ("漢字", "漢 字"),
    "kana_unvoiced": ("か", "ながい"),
    "tone": ("👍🏽", "👍"),
    "c_plus_plus_in_c": ("c++", "c c# c+ c"),
    "c_plus_plus_in_a_word": ("c++", "abc++"),
    "c_sharp": ("c#", "c # c"),
    "dot_net": (".net", "net . net"),
    "tag": ("#tag", "tag # tag"),
    "phrase_apart": ('"big dog"', "big bad dog"),
    "phrase_backwards": ('"big dog"', "dog big"),
    "phrase_of_beginnings": ('"big dog"', "big dogs"),
    "phrase_of_ends": ('"big dog"', "abig dog"),
    "phrase_in_one_word": ('"no de"', "node"),
    "phrase_with_signs": ('"c++ is"', "c is"),
    "phrase_unvoiced": ('"か"', "が"),
    "nothing_in_text": ("a", ""),
    "nothing_to_search": ("...", "..."),
}


@pytest.mark.parametrize(("query", "text", "parts"), FINDS.values(), ids=FINDS)
def test_query_finds_and_says_where(query: str, text: str, parts: list[str]) -> None:
    assert found(query, text) == parts


@pytest.mark.parametrize(("query", "text"), MISSES.values(), ids=MISSES)
def test_query_does_not_find(query: str, text: str) -> None:
    assert found(query, text) is None


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "\u200b", "\u0301", "\n\t", "“”—", "_*_"])
def test_nothing_but_punctuation_is_nothing_to_search(text: str) -> None:
    assert not Query.parse(text).is_searchable


@pytest.mark.parametrize("text", ["a", "1", "字", "👍", "❤\ufe0f", "é", "-a-"])
def test_a_letter_or_a_picture_is_something_to_search(text: str) -> None:
    assert Query.parse(text).is_searchable


def test_too_many_words_are_told() -> None:
    words = [f"w{number}" for number in range(MAX_QUERY_WORDS + 1)]

    assert Query.parse(" ".join(words)).is_too_long
    assert not Query.parse(" ".join(words[1:])).is_too_long
    assert not Query.parse("same " * 40).is_too_long


@given(TEXTS.filter(lambda text: Query.parse(text).is_searchable), TEXTS, TEXTS)
@patient
def test_what_stands_in_a_text_as_words_is_found_there(query: str, before: str, behind: str) -> None:
    spans = Query.parse(query).match(f"{before} {query} {behind}")

    assert spans
    assert all(start < end for start, end in spans)
    assert all(end < start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
    assert 0 <= spans[0][0] and spans[-1][1] <= len(before) + len(query) + len(behind) + 2


def test_highlights_are_bounded() -> None:
    spans = Query.parse("a b").match("a b " * 2_500)

    assert spans is not None and len(spans) == MAX_HIGHLIGHTS
    assert spans[:3] == [(0, 1), (2, 3), (4, 5)]


QUOTED = '"a a a a a a" "字 字 字" ".a"'

SLOW = {
    "prose": "Größe über alles, naïve café 漢字 " * 300,
    "one_letter": "a" * 10_000,
    "one_letter_words": "a " * 5_000,
    "marks": "a" + "\u0301" * 9_999,
    "growing": "\ufdfa" * 10_000,
    "han": "字" * 10_000,
    "pictures": "👍🏽" * 5_000,
    "signs": "a" + "+#." * 3_333,
    "words_with_signs": "a.+" * 3_333,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize(
    "query", ["uber caf 漢", "a aa aaa aaaa", "字字 字 👍", "a" * MAX_QUERY_CHARACTERS, "a++ #a", QUOTED]
)
def test_no_text_takes_long(query: str, text: str) -> None:
    parsed = Query.parse(query)
    parsed.match(text)

    begun_s = time.process_time()
    parsed.match(text)

    assert time.process_time() - begun_s < 0.5  # some 5 ms; what grows with the square would take many seconds
