"""Trackers: the measurements of a training, kept where they can be looked at and compared."""

import os
from pathlib import Path
from typing import Any, Protocol, cast

from ....problems import InvalidInput, Problem
from .settings import MlflowSettings, NoTrackingSettings, TensorBoardSettings, TrackingSettings, WandbSettings


class Tracker(Protocol):
    """Where measurements are kept."""

    def log(self, step: int, values: dict[str, float]) -> None:
        """Keep the measurements of a step."""
        ...

    def close(self) -> None:
        """Write what is not written yet."""
        ...


def open_tracker(settings: TrackingSettings, name: str, output: Path, parameters: dict[str, Any]) -> Tracker | None:
    """Return the tracker that the settings name, or None; `parameters` are the settings of the training.

    Raises:
        InvalidInput: It cannot be started.
    """
    if isinstance(settings, NoTrackingSettings):
        return None
    try:
        if isinstance(settings, TensorBoardSettings):
            return _TensorBoard(settings, output, parameters)
        if isinstance(settings, WandbSettings):
            return _Wandb(settings, name, output, parameters)
        return _Mlflow(settings, name, output, parameters)
    except ModuleNotFoundError as error:
        reason = f"needs {error.name}, which is not there; `pip install 'aidc[training]'` installs it"
        raise InvalidInput("tracking", [Problem("tracking.kind", f"{settings.kind} {reason}")]) from error
    except Exception as error:  # each library raises its own
        reason = f"{settings.kind} cannot be started: {' '.join(str(error).split())}"
        raise InvalidInput("tracking", [Problem("tracking", reason)]) from error


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by their paths, such as `optimizer.learning_rate`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        found |= flat(cast(dict[str, Any], value), f"{path}.") if isinstance(value, dict) else {path: value}
    return found


class _TensorBoard:
    def __init__(self, settings: TensorBoardSettings, output: Path, parameters: dict[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(settings.folder or str(output / "tensorboard"))
        rows = "\n".join(f"| {path} | {value} |" for path, value in flat(parameters).items())
        self._writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}", 0)
        self._writer.flush()

    def log(self, step: int, values: dict[str, float]) -> None:
        for key, value in values.items():
            self._writer.add_scalar(key, value, step)

    def close(self) -> None:
        self._writer.close()


class _Wandb:
    def __init__(self, settings: WandbSettings, name: str, output: Path, parameters: dict[str, Any]) -> None:
        import wandb

        output.mkdir(parents=True, exist_ok=True)
        self._library: Any = wandb
        self._run: Any = self._library.init(
            project=settings.project,
            name=name,
            mode=settings.mode,
            dir=str(output),
            config=parameters,
            settings=self._library.Settings(console="off", silent=True),
        )

    def log(self, step: int, values: dict[str, float]) -> None:
        self._run.log(values, step=step)

    def close(self) -> None:
        self._run.finish()
        # Without a network, `finish` does not wait until everything is in the file.
        self._library.teardown()


class _Mlflow:
    def __init__(self, settings: MlflowSettings, name: str, output: Path, parameters: dict[str, Any]) -> None:
        address = settings.address or (output / "mlruns").absolute().as_uri()
        if address.startswith("file:"):
            # MLflow keeps files only where it is told to: it prefers databases, whose driver its small edition lacks.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        # By itself it tries for minutes, in which training stands still.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        from mlflow.tracking import MlflowClient

        self._client: Any = MlflowClient(tracking_uri=address)
        experiment = self._client.get_experiment_by_name(settings.experiment)
        number = experiment.experiment_id if experiment else self._client.create_experiment(settings.experiment)
        self._run: str = self._client.create_run(number, run_name=name).info.run_id
        for path, value in flat(parameters).items():
            self._client.log_param(self._run, path, str(value)[:500])

    def log(self, step: int, values: dict[str, float]) -> None:
        for key, value in values.items():
            self._client.log_metric(self._run, key, value, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._run)
