"""The words of notices in the languages that the layer ships: files that a deployer may replace or add to."""

from functools import cache
from pathlib import Path

from parley.adapters import shipped_files
from parley.domain.notifications.texts import Texts, TextsError, language_of, load

FOLDER = Path(__file__).parents[2] / "notices"


def for_locale(locale: str | None) -> tuple[str, Texts]:
    """Returns the language of a person and its words; English if there are none in theirs."""
    language = language_of(locale, languages())
    return language, of_language(language)


@cache
def languages() -> frozenset[str]:
    """Returns the languages that there are words in."""
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


@cache
def of_language(language: str) -> Texts:
    """Returns the words of a language; raises TextsError."""
    refusal = f"no words of notices in {language}; the languages are"
    return shipped_files.read_file(FOLDER, language, load, lambda known: TextsError(f"{refusal} {known}"))
