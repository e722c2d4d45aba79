"""Preprocessing of raw data."""

from .inputs import PreprocessingForm, PreprocessingJobArgs
from .plan import PreprocessingPlan, plan_preprocessing_job
from .preprocessing_job import PreprocessingJob

__all__ = [
    "PreprocessingForm",
    "PreprocessingJob",
    "PreprocessingJobArgs",
    "PreprocessingPlan",
    "plan_preprocessing_job",
]
