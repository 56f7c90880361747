"""Emoji: one of them and nothing else, and one spelling for what people see as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.text.emoji import MAX_EMOJI_BYTES, is_emoji, normalise

ALREADY_SPELT = {
    "face": "😀",
    "thumb": "👍",
    "tone": "👍🏽",
    "tone_on_text": "☝🏽",
    "heart": "❤\ufe0f",
    "sun": "☀\ufe0f",
    "copyright": "©\ufe0f",
    "play": "▶\ufe0f",
    "keycap_digit": "1\ufe0f\u20e3",
    "keycap_hash": "#\ufe0f\u20e3",
    "keycap_star": "*\ufe0f\u20e3",
    "ten": "🔟",
    "flag": "🇩🇪",
    "flag_of_sark": "🇨🇶",
    "flag_of_england": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "rainbow_flag": "🏳\ufe0f\u200d🌈",
    "pirate_flag": "🏴\u200d☠\ufe0f",
    "coder": "👩🏽\u200d💻",
    "doctor": "🧑\u200d⚕\ufe0f",
    "runner_to_the_right": "🏃🏿\u200d♀\ufe0f\u200d➡\ufe0f",
    "detective": "🕵\ufe0f\u200d♂\ufe0f",
    "detective_tone": "🕵🏻\u200d♂\ufe0f",
    "red_hair": "👩🏾\u200d🦰",
    "family": "👨\u200d👩\u200d👧\u200d👦",
    "kiss": "👩🏻\u200d❤\ufe0f\u200d💋\u200d👩🏿",
    "handshake": "🫱🏻\u200d🫲🏿",
    "black_cat": "🐈\u200d⬛",
    "polar_bear": "🐻\u200d❄\ufe0f",
    "eye": "👁\ufe0f\u200d🗨\ufe0f",
    "unicode_17": "\U0001faea",
    "unicode_18": "\U0001faeb",
}

NOT_ONE = {
    "nothing": "",
    "letter": "a",
    "digit": "1",
    "digit_as_emoji": "1\ufe0f",
    "hash": "#",
    "word": "thumb",
    "space": " ",
    "two": "👍👍",
    "two_kinds": "👍🎉",
    "text_before": "a👍",
    "text_behind": "👍a",
    "space_behind": "👍 ",
    "newline_behind": "👍\n",
    "lone_tone": "🏽",
    "two_tones": "👍🏽🏽",
    "all_tones": "👍🏻🏼🏽🏾🏿",
    "tone_on_a_thing": "🚗🏽",
    "lone_hair": "🦰",
    "lone_regional_indicator": "🇩",
    "no_such_flag": "🇽🇽",
    "three_regional_indicators": "🇩🇪🇩",
    "two_flags": "🇩🇪🇫🇷",
    "regional_letter_and_latin": "🇩E",
    "lone_selector": "\ufe0f",
    "two_selectors": "❤\ufe0f\ufe0f",
    "text_selector": "❤\ufe0e",
    "lone_joiner": "\u200d",
    "joiner_behind": "👩\u200d",
    "joiner_before": "\u200d💻",
    "two_joiners": "👩\u200d\u200d💻",
    "joined_at_random": "🐶\u200d🚀",
    "joined_to_a_letter": "👩\u200da",
    "lone_keycap": "\u20e3",
    "keycap_letter": "a\ufe0f\u20e3",
    "keycap_two_digits": "12\u20e3",
    "keycap_arabic_digit": "١\u20e3",
    "flag_of_tags_unfinished": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067",
    "flag_of_unknown_tags": "🏴\U000e0078\U000e0078\U000e007f",
    "hidden_tags": "👍\U000e0061",
    "zero_width_space": "👍\u200b",
    "combining_mark": "👍\u0301",
    "math_symbol": "∑",
    "chess_rook": "♖",
    "not_yet_assigned": "\U0001faff",
    "half_a_surrogate_pair": "\ud83d",
    "long": "👍" * 1_000,
    "family_without_end": "\u200d".join("👨" * 20),
}


@pytest.mark.parametrize("emoji", ALREADY_SPELT.values(), ids=ALREADY_SPELT)
def test_emoji_has_one_spelling_whatever_selectors_it_lacks(emoji: str) -> None:
    bare = emoji.replace("\ufe0f", "")

    assert is_emoji(emoji) and is_emoji(bare)
    assert normalise(emoji) == normalise(bare) == emoji
    assert len(emoji.encode()) <= MAX_EMOJI_BYTES


@pytest.mark.parametrize("text", NOT_ONE.values(), ids=NOT_ONE)
def test_anything_else_is_no_emoji(text: str) -> None:
    assert not is_emoji(text)
    with pytest.raises(ValueError):
        normalise(text)


def test_needless_selector_is_dropped() -> None:
    assert normalise("👍\ufe0f") == "👍"
    assert normalise("☝\ufe0f") == "☝\ufe0f"
    assert normalise("👩\ufe0f\u200d💻\ufe0f") == "👩\u200d💻"


def test_tones_are_different_reactions() -> None:
    assert len({normalise(one) for one in ("👍", "👍🏻", "👍🏼", "👍🏽", "👍🏾", "👍🏿")}) == 6


PARTS = st.sampled_from(
    [*"👩👍❤🏽🏿🇩🇪1#a🐶💻♀🏴🦰", "\ufe0f", "\ufe0e", "\u200d", "\u20e3", "\U000e0067", "\U000e007f"]
)


@given(st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=4))
def test_spelling_of_an_emoji_is_an_emoji_and_its_own_spelling(text: str) -> None:
    if is_emoji(text):
        assert normalise(normalise(text)) == normalise(text)
        assert normalise(text).replace("\ufe0f", "") == text.replace("\ufe0f", "")


@given(st.sampled_from(list(ALREADY_SPELT.values())), st.sampled_from(list(ALREADY_SPELT.values())))
def test_two_emoji_are_never_one(first: str, second: str) -> None:
    assert not is_emoji(first + second)
