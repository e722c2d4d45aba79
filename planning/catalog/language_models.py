"""Published language models: the widths that decide what training and serving one needs."""

import math
import re
from dataclasses import dataclass, replace
from functools import cache

from ...problems import Problems, suggestion
from .data_files import read_data

_SIZE = re.compile(r"(\d+(?:\.\d+)?)([mbt])", re.IGNORECASE)
_EXPERTS = re.compile(
    r"\d+x\d|-a\d+(\.\d+)?b|mixtral|moe|deepseek-?(v2|v3|r1)|gpt-oss|llama-4|grok|kimi", re.IGNORECASE
)
_UNITS = {"m": 10**6, "b": 10**9, "t": 10**12}
_LARGEST = 2 * 10**12
_SAME_SHAPE = math.log(1.15)


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageModel:
    """A decoder-only Transformer without experts."""

    name: str
    """Such as `llama-3-8b`."""

    title: str
    """Name in the publisher's words."""

    parameters: int
    """All weights."""

    layers: int
    """Blocks of attention and feed-forward network."""

    width: int
    """Width of the embedding."""

    heads: int
    """Heads of queries."""

    key_value_heads: int
    """Heads of keys and values: fewer than `heads` with grouped queries."""

    head_width: int
    """Width of one head."""

    feed_forward_width: int
    """Inner width of the feed-forward network."""

    vocabulary: int
    """Words of the tokenizer."""

    context: int
    """Tokens that it was trained to read at once."""

    form: str
    """`gpt2`: learned positions, biases, two matrices in the feed-forward network; `llama`: three, without biases;
    `qwen2`: as `llama`, with biases of queries, keys and values."""

    tied_embeddings: bool
    """Whether the head's matrix is that of the embedding."""

    source: str
    """Name of the source, a key of `sources()`."""

    shape_of: str = ""
    """Title of the model whose shape is taken, where only a size was asked for; empty for a published model."""

    @property
    def multiplied_parameters(self) -> int:
        """Weights that take part in a matrix product for each token: not the tables that are only looked up."""
        positions = self.context * self.width if self.form == "gpt2" else 0
        embedding = 0 if self.tied_embeddings else self.vocabulary * self.width
        return self.parameters - positions - embedding

    @property
    def cached_values_per_token(self) -> int:
        """Keys and values that are kept for each token of a text."""
        return 2 * self.layers * self.key_value_heads * self.head_width

    def training_flops_per_token(self, context: int) -> float:
        """Return the model FLOPS of forward and backward pass for one token of texts of `context` tokens.

        6 for each weight, and 12 * layers * heads * head width * context for attention, of which a causal mask needs
        half: Chowdhery et al. 2022, PaLM, appendix B. What is recomputed does not count.
        """
        return 6.0 * self.multiplied_parameters + 6.0 * self._attention_width * context

    def reading_flops(self, tokens: float) -> float:
        """Return the FLOPS of reading a prompt: 2 for each weight and token, and causal attention."""
        return 2.0 * self.multiplied_parameters * tokens + 2.0 * self._attention_width * tokens**2

    @property
    def _attention_width(self) -> int:
        return self.layers * self.heads * self.head_width


@cache
def language_models() -> dict[str, LanguageModel]:
    """Return every published model by its name, by size."""
    data = read_data("language_models")
    return {row[0]: LanguageModel(**dict(zip(data["columns"], row, strict=True))) for row in data["rows"]}


def find_language_model(name: str, problems: Problems, path: str = "model") -> LanguageModel | None:
    """Return the model called `name`, or of a size such as `7B`; else add to `problems` at `path` and return None.

    A size gives a model of that many parameters in the shape of the published model nearest to it, which `shape_of`
    names; where none is within 15 %, with as many layers as give that size.
    """
    wanted = "-".join(name.strip().lower().replace("_", " ").split())
    known = language_models()
    if wanted in known:
        return known[wanted]
    size = _SIZE.fullmatch(wanted)
    if size is None and _EXPERTS.search(wanted):
        problems.add(
            path,
            f"'{name}' has experts, and such models are not computed here, since each weight is taken to be multiplied "
            "for every token; for bounds give a size: that of all weights, such as 47B, and that of those at work, "
            "such as 13B",
        )
        return None
    if size is None:
        hint = suggestion(wanted, known) or f"; known: {', '.join(known)}"
        problems.add(path, f"'{name}' is neither a known model nor a size such as 7B{hint}")
        return None
    parameters = round(float(size[1]) * _UNITS[size[2].lower()])
    smallest = min(model.parameters for model in known.values())
    if not smallest / 2 <= parameters <= _LARGEST:
        problems.add(path, f"{name} is no size of a model that is known here; give 62M to 2T, or a name")
        return None
    return _of_size(parameters, name)


def _of_size(parameters: int, name: str) -> LanguageModel:
    distance = {each.name: abs(math.log(each.parameters / parameters)) for each in language_models().values()}
    nearest = language_models()[min(distance, key=lambda each: distance[each])]
    layers = nearest.layers
    if distance[nearest.name] > _SAME_SHAPE:
        per_layer = _parameters_per_layer(nearest)
        fixed = nearest.parameters - layers * per_layer
        layers = max(1, round((parameters - fixed) / per_layer))
    size = name.strip().upper()
    return replace(nearest, name=size, title=size, parameters=parameters, layers=layers, shape_of=nearest.title)


def _parameters_per_layer(model: LanguageModel) -> int:
    attention = 2 * model.width * (model.heads + model.key_value_heads) * model.head_width
    matrices = 2 if model.form == "gpt2" else 3
    return attention + matrices * model.width * model.feed_forward_width
