"""The provider of Kubernetes objects in an EKS cluster."""

import pulumi

from ..cluster import kubernetes_provider


def eks_provider(
    name: str,
    *,
    kubeconfig: pulumi.Input[str],
    cluster_name: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.ProviderResource:
    """Return the provider of a cluster.

    Args:
        name: logical name.
        kubeconfig: content, such as the output of `EksCluster`.
        cluster_name: what identifies the cluster: only when it changes are the objects made anew.
        opts: options of the provider. `depends_on=[cluster]` makes its objects wait for nodes and add-ons, and leave
            before them.
    """
    return kubernetes_provider(
        name,
        kubeconfig=kubeconfig,
        context=None,
        is_simulated=False,
        cluster_identifier=cluster_name,
        opts=opts or pulumi.ResourceOptions(),
    )
