"""Which texts are left out: rules that hold in every language, with their sources in the settings."""

import re
import unicodedata
from typing import Final

from .settings import QualitySettings

RULES: Final = (
    "empty",
    "too_short",
    "too_long",
    "too_few_letters",
    "too_many_symbols",
    "too_many_duplicate_lines",
    "too_many_duplicate_line_characters",
)
"""Names of the rules, in the order that they are asked in."""

_SYMBOLS: Final = re.compile(r"#|\.\.\.|…")


def broken_rule(text: str, settings: QualitySettings) -> str | None:
    """Return the name of the first rule that a clean text breaks; None for a text that stays."""
    count = len(text)
    if count == 0 and settings.minimum_characters > 0:
        return "empty"
    if count < settings.minimum_characters:
        return "too_short"
    if count > settings.maximum_characters:
        return "too_long"
    if settings.minimum_letters is not None and letters(text) < settings.minimum_letters:
        return "too_few_letters"
    if settings.maximum_symbol_ratio is not None:
        words = len(text.split())
        if words and len(_SYMBOLS.findall(text)) / words > settings.maximum_symbol_ratio:
            return "too_many_symbols"
    return _repetition(text, settings)


def letters(text: str) -> float:
    """Return the share of letters and marks among the characters that are not white space."""
    if text.isascii():
        visible = sum(map(len, text.split()))
        found = sum(map(str.isalpha, text))
    else:
        visible = found = 0
        for character in text:
            if not character.isspace():
                visible += 1
                found += unicodedata.category(character)[0] in "LM"
    return found / visible if visible else 0.0


def _repetition(text: str, settings: QualitySettings) -> str | None:
    by_lines, by_characters = settings.maximum_duplicate_lines, settings.maximum_duplicate_line_characters
    if by_lines is None and by_characters is None:
        return None
    lines = [line for line in text.split("\n") if line]
    seen: set[str] = set()
    again = again_characters = 0
    for line in lines:
        if line in seen:
            again += 1
            again_characters += len(line)
        seen.add(line)
    if not again:
        return None
    if by_lines is not None and again / len(lines) > by_lines:
        return "too_many_duplicate_lines"
    if by_characters is not None and again_characters / sum(map(len, lines)) > by_characters:
        return "too_many_duplicate_line_characters"
    return None
