"""Inputs of the components that forecast; together they use every field. Data only."""

from typing import Any

_IMAGE = "registry.example/autoscaler:1.4.2"
_DIRECTION = {"stabilization_seconds": 30, "steps": [{"unit": "Pods", "amount": 8, "period_seconds": 30}]}

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "PredictiveScaling": [
        {
            "namespace": "ai",
            "image": _IMAGE,
            "target": {"name": "chat"},
            "max_replicas": 8,
            "load": {"query": 'sum(rate(requests_total{namespace="ai"}[2m]))'},
            "capacity": {"replica_rate": 12.5},
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "target": {"name": "chat", "kind": "StatefulSet", "api_version": "apps/v1"},
            "max_replicas": 20,
            "min_replicas": 2,
            "load": {
                "query": "sum(rate(requests_total[2m]))",
                "address": "http://prometheus.monitoring.svc:9090",
                "waiting": "sum(requests_waiting)",
                "freshness": "max(timestamp(requests_total))",
                "namespace": "metrics",
            },
            "capacity": {"service_seconds": 1.5, "concurrency": 4},
            "start_up_seconds": 300,
            "mode": "act",
            "acting": "keda",
            "triggers": {"cpu": {"type": "cpu", "metadata": {"value": "70"}}},
            "scale_up": _DIRECTION,
            "scale_down": _DIRECTION,
            "settings": {"interval_seconds": 15, "objective": {"late_worth": 50}},
            "autoscalers": 3,
            "resources": {"cpu": "200m", "memory": "512Mi"},
            "node_pool": "system",
            "priority_class": "system-cluster-critical",
            "keda_namespace": "keda",
            "api_networks": ["10.0.0.0/8"],
            "allowed_namespaces": ["monitoring"],
            "monitored": True,
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "target": {"name": "chat"},
            "max_replicas": 8,
            "resource": "cpu",
            "capacity": {"replica_rate": 0.5},
            "mode": "act",
            "acting": "scale",
        },
    ],
}
