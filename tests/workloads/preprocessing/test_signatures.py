"""MinHash estimates the similarity of sets of shingles, and bands find texts by it."""

import random

import numpy
import pytest

from aidc.workloads.preprocessing.settings import NearDuplicates
from aidc.workloads.preprocessing.signatures import Signatures


def shingles(text: str, length: int) -> set[str]:
    return {text[start : start + length] for start in range(len(text) - length + 1)}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_equal_hashes_are_as_frequent_as_the_sets_are_similar(share: float) -> None:
    draw = random.Random(3)
    settings = NearDuplicates(bands=64, rows=32)
    one = "".join(draw.choices("abcdefghij", k=4000))
    cut = int(len(one) * share)
    other = one[:cut] + "".join(draw.choices("klmnopqrst", k=4000 - cut))
    sets = shingles(one, 9), shingles(other, 9)
    similarity = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    make = Signatures(settings)
    estimate = float((make.signature(one) == make.signature(other)).mean())
    # Four standard deviations of a mean of 2,048 tosses.
    assert abs(estimate - similarity) < 4 * 0.5 / numpy.sqrt(2048)


def test_texts_that_are_almost_the_same_share_a_band_and_others_none() -> None:
    draw = random.Random(4)
    words = ["".join(draw.choices("abcdefghijklmnop", k=6)) for _ in range(400)]
    make = Signatures(NearDuplicates())
    text = " ".join(words)
    almost = " ".join([*words[:200], "another", *words[201:]])
    other = " ".join("".join(draw.choices("abcdefghijklmnop", k=6)) for _ in range(400))
    assert (make.bands(text) == make.bands(almost)).any()
    assert not (make.bands(text) == make.bands(other)).any()
    assert (make.bands("short") == make.bands("SHORT")).all()
    assert not (make.bands("short") == make.bands("shirt")).all()
