"""What a registry is to hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys
from ..labels import check_name
from .upstream import UpstreamCache, check_upstream

_REPOSITORY: Final = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*")
_PREFIX: Final = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_MAXIMUM_NAME: Final = 256
_MAXIMUM_PREFIX: Final = 30
"""ECR API Reference: repositoryName of CreateRepository, ecrRepositoryPrefix of CreatePullThroughCacheRule."""

_ACCOUNT: Final = re.compile(r"[0-9]{12}")


class RegistryScanning(StrEnum):
    """How ECR looks for known weaknesses in the whole registry of the account."""

    CONTINUOUS = "continuous"
    ON_PUSH = "on-push"


class RepositorySettings(TypedDict):
    """One repository."""

    keep_images: NotRequired[int]
    """Images that are kept, the newest; older ones are deleted even if a pod still names them. Default: 200."""

    untagged_days: NotRequired[int]
    """Days after which images without a tag are deleted. Default: 14."""

    pull_accounts: NotRequired[list[str]]
    """Ids of further accounts that may pull, 12 digits each. Default: none."""


class ContainerRegistryArgs(TypedDict):
    """Inputs of `ContainerRegistry`."""

    repositories: dict[str, RepositorySettings]
    """Repositories by name, below `prefix`."""

    encryption_key: pulumi.Input[str]
    """ARN of a key for `registry`. It cannot be changed without a new repository."""

    prefix: NotRequired[str]
    """Beginning of the repositories' names. Default: the component's name."""

    caches: NotRequired[dict[str, UpstreamCache]]
    """Public registries whose images are kept once they were pulled, by the beginning of the names under which they
    are pulled, at most 30 characters. Default: none."""

    scanning: NotRequired[RegistryScanning]
    """`on-push`, or `continuous` by Amazon Inspector, which costs by image. It is one setting for the whole account
    and region, so one stack gives it. Default: the account's setting stays, and each repository scans on push."""

    replicas: NotRequired[dict[str, pulumi.Input[str]]]
    """ARNs of keys for `registry`, by the further regions that get a copy of every image. It is one setting for the
    whole account and region, too. Default: none."""

    region: NotRequired[str]
    """Region of the registry. Default: the provider's."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the role of caches and replicas. Default: none."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete repositories. Default: true. To delete them, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRegistryPlan:
    """A registry with every default applied."""

    name: str
    prefix: str
    encryption_key: pulumi.Input[str]
    repositories: Mapping[str, RepositorySettings]
    caches: Mapping[str, UpstreamCache]
    scanning: RegistryScanning | None
    replicas: Mapping[str, pulumi.Input[str]]
    region: str | None
    permissions_boundary: pulumi.Input[str] | None
    protect: bool


def plan_container_registry(args: ContainerRegistryArgs, name: str) -> ContainerRegistryPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, ContainerRegistryArgs):
        problems.raise_if_any("ContainerRegistry")
    check_name(problems, "name", name)
    prefix = args.get("prefix", name)
    if not _PREFIX.fullmatch(prefix):
        problems.add("prefix", f"'{prefix}' is no beginning of a name; give lower-case letters, digits and inner . _ -")
    caches = args.get("caches", {})
    if not args["repositories"] and not caches:
        problems.add("repositories", "none given, and no caches; name what the registry holds")
    for key, settings in args["repositories"].items():
        with problems.under(f"repositories.{key}"):
            _check_repository(problems, key, settings, room=len(prefix) + 1)
    for key, cache in caches.items():
        with problems.under(f"caches.{key}"):
            if not _PREFIX.fullmatch(key) or not 2 <= len(key) <= _MAXIMUM_PREFIX:
                problems.add("", f"'{key}' is no beginning of a name; give 2 to 30 lower-case letters, digits, . _ -")
            if key == prefix:
                problems.add("", f"'{key}' is the beginning of the registry's own repositories; give another")
            check_upstream(problems, cache)
    if "scanning" in args:
        problems.choice("scanning", args["scanning"], [each.value for each in RegistryScanning])
    if args.get("region") in args.get("replicas", {}):
        problems.add("replicas", f"has the registry's own region {args.get('region')}; leave it out")
    problems.raise_if_any("ContainerRegistry")
    return ContainerRegistryPlan(
        name=name,
        prefix=prefix,
        encryption_key=args["encryption_key"],
        repositories=args["repositories"],
        caches=caches,
        scanning=RegistryScanning(str(args["scanning"])) if "scanning" in args else None,
        replicas=args.get("replicas", {}),
        region=args.get("region"),
        permissions_boundary=args.get("permissions_boundary"),
        protect=args.get("protect", True),
    )


def _check_repository(problems: Problems, name: str, settings: RepositorySettings, *, room: int) -> None:
    if not _REPOSITORY.fullmatch(name) or len(name) > _MAXIMUM_NAME - room:
        problems.add("", f"'{name}' is no repository's name; give lower-case letters, digits and inner . _ - /")
    problems.between("keepImages", int(settings.get("keep_images", 200)), 1, unit="images")
    problems.between("untaggedDays", int(settings.get("untagged_days", 14)), 1, unit="days")
    for index, account in enumerate(settings.get("pull_accounts", [])):
        if not _ACCOUNT.fullmatch(account):
            problems.add(f"pullAccounts[{index}]", f"'{account}' is no account's id; give its 12 digits in quotes")
