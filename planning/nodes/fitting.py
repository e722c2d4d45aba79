"""Whether workloads fit the nodes of the pools that they select."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from ...evaluation.demand import Workload, sum_amounts
from .node_pools import KARPENTER_LABEL, POOL_LABEL, NodeKind, NodePool, is_accelerator

_GIB: Final = 2**30
_NAMES: Final = (POOL_LABEL, KARPENTER_LABEL)
"""Labels by which a workload names a pool."""


def pool_of(workload: Workload, pools: Iterable[NodePool]) -> NodePool | None:
    """Return the one pool that a workload's node selector leaves; None where it leaves several, or says nothing."""
    found = [pool for pool in pools if _selects(workload.node_selector, pool)]
    return found[0] if len(found) == 1 else None


def misfits(found: Sequence[Workload], pools: Sequence[NodePool]) -> Iterator[str]:
    """Tell, in one sentence each, which workloads no pool can hold and which pools are too small."""
    told: set[str] = set()
    selecting: dict[str, list[Workload]] = {}
    for workload in found:
        pool = pool_of(workload, pools)
        problem = _misfit(workload, pool, pools)
        if problem:
            told.add(pool.name if pool else "")
            yield f"{workload.kind} {_qualified(workload)}: {problem}"
        if pool is not None:
            selecting.setdefault(pool.name, []).append(workload)
    for pool in pools:
        if pool.name not in told:
            yield from _too_small(pool, selecting.get(pool.name, []))


def shown(resource: str, amount: Decimal | float) -> str:
    """Return an amount with its unit: `180 cores`, `1,800 GiB`, `8 nvidia.com/gpu`."""
    if resource == "cpu":
        return f"{number(amount)} {'core' if amount == 1 else 'cores'}"
    if resource in ("memory", "ephemeral-storage"):
        return f"{number(float(amount) / _GIB)} GiB" + (" of storage" if resource != "memory" else "")
    return f"{number(amount)} {resource}"


def number(amount: Decimal | float) -> str:
    """Return a number as people write it: `7,572`, `766.8`, `0.25`, `0.004`."""
    value = float(amount)
    size = abs(value)
    if 0 < size < 0.01:
        return f"{value:.1g}"
    text = f"{value:,.{0 if size >= 1000 else 1 if size >= 10 else 2}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _selects(selector: Mapping[str, str], pool: NodePool) -> bool:
    judged = [key for key in selector if key in pool.labels or key in _NAMES]
    return bool(judged) and all(pool.labels.get(key) == selector[key] for key in judged)


def _misfit(workload: Workload, pool: NodePool | None, pools: Sequence[NodePool]) -> str:
    if not pools or not workload.maximum_pods:
        return ""
    named = next((workload.node_selector[key] for key in _NAMES if key in workload.node_selector), None)
    if pool is None and named is not None and named not in {each.name for each in pools}:
        return f"there is no node pool {named}; there are {', '.join(each.name for each in pools)}"
    kinds = [kind for each in ([pool] if pool else pools) for kind in (each.kinds or (NodeKind(name="?", offers={}),))]
    where = f"node of pool {pool.name}" if pool else "node of any pool"
    lacking = [_lacking(workload.requests, kind) for kind in kinds]
    if all(lacking):
        return _cannot_hold(workload, where, kinds, lacking)
    return _too_many_pods(workload, pool) if pool else ""


def _lacking(requests: Mapping[str, Decimal], kind: NodeKind) -> set[str]:
    # The kind of node that nothing is known about may have anything.
    if kind.name == "?":
        return set()
    return {
        resource
        for resource, amount in requests.items()
        if (resource in kind.offers or is_accelerator(resource)) and amount > _offered(kind, resource)
    }


def _cannot_hold(workload: Workload, where: str, kinds: Sequence[NodeKind], lacking: Sequence[set[str]]) -> str:
    common = sorted(set[str].intersection(*lacking))
    if not common:
        asked = ", ".join(shown(resource, amount) for resource, amount in sorted(workload.requests.items()))
        return f"no {where} has all that a pod asks for at once: {asked}"
    resource = common[0]
    most = max(_offered(kind, resource) for kind in kinds)
    asked = shown(resource, workload.requests[resource])
    return f"a pod asks for {asked}, and no {where} offers more than {shown(resource, most)}"


def _too_many_pods(workload: Workload, pool: NodePool) -> str:
    fitting = [count for kind in pool.kinds if (count := _pods_on(workload.requests, kind)) is not None]
    if not fitting or pool.maximum_nodes is None:
        return ""
    room = max(fitting) * pool.maximum_nodes
    has = f"the {pool.maximum_nodes:,} nodes of pool {pool.name} hold {room:,} of them at most"
    if workload.pods > room:
        return f"{workload.pods:,} pods, but {has}; raise the pool's maximum"
    if workload.maximum_pods > room:
        return f"its autoscaler may want {workload.maximum_pods:,} pods, but {has}; raise that or lower the autoscaler"
    return ""


def _pods_on(requests: Mapping[str, Decimal], kind: NodeKind) -> int | None:
    counts = [
        int(_offered(kind, resource) // amount)
        for resource, amount in requests.items()
        if amount > 0 and (resource in kind.offers or is_accelerator(resource))
    ]
    return min(counts, default=None)


def _too_small(pool: NodePool, selecting: Iterable[Workload]) -> Iterator[str]:
    chosen = list(selecting)
    room = pool.room
    for maximum, when in ((False, ""), (True, " with every autoscaler at its maximum")):
        wanted = sum_amounts(each.total(maximum=maximum) for each in chosen)
        over = [resource for resource, amount in sorted(wanted.items()) if amount > room.get(resource, amount)]
        for resource in over:
            yield (
                f"node pool {pool.name}: {shown(resource, wanted[resource])} wanted{when}, "
                f"{shown(resource, room[resource])} provided at most; raise its maximum"
            )
        if over:
            return


def _offered(kind: NodeKind, resource: str) -> Decimal:
    return Decimal(str(kind.offers.get(resource, 0)))


def _qualified(workload: Workload) -> str:
    return f"{workload.namespace}/{workload.name}" if workload.namespace else workload.name
