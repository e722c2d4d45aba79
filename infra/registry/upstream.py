"""Public registries whose images ECR keeps a copy of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import is_known

_SECRET_PREFIX: Final = "ecr-pullthroughcache/"
"""Beginning of the names of secrets with credentials: ECR User Guide, "Storing your upstream repository credentials in
an AWS Secrets Manager secret"."""


class UpstreamRegistry(StrEnum):
    """A registry that ECR can cache."""

    DOCKER_HUB = "docker-hub"
    GITHUB = "ghcr.io"
    KUBERNETES = "registry.k8s.io"
    PUBLIC_ECR = "public.ecr.aws"
    QUAY = "quay.io"


@dataclass(frozen=True, slots=True)
class _Upstream:
    host: str
    needs_credentials: bool


_UPSTREAMS: Final[Mapping[UpstreamRegistry, _Upstream]] = {
    UpstreamRegistry.DOCKER_HUB: _Upstream("registry-1.docker.io", needs_credentials=True),
    UpstreamRegistry.GITHUB: _Upstream("ghcr.io", needs_credentials=True),
    UpstreamRegistry.KUBERNETES: _Upstream("registry.k8s.io", needs_credentials=False),
    UpstreamRegistry.PUBLIC_ECR: _Upstream("public.ecr.aws", needs_credentials=False),
    UpstreamRegistry.QUAY: _Upstream("quay.io", needs_credentials=False),
}
"""ECR API Reference, CreatePullThroughCacheRule, https://docs.aws.amazon.com/AmazonECR/latest/APIReference/
API_CreatePullThroughCacheRule.html. NVIDIA's nvcr.io is not among those that ECR can cache."""


class UpstreamCache(TypedDict):
    """A registry whose images are kept once they were pulled."""

    registry: UpstreamRegistry
    """`docker-hub`, `ghcr.io`, `public.ecr.aws`, `quay.io` or `registry.k8s.io`."""

    credentials_secret: NotRequired[pulumi.Input[str]]
    """ARN of a secret whose name starts with `ecr-pullthroughcache/`, with the keys `username` and `accessToken`.
    Only for `docker-hub` and `ghcr.io`, and needed there."""


def check_upstream(problems: Problems, cache: UpstreamCache) -> None:
    """Refuse unknown registries, and credentials that are missing or that nobody would use."""
    known = [each.value for each in UpstreamRegistry]
    registry = str(cache["registry"])
    if registry == "nvcr.io":
        problems.add("registry", f"'nvcr.io' is none that ECR can cache; give one of {', '.join(known)}")
        return
    problems.choice("registry", registry, known)
    if registry not in known:
        return
    needs = _UPSTREAMS[UpstreamRegistry(registry)].needs_credentials
    secret = cache.get("credentials_secret")
    if needs and secret is None:
        problems.add("credentialsSecret", f"missing; {registry} gives ECR nothing without credentials")
    elif not needs and secret is not None:
        problems.add("credentialsSecret", f"{registry} needs none; leave it out")
    elif isinstance(secret, str) and is_known(secret) and f":secret:{_SECRET_PREFIX}" not in secret:
        problems.add("credentialsSecret", f"'{secret}' is not the ARN of a secret named {_SECRET_PREFIX}...")


def upstream_host(cache: UpstreamCache) -> str:
    """Return the address that ECR pulls from."""
    return _UPSTREAMS[UpstreamRegistry(str(cache["registry"]))].host
