"""What is computed for each text."""

import hashlib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .settings import FeatureSettings

_CLASSES: Final = {"L": "letters", "M": "letters", "N": "digits", "P": "punctuation", "S": "punctuation"}
"""Shares by the first letter of Unicode's general category; symbols count as punctuation."""

Features = Callable[[str], dict[str, Any]]


def make_features(settings: FeatureSettings) -> Features:
    """Return the function that measures a text; raises `InvalidInput` for an encoding that cannot be read."""
    tokens = _token_counter(settings.encoding)

    def measure(text: str) -> dict[str, Any]:
        content = text.encode()
        found: dict[str, Any] = {
            "hash": hashlib.blake2b(content, digest_size=16).hexdigest(),
            "bytes": len(content),
            "characters": len(text),
            "words": len(text.split()),
            "lines": text.count("\n") + 1 if text else 0,
        }
        if tokens is not None:
            found["tokens"] = tokens(text)
        if settings.character_classes:
            found |= _shares(text)
        return found

    return measure


def feature_types(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the features, in their order, with their types as Arrow names them."""
    types = {"hash": "string", "bytes": "int64", "characters": "int64", "words": "int64", "lines": "int64"}
    if settings.encoding is not None:
        types["tokens"] = "int64"
    if settings.character_classes:
        types |= dict.fromkeys(("letters", "digits", "punctuation", "spaces"), "float64")
    return types


def _token_counter(encoding: str | None) -> Callable[[str], int] | None:
    if encoding is None:
        return None
    from ..models.encoding import BytesEncoding, tokenizer_encoding

    if encoding == "bytes":
        return lambda text: len(BytesEncoding().encode(text))
    found = tokenizer_encoding(Path(encoding))
    return lambda text: len(found.encode(text))


_ASCII_CLASSES: Final = bytes.maketrans(
    bytes(range(256)),
    b"".join(
        b" " if chr(code).isspace() else _CLASSES.get(unicodedata.category(chr(code))[0], "x")[0].encode()
        for code in range(128)
    )
    + b"x" * 128,
)


def _shares(text: str) -> dict[str, float]:
    counts = {"letters": 0, "digits": 0, "punctuation": 0, "spaces": 0}
    if text.isascii():
        classes = text.encode().translate(_ASCII_CLASSES)
        counts = {name: classes.count(name[0].encode() if name != "spaces" else b" ") for name in counts}
    else:
        for character in text:
            name = "spaces" if character.isspace() else _CLASSES.get(unicodedata.category(character)[0])
            if name is not None:
                counts[name] += 1
    return {name: count / len(text) if text else 0.0 for name, count in counts.items()}
