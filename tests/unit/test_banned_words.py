"""Banned words: what the rules find in spite of a disguise, what they leave alone, and what is masked where."""

import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.domain.moderation.banned_words import (
    MAX_RULE_CHARACTERS,
    MAX_RULES,
    Action,
    Rule,
    Rules,
    Verdict,
    compile_rules,
    problem_of,
)

TraceFunction = Callable[[FrameType, str, Any], Any]
MAX_LINES_PER_CHARACTER = 60  # of Python; 36 in the worst of these

# The machine may be busy, and the first text drawn builds a table of all characters.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rule(text: str, action: Action = "mask", *, kind: Literal["word", "pattern"] | None = None) -> Rule:
    """Returns a rule named after its text; a pattern where it has wildcards."""
    return Rule(rule_id=text, kind=kind or ("pattern" if set(text) & set("*?") else "word"), text=text, action=action)


def rules(*texts: str) -> Rules:
    return compile_rules([rule(text) for text in texts])


def masked(found: str, text: str) -> str:
    return rules(found).check(text).text


FOUND = {
    "itself": ("bad", "so bad!", "so ***!"),
    "case": ("bad", "BaD", "***"),
    "accent": ("bad", "bäd", "***"),
    "rule_with_accent": ("böse", "BOSE", "****"),
    "marks_piled_up": ("bad", "b\u0301\u0302a\u0303d\u0336\u0489 x", "*** x"),
    "enclosing_marks": ("bad", "b\u20dda\u20ddd\u20dd", "***"),
    "width": ("bad", "ｂａｄ", "***"),
    "mathematical": ("bad", "𝐛𝐚𝐝", "***"),
    "circled": ("bad", "ⓑⓐⓓ", "***"),
    "in_parentheses": ("bad", "⒝⒜⒟", "***"),
    "squared": ("bad", "🅱\ufe0fad", "***"),
    "zero_width": ("bad", "b\u200ba\u200c\u2060d", "***"),
    "soft_hyphen": ("bad", "b\u00ada\u00add", "***"),
    "tags": ("bad", "b\U000e0061ad", "***"),
    "cyrillic_letter": ("bad", "bаd", "***"),
    "greek_letters": ("nova", "Νοѵα", "****"),
    "small_capitals": ("bad", "ʙᴀᴅ", "***"),
    "digits": ("asset", "4553t", "*****"),
    "digits_among_letters": ("bad", "b4d", "***"),
    "sign_within": ("bad", "b@d", "***"),
    "sign_before": ("ass", "@ss", "***"),
    "sign_behind": ("ass", "a$$!", "***!"),
    "sign_behind_and_another_before": ("ass", "@a$$", "@***"),
    "sign_before_and_another_behind": ("arse", "@rse$", "****$"),
    "sign_within_and_others_around": ("shit", "$sh!t$", "$****$"),
    "full_width_sign": ("bad", "b＠d", "***"),
    "sign_that_is_none": ("bad", "@bad", "@***"),
    "exclamation_within": ("idiot", "id!ot", "*****"),
    "exclamation_behind": ("hell", "hell!", "****!"),
    "one_for_an_l": ("hell", "he11", "****"),
    "one_for_an_i": ("idiot", "1d1ot", "*****"),
    "capital_i_for_an_l": ("hell", "heIl", "****"),
    "l_for_a_capital_i": ("idiot", "lDlOT", "*****"),
    "spaced": ("bad", "so b a d.", "so * * *."),
    "dotted": ("bad", "b.a.d", "*.*.*"),
    "starred_apart": ("bad", "b*a*d", "*****"),
    "far_apart": ("bad", "b - a - d", "* - * - *"),
    "below_each_other": ("bad", "b\na\nd", "*\n*\n*"),
    "spaced_behind_a_letter": ("bad", "what a b a d day", "what a * * * day"),
    "spaced_with_marks_behind_a_letter": ("bad", "a b a d\u0301\u0302", "a * * *"),
    "spaced_and_disguised": ("bad", "b @ d!", "* * *!"),
    "spaced_with_marks": ("bad", "b a d\u0301", "* * *"),
    "stretched": ("bad", "baaaaad", "*******"),
    "stretched_here_and_doubled_there": ("bad", "bbaaad", "******"),
    "stretched_double": ("good", "gooood", "******"),
    "stretched_at_the_end": ("ass", "assss", "*****"),
    "stretched_and_disguised": ("bad", "b444d", "*****"),
    "number": ("1488", "since 1488.", "since ****."),
    "cyrillic": ("дурак", "ДУРАК", "*****"),
    "latin_letter_in_cyrillic": ("дурак", "дурaк", "*****"),
    "greek_capitals": ("ην", "ΗΝ", "**"),
    "hindi": ("बुरा", "यह बुरा है", "यह **** है"),
    "han_within": ("法轮功", "我爱法轮功啊", "我爱***啊"),
    "han_apart": ("法轮功", "法.轮 功", "*.* *"),
    "thai_within": ("เลว", "คนเลวมาก", "คน***มาก"),
    "han_and_latin": ("卡拉ok", "去卡拉OK吧", "去****吧"),
    "latin_behind_han": ("bad", "使用bad吧", "使用***吧"),
    "every_place": ("bad", "bad, bad", "***, ***"),
    "pattern_end": ("spam*", "spammers", "********"),
    "pattern_end_empty": ("spam*", "spam", "****"),
    "pattern_begin": ("*spam", "antispam", "********"),
    "pattern_both": ("*spam*", "antispammer", "***********"),
    "pattern_middle": ("b*d", "brained", "*******"),
    "pattern_several": ("a*b*c*d", "abacbcd", "*******"),
    "pattern_letter": ("sp?m", "spom", "****"),
    "pattern_disguised": ("sp?m*", "ѕр4mm3r", "*******"),
    "pattern_stretched": ("bad*", "baaaadly", "********"),
    "pattern_stretched_double": ("goo*", "gooooods", "********"),
    "pattern_spaced": ("bad*", "b a d l y", "* * * * *"),
    "pattern_han": ("傻*逼", "你傻大逼啊", "你***啊"),
    "pattern_han_letter": ("傻?逼*", "你傻大逼啊", "你***啊"),
}

INNOCENT = {
    "inside": ("ass", "class assassin passes"),
    "scunthorpe": ("cunt", "Scunthorpe"),
    "longer": ("bad", "badly"),
    "shorter": ("badly", "bad"),
    "doubled": ("god", "good"),
    "fewer_than_the_rule": ("ass", "as"),
    "stretched_with_too_few_elsewhere": ("goodd", "goood"),
    "number_alone": ("ass", "455"),
    "number_in_text": ("is", "15 of 15"),
    "price": ("ss", "$5"),
    "hyphenated": ("bad", "b-ad ba d"),
    "over_a_sentence": ("penis", "the pen.is red"),
    "two_letters_apart": ("ab", "a b"),
    "spaced_letters_of_a_longer_word": ("bad", "b a dog"),
    "spaced_behind_a_word": ("bad", "lab a d"),
    "two_letters_of_three_apart": ("ab", "c a b"),
    "i_is_no_l": ("hell", "Heil"),
    "greek_that_is_no_latin": ("ac", "αγ"),
    "address": ("me", "name@example.com"),
    "han_cut": ("法轮功", "法轮 功"),
    "latin_within_han_word": ("bad", "使用badminton"),
    "pattern_is_a_whole_word": ("spam*", "antispam"),
    "pattern_letter_is_one": ("sp?m", "spm spoom"),
    "pattern_over_words": ("b*d", "bra ined"),
    "pattern_overlapping_ends": ("aba*aba", "aba ababa"),
    "wildcards_of_a_text": ("bad", "b*d b?d ***"),
}


@pytest.mark.parametrize(("found", "text", "shown"), FOUND.values(), ids=FOUND)
def test_rule_finds_and_masks(found: str, text: str, shown: str) -> None:
    assert rules(found).check(text) == Verdict(action="mask", text=shown, rule_ids=(found,))


@pytest.mark.parametrize(("found", "text"), INNOCENT.values(), ids=INNOCENT)
def test_rule_leaves_alone(found: str, text: str) -> None:
    assert rules(found).check(text) == Verdict(action=None, text=text)


def test_strongest_action_wins_and_all_rules_are_named() -> None:
    compiled = compile_rules(
        [rule("mild", "flag"), rule("bad", "mask"), rule("worse", "reject"), rule("other", "reject")]
    )

    assert compiled.check("mild") == Verdict(action="flag", text="mild", rule_ids=("mild",))
    assert compiled.check("bad, mild") == Verdict(action="mask", text="***, mild", rule_ids=("mild", "bad"))
    assert compiled.check("worse bad") == Verdict(action="reject", text="worse ***", rule_ids=("bad", "worse"))
    assert compiled.check("fine") == Verdict(action=None, text="fine")


def test_two_rules_for_one_word_both_count() -> None:
    compiled = compile_rules([rule("bad", "flag"), rule("b?d", "mask"), rule("BAD", "reject")])

    assert compiled.check("bad").rule_ids == ("bad", "b?d", "BAD")


def test_word_within_another_script_is_whole_all_the_same() -> None:
    compiled = rules("bad", "法轮功", "4字", "444")

    assert compiled.check("使用badminton").action is None
    assert compiled.check("4字").rule_ids == ("4字",)


def test_no_rules_find_nothing() -> None:
    assert compile_rules([]).check("bad") == Verdict(action=None, text="bad")


PROBLEMS = {
    "empty": ("", "word", "blank"),
    "spaces": ("  ", "word", "blank"),
    "invisible": ("\u200b\u2060", "word", "blank"),
    "mark_alone": ("\u0301", "word", "blank"),
    "long": ("a" * (MAX_RULE_CHARACTERS + 1), "word", "too_long"),
    "two_words": ("very bad", "word", "not_one_word"),
    "space_behind": ("bad ", "word", "not_one_word"),
    "punctuation": ("b-d", "word", "not_one_word"),
    "sign": ("a$$", "word", "not_one_word"),
    "wildcard_in_a_word": ("b*d", "word", "not_one_word"),
    "expression": ("(a+)+", "pattern", "not_one_word"),
    "star": ("*", "pattern", "only_wildcards"),
    "wildcards": ("*?*", "pattern", "only_wildcards"),
    "pattern_of_one_letter": ("*a*", "pattern", "too_short"),
    "pattern_of_a_mark": ("*\u0301*", "pattern", "blank"),
}
FINE = {
    "word": ("bad", "word"),
    "longest": ("a" * MAX_RULE_CHARACTERS, "word"),
    "one_letter": ("x", "word"),
    "number": ("1488", "word"),
    "accent": ("cafe\u0301", "word"),
    "hindi": ("हिन्दी", "word"),
    "pattern_without_wildcards": ("bad", "pattern"),
    "pattern": ("*b?d*", "pattern"),
    "pattern_of_one_han": ("*法*", "pattern"),
}


@pytest.mark.parametrize(("text", "kind", "problem"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_wrong_with_a_rule_is_named(text: str, kind: Literal["word", "pattern"], problem: str) -> None:
    wrong = rule(text, kind=kind)

    assert problem_of(wrong) == problem
    with pytest.raises(ValueError, match=problem):
        compile_rules([wrong])


@pytest.mark.parametrize(("text", "kind"), FINE.values(), ids=FINE)
def test_rule_that_can_be_used_has_no_problem(text: str, kind: Literal["word", "pattern"]) -> None:
    fine = rule(text, kind=kind)

    assert problem_of(fine) is None
    assert compile_rules([fine]).check(text.replace("*", "").replace("?", "x")).action == "mask"


def test_rules_are_bounded() -> None:
    with pytest.raises(ValueError, match="1001 rules"):
        compile_rules([rule("bad")] * (MAX_RULES + 1))


LETTERS = st.text(alphabet="abdABDàаβ4@!|1Il$🅱字法ไ\u0301\u200b.- \n", max_size=40)
WORDS = st.text(alphabet="abdlàа4字", min_size=1, max_size=4).map(rule)
PATTERNS = st.text(alphabet="ab字*?", min_size=1, max_size=6).map(lambda text: rule(text, kind="pattern"))
LISTS = st.lists((WORDS | PATTERNS).filter(lambda one: problem_of(one) is None), max_size=5)


@given(LISTS, LETTERS | st.text(max_size=40))
@patient
def test_a_mask_takes_letters_and_nothing_else(listed: list[Rule], text: str) -> None:
    verdict = compile_rules(listed).check(text)

    assert len(verdict.text) <= len(text)
    assert verdict.text.count("*") - text.count("*") >= (1 if verdict.action else 0)
    assert [one for one in verdict.text if one in ".- \n"] == [one for one in text if one in ".- \n"]
    assert verdict.rule_ids or verdict.text == text


@given(LISTS, LETTERS, st.sampled_from([" ", ", ", "\n"]))
@patient
def test_a_word_is_found_whatever_stands_around_it(listed: list[Rule], text: str, gap: str) -> None:
    for one in listed:
        if one.kind == "word":
            assert one.rule_id in compile_rules(listed).check(f"{text}{gap}{one.text}{gap}{text}").rule_ids


@given(st.text(alphabet="ab*?", min_size=1, max_size=8), st.text(alphabet="abc", min_size=1, max_size=8))
@patient
def test_a_pattern_matches_as_its_definition_says(pattern: str, word: str) -> None:
    def matches(pattern: str, word: str) -> bool:
        if not pattern:
            return not word
        if pattern[0] == "*":
            return matches(pattern[1:], word) or (bool(word) and matches(pattern, word[1:]))
        return bool(word) and pattern[0] in ("?", word[0]) and matches(pattern[1:], word[1:])

    one = rule(pattern, kind="pattern")
    if problem_of(one) is None and not any(letter * 3 in word for letter in "abc"):
        assert (compile_rules([one]).check(word).action == "mask") == matches(pattern, word)


STEMS = [
    first + middle for first in ("bra", "ugl", "foo", "spam", "qu", "zor", "vil", "gru") for middle in ("e", "in", "ok")
]
MANY = compile_rules(
    [
        *(rule(f"{stem}{number}x") for number in range(20) for stem in STEMS),
        *(rule(f"{stem}?*{chr(ord('a') + number)}y*") for number in range(20) for stem in STEMS),
        *(rule("天安门" + chr(0x4E00 + number)) for number in range(30)),
        *(rule(text) for text in ("aa*a*a*a*b", "*ab?*?ab*c", "aaaaaab", "北*天*京", "天*?*x字")),
    ]
)
SLOW = {
    "prose": "These words, größer than others, are all quite innocent — да, и эти тоже. " * 130,
    "han": "我爱北京天安门" * 1_400,
    "one_word": "a" * 10_000,
    "one_word_of_halves": "ab" * 5_000,
    "letters_apart": "a " * 5_000,
    "letters_apart_and_two": "a b cd " * 1_400,
    "invisible": "\u200b" * 10_000,
    "invisible_apart": "b\u200b " * 3_300,
    "exclamations": "!" * 10_000,
    "exclamations_apart": "a! " * 3_300,
    "signs": "a$" * 5_000,
    "marks": "a" + "\u0301" * 9_999,
    "growing": "\ufdfa" * 10_000,
}


def numbered(texts: Iterable[str]) -> list[Rule]:
    """Returns `MAX_RULES` rules of these texts, some of them twice."""
    given = list(texts)
    chosen = [given[number % len(given)] for number in range(MAX_RULES)]
    return [
        Rule(rule_id=f"r{number}", kind="pattern" if set(text) & set("*?") else "word", text=text, action="mask")
        for number, text in enumerate(chosen)
    ]


def doubled(number: int) -> str:
    """Returns `ababab…`, in which some letters stand twice: those of the bits of a number."""
    return "".join("ab"[place % 2] * (1 + (number >> place & 1)) for place in range(32))


WORST: dict[str, tuple[list[Rule], str]] = {
    "all lengths of one letter, letters apart": (numbered("a" * length for length in range(1, 64)), "a " * 5_000),
    "all lengths of one letter, one word": (numbered("a" * length for length in range(1, 64)), "a" * 10_000),
    "all lengths of one sign of a script": (numbered("天" * length for length in range(1, 64)), "天" * 10_000),
    "patterns that all match all words": (
        numbered("a" + "?" * before + "b" + "*" * behind for before in range(30) for behind in range(30)),
        " ".join(f"{'a' * (number % 50 + 1)}b{chr(97 + number % 26)}" for number in range(360)),
    ),
    "patterns that match all runs of a script": (
        numbered("天" + "*?" * before + "门" + "*?" * behind for before in range(15) for behind in range(15)),
        " ".join(f"天{chr(0x4E00 + number)}门" for number in range(2_500)),
    ),
    "patterns without a star in one run of a script": (
        numbered("天" + "?" * before + "门" for before in range(60)),
        "天门" * 5_000,
    ),
    "doubled letters": (
        numbered(map(doubled, range(MAX_RULES))),
        " ".join(doubled(number * 7_919).replace("aa", "aaa") for number in range(200)),
    ),
}


def lines_run(compiled: Rules, text: str) -> int:
    """Returns how many lines of Python run to check a text."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        compiled.check(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(("listed", "text"), WORST.values(), ids=WORST)
def test_worst_list_takes_a_bounded_number_of_steps_for_each_character(listed: list[Rule], text: str) -> None:
    compiled = compile_rules(listed)
    compiled.check(text)  # what is built once

    assert lines_run(compiled, text) < MAX_LINES_PER_CHARACTER * 10_000


def test_all_of_many_matches_are_masked_and_all_rules_named() -> None:
    listed = numbered("a" * length for length in range(1, 64))

    verdict = compile_rules(listed).check("a " * 5_000)

    assert verdict.text == "* " * 5_000
    assert len(verdict.rule_ids) == MAX_RULES


def test_patterns_of_scripts_mask_each_place_that_matches() -> None:
    assert masked("天?门", "天x门好天y门") == "***好***"


def test_match_behind_many_others_is_masked_with_its_run() -> None:
    listed, text = WORST["patterns that match all runs of a script"]

    verdict = compile_rules(listed).check(f"{text} 天长门好")

    assert set(verdict.text) == {"*", " "}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_no_text_takes_long(text: str) -> None:
    MANY.check(text)

    begun_s = time.process_time()
    MANY.check(text)

    assert time.process_time() - begun_s < 0.5  # some 10 ms; what grows with the square would take many seconds
