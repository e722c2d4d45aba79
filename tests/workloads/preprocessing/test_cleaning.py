"""What cleaning changes, and what it leaves alone."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis.strategies import characters, sampled_from, text

from aidc.workloads.preprocessing.cleaning import clean
from aidc.workloads.preprocessing.quality import broken_rule, letters
from aidc.workloads.preprocessing.settings import CleaningSettings, QualitySettings


@pytest.mark.parametrize(
    ("text", "cleaned", "changes"),
    [
        ("plain text", "plain text", []),
        ("a < b and b > c", "a < b and b > c", []),
        ("AT&T & sons", "AT&T & sons", []),
        ("<p>one</p><p>two</p>", "one\n\ntwo", ["html", "white_space"]),
        ("<b>bold</b> &amp; &#233;", "bold & é", ["html"]),
        ("before<script>var x = '<p>';</script>after", "beforeafter", ["html"]),
        ("x<!-- hidden -->y", "xy", ["html"]),
        ("a\x00b\x9fc\ufeffd", "abcd", ["control_characters"]),
        ("one\r\ntwo\rthree", "one\ntwo\nthree", ["control_characters"]),
        ("cafe\u0301", "caf\u00e9", ["unicode"]),
        ("  a \t b \n\n\n\n c\u00a0d ", "a b\n\nc d", ["white_space"]),
        ("\u06cc\u200c\u0627", "\u06cc\u200c\u0627", []),
    ],
)
def test_a_text_takes_the_changes_that_are_named(text: str, cleaned: str, changes: list[str]) -> None:
    assert clean(text, CleaningSettings()) == (cleaned, changes)
    assert clean(cleaned, CleaningSettings())[0] == cleaned


@given(text(alphabet=characters(exclude_categories=("Cs",)) | sampled_from(" \n\t\r\u2028\x1c\u00a0")))
def test_white_space_is_spaces_and_line_feeds_afterwards(text: str) -> None:
    cleaned, _ = clean(text, CleaningSettings(html=False))
    assert all(character in " \n" for character in cleaned if character.isspace())
    assert cleaned == cleaned.strip()
    assert not any(part in cleaned for part in ("  ", " \n", "\n ", "\n\n\n", "\x00", "\ufeff"))
    left = re.sub("[\x00-\x1f\x7f-\x9f\ufeff\\s]", "", text)
    assert unicodedata.normalize("NFC", "".join(cleaned.split())) == unicodedata.normalize("NFC", left)


def test_steps_that_are_off_change_nothing() -> None:
    off = CleaningSettings(html=False, control_characters=False, unicode=None, white_space=False)
    text = "<p>cafe\u0301</p>\x00  x"
    assert clean(text, off) == (text, [])


@pytest.mark.parametrize(
    ("text", "rule", "settings"),
    [
        ("", "empty", {}),
        ("", None, {"minimum_characters": 0}),
        ("abc", "too_short", {"minimum_characters": 4}),
        ("abcde", "too_long", {"maximum_characters": 4}),
        ("1234 a", "too_few_letters", {"minimum_letters": 0.5}),
        ("नमस्ते दुनिया", None, {"minimum_letters": 1.0}),
        ("# one # two", "too_many_symbols", {"maximum_symbol_ratio": 0.1}),
        ("a\na\nb", "too_many_duplicate_lines", {"maximum_duplicate_lines": 0.3}),
        ("a\na\nb\nc", None, {"maximum_duplicate_lines": 0.3}),
        (
            "long line\nlong line\nb\nc",
            "too_many_duplicate_line_characters",
            {"maximum_duplicate_line_characters": 0.2},
        ),
    ],
)
def test_a_text_is_left_out_by_the_first_rule_that_it_breaks(text: str, rule: str | None, settings: dict) -> None:
    assert broken_rule(text, QualitySettings(**settings)) == rule


def test_letters_are_counted_alike_with_and_without_other_scripts() -> None:
    assert letters("ab 12") == 0.5
    assert letters("äb 12") == 0.5
    assert letters("   ") == 0.0
