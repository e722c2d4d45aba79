"""Settings of the models: sizes and single figures, and what does not fit."""

from typing import Any

import pytest

from aidc.problems import InvalidInput
from aidc.workloads.models.settings import AnyModelSettings, ConvolutionalSettings, GPT2Settings, LSTMSettings
from aidc.workloads.settings import read_settings


def problems(values: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInput) as error:
        read_settings(AnyModelSettings, {"model": values}, "model.yaml")
    return [str(problem) for problem in error.value.problems]


def test_a_size_gives_what_is_not_given() -> None:
    shape = GPT2Settings(size="medium", layers=2, vocabulary=100).shape
    assert (shape.layers, shape.heads, shape.embedding, shape.context) == (2, 16, 1024, 1024)
    assert (shape.head_size, shape.inner, shape.vocabulary) == (64, 4096, 100)


def test_what_is_wrong_is_told_by_its_path() -> None:
    assert problems({"kind": "gpt2", "size": "smal"}) == [
        "model.size: 'smal' is not one of tiny, small, medium, large, xl; did you mean 'small'?"
    ]
    assert problems({"kind": "gpt2", "heads": 3}) == [
        "model.heads: 3 heads cannot share an embedding of 128; give a divisor of it"
    ]
    assert problems({"kind": "gpt2", "layers": 0, "embeding": 64}) == [
        "model.layers: 0 layers is too little; give 1 layer or more",
        "model.embeding: unknown key; did you mean 'embedding'?",
    ]
    assert problems({"kind": "lstn"}) == [
        "model: kind 'lstn' is not one of gpt2, lstm, convolutional; did you mean 'lstm'?"
    ]
    assert problems({"kind": "convolutional", "height": 4, "width": 9, "widths": [8, 8, 8, 8]}) == [
        "model.widths: 4 stages halve images 3 times, which are 4 pixels in height; give 3 stages or fewer"
    ]


def test_settings_are_fitted_to_data() -> None:
    assert GPT2Settings().fitted(vocabulary=300).vocabulary == 300
    assert LSTMSettings(vocabulary=320).fitted(vocabulary=300).vocabulary == 320
    fitted = ConvolutionalSettings().fitted(channels=1, height=8, width=8, classes=10)
    assert (fitted.channels, fitted.height, fitted.width, fitted.classes) == (1, 8, 8, 10)


def test_settings_that_do_not_fit_data_are_refused() -> None:
    with pytest.raises(InvalidInput, match="200 tokens are too little; the data's encoding has 300"):
        GPT2Settings(vocabulary=200).fitted(vocabulary=300)
    with pytest.raises(InvalidInput) as error:
        ConvolutionalSettings(classes=3, widths=(8, 8, 8, 8, 8)).fitted(channels=1, height=8, width=8, classes=10)
    assert [problem.path for problem in error.value.problems] == ["classes", "widths", "widths"]
