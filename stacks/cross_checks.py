"""What the components of a data center say about each other, checked."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from ..infra.arguments import check_keys
from ..infra.labels import check_name
from ..problems import Problems, camel_case, suggestion
from .data_center_args import PriorityClass
from .fabric import check_fabric
from .families import Plans, Sections
from .images import MODEL_PARTS, check_image_name
from .layer import SECTIONS, Layer

_HIGHEST_PRIORITY: Final = 1_000_000_000
"""Above it are Kubernetes' own classes: kubernetes.io, Pod Priority and Preemption, read 2026-11."""

_SYSTEM_PRIORITIES: Final = frozenset({"system-cluster-critical", "system-node-critical"})
_POOLS: Final = ("gpu_node_pools", "cpu_node_pools")
_WORKLOADS: Final = ("preprocessing_jobs", "training_jobs", "inference_services", "microservices")


def check_together(
    problems: Problems,
    sections: Sections,
    plans: Plans,
    *,
    namespaces: Iterable[str],
    claims: Iterable[tuple[str, str]],
    has_platform: bool,
) -> None:
    """Check names that refer to other components.

    Args:
        problems: where problems go.
        sections: inputs of all components.
        plans: their plans.
        namespaces: namespaces of the tenants.
        claims: claims of volumes, as (namespace, claim).
        has_platform: whether node pools and priority classes are declared here, and not in a layer beneath.
    """
    _check_priority_classes(problems, sections, has_platform)
    _check_pools(problems, sections, plans, has_platform)
    _check_namespaces(problems, sections, set(namespaces))
    _check_claims(problems, sections, list(claims))
    _check_workload_names(problems, sections)
    for path, args in _workloads(sections):
        check_image_name(problems, f"{path}.image", args.get("image"), sections.get("images", {}))


def workload_args(family: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a component's settings that says where and how its pods run."""
    if family != "inference_services":
        return args
    service: object = args.get("service")
    return cast(Mapping[str, Any], service) if isinstance(service, Mapping) else {}


def _check_priority_classes(problems: Problems, sections: Sections, has_platform: bool) -> None:
    known = sections.get("priority_classes", {})
    for name, args in known.items():
        with problems.under(f"priorityClasses.{name}"):
            check_name(problems, "", name)
            if not check_keys(problems, args, PriorityClass):
                continue
            problems.between("value", int(args["value"]), -_HIGHEST_PRIORITY, _HIGHEST_PRIORITY)
    for path, args in _workloads(sections):
        wanted = args.get("priority_class")
        if has_platform and isinstance(wanted, str) and wanted not in known.keys() | _SYSTEM_PRIORITIES:
            close = suggestion(wanted, known)
            problems.add(f"{path}.priorityClass", f"there is no '{wanted}' in priorityClasses{close}")


def _check_pools(problems: Problems, sections: Sections, plans: Plans, has_platform: bool) -> None:
    known = {name: plans[family][name] for family in _POOLS for name in sections.get(family, {})}
    for name in sections.get("gpu_node_pools", {}).keys() & sections.get("cpu_node_pools", {}).keys():
        problems.add(f"cpuNodePools.{name}", "there is a GPU node pool of this name too; give each its own")
    for path, args in _workloads(sections):
        wanted = args.get("node_pool")
        if not isinstance(wanted, str) or not has_platform:
            continue
        if wanted not in known:
            problems.add(f"{path}.nodePool", f"there is no node pool '{wanted}'{suggestion(wanted, known)}")
        elif known[wanted] is not None:
            _check_accelerators(problems, path, args, known[wanted], wanted)
            check_fabric(problems, path, args, plans)


def _check_accelerators(problems: Problems, path: str, args: Mapping[str, Any], pool: Any, name: str) -> None:
    resources: Mapping[str, Any] = args.get("resources", {})
    field = "gpusPerNode" if "gpus_per_node" in args else "resources.gpus"
    wanted = int(args.get("gpus_per_node", resources.get("gpus", 0)))
    if wanted > pool.gpus_per_node:
        problems.add(
            f"{path}.{field}", f"{wanted} is more than a node of pool '{name}' has, {pool.gpus_per_node}; it would wait"
        )
    resource = resources.get("gpu_resource", "nvidia.com/gpu")
    if wanted and pool.gpus_per_node and resource != pool.gpu_resource:
        problems.add(
            f"{path}.resources.gpuResource", f"'{resource}' is not what pool '{name}' has, {pool.gpu_resource}"
        )


def _check_namespaces(problems: Problems, sections: Sections, known: set[str]) -> None:
    for family in SECTIONS[Layer.WORKLOADS]:
        for name, args in sections.get(family, {}).items():
            namespace = workload_args(family, args).get("namespace")
            if family != "tenants" and isinstance(namespace, str) and namespace not in known:
                path = f"{camel_case(family)}.{name}." + ("service." if family == "inference_services" else "")
                close = suggestion(namespace, known) or "; add it there"
                problems.add(f"{path}namespace", f"there is no tenant with namespace '{namespace}'{close}")
    for name, store in sections.get("object_stores", {}).items():
        for key, workload in _bucket_workloads(store).items():
            namespace = workload.get("namespace")
            if isinstance(namespace, str) and namespace not in known:
                path = f"objectStores.{name}.s3.workloads.{key}.namespace"
                close = suggestion(namespace, known) or "; add it there"
                problems.add(path, f"there is no tenant with namespace '{namespace}'{close}")


def _bucket_workloads(store: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return who uses a bucket; nobody where that is wrong in itself."""
    bucket: object = store.get("s3")
    found: object = cast(Mapping[str, Any], bucket).get("workloads") if isinstance(bucket, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    listed = cast(Mapping[str, object], found)
    return {key: cast(Mapping[str, Any], each) for key, each in listed.items() if isinstance(each, Mapping)}


def _check_claims(problems: Problems, sections: Sections, claims: Iterable[tuple[str, str]]) -> None:
    for path, args in _workloads(sections):
        namespace = args.get("namespace")
        here = [claim for space, claim in claims if space == namespace]
        for index, mount in enumerate(cast(list[Mapping[str, Any]], args.get("mounts", []))):
            claim = mount.get("claim")
            if isinstance(claim, str) and claim not in here:
                close = suggestion(claim, here) or "; add a shared file system or a dataset volume that makes it"
                problems.add(f"{path}.mounts[{index}].claim", f"there is no claim '{claim}' in '{namespace}'{close}")


def _check_workload_names(problems: Problems, sections: Sections) -> None:
    seen: dict[tuple[object, str], str] = {}
    for family in _WORKLOADS:
        for name, args in sections.get(family, {}).items():
            key = (workload_args(family, args).get("namespace"), name)
            path = f"{camel_case(family)}.{name}"
            if key in seen:
                problems.add(path, f"{seen[key]} has the same name in the same namespace; rename one")
            seen.setdefault(key, path)


def _workloads(sections: Sections) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for family in (*_WORKLOADS, "warm_capacity"):
        for name, args in sections.get(family, {}).items():
            path = f"{camel_case(family)}.{name}"
            if family != "inference_services":
                yield path, args
                continue
            for key in MODEL_PARTS:
                part: object = args.get(key)
                if isinstance(part, Mapping):
                    yield f"{path}.{camel_case(key)}", cast(Mapping[str, Any], part)
