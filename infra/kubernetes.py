"""Kubernetes objects as Pulumi resources, from plain manifests, and the provider that makes them."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pulumi

_CORE: Final = "core"


class KubernetesObject(pulumi.CustomResource):
    """One Kubernetes object of any kind.

    It has the same type token, and so the same URN, as the class of pulumi-kubernetes for that kind, and as its
    `CustomResource` for kinds of a CRD. It is used in their place because it takes the manifest as it is:
    pulumi-kubernetes first translates every nested field by type hints, which costs three times as much, and
    imports a module for every API group.
    """

    metadata: pulumi.Output[Mapping[str, Any]]
    """Name, namespace, labels and annotations as the server has them."""

    status: pulumi.Output[Any]
    """Status as the server reports it; unknown before the deployment."""

    def __init__(
        self, name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None, *, patch: bool = False
    ) -> None:
        """Take a whole manifest: `apiVersion`, `kind`, `metadata` and the kind's own fields, camelCase keys.

        With `patch` the object belongs to somebody else, such as a Node: it is never created or deleted, only the
        fields given here are set by server-side apply, and given up again. It then has the type token of
        pulumi-kubernetes' `<Kind>Patch`.
        """
        api_version, kind = manifest["apiVersion"], manifest["kind"]
        group, _, version = api_version.rpartition("/")
        secret_outputs = ["data", "stringData"] if (api_version, kind) == ("v1", "Secret") else None
        defaults = pulumi.ResourceOptions(version=provider_version(), additional_secret_outputs=secret_outputs)
        super().__init__(
            f"kubernetes:{group or _CORE}/{version}:{kind}{'Patch' if patch else ''}",
            name,
            {"status": None, **manifest},
            pulumi.ResourceOptions.merge(defaults, opts),
        )

    @property
    def object_name(self) -> pulumi.Output[str]:
        """`metadata.name`, once the object is there."""
        return self.metadata.apply(lambda metadata: metadata["name"])


@cache
def provider_version() -> str:
    """Return the version of pulumi-kubernetes, whose provider makes the objects."""
    from importlib.metadata import version

    return version("pulumi-kubernetes")
