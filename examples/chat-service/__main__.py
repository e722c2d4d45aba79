"""A chat service on L4 GPUs: reached through a load balancer, scaled by its load."""

import pulumi

from aidc.components import (
    GpuNodePool,
    HorizontalScaling,
    InferenceService,
    KwokNodeClass,
    LoadBalancer,
    NodeProvisioner,
    Tenancy,
)

config = pulumi.Config()
provisioner = NodeProvisioner(config.require("provisioner"))
most = config.require_int("maxReplicas")

if provisioner is NodeProvisioner.KARPENTER_KWOK:
    KwokNodeClass("default", {})

pool = GpuNodePool(
    "l4",
    {
        "provisioner": provisioner,
        "requirement": {"accelerator": "l4", "accelerators": 1, "memory_gib": 16, "max_price": 1.0},
        "scaling": {"maximum_nodes": most, "purpose": "serving"},
    },
)
tenant = Tenancy("serving", {"quota": {"gpus": str(most), "load_balancers": "1"}})
after = pulumi.ResourceOptions(depends_on=[tenant])
chat = InferenceService(
    "chat",
    {
        "namespace": tenant.namespace,
        "image": "registry.example/chat:1.4.2",
        "autoscaled": True,
        "node_pool": pool.pool_name,
        "resources": {"cpu": "3", "memory": "12Gi", "gpus": 1},
    },
    after,
)
balancer = LoadBalancer(
    "chat",
    {
        "namespace": tenant.namespace,
        "selector": chat.selector,
        "ports": {"http": {"port": 80, "target_port": 8000}},
        "affinity_seconds": 600,
    },
    after,
)
HorizontalScaling(
    "chat",
    {
        "namespace": tenant.namespace,
        "target": {"name": chat.deployment_name},
        "min_replicas": 2,
        "max_replicas": most,
        "cpu_percent": 60,
    },
    after,
)
pulumi.export("inside", chat.url)
