"""Inputs of preprocessing that its component accepts. Data only."""

from typing import Any

_IMAGE = "registry.example/preprocessing:1.4.2"
_TEXTS = {
    "input": {"kind": "json_lines", "text_field": "text", "columns": {"id": "integer"}},
    "quality": {"minimum_characters": 200},
    "deduplication": {"near": {"bands": 14, "rows": 8}},
}

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "PreprocessingJob": [
        {
            "namespace": "ai",
            "image": _IMAGE,
            "inputs": ["s3://raw/crawl"],
            "output": "s3://clean/crawl",
            "settings": {"input": {"kind": "text"}},
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "inputs": ["/raw/a/**/*.jsonl.gz", "/raw/b"],
            "output": "/clean/crawl",
            "settings": {
                **_TEXTS,
                "resources": {"object_store_bytes": 512 * 2**20, "tasks": 4},
                "metrics_port": 9402,
            },
            "form": "job",
            "resources": {
                "cpu": "8",
                "memory": "32Gi",
                "cpu_limit": "16",
                "memory_limit": "64Gi",
                "ephemeral_storage": "20Gi",
            },
            "mounts": [
                {"claim": "raw", "path": "/raw", "read_only": True},
                {"claim": "clean", "path": "/clean"},
            ],
            "environment": {"AWS_ENDPOINT_URL": "http://store:9000"},
            "secret_environment": {"AWS_SECRET_ACCESS_KEY": {"secret": "store", "key": "key"}},
            "allowed_namespaces": ["monitoring"],
            "monitored": True,
            "max_restarts": 5,
            "termination_grace_seconds": 300,
            "active_deadline_seconds": 86400,
            "ttl_seconds_after_finished": 3600,
            "node_pool": "general",
            "do_not_disrupt": False,
            "priority_class": "batch",
            "suspended": True,
            "service_account": "cleaner",
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "inputs": ["s3://raw/crawl"],
            "output": "s3://clean/crawl",
            "settings": _TEXTS,
            "form": "ray-job",
            "workers": 8,
            "resources": {"cpu": "16", "memory": "64Gi"},
            "head_resources": {"cpu": "4", "memory": "16Gi"},
            "allowed_namespaces": ["monitoring"],
            "operator_namespace": "ray-system",
            "queue_name": "research",
        },
        {
            "namespace": "ai",
            "image": _IMAGE,
            "inputs": ["/data/photos"],
            "output": "/data/clean",
            "settings": {"input": {"kind": "images", "height": 224, "width": 224}, "metrics_port": 0},
            "form": "ray-job",
            "mounts": [{"claim": "photos", "path": "/data"}],
            "node_pool": "general",
            "active_deadline_seconds": 86400,
            "ttl_seconds_after_finished": 600,
            "suspended": False,
        },
    ],
}
