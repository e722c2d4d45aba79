"""Programs that answer requests: inference services and microservices."""

from .deployment_inputs import SpreadMode
from .deployment_plan import DeploymentPlan
from .engines import InferenceEngine, running_requests, waiting_requests
from .inference_service import InferenceService, InferenceServiceArgs, plan_inference_service
from .microservice import Microservice, MicroserviceArgs, MicroservicePlan, plan_microservice
from .waiting_scaling import WaitingScaling, plan_waiting_scaling

__all__ = [
    "DeploymentPlan",
    "InferenceEngine",
    "InferenceService",
    "InferenceServiceArgs",
    "Microservice",
    "MicroserviceArgs",
    "MicroservicePlan",
    "SpreadMode",
    "WaitingScaling",
    "plan_inference_service",
    "plan_microservice",
    "plan_waiting_scaling",
    "running_requests",
    "waiting_requests",
]
