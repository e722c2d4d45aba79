"""The kubeconfig of an EKS cluster: it holds no secret, and changes only with the cluster itself."""

import json
from typing import Any


def kubeconfig(
    *, cluster_name: str, region: str, endpoint: str, certificate_authority: str, role_arn: str | None = None
) -> str:
    """Return a kubeconfig, as JSON, whose commands ask `aws eks get-token` for a token of 15 minutes.

    `certificate_authority` is base64. With `role_arn` the token is that of the role.
    """
    command = ["eks", "get-token", "--cluster-name", cluster_name, "--region", region, "--output", "json"]
    if role_arn:
        command += ["--role-arn", role_arn]
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster_name,
                "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority},
            }
        ],
        "contexts": [{"name": cluster_name, "context": {"cluster": cluster_name, "user": cluster_name}}],
        "current-context": cluster_name,
        "users": [
            {
                "name": cluster_name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "aws",
                        "args": command,
                        "interactiveMode": "Never",
                        "provideClusterInfo": False,
                    }
                },
            }
        ],
    }
    return json.dumps(config, sort_keys=True)
