"""Programs that answer requests: inference services and microservices."""

from .deployment_inputs import SpreadMode
from .deployment_plan import DeploymentPlan
from .inference_service import InferenceService, InferenceServiceArgs, plan_inference_service

__all__ = [
    "DeploymentPlan",
    "InferenceService",
    "InferenceServiceArgs",
    "SpreadMode",
    "plan_inference_service",
]
