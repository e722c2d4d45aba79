"""Helm releases, with pinned charts."""

from collections.abc import Mapping
from typing import Any

import pulumi

from .kubernetes import provider_version
from .versions import Chart


class HelmRelease(pulumi.CustomResource):
    """A Helm release that Pulumi's Kubernetes provider installs, waits for and removes.

    The same type token, and so the same URN, as `pulumi_kubernetes.helm.v3.Release`. Helm renders it at deployment,
    so that a first preview needs no cluster.
    """

    status: pulumi.Output[Any]
    """What Helm says about the release; unknown before the deployment."""

    def __init__(
        self,
        name: str,
        chart: Chart,
        *,
        namespace: pulumi.Input[str],
        values: Mapping[str, Any],
        release_name: str | None = None,
        create_namespace: bool = False,
        skip_crds: bool = False,
        timeout_seconds: int = 600,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Install `chart` as one release.

        Args:
            name: logical name.
            chart: what is installed, in which version, from where.
            namespace: where.
            values: the chart's values; they hold no secrets.
            release_name: the release's own name, without a random part, so that objects keep their names. Default:
                the logical name.
            create_namespace: whether Helm makes the namespace. Default: it is there.
            skip_crds: whether the chart's own CRDs are left out, because another release has them.
            timeout_seconds: how long to wait until all of it is ready; then it is rolled back.
            opts: Pulumi's options.
        """
        inputs: dict[str, Any] = {
            "name": release_name or name,
            "chart": chart.location,
            "version": chart.version,
            "namespace": namespace,
            "createNamespace": create_namespace,
            "values": dict(values),
            "skipCrds": skip_crds,
            "atomic": True,
            "timeout": timeout_seconds,
            "status": None,
        }
        if chart.repository_options:
            inputs["repositoryOpts"] = dict(chart.repository_options)
        defaults = pulumi.ResourceOptions(version=provider_version())
        options = pulumi.ResourceOptions.merge(defaults, opts)
        super().__init__("kubernetes:helm.sh/v3:Release", name, inputs, options)
