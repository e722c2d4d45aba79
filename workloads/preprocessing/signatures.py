"""MinHash signatures, folded into one key for each band of locality-sensitive hashing."""

from typing import TYPE_CHECKING, Any

from .settings import NearDuplicates

if TYPE_CHECKING:
    import numpy

_CHUNK = 512
"""Shingles that are hashed at a time: few enough for what they become to stay in a processor's cache."""


class Signatures:
    """The hash functions of one preprocessing.

    Shingles are hashed to 64 bits, and each function is odd multiplication and addition modulo 2^64, of which the
    upper 32 bits are taken (multiply-shift, Dietzfelbinger and others 1997, J. Algorithms 25).
    """

    def __init__(self, settings: NearDuplicates) -> None:
        """Draw the functions by the seed."""
        import numpy

        self._settings = settings
        random = numpy.random.Generator(numpy.random.PCG64(settings.seed))
        count = settings.bands * settings.rows
        self._factors: Any = random.integers(0, 2**64, count, dtype=numpy.uint64) | numpy.uint64(1)
        self._terms: Any = random.integers(0, 2**64, count, dtype=numpy.uint64)
        # Kept for all texts: memory that is taken anew for each costs four times what the hashing does.
        self._values: Any = numpy.empty((_CHUNK, count), dtype=numpy.uint64)
        self._fold: Any = random.integers(0, 2**64, settings.rows, dtype=numpy.uint64) | numpy.uint64(1)

    def signature(self, text: str) -> "numpy.ndarray[Any, Any]":
        """Return the least value of each function over the shingles of a text: [bands * rows], 32 bits."""
        import numpy

        shingles = _shingles(text, self._settings.shingle)
        least = numpy.full(len(self._factors), 2**64 - 1, dtype=numpy.uint64)
        for start in range(0, len(shingles), _CHUNK):
            part = shingles[start : start + _CHUNK, None]
            values = self._values[: len(part)]
            numpy.multiply(part, self._factors, out=values)
            numpy.add(values, self._terms, out=values)
            numpy.minimum(least, values.min(axis=0), out=least)
        # The upper bits of the least value are the least upper bits.
        return least >> numpy.uint64(32)

    def bands(self, text: str) -> "numpy.ndarray[Any, Any]":
        """Return a key for each band: [bands], 64 bits."""
        import numpy

        signature = self.signature(text).reshape(self._settings.bands, self._settings.rows)
        mixed: Any = numpy.zeros(self._settings.bands, dtype=numpy.uint64)
        for row in range(self._settings.rows):
            mixed = _mixed((mixed ^ signature[:, row]) * self._fold[row])
        return mixed


def _shingles(text: str, length: int) -> Any:
    """Return the different shingles of a text as 64-bit hashes; a text shorter than one is its own."""
    import numpy

    points = numpy.frombuffer(text.lower().encode("utf-32-le", "surrogatepass"), dtype=numpy.uint32)
    length = min(length, len(points))
    hashes: Any = numpy.zeros(len(points) - length + 1, dtype=numpy.uint64)
    for offset in range(length):
        hashes = hashes * numpy.uint64(0x100000001B3) + points[offset : offset + len(hashes)]
    return numpy.unique(_mixed(hashes))


def _mixed(values: Any) -> Any:
    """Return 64-bit values with their bits spread: the finaliser of MurmurHash3."""
    import numpy

    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> numpy.uint64(33))) * numpy.uint64(factor)
    return values ^ (values >> numpy.uint64(33))
