"""What KWOK plays, and how the API server reaches what it measures."""

from pathlib import Path

from .controller import api_service, local_service
from .objects import Object
from .programs import Place


def kwok_configuration() -> Path:
    """Return KWOK's configuration: stages of nodes, pods, volumes and Services, and usage metrics."""
    return Path(__file__).with_name("data") / "kwok.yaml"


def metrics_objects(place: Place) -> list[Object]:
    """Return the Service and the entry by which the API server serves pod metrics from metrics-server."""
    service = local_service("metrics-server", "kube-system", place.ports["metrics-server"])
    return [service, api_service("metrics.k8s.io", "v1beta1", service, place.authority.certificate)]
