"""Any Pulumi program, evaluated in process into one resource graph."""

from .evaluator import evaluate
from .failures import EvaluationError
from .graph import UNKNOWN, Resource, ResourceGraph

__all__ = ["UNKNOWN", "EvaluationError", "Resource", "ResourceGraph", "evaluate"]
