"""Texts made clean: what is changed, in a fixed order, and which changes a text took."""

import html
import re
import unicodedata
from functools import partial
from html.parser import HTMLParser
from typing import Final

from .settings import CleaningSettings

CHANGES: Final = ("encoding", "html", "control_characters", "unicode", "white_space")
"""Names of the changes, in the order that they are made in."""

_MARKUP: Final = re.compile(r"<[a-zA-Z!/?]|&(?:#\d|#[xX][0-9a-fA-F]|[a-zA-Z]+\d*;)")
_HIDDEN: Final = frozenset({"script", "style", "template", "noscript"})
# fmt: off
_BLOCKS: Final = frozenset(
    (
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form", "h1",
        "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td",
        "th", "tr", "ul",
    )
)
# fmt: on
"""Elements that end a line where they begin and end: HTML Living Standard, 15.3, "display: block", and line breaks,
list items and cells."""

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_LINE_ENDS: Final = re.compile("\r\n?|\u2028|\u2029")
_SPACES: Final = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
_AROUND_LINES: Final = re.compile(r" ?\n ?")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def clean(text: str, settings: CleaningSettings) -> tuple[str, list[str]]:
    """Return a text without what does not belong into it, and the names of the changes it took."""
    changes: list[str] = []
    for name, step in (
        ("html", _without_markup if settings.html else None),
        ("control_characters", _without_controls if settings.control_characters else None),
        ("unicode", partial(_normal, form=str(settings.unicode)) if settings.unicode else None),
        ("white_space", _with_single_spaces if settings.white_space else None),
    ):
        if step is not None and (after := step(text)) != text:
            text = after
            changes.append(name)
    return text, changes


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _without_markup(text: str) -> str:
    if ("<" not in text and "&" not in text) or not _MARKUP.search(text):
        return text
    if "<" not in text:
        return html.unescape(text)
    parser = _Text()
    try:
        parser.feed(text)
        parser.close()
    except AssertionError:
        # The parser refuses some declarations that are none; such a text is no HTML.
        return text
    return "".join(parser.parts)


def _without_controls(text: str) -> str:
    return text if _is_plain(text) else _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def _is_plain(text: str) -> bool:
    """Return whether all white space is spaces and line feeds, and nothing is a control: most texts, found quickly."""
    return text.replace("\n", " ").isprintable()


def _normal(text: str, form: str) -> str:
    # The type of unicodedata's names is a literal that settings are not.
    return text if text.isascii() else unicodedata.normalize(form, text)  # pyright: ignore[reportArgumentType]


def _with_single_spaces(text: str) -> str:
    if "  " in text or not _is_plain(text):
        text = _SPACES.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = _AROUND_LINES.sub("\n", text)
    if "\n\n\n" in text:
        text = _EMPTY_LINES.sub("\n\n", text)
    return text.strip()
