"""Port at which the workers of a training job find each other."""

from typing import Final

PORT: Final = 29500
"""Port of the rendezvous, as Kubeflow Trainer's PET_MASTER_PORT."""
