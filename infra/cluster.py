"""The connection to a Kubernetes cluster that is there already."""

from enum import StrEnum
from typing import Any

import pulumi


class Platform(StrEnum):
    """What a data center stands on."""

    SIMULATED = "simulated"
    KUBERNETES = "kubernetes"
    AWS = "aws"


def kubernetes_provider(
    name: str,
    *,
    kubeconfig: pulumi.Input[str] | None,
    context: pulumi.Input[str] | None,
    is_simulated: bool,
    cluster_identifier: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions,
) -> pulumi.ProviderResource:
    """Return the provider of a cluster.

    Args:
        name: logical name.
        kubeconfig: path or content. Default: the provider's own, KUBECONFIG or ~/.kube/config.
        context: name of a context in it. Default: the current one.
        is_simulated: whether the cluster may be gone together with all that is in it, and may hold what `aidc up`
            made: deleting an object of an unreachable one counts as done, and objects that are there are taken over.
        cluster_identifier: what the cluster is known by: objects are made anew where it changes, and only there.
            Default: the kubeconfig's content says it.
        opts: options of the provider.
    """
    from pulumi_kubernetes.provider import Provider

    # Without these a changed ConfigMap or Secret is deleted before its successor is made, under the pods that use it.
    mutable = {"enable_config_map_mutable": True, "enable_secret_mutable": True}
    given: dict[str, Any] = {"kubeconfig": kubeconfig, "context": context, **mutable}
    given["cluster_identifier"] = cluster_identifier
    if is_simulated:
        given |= {"delete_unreachable": True, "upsert_existing_objects": True, "enable_patch_force": True}
    present = {key: value for key, value in given.items() if value is not None}
    return Provider(name, **present, enable_server_side_apply=True, opts=opts)
