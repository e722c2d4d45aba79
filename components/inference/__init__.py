"""Programs that answer requests: inference services and microservices."""

from .deployment_inputs import SpreadMode
from .deployment_plan import DeploymentPlan
from .inference_service import InferenceService, InferenceServiceArgs, plan_inference_service
from .microservice import Microservice, MicroserviceArgs, MicroservicePlan, plan_microservice

__all__ = [
    "DeploymentPlan",
    "InferenceService",
    "InferenceServiceArgs",
    "Microservice",
    "MicroserviceArgs",
    "MicroservicePlan",
    "SpreadMode",
    "plan_inference_service",
    "plan_microservice",
]
