"""Settings of the data."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ...settings import Settings, Unit

HeldOut = Annotated[float, Field(gt=0, lt=1), Unit("of the data")]


class TextSettings(Settings):
    """Files of text or Parquet, for language models. A sample is a window of `batch.context` tokens."""

    kind: Literal["text"] = "text"
    """Text."""

    paths: tuple[str, ...] = ()
    """Files, folders (all files below them that are not hidden) and globs (`**` for any depth), read in the order of
    their names. A file `*.parquet` has a text in each row; of a folder that preprocessing has written, its shards
    are read.
    Default: none, which stands for the default corpus, the source text of Python's own standard library."""

    text_column: str = "text"
    """Column of the texts in Parquet files. Default: `text`, as preprocessing writes it."""

    vocabulary: Annotated[int, Field(ge=257, le=1_000_000), Unit("tokens")] | None = None
    """Tokens of a byte-pair encoding that is trained on the text. Default: none; each byte is a token, 256 of them."""

    held_out: HeldOut = 0.05
    """Share of the windows, evenly spread over the text, that is for evaluation only. Default: 0.05."""

    maximum_bytes: Annotated[int, Field(ge=1_000), Unit("bytes")] | None = None
    """Bytes of the text that are used, from its beginning. Default: 4,000,000 of the default corpus, all of `paths`."""

    cache: Path | None = None
    """Folder for tokens and tokenizers, by the hash of what they were made from. Default: `aidc/tokens` in
    XDG_CACHE_HOME or ~/.cache."""


class ImagesSettings(Settings):
    """Images in folders: each folder's name is a class, and its files are examples of it."""

    kind: Literal["images"] = "images"
    """Images."""

    folder: Path
    """Folder with one folder for each class."""

    height: Annotated[int, Field(ge=1, le=4096), Unit("pixels")] = 64
    """Pixels that each image is resized to. Default: 64."""

    width: Annotated[int, Field(ge=1, le=4096), Unit("pixels")] = 64
    """Pixels that each image is resized to. Default: 64."""

    channels: Literal[1, 3] = 3
    """1: grey, 3: red, green and blue. Default: 3."""

    held_out: HeldOut = 0.1
    """Share of each class that is for evaluation only. Default: 0.1."""


class DigitsSettings(Settings):
    """scikit-learn's 1,797 handwritten digits of 8 x 8 grey pixels, which come with it."""

    kind: Literal["digits"] = "digits"
    """Digits."""

    held_out: HeldOut = 0.2
    """Share of each class that is for evaluation only. Default: 0.2."""


DataSettings = Annotated[TextSettings | ImagesSettings | DigitsSettings, Field(discriminator="kind")]
