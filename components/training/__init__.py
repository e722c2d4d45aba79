"""Training jobs of several nodes."""

from .inputs import TrainingForm, TrainingJobArgs
from .plan import TrainingPlan, plan_training_job
from .training_job import TrainingJob

__all__ = ["TrainingForm", "TrainingJob", "TrainingJobArgs", "TrainingPlan", "plan_training_job"]
