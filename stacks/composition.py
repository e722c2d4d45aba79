"""How the settings of a data center become the inputs of its components, checked together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from ..components.compute import NodeProvisioner, plan_cpu_node_pool, plan_gpu_node_pool, plan_node_scaling
from ..components.inference import plan_microservice
from ..components.storage import plan_dataset_volume, plan_object_store, plan_shared_filesystem
from ..components.tenancy import plan_tenancy
from ..components.training import plan_training_job
from ..infra.arguments import argument_hints, check_keys, is_known
from ..infra.cluster import Platform
from ..infra.labels import check_name
from ..planning.catalog import regions
from ..problems import InvalidInput, Problems, camel_case, suggestion
from .data_center_args import DataCenterArgs, PriorityClass
from .served_model import plan_served_model

DEFAULT_REGION: Final = "us-east-1"
"""Where prices are known for every instance type of the catalog."""
_PROVISIONERS: Final = {
    Platform.SIMULATED: NodeProvisioner.KARPENTER_KWOK,
    Platform.KUBERNETES: NodeProvisioner.EXISTING_NODES,
}
_HIGHEST_PRIORITY: Final = 1_000_000_000
"""Above it are Kubernetes' own classes: kubernetes.io, Pod Priority and Preemption, read 2026-11."""

_SYSTEM_PRIORITIES: Final = frozenset({"system-cluster-critical", "system-node-critical"})
_POOLS: Final = ("gpu_node_pools", "cpu_node_pools")
_WORKLOADS: Final = ("training_jobs", "inference_services", "microservices")

Section = Mapping[str, Mapping[str, Any]]
"""The components of one family, by name."""

_PLANS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "gpu_node_pools": plan_gpu_node_pool,
    "cpu_node_pools": plan_cpu_node_pool,
    "warm_capacity": plan_node_scaling,
    "tenants": plan_tenancy,
    "shared_filesystems": plan_shared_filesystem,
    "object_stores": plan_object_store,
    "dataset_volumes": plan_dataset_volume,
    "training_jobs": plan_training_job,
    "inference_services": plan_served_model,
    "microservices": plan_microservice,
}
"""The pure plan function of each family, in the order in which they are made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Composition:
    """The inputs of every component, with what the data center fills in."""

    platform: Platform
    sections: Mapping[str, Section]
    """By family, then by name; names are sorted."""

    namespaces: Mapping[str, str]
    """For each namespace of a tenant, the tenant."""

    claims: Mapping[tuple[str, str], tuple[str, str]]
    """For each (namespace, claim), the family and the name of the volume that makes it."""

    def section(self, family: str) -> Section:
        """The components of one family; empty where there are none."""
        return self.sections.get(family, {})


def plan_data_center(args: DataCenterArgs) -> Composition:
    """Check all settings together, each component by its own plan; raises `InvalidInput` with every problem."""
    problems = Problems()
    # Each component's own plan checks what is inside, once what the data center fills in is there.
    problems.known_keys(args, argument_hints(DataCenterArgs))
    problems.choice("platform", args.get("platform", ""), [platform.value for platform in Platform])
    problems.choice("region", args.get("region", DEFAULT_REGION), regions())
    _check_sections(problems, args)
    problems.raise_if_any("DataCenter")
    sections: dict[str, Section] = {}
    plans: dict[str, dict[str, Any]] = {}
    for family, plan in _PLANS.items():
        given = cast(Section, args.get(family, {}))
        sections[family] = {name: _filled(family, given[name], args) for name in sorted(given)}
        plans[family] = {}
        for name, filled in sections[family].items():
            with problems.under(f"{camel_case(family)}.{name}"):
                plans[family][name] = _planned(problems, plan, filled, name)
    composition = Composition(
        platform=Platform(args["platform"]),
        sections=sections | {"priority_classes": cast(Section, args.get("priority_classes", {}))},
        namespaces={str(each.get("namespace", name)): name for name, each in sections["tenants"].items()},
        claims=dict(_claims(sections, plans)),
    )
    _check_priority_classes(problems, composition)
    _check_pools(problems, composition, plans)
    _check_namespaces(problems, composition)
    _check_claims(problems, composition)
    _check_workload_names(problems, composition)
    problems.raise_if_any("DataCenter")
    return composition


def workload_args(family: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a component's settings that says where and how its pods run."""
    if family != "inference_services":
        return args
    service: object = args.get("service")
    return cast(Mapping[str, Any], service) if isinstance(service, Mapping) else {}


def _filled(family: str, args: Mapping[str, Any], data_center: DataCenterArgs) -> Mapping[str, Any]:
    if family not in _POOLS:
        return args
    filled: dict[str, Any] = {
        "provisioner": _PROVISIONERS[Platform(data_center["platform"])],
        "region": data_center.get("region", DEFAULT_REGION),
    }
    if data_center.get("zones"):
        filled["zones"] = data_center.get("zones")
    return {**filled, **args}


def _planned(problems: Problems, plan: Callable[[Any, str], Any], args: Mapping[str, Any], name: str) -> Any:
    try:
        return plan(args, name)
    except InvalidInput as invalid:
        problems.extend(invalid.problems)
        return None


def _claims(
    sections: Mapping[str, Section], plans: Mapping[str, Mapping[str, Any]]
) -> Iterable[tuple[tuple[str, str], tuple[str, str]]]:
    for family in ("shared_filesystems", "dataset_volumes"):
        for name, args in sections[family].items():
            if plans[family][name] is not None and is_known(args["namespace"]):
                yield (str(args["namespace"]), plans[family][name].claim_name), (family, name)


def _check_sections(problems: Problems, args: DataCenterArgs) -> None:
    """Require a map of maps in every section: a program's own dictionary has passed no schema."""
    for family in (*_PLANS, "priority_classes"):
        section: object = args.get(family, {})
        path = camel_case(family)
        if not isinstance(section, Mapping):
            problems.add(path, "not a map of names to components")
            continue
        for name, each in cast(Mapping[str, object], section).items():
            if not isinstance(each, Mapping):
                problems.add(f"{path}.{name}", "not a map of keys to values")


def _check_priority_classes(problems: Problems, composition: Composition) -> None:
    known = composition.section("priority_classes")
    for name, args in known.items():
        with problems.under(f"priorityClasses.{name}"):
            check_name(problems, "", name)
            if not check_keys(problems, args, PriorityClass):
                continue
            problems.between("value", int(args["value"]), -_HIGHEST_PRIORITY, _HIGHEST_PRIORITY)
    for path, args in _workloads(composition):
        wanted = args.get("priority_class")
        if isinstance(wanted, str) and wanted not in known.keys() | _SYSTEM_PRIORITIES:
            close = suggestion(wanted, known)
            problems.add(f"{path}.priorityClass", f"there is no '{wanted}' in priorityClasses{close}")


def _check_pools(problems: Problems, composition: Composition, plans: Mapping[str, Mapping[str, Any]]) -> None:
    known = {name: plans[family][name] for family in _POOLS for name in composition.section(family)}
    for name in composition.section("gpu_node_pools").keys() & composition.section("cpu_node_pools").keys():
        problems.add(f"cpuNodePools.{name}", "there is a GPU node pool of this name too; give each its own")
    for path, args in _workloads(composition):
        wanted = args.get("node_pool")
        if not isinstance(wanted, str):
            continue
        if wanted not in known:
            problems.add(f"{path}.nodePool", f"there is no node pool '{wanted}'{suggestion(wanted, known)}")
        elif known[wanted] is not None:
            _check_accelerators(problems, path, args, known[wanted], wanted)


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


def _check_namespaces(problems: Problems, composition: Composition) -> None:
    known = composition.namespaces
    for family in _PLANS:
        for name, args in composition.section(family).items():
            namespace = workload_args(family, args).get("namespace")
            if family != "tenants" and isinstance(namespace, str) and namespace not in known:
                path = f"{camel_case(family)}.{name}." + ("service." if family == "inference_services" else "")
                close = suggestion(namespace, known) or "; add it there"
                problems.add(f"{path}namespace", f"there is no tenant with namespace '{namespace}'{close}")


def _check_claims(problems: Problems, composition: Composition) -> None:
    for path, args in _workloads(composition):
        namespace = args.get("namespace")
        here = [claim for space, claim in composition.claims if space == namespace]
        for index, mount in enumerate(cast(list[Mapping[str, Any]], args.get("mounts", []))):
            claim = mount["claim"]
            if isinstance(claim, str) and claim not in here:
                close = suggestion(claim, here) or "; add a shared file system or a dataset volume that makes it"
                problems.add(f"{path}.mounts[{index}].claim", f"there is no claim '{claim}' in '{namespace}'{close}")


def _check_workload_names(problems: Problems, composition: Composition) -> None:
    seen: dict[tuple[object, str], str] = {}
    for family in _WORKLOADS:
        for name, args in composition.section(family).items():
            key = (workload_args(family, args).get("namespace"), name)
            path = f"{camel_case(family)}.{name}"
            if key in seen:
                problems.add(path, f"{seen[key]} has the same name in the same namespace; rename one")
            seen.setdefault(key, path)


def _workloads(composition: Composition) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for family in (*_WORKLOADS, "warm_capacity"):
        for name, args in composition.section(family).items():
            within = ".service" if family == "inference_services" else ""
            yield f"{camel_case(family)}.{name}{within}", workload_args(family, args)
