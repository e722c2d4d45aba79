"""What the programs and those who start them must agree on: modules, ports, paths and names of variables."""

from dataclasses import dataclass
from typing import Final

CHECKPOINT_PATH: Final = "CHECKPOINT_PATH"
"""Environment variable with the folder or address of a training job's checkpoints."""

METRICS_PORT: Final = "METRICS_PORT"
"""Environment variable with the port that a training's metrics are served at."""

SETTINGS_PATH: Final = "/etc/aidc/settings.yaml"
"""Where a pod finds the settings of its program."""

STORE_OF_EACH_START: Final = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
"""Lets torchrun's workers have a store of their own at each start. In the one that its agent keeps, they find addresses
of workers that are gone, and fail to connect (github.com/pytorch/pytorch/issues/135712; so in PyTorch 2.15)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A program that runs in containers."""

    name: str
    """Name of its image and of its folder under workloads."""

    module: str
    """Module that `python -m` or torchrun starts."""

    metrics_port: int
    """Port of its Prometheus metrics."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows `python` or `torchrun`."""
        return ("-m", self.module)


TRAINING: Final = Program(name="training", module="aidc.workloads.training", metrics_port=9400)
INFERENCE: Final = Program(name="inference", module="aidc.workloads.inference", metrics_port=8000)
PREPROCESSING: Final = Program(name="preprocessing", module="aidc.workloads.preprocessing", metrics_port=9401)
AUTOSCALER: Final = Program(name="autoscaler", module="aidc.workloads.autoscaler", metrics_port=9402)

DECISION_PATH: Final = "/replicas"
"""Where the autoscaler says, beside its metrics, how many pods there are to be: `{"replicas": 3}`."""
