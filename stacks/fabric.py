"""The part of a node pool's fast network that a training job of whole nodes gets."""

from collections.abc import Mapping
from typing import Any

from ..components.compute.pool_plan import NodePoolPlan
from ..problems import Problems
from .families import Plans


def with_fabric(own: Mapping[str, Any], plans: Plans) -> Mapping[str, Any]:
    """Return a training job's inputs with the EFA interfaces of its pool's nodes, unless they say otherwise.

    A job that takes all accelerators of several nodes leaves no interface to anybody else. Huge pages are never filled
    in: whether nodes have them is not known here.
    """
    pool = _pool(own, plans)
    nodes: object = own.get("nodes")
    if pool is None or "efa_interfaces" in own or not isinstance(nodes, int) or nodes < 2:
        return own
    is_whole = own.get("gpus_per_node") == pool.gpus_per_node == pool.shape.accelerators
    interfaces = _interfaces(pool, plans) or 0
    return {**own, "efa_interfaces": interfaces} if is_whole and interfaces else own


def check_fabric(problems: Problems, path: str, own: Mapping[str, Any], plans: Plans) -> None:
    """Refuse more EFA interfaces than a node of the pool has, as far as it is made on EC2 and known here."""
    pool = _pool(own, plans)
    wanted: object = own.get("efa_interfaces")
    most = None if pool is None else _interfaces(pool, plans)
    if pool is None or most is None or not isinstance(wanted, int) or wanted <= most:
        return
    able = min(each.efa_interfaces for each in pool.shape.instance_types)
    way = f"give {most} or fewer" if most else "leave it out"
    if able > most:
        way += ", or give the pool `efa: true` among its options of AWS"
    problems.add(f"{path}.efaInterfaces", f"{wanted} is more than a node of pool '{pool.pool_name}' has, {most}; {way}")


def _pool(own: Mapping[str, Any], plans: Plans) -> NodePoolPlan | None:
    """Return the plan of the pool that a job names; None where it is unknown, wrong or in a layer beneath."""
    found = plans.get("gpu_node_pools", {}).get(str(own.get("node_pool")))
    return found if isinstance(found, NodePoolPlan) else None


def _interfaces(pool: NodePoolPlan, plans: Plans) -> int | None:
    """Return the EFA interfaces of a node; None where nodes are not made on EC2."""
    if pool.aws is not None:
        return pool.efa_interfaces
    shared = plans.get("node_classes", {}).get(str(pool.node_class))
    return None if shared is None else int(shared.nodes.efa_interfaces)
