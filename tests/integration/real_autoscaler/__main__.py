"""A service on simulated nodes, and the predictive autoscaler that scales it as a pod of a real one.

The stack `service` is the service alone; the stack `scaled` is the same, and scales it by the load at LOAD_ADDRESS.
"""

import os

import pulumi

from aidc.components import (
    CpuNodePool,
    InferenceService,
    NodeProvisioner,
    PredictiveActing,
    PredictiveMode,
    PredictiveScaling,
    Tenancy,
)

lab = Tenancy("lab", {})
pool = CpuNodePool(
    "servers",
    {
        "provisioner": NodeProvisioner.EXISTING_NODES,
        "scaling": {"maximum_nodes": 2},
        "instance_types": ["m7i.2xlarge"],
    },
)
chat = InferenceService(
    "chat",
    {
        "namespace": lab.namespace,
        "image": "registry.example/chat:1.0.0",
        "autoscaled": True,
        "resources": {"cpu": "500m", "memory": "1Gi"},
        "node_pool": pool.pool_name,
    },
    pulumi.ResourceOptions(depends_on=[lab]),
)

if pulumi.get_stack() == "scaled":
    PredictiveScaling(
        "chat",
        {
            "namespace": lab.namespace,
            "image": "localhost/aidc-autoscaler:local",
            "target": {"name": chat.deployment_name},
            "max_replicas": 12,
            "load": {"query": "load", "address": os.environ["LOAD_ADDRESS"]},
            "capacity": {"replica_rate": 5},
            "start_up_seconds": 5,
            "mode": PredictiveMode.ACT,
            "acting": PredictiveActing.SCALE,
            "autoscalers": 1,
            "node_pool": "real",
            "settings": {
                "interval_seconds": 1,
                "utilisation": 0.8,
                "history_seconds": 600,
                "replicas": {"stabilization_seconds": 2},
            },
        },
        pulumi.ResourceOptions(depends_on=[lab]),
    )
