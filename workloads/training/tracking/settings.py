"""Settings of tracking."""

from typing import Annotated, Literal

from pydantic import Field

from ...settings import Settings


class NoTrackingSettings(Settings):
    """Measurements are kept nowhere but in the log and in result.json."""

    kind: Literal["none"] = "none"
    """Nowhere."""


class TensorBoardSettings(Settings):
    """Event files for TensorBoard, in `tensorboard` below the output folder."""

    kind: Literal["tensorboard"] = "tensorboard"
    """TensorBoard."""

    folder: str | None = None
    """Folder of the event files; a bucket as `s3://...`. Default: `tensorboard` below the output folder."""


class WandbSettings(Settings):
    """Weights & Biases. Its key comes from the environment, as WANDB_API_KEY."""

    kind: Literal["wandb"] = "wandb"
    """Weights & Biases."""

    project: str = "aidc"
    """Project that the run belongs to. Default: `aidc`."""

    mode: Literal["online", "offline"] = "offline"
    """`offline` writes to the output folder, to be sent with `wandb sync`. Default: `offline`."""


class MlflowSettings(Settings):
    """MLflow."""

    kind: Literal["mlflow"] = "mlflow"
    """MLflow."""

    address: str | None = None
    """Tracking server, such as `http://mlflow:5000`, or a folder, such as `file:///runs`. Default: `mlruns` below the
    output folder."""

    experiment: str = "aidc"
    """Experiment that the run belongs to. Default: `aidc`."""


TrackingSettings = Annotated[
    NoTrackingSettings | TensorBoardSettings | WandbSettings | MlflowSettings, Field(discriminator="kind")
]
