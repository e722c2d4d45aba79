"""The library's own programs on a real node: a training of two pods, and what serves its result.

The stack `training` trains; the stack `serving` is the same, and serves as well.
"""

import pulumi

from aidc.components import (
    HorizontalScaling,
    InferenceService,
    LoadBalancer,
    SharedFilesystem,
    Tenancy,
    TrainingJob,
)

POOL = "real"
MODEL = "/checkpoints/gpt2/output/model"

lab = Tenancy("lab", {})
checkpoints = SharedFilesystem(
    "checkpoints",
    {
        "namespace": lab.namespace,
        "size": "10Gi",
        "backend": "host-path",
        "host_path": "/mnt/checkpoints",
        "protect": False,
    },
)
job = TrainingJob(
    "gpt2",
    {
        "namespace": lab.namespace,
        "image": "localhost/aidc-training:local",
        "nodes": 2,
        "program": {
            "recipe": "gpt2-tiny",
            "overrides": {
                "steps": 120,
                "checkpoint.interval": 10,
                "evaluation.interval": 120,
                "evaluation.batches": 2,
            },
        },
        "resources": {"cpu": "200m", "memory": "1536Mi"},
        "node_pool": POOL,
        "mounts": [{"claim": checkpoints.claim, "path": "/checkpoints"}],
        "checkpoint_path": "/checkpoints/gpt2",
        "max_restarts": 10,
    },
    pulumi.ResourceOptions(depends_on=[lab]),
)

if pulumi.get_stack() == "serving":
    chat = InferenceService(
        "chat",
        {
            "namespace": lab.namespace,
            "image": "localhost/aidc-inference:local",
            "autoscaled": True,
            "resources": {"cpu": "100m", "memory": "1Gi"},
            "node_pool": POOL,
            "mounts": [{"claim": checkpoints.claim, "path": "/checkpoints", "read_only": True}],
            "model": MODEL,
            "settings": {"threads": 1, "name": "first"},
            "max_surge": "1",
        },
        pulumi.ResourceOptions(depends_on=[lab]),
    )
    LoadBalancer(
        "chat",
        {
            "namespace": lab.namespace,
            "selector": chat.selector,
            "ports": {"http": {"port": 80, "target_port": 8000}},
        },
    )
    HorizontalScaling(
        "chat",
        {
            "namespace": lab.namespace,
            "target": {"name": chat.deployment_name},
            "min_replicas": 1,
            "max_replicas": 3,
            "cpu_percent": 60,
        },
    )
