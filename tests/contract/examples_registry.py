"""Inputs of registries and images. Data only."""

from pathlib import Path

_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/github-AbCdEf"

EXAMPLES = {
    "ContainerRegistry": [
        {
            "repositories": {
                "trainer": {"keep_images": 50, "untagged_days": 7, "pull_accounts": ["210987654321"]},
                "server": {},
            },
            "encryption_key": _KEY,
            "prefix": "prod",
            "caches": {
                "github": {"registry": "ghcr.io", "credentials_secret": _SECRET},
                "k8s": {"registry": "registry.k8s.io"},
            },
            "scanning": "continuous",
            "replicas": {"us-west-2": _KEY},
            "region": "us-east-1",
            "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
            "protect": True,
        },
    ],
    "WorkloadImage": [
        {
            "repository_url": "123456789012.dkr.ecr.us-east-1.amazonaws.com/prod/trainer",
            "context": str(Path(__file__).with_name("image")),
            "dockerfile": str(Path(__file__).with_name("image") / "Dockerfile"),
            "tag": "2026.11",
            "platform": "linux/arm64",
            "target": "serve",
            "build_arguments": {"PYTHON": "3.13"},
            "cache_from": ["123456789012.dkr.ecr.us-east-1.amazonaws.com/prod/trainer:2026.10"],
            "region": "us-east-1",
        },
        {
            "repository_url": "registry.example.com/trainer",
            "context": str(Path(__file__).with_name("image")),
            "docker_login": True,
        },
    ],
}
