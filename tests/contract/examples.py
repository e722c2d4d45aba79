"""Inputs that every public component accepts; together they use every field. Data only."""

import runpy
from pathlib import Path
from typing import Any

_IMAGE = "registry.example/program:1.4.2"
_TRIGGER = {
    "type": "prometheus",
    "metadata": {"serverAddress": "http://prometheus:9090", "query": "sum(waiting)", "threshold": "5"},
}
_RESOURCES = {
    "cpu": "4",
    "memory": "16Gi",
    "cpu_limit": "8",
    "memory_limit": "32Gi",
    "ephemeral_storage": "20Gi",
}
_SERVER = {
    "namespace": "ai",
    "image": _IMAGE,
    "command": ["serve"],
    "args": ["--fast"],
    "port": 9000,
    "mounts": [{"claim": "models", "path": "/models", "read_only": True}],
    "environment": {"LOG_LEVEL": "info"},
    "secret_environment": {"TOKEN": {"secret": "tokens", "key": "hub"}},
    "node_pool": "h100",
    "service_account": "server",
    "liveness_path": "/alive",
    "readiness_path": "/ready",
    "startup_seconds": 900,
    "allowed_namespaces": ["monitoring", "edge"],
}
_SCALING = {
    "scale_up": {"stabilization_seconds": 30, "steps": [{"unit": "Pods", "amount": 8, "period_seconds": 30}]},
    "scale_down": {"steps": [{"unit": "Percent", "amount": 20}], "select": "Min"},
}

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "CpuNodePool": [
        {"provisioner": "karpenter-kwok", "scaling": {"maximum_nodes": 4}, "instance_types": ["m7i.2xlarge"]},
        {
            "provisioner": "karpenter-kwok",
            "scaling": {"maximum_nodes": 4, "purpose": "training"},
            "requirement": {
                "vcpus": 8,
                "memory_gib": 32.0,
                "network_gbps": 10,
                "local_nvme_gb": 100,
                "architecture": "amd64",
                "max_price": 50,
            },
            "pool_name": "loaders",
            "labels": {"team": "data"},
            "taints": [{"key": "team", "value": "data", "effect": "NoExecute"}],
            "zones": ["us-east-1b", "us-east-1a"],
            "capacity_types": ["spot", "on-demand"],
            "node_class": "default",
            "region": "us-east-1",
        },
        {
            "provisioner": "existing-nodes",
            "scaling": {"maximum_nodes": 4},
            "requirement": {"vcpus": 8},
            "nodes": ["node-1", "node-2"],
            "contract_namespace": "kube-system",
        },
    ],
    "DatasetVolume": [
        {"namespace": "ai", "size": "1Ti", "nfs": {"server": "nfs", "path": "/data", "mount_options": ["hard"]}},
        {"namespace": "ai", "size": "1Ti", "host_path": "/mnt/data", "subpath": "imagenet", "claim_name": "imagenet"},
        {
            "namespace": "ai",
            "size": "1Ti",
            "clone_of": {"claim": "images", "storage_class": "fast"},
            "protect": False,
        },
    ],
    "EventDrivenScaling": [
        {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8, "triggers": {"queue": _TRIGGER}},
        {
            "namespace": "ai",
            "target": {"name": "chat", "kind": "StatefulSet", "api_version": "apps/v1"},
            "max_replicas": 8,
            "min_replicas": 2,
            "idle_at_zero": True,
            "polling_seconds": 15,
            "cooldown_seconds": 600,
            "restore_replicas": True,
            "fallback": {"replicas": 3, "failures": 5, "behavior": "static"},
            "triggers": {
                "queue": {**_TRIGGER, "metric_type": "Value", "authentication": "prometheus", "cached": True},
                "night": {
                    "type": "kafka",
                    "metadata": {"bootstrapServers": "kafka:9092", "consumerGroup": "chat", "lagThreshold": "20"},
                    "cluster_authentication": "kafka",
                },
            },
            **_SCALING,
        },
    ],
    "GatewayRoute": [
        {
            "namespace": "ai",
            "existing_gateway": {"name": "edge", "namespace": "gateways", "listener": "https"},
            "rules": {"all": {"backends": {"stable": {"service": "chat", "port": 8000}}}},
        },
        {
            "namespace": "ai",
            "own_gateway": {
                "gateway_class": "envoy",
                "listeners": {"https": {"port": 8443, "hostname": "*.example.org", "tls_secret": "certificate"}},
                "scheme": "internet-facing",
                "annotations": {"example.org/health-check": "/healthz"},
            },
            "hostnames": ["chat.example.org"],
            "rules": {
                "all": {
                    "path_prefixes": ["/v1"],
                    "headers": {"x-canary": "always"},
                    "request_seconds": 300,
                    "backend_seconds": 150.5,
                    "backends": {
                        "stable": {"service": "chat", "port": 8000, "weight": 9},
                        "canary": {"service": "chat-next", "port": 8000, "weight": 1},
                    },
                }
            },
        },
    ],
    "GpuNodePool": [
        {
            "provisioner": "karpenter-kwok",
            "scaling": {
                "maximum_nodes": 4,
                "purpose": "serving",
                "consolidate_after": "10m",
                "expire_after": "720h",
                "disruption_budget": "1",
                "termination_grace_period": "1h",
                "weight": 10,
            },
            "instance_types": ["p5.48xlarge"],
            "pool_name": "h100",
            "labels": {"team": "research"},
            "taints": [{"key": "team", "value": "research"}],
            "accelerator_taint": True,
            "zones": ["us-east-1a"],
            "capacity_types": ["reserved"],
            "mig_profile": "1g.10gb",
            "node_class": "default",
            "region": "us-east-1",
        },
        {
            "provisioner": "karpenter-kwok",
            "scaling": {"maximum_nodes": 4},
            "requirement": {
                "accelerator": "h100",
                "accelerators": 8,
                "vcpus": 100,
                "memory_gib": 1000,
                "network_gbps": 100,
                "efa": True,
                "max_price": 1000,
            },
        },
        {
            "provisioner": "existing-nodes",
            "scaling": {"maximum_nodes": 4},
            "requirement": {"accelerator": "l4", "accelerators": 1},
            "time_slicing_replicas": 4,
            "nodes": ["gpu-1"],
            "contract_namespace": "kube-system",
        },
    ],
    "HorizontalScaling": [
        {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8, "cpu_percent": 70},
        {
            "namespace": "ai",
            "target": {"name": "chat"},
            "max_replicas": 8,
            "min_replicas": 3,
            "memory_percent": 80,
            "containers": {"server": {"cpu_percent": 60, "memory_percent": 80}},
            "pods_metrics": {
                "waiting": {"average_value": "5", "metric": "requests_waiting", "selector": {"model": "small"}}
            },
            "object_metrics": {
                "requests": {
                    "object_name": "edge",
                    "object_kind": "Gateway",
                    "object_api_version": "gateway.networking.k8s.io/v1",
                    "value": "2k",
                    "metric": "requests_per_second",
                    "selector": {"route": "chat"},
                },
                "tokens": {"object_name": "chat", "object_kind": "Service", "average_value": "100"},
            },
            "external_metrics": {
                "queue": {"value": "30", "metric": "queue_length", "selector": {"queue": "chat"}},
                "backlog": {"average_value": "30"},
            },
            **_SCALING,
        },
    ],
    "InferenceService": [
        {"namespace": "ai", "image": _IMAGE, "autoscaled": True},
        {
            **_SERVER,
            "replicas": 3,
            "resources": {**_RESOURCES, "gpus": 1, "gpu_resource": "nvidia.com/gpu"},
            "shared_memory": "8Gi",
            "priority_class": "serving",
            "drain_seconds": 15,
            "termination_seconds": 120,
            "max_surge": "1",
            "max_unavailable": 2,
            "spread": "required",
            "allowed_cidrs": ["10.1.0.0/16"],
            "metrics_port": 9100,
            "metrics_path": "/stats",
        },
    ],
    "KwokNodeClass": [{}, {"node_class": "slow", "registration_delay": "30s"}],
    "LoadBalancer": [
        {"namespace": "ai", "selector": {"app": "chat"}, "ports": {"http": {"port": 80}}},
        {
            "namespace": "ai",
            "selector": {"app": "chat"},
            "ports": {
                "http": {"port": 80, "target_port": 8000, "protocol": "TCP", "app_protocol": "kubernetes.io/h2c"}
            },
            "scheme": "internet-facing",
            "source_ranges": ["203.0.113.0/24", "198.51.100.0/24"],
            "affinity_seconds": 600,
            "traffic_policy": "Local",
            "health_check_port": 30100,
            "load_balancer_class": "service.k8s.aws/nlb",
            "annotations": {"example.org/health-check": "/healthz"},
            "network_policy": False,
        },
    ],
    "Microservice": [
        {"namespace": "ai", "image": _IMAGE},
        {
            **_SERVER,
            "replicas": 2,
            "max_replicas": 6,
            "cpu_percent": 60,
            "resources": _RESOURCES,
            "scheme": "internet-facing",
            "source_ranges": ["203.0.113.0/24"],
        },
    ],
    "NodeScaling": [
        {"namespace": "ai", "node_pool": "h100", "headroom": 1, "instance_type": "p5.48xlarge"},
        {
            "namespace": "ai",
            "node_pool": "loaders",
            "headroom": 2,
            "resources": {"cpu": "2"},
            "taints": [{"key": "team", "value": "data"}],
            "priority": -20,
            "service_account": "placeholder",
            "image": _IMAGE,
        },
    ],
    "ObjectStore": [
        {
            "namespace": "ai",
            "kind": "bucket-claim",
            "endpoint": "http://s3.storage.svc",
            "storage_class": "ceph-bucket",
            "maximum_size": "10Ti",
            "maximum_objects": 1000000,
            "protect": False,
        },
        {
            "namespace": "ai",
            "kind": "existing",
            "endpoint": "https://s3.example.org",
            "bucket": "models",
            "region": "us-east-1",
            "credentials": {"access_key_id": "example", "secret_access_key": "not a real key"},
        },
        {
            "namespace": "ai",
            "kind": "existing",
            "endpoint": "https://s3.example.org",
            "credentials_secret": "keys",
        },
    ],
    "SharedFilesystem": [
        {"namespace": "ai", "size": "1Ti", "backend": "storage-class", "storage_class": "shared"},
        {"namespace": "ai", "size": "1Ti", "backend": "nfs", "nfs": {"server": "nfs", "path": "/data"}},
        {
            "namespace": "ai",
            "size": "1Ti",
            "backend": "host-path",
            "host_path": "/mnt/shared",
            "claim_name": "scratch",
            "protect": False,
        },
    ],
    "Tenancy": [
        {},
        {
            "namespace": "research",
            "pod_security": "baseline",
            "quota": {
                "cpu": "100",
                "memory": "2Ti",
                "storage": "10Ti",
                "gpus": "64",
                "pods": "500",
                "load_balancers": "2",
            },
            "container_defaults": {"cpu": "200m", "memory": "512Mi"},
            "isolate_pods": True,
            "ingress_namespaces": ["monitoring", "edge"],
            "egress_cidrs": ["10.0.0.0/8"],
        },
    ],
    "TrainingJob": [
        {"namespace": "ai", "image": _IMAGE, "nodes": 4, "gpus_per_node": 8, "args": ["-m", "program"]},
        {
            "namespace": "ai",
            "image": _IMAGE,
            "nodes": 4,
            "min_nodes": 2,
            "gpus_per_node": 8,
            "processes_per_node": 4,
            "form": "jobset",
            "command": ["torchrun"],
            "args": ["-m", "program"],
            "resources": {**_RESOURCES, "gpu_resource": "nvidia.com/gpu"},
            "shared_memory": "8Gi",
            "mounts": [{"claim": "shared", "path": "/shared"}],
            "checkpoint_path": "/shared/checkpoints",
            "environment": {"LOG_LEVEL": "info"},
            "secret_environment": {"TOKEN": {"secret": "tokens", "key": "hub"}},
            "max_restarts": 5,
            "rendezvous_timeout_seconds": 600,
            "termination_grace_seconds": 120,
            "active_deadline_seconds": 86400,
            "ttl_seconds_after_finished": 3600,
            "node_pool": "h100",
            "topology_key": "topology.kubernetes.io/zone",
            "exclusive_topology": True,
            "do_not_disrupt": True,
            "priority_class": "training",
            "suspended": True,
            "service_account": "trainer",
            "cluster_domain": "cluster.local",
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "nodes": 2,
            "form": "trainjob",
            "args": ["-m", "program"],
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "nodes": 2,
            "form": "indexed-job",
            "args": ["-m", "program"],
            "queue_name": "research",
        },
    ],
}

for more in sorted(Path(__file__).parent.glob("examples_*.py")):
    EXAMPLES |= runpy.run_path(str(more))["EXAMPLES"]
