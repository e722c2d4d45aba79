"""Card of a model: what it is, what it was made from, and how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .settings import ConvolutionalSettings, GPT2Settings, LSTMSettings

Fact = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """What is to be known of a model, for its README.md."""

    name: str
    """Name of the model."""

    description: str = ""
    """What it is for, and what it is not for."""

    data: str = ""
    """What it was trained on."""

    metrics: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    """What was measured, by name: `held-out loss`, `accuracy`."""

    procedure: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    """How it was made, by name: steps, optimizer, seed."""

    def render(
        self, settings: GPT2Settings | LSTMSettings | ConvolutionalSettings, parameters: int, quantization: str | None
    ) -> str:
        """Return the card as Markdown with a header that model hubs read (hf.co/docs/hub/model-cards)."""
        task = "image-classification" if isinstance(settings, ConvolutionalSettings) else "text-generation"
        facts: dict[str, Fact] = {"parameters": f"{parameters:,}"}
        if quantization is not None:
            facts["weights"] = quantization
        facts |= {key: value for key, value in settings.model_dump(mode="json").items() if value is not None}
        parts = [
            f"---\nlibrary_name: pytorch\npipeline_tag: {task}\ntags: [{settings.kind}, aidc]\n---",
            f"# {_line(self.name)}",
            self.description.strip(),
            f"## Model\n\n{_table(facts)}",
            f"## Data\n\n{self.data.strip()}" if self.data else "",
            f"## Training\n\n{_table(self.procedure)}" if self.procedure else "",
            f"## Metrics\n\n{_table(self.metrics)}" if self.metrics else "",
            "## Use\n\n`aidc serve FOLDER` serves this folder; `aidc.workloads.models.export.load_model` loads it.",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def _table(facts: Mapping[str, Fact]) -> str:
    rows = [f"| {_cell(key)} | {_cell(_shown(value))} |" for key, value in facts.items()]
    return "\n".join(["| | |", "|---|---|", *rows])


def _shown(value: Fact) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())
