# Made by `make docs`: change layers/shared/parley/domain/text/emoji.py instead.
"""The definition of one emoji, and its only spelling: `❤` and `❤️` are the same reaction, `👍` and `👍🏽` are not.

An emoji is what Unicode recommends for interchange (UTS #51, "RGI"), as of Unicode 18.0: single ones, keycaps, flags,
skin tones, and several joined by a zero-width joiner. The spelling is the fully-qualified one: U+FE0F after each
character whose own presentation is text, and nowhere else. An input may lack any U+FE0F, or have one too many.

It is looser than the list in one point: if an emoji shows several people, any of them may have a tone.

The tables are from emoji-data.txt and emoji-zwj-sequences.txt; a new version of Unicode adds a few characters a year.
"""

from typing import Final

from parley_host.moving.code_points import is_in

MAX_EMOJI_BYTES = 64  # UTF-8; the longest emoji, two people of different tones who kiss, has 35 (fully-qualified)

_JOINER: Final = "\u200d"
_AS_EMOJI: Final = "\ufe0f"  # variation selector 16
_KEYCAP: Final = "\u20e3"
_KEYS = "0123456789#*"
_TONES = "🏻🏼🏽🏾🏿"
_HAIR = "🦰🦱🦲🦳"  # emoji by their property, but shown alone only in lists of parts
_REGIONAL_A = 0x1F1E6

# Emoji_Presentation=Yes: in colour by itself. Without parts: regional indicators, tones, hair.
_COLOURED = (
    (0x231A, 0x231B), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615),
    (0x2648, 0x2653), (0x267F, 0x267F), (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE),
    (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3), (0x26F5, 0x26F5),
    (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C),
    (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF),
    (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF),
    (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F201, 0x1F201), (0x1F21A, 0x1F21A), (0x1F22F, 0x1F22F),
    (0x1F232, 0x1F236), (0x1F238, 0x1F23A), (0x1F250, 0x1F251), (0x1F300, 0x1F320), (0x1F32D, 0x1F335),
    (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0),
    (0x1F3F4, 0x1F3F4), (0x1F3F8, 0x1F3FA), (0x1F400, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC),
    (0x1F4FF, 0x1F53D), (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A), (0x1F595, 0x1F596),
    (0x1F5A4, 0x1F5A4), (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6D2),
    (0x1F6D5, 0x1F6D9), (0x1F6DC, 0x1F6DF), (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC), (0x1F7E0, 0x1F7EB),
    (0x1F7F0, 0x1F7F0), (0x1F90C, 0x1F93A), (0x1F93C, 0x1F945), (0x1F947, 0x1F9AF), (0x1F9B4, 0x1F9FF),
    (0x1FA70, 0x1FA7C), (0x1FA80, 0x1FAC6), (0x1FAC8, 0x1FAC8), (0x1FACC, 0x1FADD), (0x1FADF, 0x1FAEB),
    (0x1FAEF, 0x1FAFA),
)  # fmt: skip

# Emoji=Yes, Emoji_Presentation=No: text, until U+FE0F asks for the emoji. Without parts: the keys of keycaps.
_BLACK = (
    (0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139),
    (0x2194, 0x2199), (0x21A9, 0x21AA), (0x2328, 0x2328), (0x23CF, 0x23CF), (0x23ED, 0x23EF), (0x23F1, 0x23F2),
    (0x23F8, 0x23FA), (0x24C2, 0x24C2), (0x25AA, 0x25AB), (0x25B6, 0x25B6), (0x25C0, 0x25C0), (0x25FB, 0x25FC),
    (0x2600, 0x2604), (0x260E, 0x260E), (0x2611, 0x2611), (0x2618, 0x2618), (0x261D, 0x261D), (0x2620, 0x2620),
    (0x2622, 0x2623), (0x2626, 0x2626), (0x262A, 0x262A), (0x262E, 0x262F), (0x2638, 0x263A), (0x2640, 0x2640),
    (0x2642, 0x2642), (0x265F, 0x2660), (0x2663, 0x2663), (0x2665, 0x2666), (0x2668, 0x2668), (0x267B, 0x267B),
    (0x267E, 0x267E), (0x2692, 0x2692), (0x2694, 0x2697), (0x2699, 0x2699), (0x269B, 0x269C), (0x26A0, 0x26A0),
    (0x26A7, 0x26A7), (0x26B0, 0x26B1), (0x26C8, 0x26C8), (0x26CF, 0x26CF), (0x26D1, 0x26D1), (0x26D3, 0x26D3),
    (0x26E9, 0x26E9), (0x26F0, 0x26F1), (0x26F4, 0x26F4), (0x26F7, 0x26F9), (0x2702, 0x2702), (0x2708, 0x2709),
    (0x270C, 0x270D), (0x270F, 0x270F), (0x2712, 0x2712), (0x2714, 0x2714), (0x2716, 0x2716), (0x271D, 0x271D),
    (0x2721, 0x2721), (0x2733, 0x2734), (0x2744, 0x2744), (0x2747, 0x2747), (0x2763, 0x2764), (0x27A1, 0x27A1),
    (0x2934, 0x2935), (0x2B05, 0x2B07), (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297), (0x3299, 0x3299),
    (0x1F170, 0x1F171), (0x1F17E, 0x1F17F), (0x1F202, 0x1F202), (0x1F237, 0x1F237), (0x1F321, 0x1F321),
    (0x1F324, 0x1F32C), (0x1F336, 0x1F336), (0x1F37D, 0x1F37D), (0x1F396, 0x1F397), (0x1F399, 0x1F39B),
    (0x1F39E, 0x1F39F), (0x1F3CB, 0x1F3CE), (0x1F3D4, 0x1F3DF), (0x1F3F3, 0x1F3F3), (0x1F3F5, 0x1F3F5),
    (0x1F3F7, 0x1F3F7), (0x1F43F, 0x1F43F), (0x1F441, 0x1F441), (0x1F4FD, 0x1F4FD), (0x1F549, 0x1F54A),
    (0x1F56F, 0x1F570), (0x1F573, 0x1F579), (0x1F587, 0x1F587), (0x1F58A, 0x1F58D), (0x1F590, 0x1F590),
    (0x1F5A5, 0x1F5A5), (0x1F5A8, 0x1F5A8), (0x1F5B1, 0x1F5B2), (0x1F5BC, 0x1F5BC), (0x1F5C2, 0x1F5C4),
    (0x1F5D1, 0x1F5D3), (0x1F5DC, 0x1F5DE), (0x1F5E1, 0x1F5E1), (0x1F5E3, 0x1F5E3), (0x1F5E8, 0x1F5E8),
    (0x1F5EF, 0x1F5EF), (0x1F5F3, 0x1F5F3), (0x1F5FA, 0x1F5FA), (0x1F6CB, 0x1F6CB), (0x1F6CD, 0x1F6CF),
    (0x1F6E0, 0x1F6E5), (0x1F6E9, 0x1F6E9), (0x1F6F0, 0x1F6F0), (0x1F6F3, 0x1F6F3),
)  # fmt: skip

# Emoji_Modifier_Base=Yes: takes a tone.
_TONED = (
    (0x261D, 0x261D), (0x26F9, 0x26F9), (0x270A, 0x270D), (0x1F385, 0x1F385), (0x1F3C2, 0x1F3C4),
    (0x1F3C7, 0x1F3C7), (0x1F3CA, 0x1F3CC), (0x1F442, 0x1F443), (0x1F446, 0x1F450), (0x1F466, 0x1F478),
    (0x1F47C, 0x1F47C), (0x1F481, 0x1F483), (0x1F485, 0x1F487), (0x1F48F, 0x1F48F), (0x1F491, 0x1F491),
    (0x1F4AA, 0x1F4AA), (0x1F574, 0x1F575), (0x1F57A, 0x1F57A), (0x1F590, 0x1F590), (0x1F595, 0x1F596),
    (0x1F645, 0x1F647), (0x1F64B, 0x1F64F), (0x1F6A3, 0x1F6A3), (0x1F6B4, 0x1F6B6), (0x1F6C0, 0x1F6C0),
    (0x1F6CC, 0x1F6CC), (0x1F90C, 0x1F90C), (0x1F90F, 0x1F90F), (0x1F918, 0x1F91F), (0x1F926, 0x1F926),
    (0x1F930, 0x1F939), (0x1F93C, 0x1F93E), (0x1F977, 0x1F977), (0x1F9B5, 0x1F9B6), (0x1F9B8, 0x1F9B9),
    (0x1F9BB, 0x1F9BB), (0x1F9CD, 0x1F9CF), (0x1F9D1, 0x1F9DD), (0x1FAC3, 0x1FAC5), (0x1FAF0, 0x1FAFA),
)  # fmt: skip

# The pairs of regional indicators that are a flag.
_FLAGS = frozenset("""
    AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CQ CR CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA EC EE EG EH ER ES ET
    EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU IC ID IE IL IM
    IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF
    MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK
    PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC
    TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
""".split())  # fmt: skip

# England, Scotland and Wales: a black flag and the name in tags, the only ones recommended.
_SUBDIVISIONS = frozenset(
    "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in code) + "\U000e007f" for code in ("gbeng", "gbsct", "gbwls")
)

# Characters that may be joined: each of the first with each of the others, without joiners, tones and U+FE0F.
_JOINS = (
    ("👨👩🧑", "⚕ ⚖ ✈ 🌾 🍳 🍼 🎓 🎤 🎨 🏫 🏭 💻 💼 🔧 🔬 🚀 🚒 🦯 🦯➡ 🦰 🦱 🦲 🦳 🦼 🦼➡ 🦽 🦽➡"),
    ("⛹🏄🏊🏋🏌👮👯👰👱👳👷💁💂💆💇🕵🙅🙆🙇🙋🙍🙎🚣🚴🚵🤦🤵🤷🤸🤹🤼🤽🤾🦸🦹🧍🧏🧔🧖🧗🧘🧙🧚🧛🧜🧝🧞🧟", "♀ ♂"),
    ("🏃🚶🧎", "♀ ♀➡ ♂ ♂➡ ➡"),
    ("👨👩", "👦 👦👦 👧 👧👦 👧👧 👩👦 👩👦👦 👩👧 👩👧👦 👩👧👧 🤝👨 ❤👨 ❤💋👨"),
    ("👨", "👨👦 👨👦👦 👨👧 👨👧👦 👨👧👧 🐰👨 🫯👨"),
    ("👩", "🤝👩 ❤👩 ❤💋👩 🐰👩 🫯👩"),
    ("🧑", "🧒 🧒🧒 🧑🧒 🧑🧒🧒 🤝🧑 ❤🧑 ❤💋🧑 🐰🧑 🫯🧑 🎄 🩰"),
    ("🏳", "⚧ 🌈"),
    ("🏴", "☠"),
    ("❤", "🔥 🩹"),
    ("🐦", "⬛ 🔥"),
    ("🐈", "⬛"),
    ("🐕", "🦺"),
    ("🐻", "❄"),
    ("🙂", "↔ ↕"),
    ("😮", "💨"),
    ("😵", "💫"),
    ("😶", "🌫"),
    ("👁", "🗨"),
    ("🫱", "🫲"),
    ("⛓", "💥"),
    ("🍋", "🟩"),
    ("🍄", "🟫"),
)
_JOINED = frozenset(first + others for firsts, rest in _JOINS for first in firsts for others in rest.split())


def is_emoji(text: str) -> bool:
    """Says whether `text` is exactly one emoji, in whichever spelling, and nothing else."""
    return _qualified(text) is not None


def normalise(text: str) -> str:
    """Returns the single spelling of an emoji; raises ValueError for other texts (see `is_emoji`)."""
    qualified = _qualified(text)
    if qualified is None:
        raise ValueError("not one emoji")
    return qualified


def _qualified(text: str) -> str | None:
    if len(text) > MAX_EMOJI_BYTES // 2 or len(text.encode(errors="surrogatepass")) > MAX_EMOJI_BYTES:
        return None
    if _is_flag(text) or text in _SUBDIVISIONS:
        return text
    if text.endswith(_KEYCAP):
        key = text[:-1].removesuffix(_AS_EMOJI)
        return key + _AS_EMOJI + _KEYCAP if len(key) == 1 and key in _KEYS else None
    return _joined(text.split(_JOINER))


def _is_flag(text: str) -> bool:
    letters = [chr(ord("A") + ord(sign) - _REGIONAL_A) for sign in text if 0 <= ord(sign) - _REGIONAL_A < 26]
    return len(text) == len(letters) == 2 and "".join(letters) in _FLAGS


def _joined(parts: list[str]) -> str | None:
    """Returns the spelling of the part between joiners: one character each, with a tone or U+FE0F or neither."""
    bases = "".join(part[:1] for part in parts)
    if bases not in _JOINED and (len(parts) > 1 or bases in _HAIR):
        return None
    spelt = [_spelt(part) for part in parts]
    return _JOINER.join(spelt) if all(spelt) else None


def _spelt(part: str) -> str:
    """Returns one character of an emoji in its spelling; nothing if it is no emoji."""
    base, tail = part[:1], part[1:]
    if not base:
        return ""
    if len(tail) == 1 and tail in _TONES:
        return part if is_in(_TONED, base) else ""
    if tail not in ("", _AS_EMOJI):
        return ""
    if is_in(_COLOURED, base) or base in _HAIR:
        return base
    return base + _AS_EMOJI if is_in(_BLACK, base) else ""
