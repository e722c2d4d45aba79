"""The LSTM and the convolutional network: their arithmetic by hand, their gradients, and what they remember."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from aidc.problems import InvalidInput
from aidc.workloads.models.convolutional import Convolutional
from aidc.workloads.models.lstm import LSTM
from aidc.workloads.models.model import blocks, build_model, parameter_count
from aidc.workloads.models.settings import ConvolutionalSettings, GPT2Settings, LSTMSettings

TEXT = LSTMSettings(layers=2, embedding=5, hidden=7, vocabulary=11)
IMAGES = ConvolutionalSettings(channels=2, height=7, width=6, classes=3, widths=(4, 6))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_an_lstm_computes_what_its_equations_say() -> None:
    torch.manual_seed(0)
    model = LSTM(TEXT).double()
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    tokens = [3, 1, 4, 1, 5, 9]
    inputs = weights["tokens.weight"][tokens]
    for layer in range(2):
        hidden = cell = np.zeros(7)
        outputs = []
        for x in inputs:
            gates = weights[f"memory.weight_ih_l{layer}"] @ x + weights[f"memory.bias_ih_l{layer}"]
            gates = gates + weights[f"memory.weight_hh_l{layer}"] @ hidden + weights[f"memory.bias_hh_l{layer}"]
            enter, forget, candidate, leave = np.split(gates, 4)
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(candidate)
            hidden = sigmoid(leave) * np.tanh(cell)
            outputs.append(hidden)
        inputs = np.array(outputs)
    expected = inputs @ weights["head.weight"].T + weights["head.bias"]
    np.testing.assert_allclose(model(torch.tensor([tokens]))[0].detach().numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cuts", [[9], [1] * 9, [4, 5]])
def test_a_state_continues_where_it_was(cuts: list[int]) -> None:
    torch.manual_seed(0)
    model = LSTM(TEXT)
    tokens = torch.randint(0, 11, (3, 9))
    cache = model.cache(3)
    parts = [model(part, cache) for part in tokens.split(cuts, dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), model(tokens), rtol=0, atol=1e-6)


def test_a_state_cannot_forget_single_tokens() -> None:
    model = LSTM(TEXT)
    cache = model.cache(2)
    model(torch.zeros(2, 3, dtype=torch.int64), cache)
    with pytest.raises(ValueError, match="cannot forget single tokens"):
        cache.truncate(torch.tensor([3, 2]))


def gradients_hold(model: torch.nn.Module, inputs: Tensor, targets: Tensor) -> bool:
    model = model.double()
    names = [name for name, _ in model.named_parameters()]

    def loss(*values: Tensor) -> Tensor:
        logits = torch.func.functional_call(model, dict(zip(names, values, strict=True)), (inputs,))
        return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())

    values = tuple(value.detach().clone().requires_grad_() for _, value in model.named_parameters())
    return torch.autograd.gradcheck(loss, values)


def test_gradients_are_those_of_small_differences() -> None:
    torch.manual_seed(0)
    small = LSTMSettings(layers=2, embedding=3, hidden=3, vocabulary=4)
    assert gradients_hold(LSTM(small), torch.tensor([[1, 3, 0]]), torch.tensor([[3, 0, 2]]))
    images = ConvolutionalSettings(channels=1, height=4, width=4, classes=3, widths=(2, 4))
    assert gradients_hold(Convolutional(images), torch.rand(2, 1, 4, 4).double(), torch.tensor([0, 2]))


def convolved(images: np.ndarray, weight: np.ndarray, stride: int) -> np.ndarray:
    _, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = range(0, height, stride), range(0, width, stride)
    places = [[padded[:, :, row : row + 3, column : column + 3] for column in columns] for row in rows]
    return np.array([[np.einsum("bcij,ocij->bo", place, weight) for place in row] for row in places]).transpose(
        2, 3, 0, 1
    )


def group_normed(x: np.ndarray, groups: int, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    parts = x.reshape(len(x), groups, -1)
    normed = (parts - parts.mean(2, keepdims=True)) / np.sqrt(parts.var(2, keepdims=True) + 1e-5)
    return normed.reshape(x.shape) * weight[:, None, None] + bias[:, None, None]


def test_a_convolutional_network_computes_what_its_layers_say() -> None:
    torch.manual_seed(0)
    model = Convolutional(IMAGES).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 0.5)
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    images = torch.rand(2, 2, 7, 6, dtype=torch.float64)
    hidden = images.numpy()
    for stage, groups in ((0, 4), (1, 2)):
        for place, stride in (("first", 2 if stage else 1), ("second", 1)):
            own = f"stages.{stage}.{place}"
            hidden = convolved(hidden, weights[f"{own}.weight"], stride)
            hidden = group_normed(hidden, groups, weights[f"{own}_norm.weight"], weights[f"{own}_norm.bias"])
            hidden = np.maximum(hidden, 0)
    expected = hidden.mean((2, 3)) @ weights["head.weight"].T + weights["head.bias"]
    np.testing.assert_allclose(model(images).detach().numpy(), expected, rtol=0, atol=1e-10)
    assert list(blocks(model)) == ["stages.0", "stages.1"]


def test_an_image_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    model = Convolutional(IMAGES).train()
    images = torch.rand(4, 2, 7, 6)
    torch.testing.assert_close(model(images)[1:2], model(images[1:2]), rtol=0, atol=1e-5)


def test_parameters_are_counted_once() -> None:
    assert parameter_count(LSTM(TEXT)) == 11 * 5 + 4 * 7 * (5 + 7 + 2) + 4 * 7 * (7 + 7 + 2) + 7 * 11 + 11
    assert parameter_count(Convolutional(IMAGES)) == 9 * (2 * 4 + 4 * 4 + 4 * 6 + 6 * 6) + 4 * 4 + 4 * 6 + 6 * 3 + 3


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (GPT2Settings(), ["vocabulary"]),
        (LSTMSettings(), ["vocabulary"]),
        (ConvolutionalSettings(), ["channels", "classes"]),
    ],
)
def test_a_model_of_unknown_data_is_refused(
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings, missing: list[str]
) -> None:
    with pytest.raises(InvalidInput) as error:
        build_model(settings)
    assert [problem.path for problem in error.value.problems] == missing
