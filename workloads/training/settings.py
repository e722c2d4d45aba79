"""Settings of a training."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...problems import Problems
from ..models.settings import GPT2Settings, ModelSettings
from ..settings import Settings, Unit
from .checkpoints.settings import CheckpointSettings
from .data.settings import DataSettings, TextSettings
from .optimization.settings import AdamWSettings, OptimizerSettings, ScheduleSettings
from .parallel.settings import ParallelSettings
from .tracking.settings import NoTrackingSettings, TrackingSettings

Count = Annotated[int, Field(ge=1)]


class BatchSettings(Settings):
    """How many samples each step learns from."""

    batch_size: Annotated[Count, Unit("samples")]
    """Samples of one step, over all processes: it stays the same when their number changes."""

    micro_batch_size: Annotated[Count, Unit("samples")] | None = None
    """Samples of one pass through the model on one process; its gradients are accumulated until its share of the batch
    is done. Default: the whole share at once."""

    context: Annotated[int, Field(ge=1, le=1_048_576), Unit("tokens")] = 256
    """Tokens of a sample of text; images have none. Default: 256."""


class EvaluationSettings(Settings):
    """How the model is measured on data that is held out."""

    interval: Annotated[Count, Unit("steps")] | None = None
    """Steps between evaluations. Default: a tenth of all steps. The last step is always evaluated."""

    batches: Annotated[Count, Unit("batches")] = 20
    """Batches of `batch.batch_size` at most of each evaluation: always the same samples, spread evenly over all that
    are held out. Default: 20."""


class FaultSettings(Settings):
    """What is noticed, and what is borne."""

    nonfinite_steps: Annotated[int, Field(ge=0), Unit("steps")] = 3
    """Steps in a row whose loss or gradient is no finite number; they are left out and reported, and one more ends
    the training. Default: 3."""

    straggler_interval: Annotated[Count, Unit("steps")] = 50
    """Steps between comparisons of the processes' step times. Default: 50."""

    straggler_factor: Annotated[float, Field(gt=1)] = 1.5
    """A process is reported when its steps take more than this times the median. Default: 1.5."""

    termination_notice: Annotated[float, Field(gt=0, le=86_400), Unit("seconds")] = 120
    """Seconds that SIGTERM leaves for the step at hand and a checkpoint, as long as a spot instance's notice; training
    ends without a checkpoint when they run out. Default: 120."""


class MetricsSettings(Settings):
    """Metrics for Prometheus."""

    port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """Port of /metrics; 0 lets the system choose, and the log says which. Default: that in METRICS_PORT, or none."""

    address: str = "0.0.0.0"
    """Address that it listens at. Default: `0.0.0.0`."""


class TrainingSettings(Settings):
    """A training: a model, data, and how the one learns from the other."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")] = "training"
    """Name of the run. Default: `training`; recipes have their own."""

    model: ModelSettings
    """The model."""

    data: DataSettings = TextSettings()
    """What it learns from. Default: the default corpus as bytes."""

    optimizer: OptimizerSettings = AdamWSettings(learning_rate=1e-3)
    """How its weights are changed. Default: AdamW with a learning rate of 0.001."""

    schedule: ScheduleSettings = ScheduleSettings()
    """Learning rate over the steps. Default: constant."""

    loss: Literal["cross_entropy", "mean_squared_error"] = "cross_entropy"
    """What is made small. `mean_squared_error` compares probabilities with 1 for the right class and 0 for the others,
    and divides by the number of classes. Default: `cross_entropy`."""

    batch: BatchSettings
    """How many samples each step learns from."""

    steps: Annotated[Count, Unit("steps")]
    """Steps of the optimizer."""

    evaluation: EvaluationSettings = EvaluationSettings()
    """How the model is measured on data that is held out."""

    precision: Literal["float32", "bfloat16"] = "float32"
    """Numbers of the passes through the model; weights and the optimizer's state are in float32. Default: `float32`."""

    compile: bool = False
    """Whether the model is compiled by torch.compile: slower to start, faster to run. Default: false."""

    activation_checkpointing: bool = False
    """Whether activations are computed again on the way back instead of kept: less memory, about a third more
    computation. Default: false."""

    parallel: ParallelSettings = ParallelSettings()
    """How model and data are spread over the processes. Default: each has the model, and a part of the batch."""

    checkpoint: CheckpointSettings = CheckpointSettings()
    """Where the training keeps its state. Default: in CHECKPOINT_PATH, or nowhere."""

    tracking: TrackingSettings = NoTrackingSettings()
    """Where measurements are kept. Default: nowhere but in the log and in result.json."""

    metrics: MetricsSettings = MetricsSettings()
    """Metrics for Prometheus."""

    faults: FaultSettings = FaultSettings()
    """What is noticed, and what is borne."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the weights, of the order of the data and of dropout. Default: 0."""

    log_interval: Annotated[Count, Unit("steps")] = 10
    """Steps between reports. Default: 10."""

    output: Path | None = None
    """Folder for result.json and the trackers' files. Default: `output` below the checkpoints where these are in a
    folder, else `runs/NAME`."""

    export: str | None = None
    """Folder, or address such as `s3://bucket/model`, that the trained model is written to. Default: `model` below the
    output folder."""

    @model_validator(mode="after")
    def _fits(self) -> "TrainingSettings":
        problems = Problems()
        batch = self.batch
        if batch.micro_batch_size is not None and batch.batch_size % batch.micro_batch_size:
            problems.add(
                "batch.micro_batch_size",
                f"{batch.micro_batch_size} samples do not divide the batch of {batch.batch_size}",
            )
        if self.schedule.warmup_steps >= self.steps:
            problems.add(
                "schedule.warmup_steps", f"{self.schedule.warmup_steps} steps leave nothing of {self.steps} steps"
            )
        falling = self.schedule.decay_steps
        if falling is not None and self.schedule.kind != "warmup_stable_decay":
            reason = f"{self.schedule.kind} has no fall of its own; leave it out, or choose warmup_stable_decay"
            problems.add("schedule.decay_steps", reason)
        elif falling is not None and falling + self.schedule.warmup_steps > self.steps:
            problems.add("schedule.decay_steps", f"{falling} steps and the warm-up are more than {self.steps} steps")
        self._check_model(problems)
        problems.raise_if_any("training")
        return self

    def _check_model(self, problems: Problems) -> None:
        text = isinstance(self.data, TextSettings)
        if text and self.model.kind == "convolutional":
            problems.add("model.kind", "convolutional takes images; choose gpt2 or lstm for text")
        elif not text and self.model.kind != "convolutional":
            problems.add("model.kind", f"{self.model.kind} takes text; choose convolutional for images")
        if isinstance(self.model, GPT2Settings) and self.batch.context > self.model.shape.context:
            least = self.model.shape.context
            problems.add(
                "batch.context",
                f"{self.batch.context} tokens are too much; the model looks back {least} tokens at most",
            )
