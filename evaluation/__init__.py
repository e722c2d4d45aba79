"""Any Pulumi program, evaluated in process into one resource graph."""

from .evaluator import EvaluationError, evaluate
from .graph import UNKNOWN, Resource, ResourceGraph

__all__ = ["UNKNOWN", "EvaluationError", "Resource", "ResourceGraph", "evaluate"]
