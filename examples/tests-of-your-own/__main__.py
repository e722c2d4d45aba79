"""A model server whose clients need a token: the library's components beside resources of pulumi-kubernetes."""

import pulumi
import pulumi_kubernetes as kubernetes

from aidc.components import InferenceService, SharedFilesystem, Tenancy

config = pulumi.Config()

tenant = Tenancy("serving", {"quota": {"gpus": str(config.require_int("gpus"))}})
models = SharedFilesystem(
    "models",
    {
        "namespace": tenant.namespace,
        "size": "1Ti",
        "backend": "nfs",
        "nfs": {"server": "10.20.0.10", "path": "/export/models"},
        "protect": config.require_bool("keepModels"),
    },
)
token = kubernetes.core.v1.Secret(
    "api-token",
    metadata={"name": "api-token", "namespace": tenant.namespace},
    string_data={"token": config.require_secret("apiToken")},
)
chat = InferenceService(
    "chat",
    {
        "namespace": tenant.namespace,
        "image": "registry.example/chat:1.4.2",
        "resources": {"cpu": "3", "memory": "12Gi", "gpus": 1},
        "mounts": [{"claim": models.claim, "path": "/models", "read_only": True}],
        "secret_environment": {"API_TOKEN": {"secret": token.metadata["name"], "key": "token"}},
    },
    pulumi.ResourceOptions(depends_on=[tenant]),
)
pulumi.export("url", chat.url)
