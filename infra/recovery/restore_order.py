"""In which order a data center comes back: what must be there before what."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Protocol, TypeVar

from ...problems import InvalidInput, Problem

Value = TypeVar("Value")


class Restorable(Protocol):
    """One resource of a graph; `aidc.evaluation.Resource` is one."""

    @property
    def urn(self) -> str:
        """Its address in the state."""
        ...

    @property
    def type(self) -> str:
        """Its type token."""
        ...

    @property
    def dependencies(self) -> Iterable[str]:
        """URNs of what must be there first."""
        ...

    @property
    def provider(self) -> str:
        """URN of the provider that makes it; empty for the default one."""
        ...


class RestoreStage(IntEnum):
    """A part of the data center that is whole before the next one begins."""

    FOUNDATION = 1
    PLATFORM = 2
    STORAGE = 3
    WORKLOADS = 4


class RestoreMeans(StrEnum):
    """Where the content of a resource comes back from."""

    DECLARED = "declared"
    """From the program alone: it holds nothing of its own."""

    BACKUP_VAULT = "backup-vault"
    """From a recovery point of AWS Backup."""

    REPLICA = "replica"
    """From the copy in the second region."""

    NONE = "none"
    """It must not have been lost: nothing brings its content back."""


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """One resource that is restored."""

    urn: str
    type: str
    stage: RestoreStage
    means: RestoreMeans


_STAGES: Final[Mapping[str, RestoreStage]] = {
    "pulumi:": RestoreStage.FOUNDATION,
    "docker:": RestoreStage.FOUNDATION,
    "aws:s3/": RestoreStage.STORAGE,
    "aws:efs/": RestoreStage.STORAGE,
    "aws:fsx/": RestoreStage.STORAGE,
    "aws:ebs/volume:": RestoreStage.STORAGE,
    "aws:eks/": RestoreStage.PLATFORM,
    "aws:sqs/": RestoreStage.PLATFORM,
    "aws:": RestoreStage.FOUNDATION,
    "kubernetes:helm.sh/": RestoreStage.PLATFORM,
    "kubernetes:apiextensions.k8s.io/": RestoreStage.PLATFORM,
    "kubernetes:karpenter.": RestoreStage.PLATFORM,
    "kubernetes:storage.k8s.io/": RestoreStage.STORAGE,
    "kubernetes:external-secrets.io/": RestoreStage.STORAGE,
    "kubernetes:core/v1:Namespace": RestoreStage.PLATFORM,
    "kubernetes:core/v1:PersistentVolume": RestoreStage.STORAGE,
    "kubernetes:": RestoreStage.WORKLOADS,
}
"""Least stage of a resource, by the beginning of its type: the longest one that fits. A resource that needs another
one of a later stage is restored in that stage."""

_MEANS: Final[Mapping[str, RestoreMeans]] = {
    "aws:s3/bucket:": RestoreMeans.REPLICA,
    "aws:efs/fileSystem:": RestoreMeans.BACKUP_VAULT,
    "aws:fsx/": RestoreMeans.BACKUP_VAULT,
    "aws:ebs/volume:": RestoreMeans.BACKUP_VAULT,
    "aws:kms/key:": RestoreMeans.NONE,
    "aws:secretsmanager/secret:": RestoreMeans.REPLICA,
    "aws:ecr/repository:": RestoreMeans.REPLICA,
    "kubernetes:core/v1:PersistentVolumeClaim": RestoreMeans.BACKUP_VAULT,
}
"""Resources that hold something that the program does not know. A key of KMS cannot be brought back: that is why its
deletion waits, and why replicas are encrypted by keys of their own region."""


def restore_order(resources: Iterable[Restorable]) -> list[RestoreStep]:
    """Return the resources in the order in which they are restored.

    By stage, and within a stage so that everything comes after what it needs; between equals by URN, so that the order
    is the same every time. What a resource needs outside of the given ones is taken to be there. Raises
    `InvalidInput` for a circle.
    """
    known = {each.urn: each for each in resources}
    needs = {
        urn: {other for other in (*each.dependencies, each.provider) if other in known} for urn, each in known.items()
    }
    order = _sorted_by_need(needs)
    stages: dict[str, RestoreStage] = {}
    for urn in order:
        own = _longest(_STAGES, known[urn].type, RestoreStage.WORKLOADS)
        stages[urn] = max([own, *(stages[other] for other in needs[urn])])
    place = {urn: index for index, urn in enumerate(order)}
    return [
        RestoreStep(urn, known[urn].type, stages[urn], _longest(_MEANS, known[urn].type, RestoreMeans.DECLARED))
        for urn in sorted(order, key=lambda urn: (stages[urn], place[urn]))
    ]


def _sorted_by_need(needs: Mapping[str, set[str]]) -> list[str]:
    """Return the URNs so that each comes after those it needs, the smallest first where there is a choice."""
    users: dict[str, list[str]] = {urn: [] for urn in needs}
    missing = {urn: len(others) for urn, others in needs.items()}
    for urn, others in needs.items():
        for other in others:
            users[other].append(urn)
    ready = [urn for urn, count in missing.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        urn = heapq.heappop(ready)
        order.append(urn)
        for user in users[urn]:
            missing[user] -= 1
            if missing[user] == 0:
                heapq.heappush(ready, user)
    if len(order) < len(needs):
        rest = sorted(set(needs) - set(order))
        raise InvalidInput("restore order", [Problem("", f"these need each other in a circle: {', '.join(rest)}")])
    return order


def _longest(table: Mapping[str, Value], type: str, default: Value) -> Value:
    fitting = [start for start in table if type.startswith(start)]
    return table[max(fitting, key=len)] if fitting else default
