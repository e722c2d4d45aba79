"""The registry of a data center's images, in Amazon ECR."""

from collections.abc import Mapping
from functools import partial

import pulumi

from ..arguments import planned, recorded
from ..identity import current_account, current_region
from .registry_plan import ContainerRegistryArgs, plan_container_registry
from .repositories import create_caches, create_repositories, create_scanning


class ContainerRegistry(pulumi.ComponentResource):
    """Repositories whose tags never move, scanned, encrypted and tidied, and caches of public registries.

    Example: `ContainerRegistry("prod", {"encryption_key": key.key_arn, "repositories": {"trainer": {}}, "caches":
    {"k8s": {"registry": "registry.k8s.io"}}})`
    """

    repository_urls: pulumi.Output[Mapping[str, str]]
    """Addresses of the repositories, without a tag, by name."""

    repository_arns: pulumi.Output[Mapping[str, str]]
    """ARNs of the repositories, by name."""

    cache_urls: pulumi.Output[Mapping[str, str]]
    """Addresses in whose place the hosts of the public registries are written, by the name of the cache."""

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("ContainerRegistry", name, partial(plan_container_registry, name=name), args)
        super().__init__("aidc:index:ContainerRegistry", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        region = pulumi.Output.from_input(plan.region or current_region(self))
        made = create_repositories(plan, region, child)
        caches = create_caches(plan, region, self)
        create_scanning(plan, child)
        self.repository_urls = _by_name({key: each.repository_url for key, each in made.items()})
        self.repository_arns = _by_name({key: each.arn for key, each in made.items()})
        account = current_account(self)
        self.cache_urls = _by_name({key: _cache_url(account, region, key) for key in caches})
        self.register_outputs(
            {
                "repository_urls": self.repository_urls,
                "repository_arns": self.repository_arns,
                "cache_urls": self.cache_urls,
            }
        )


def _by_name(values: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[Mapping[str, str]]:
    # Output.all of nothing is an empty list.
    return pulumi.Output.all(**values) if values else pulumi.Output.from_input({})


def _cache_url(account: pulumi.Output[str], region: pulumi.Output[str], prefix: str) -> pulumi.Output[str]:
    # ECR User Guide, "Private registries in Amazon ECR"; China has another domain.
    host = region.apply(lambda known: f"{known}.amazonaws.com{'.cn' if known.startswith('cn-') else ''}")
    return pulumi.Output.concat(account, ".dkr.ecr.", host, "/", prefix)
