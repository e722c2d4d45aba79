"""Training jobs of several nodes."""

from .inputs import TrainingForm, TrainingJobArgs
from .plan import TrainingPlan, plan_training_job
from .preflight import BandwidthCheck
from .program import TrainingProgram
from .training_job import TrainingJob

__all__ = [
    "BandwidthCheck",
    "TrainingForm",
    "TrainingJob",
    "TrainingJobArgs",
    "TrainingPlan",
    "TrainingProgram",
    "plan_training_job",
]
