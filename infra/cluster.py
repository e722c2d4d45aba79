"""The connection to a Kubernetes cluster that is there already."""

from enum import StrEnum
from typing import Any

import pulumi


class Platform(StrEnum):
    """What a data center stands on."""

    SIMULATED = "simulated"
    KUBERNETES = "kubernetes"


def kubernetes_provider(
    name: str,
    *,
    kubeconfig: pulumi.Input[str] | None,
    context: pulumi.Input[str] | None,
    is_simulated: bool,
    opts: pulumi.ResourceOptions,
) -> pulumi.ProviderResource:
    """Return the provider of a cluster.

    Args:
        name: logical name.
        kubeconfig: path or content. Default: the provider's own, KUBECONFIG or ~/.kube/config.
        context: name of a context in it. Default: the current one.
        is_simulated: whether the cluster may be gone together with all that is in it; deleting an object of an
            unreachable one then counts as done.
        opts: options of the provider.
    """
    from pulumi_kubernetes.provider import Provider

    given: dict[str, Any] = {"kubeconfig": kubeconfig, "context": context}
    if is_simulated:
        given["delete_unreachable"] = True
    present = {key: value for key, value in given.items() if value is not None}
    return Provider(name, **present, enable_server_side_apply=True, opts=opts)
