"""A training cluster: nodes with 8 H100 each, a tenant, room for checkpoints, and a job over all of them."""

import pulumi
import pulumi_kubernetes as kubernetes

from aidc.components import GpuNodePool, KwokNodeClass, NodeProvisioner, SharedFilesystem, Tenancy, TrainingJob

config = pulumi.Config()
provisioner = NodeProvisioner(config.require("provisioner"))
nodes = config.require_int("nodes")

# Components take their provider by inheritance, so this one could be any cluster, such as that of another component.
cluster = kubernetes.Provider("cluster", kubeconfig=config.get("kubeconfig"), enable_server_side_apply=True)
here = pulumi.ResourceOptions(provider=cluster)

if provisioner is NodeProvisioner.KARPENTER_KWOK:
    KwokNodeClass("default", {}, here)

pool = GpuNodePool(
    "h100",
    {
        "provisioner": provisioner,
        "requirement": {"accelerator": "h100", "accelerators": 8, "efa": True},
        "zones": ["us-east-1a"],
        "scaling": {"maximum_nodes": nodes},
    },
    here,
)
research = Tenancy("research", {"quota": {"gpus": str(8 * nodes), "storage": "20Ti"}}, here)
checkpoints = SharedFilesystem(
    "checkpoints",
    {
        "namespace": research.namespace,
        "size": "10Ti",
        "backend": "nfs",
        "nfs": {"server": "10.20.0.10", "path": "/export/checkpoints"},
        "protect": False,
    },
    here,
)
job = TrainingJob(
    "gpt2",
    {
        "namespace": research.namespace,
        "image": "registry.example/training:2.3.0",
        "nodes": nodes,
        "min_nodes": nodes // 2,
        "gpus_per_node": 8,
        "args": ["-m", "my_training", "--model", "gpt2"],
        "resources": {"cpu": "160", "memory": "1600Gi"},
        "node_pool": pool.pool_name,
        "mounts": [{"claim": checkpoints.claim, "path": "/checkpoints"}],
        "checkpoint_path": "/checkpoints/gpt2",
    },
    # No worker before the network policies of its tenant.
    pulumi.ResourceOptions(provider=cluster, depends_on=[research]),
)
pulumi.export("dollarsAnHourAtMost", pool.maximum_price_per_hour)
