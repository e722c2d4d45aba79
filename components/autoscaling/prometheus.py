"""Where Prometheus is, unless somebody says otherwise."""

from typing import Final

PROMETHEUS: Final = "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"
"""Address of the Prometheus that the add-on kube-prometheus-stack makes."""

PROMETHEUS_NAMESPACE: Final = "monitoring"
"""Namespace of that add-on."""

PROMETHEUS_PORT: Final = 9090
"""Port of that Prometheus."""
