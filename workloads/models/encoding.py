"""Text as tokens: bytes, or a tokenizer of the tokenizers library."""

import codecs
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ...problems import InvalidInput, Problems

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ENCODING_FILE: Final = "encoding.json"
"""Name of an encoding's file beside a model."""

END_OF_TEXT: Final = "<|endoftext|>"
"""Token between documents, by the name that GPT-2's has."""


class TextStream(Protocol):
    """Text of tokens that come one by one."""

    def push(self, token: int) -> str:
        """Return the text that is complete with this token: nothing while a character lacks bytes."""
        ...

    def flush(self) -> str:
        """Return what is left when no token follows."""
        ...


class Encoding(Protocol):
    """Text as tokens, and back."""

    size: int
    """Different tokens."""

    end: int | None
    """Token that ends a text; None where there is none."""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; bytes that are no UTF-8 become U+FFFD."""
        ...

    def stream(self) -> TextStream:
        """Return a decoder for tokens that come one by one."""
        ...

    def document(self) -> dict[str, Any]:
        """Return what `encoding_of` makes it from again."""
        ...


class BytesEncoding:
    """Each byte of UTF-8 is a token; byte 0, which text does not have, ends it."""

    size = 256
    end: int | None = 0

    def encode(self, text: str) -> list[int]:
        """Return the bytes of a text, without zeros; halves of surrogate pairs become `?`."""
        return [byte for byte in text.encode("utf-8", errors="replace") if byte]

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of bytes up to 255, without zeros; those that are no UTF-8 become U+FFFD."""
        return bytes(token for token in tokens if 0 < token < 256).decode("utf-8", errors="replace")

    def stream(self) -> TextStream:
        """Return a decoder for tokens that come one by one."""
        return _BytesStream()

    def document(self) -> dict[str, Any]:
        """Return what `encoding_of` makes it from again."""
        return {"kind": "bytes"}


class TokenizerEncoding:
    """A tokenizer of the tokenizers library."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        """Take a tokenizer; the token `<|endoftext|>` ends a text where it has one."""
        self._tokenizer: Any = tokenizer
        self.size: int = self._tokenizer.get_vocab_size(with_added_tokens=True)
        self.end: int | None = self._tokenizer.token_to_id(END_OF_TEXT)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        clean = text.encode("utf-8", errors="replace").decode("utf-8")
        return self._tokenizer.encode(clean, add_special_tokens=False).ids

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without special ones."""
        return self._tokenizer.decode([token for token in tokens if token < self.size], skip_special_tokens=True)

    def stream(self) -> TextStream:
        """Return a decoder for tokens that come one by one."""
        return _TokenizerStream(self._tokenizer, self.size)

    def document(self) -> dict[str, Any]:
        """Return what `encoding_of` makes it from again."""
        return {"kind": "tokenizer", "tokenizer": json.loads(self._tokenizer.to_str())}


class _BytesStream:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        return self._decoder.decode(bytes([token])) if 0 < token < 256 else ""

    def flush(self) -> str:
        return self._decoder.decode(b"", final=True)


class _TokenizerStream:
    def __init__(self, tokenizer: Any, size: int) -> None:
        from tokenizers.decoders import DecodeStream

        self._tokenizer, self._size = tokenizer, size
        self._stream: Any = DecodeStream(skip_special_tokens=True)
        self._held: list[int] = []

    def push(self, token: int) -> str:
        if token >= self._size:
            return ""
        self._held.append(token)
        text: str | None = self._stream.step(self._tokenizer, token)
        if text is None:
            return ""
        self._held.clear()
        return text

    def flush(self) -> str:
        held, self._held = self._held, []
        return self._tokenizer.decode(held, skip_special_tokens=True) if held else ""


def tokenizer_encoding(path: Path) -> TokenizerEncoding:
    """Return the encoding in a file of the tokenizers library; raises `InvalidInput` where there is none."""
    return _tokenizer(_read(path, str(path)), str(path))


def encoding_of(document: Mapping[str, Any], title: str = "encoding") -> Encoding:
    """Return the encoding that was written as `document`; raises `InvalidInput` about `title`."""
    problems = Problems()
    kind = document.get("kind")
    if kind == "bytes":
        return BytesEncoding()
    if kind == "tokenizer":
        return _tokenizer(json.dumps(document.get("tokenizer")), title)
    problems.add("kind", f"{kind!r} is not one of bytes, tokenizer")
    raise InvalidInput(title, problems)


def save_encoding(encoding: Encoding, path: Path) -> None:
    """Write an encoding to a file."""
    path.write_text(json.dumps(encoding.document(), ensure_ascii=False) + "\n", encoding="utf-8")


def load_encoding(path: Path) -> Encoding:
    """Return the encoding in a file; raises `InvalidInput` where there is none."""
    problems = Problems()
    try:
        document = json.loads(_read(path, str(path)))
    except (ValueError, RecursionError) as error:
        problems.add("", f"is no JSON: {error}")
        raise InvalidInput(str(path), problems) from None
    if not isinstance(document, dict):
        problems.add("", "holds no mapping")
        raise InvalidInput(str(path), problems)
    return encoding_of(document, str(path))  # pyright: ignore[reportUnknownArgumentType]


def _tokenizer(text: str, title: str) -> TokenizerEncoding:
    from tokenizers import Tokenizer

    try:
        return TokenizerEncoding(Tokenizer.from_str(text))
    except Exception as error:  # the library raises nothing narrower
        problems = Problems()
        problems.add("tokenizer", f"is no tokenizer of the tokenizers library: {error}")
        raise InvalidInput(title, problems) from None


def _read(path: Path, title: str) -> str:
    problems = Problems()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problems.add("", f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problems.add("", f"is no text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}")
    raise InvalidInput(title, problems)
