"""The look of letters: the readings in which disguised words are compared.

`PLAIN` gives a character's fold, `ALIKE` the Latin letter that it looks like. `SHAPE` has one sign for each
character: w(ord), u(nspaced), i(gnorable), $ or ! (may be a letter), or a space for all others.
"""

import re

from parley.domain.text.folding import Remembered, fold, is_ignorable, is_letter, is_unspaced, visible

# Look-alikes, picked by hand from confusables.txt (UTS #39): letters that look like a Latin letter, in either case.
# Keys have no accents and are lower case, except Greek capitals that look like another letter than their small ones.
_LOOK_ALIKES = {
    **dict(zip("авгеѕіјкмнорстухьһԁԛԝѵӏ", "abresijkmhopctyxbhdqwvl", strict=True)),  # Cyrillic
    **dict(zip("αβγεηικμνορστυχω", "abyenikuvopotuxw", strict=True)),  # Greek
    **dict(zip("ΗΜΝΥΖ", "hmnyz", strict=True)),
    **dict(zip("օոսհցյգ", "onuhgjq", strict=True)),  # Armenian
    **dict(zip("ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᏀᏃᏙᏚᏟᏢᏦᏞᏴᎩ", "drtiajewmhgzvscpklby", strict=True)),  # Cherokee
    **dict(zip("ɑɡʙɢɪɩʟɴʀʏʜƒƅ", "agbgiilnryhfb", strict=True)),  # Latin's own variants
    **dict(zip("ᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜰꜱ", "acdejkmoptuvwzfs", strict=True)),
    **{chr(first + place): chr(ord("a") + place) for first in (0x1F150, 0x1F170) for place in range(26)},  # 🅐 🅰
    **dict(zip("013457", "o1east", strict=True)),  # digits; 1 stays apart, see LOOSE
}
_SIGNS = {"@": "a", "$": "s", "€": "e", "¢": "c", "!": "1", "|": "1"}
LOOSE = str.maketrans("1l", "ii")  # the reading for words with a 1: i, l and 1 are one letter
WRONG_CASE = re.compile(r"(?<=[a-z])I|(?<=[A-Z])l|l(?=[A-Z])")


def _letters(character: str) -> str:
    """Returns the letters of which a character is made: ⒝ is a b."""
    return "".join(letter for letter in visible(character) if is_letter(letter) or letter in _LOOK_ALIKES)


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
    """Returns the Latin letter that a character looks like, or else its fold."""
    if sign := _SIGNS.get(visible(character)):
        return sign
    return "".join(_LOOK_ALIKES.get(letter) or _look_folded(letter) for letter in _letters(character))


def _look_folded(character: str) -> str:
    return "".join(_LOOK_ALIKES.get(folded, folded) for folded in fold(character))


SHAPE = Remembered(_shape_of)
PLAIN = Remembered(lambda character: fold(_letters(character)))
ALIKE = Remembered(_look)
