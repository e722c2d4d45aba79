"""What the Prometheus operator reads of a workload's pods."""

from typing import Any

import pulumi


def pod_monitor(
    name: str,
    namespace: pulumi.Input[str],
    *,
    labels: dict[str, str],
    selector: dict[str, str],
    port: str,
    path: str = "/metrics",
) -> dict[str, Any]:
    """Return the PodMonitor of a workload: Prometheus asks all its pods, whether ready or not.

    Args:
        name: of the workload, and of the object.
        namespace: of both.
        labels: of the object.
        selector: labels of the pods.
        port: name of the container's port.
        path: where the metrics are.
    """
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"selector": {"matchLabels": selector}, "podMetricsEndpoints": [{"port": port, "path": path}]},
    }
