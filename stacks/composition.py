"""How the settings of a data center become the inputs of its components, checked together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from ..components.compute import NodeProvisioner
from ..infra.addons import AmiFamily, GpuSoftware
from ..infra.arguments import argument_hints, check_types, is_known
from ..infra.cluster import Platform
from ..infra.labels import check_name
from ..infra.security import KeyPurpose
from ..planning.catalog import regions
from ..problems import InvalidInput, Problems, camel_case
from .aws_checks import check_on_aws
from .cluster_settings import cluster_settings
from .cross_checks import check_together
from .data_center_args import DataCenterArgs
from .families import FAMILIES
from .filling import filled
from .images import stand_in_repositories, with_repositories, with_stand_in
from .layer import SECTIONS, Layer, layer_of
from .planned_inputs import with_plans
from .pool_needs import addons_for_pools, karpenter_for_pools
from .surroundings import Surroundings, stand_ins

DEFAULT_REGION: Final = "us-east-1"
"""Where prices are known for every instance type of the catalog."""

_PROVISIONERS: Final = {
    Platform.SIMULATED: (NodeProvisioner.KARPENTER_KWOK,),
    Platform.KUBERNETES: (NodeProvisioner.EXISTING_NODES,),
    Platform.AWS: (NodeProvisioner.KARPENTER_AWS, NodeProvisioner.MANAGED_NODE_GROUP),
}
"""Who makes nodes on a platform; the first where a pool says nothing."""

_POOLS: Final = ("gpu_node_pools", "cpu_node_pools")
_ALWAYS: Final = ("permissions_boundary", "access_log_bucket", "karpenter", "cluster_addons")
"""What an AWS layer has even if its settings say nothing of it."""

_NEEDED: Final = ("network", "cluster")
_OF_AWS: Final = ("environment", "account", "tags", "layer", "beneath", "gpu_software", "ami_family")
_ACCOUNT: Final = re.compile(r"\d{12}")
_ROOM: Final = 24
"""Characters that the longest name of a role adds to that of the environment."""

_STAND_INS: Final[Mapping[str, Mapping[str, Any]]] = {
    "bucket_replications": {
        "source_bucket_arn": "arn:aws:s3:::source",
        "source_key": "arn:aws:kms:us-east-1:000000000000:key/source",
        "destination_bucket_arn": "arn:aws:s3:::destination",
        "destination_key": "arn:aws:kms:us-east-1:000000000000:key/destination",
    }
}
"""What only other components can give, for checking settings before those are there."""

_FROM_POOLS: Final = {"cluster_addons": addons_for_pools, "karpenter": karpenter_for_pools}
"""Families whose settings depend on what node pools ask for."""

Section = Mapping[str, Mapping[str, Any]]
"""The components of one family, by name; a family of which there is one has the name `""`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Composition:
    """The inputs of every component, as far as the data center fills them in before anything is made."""

    platform: Platform
    layers: Sequence[Layer]
    """Those of this stack, lowest first."""

    environment: str
    region: str
    sections: Mapping[str, Section]
    """By family, then by name; names are sorted."""

    namespaces: Mapping[str, str]
    """For each namespace of a tenant, the tenant."""

    claims: Mapping[tuple[str, str], tuple[str, str]]
    """For each (namespace, claim), the family and the name of the volume that makes it."""

    managed_addons: Sequence[str] = ()
    """EKS's own add-ons of the cluster."""

    def section(self, family: str) -> Section:
        """The components of one family; empty where there are none."""
        return self.sections.get(family, {})

    def single(self, family: str) -> Mapping[str, Any] | None:
        """The inputs of a family of which there is one; None where there is none."""
        return self.section(family).get("")


def plan_data_center(args: DataCenterArgs, environment: str = "environment") -> Composition:
    """Check all settings together, each component by its own plan; raises `InvalidInput` with every problem.

    `environment` is the name where the settings give none.
    """
    problems = Problems()
    # Each component's own plan checks what is inside, once what the data center fills in is there.
    problems.known_keys(args, argument_hints(DataCenterArgs))
    # A program's own dictionary has passed no schema.
    if check_types(problems, args, DataCenterArgs):
        problems.choice("platform", args.get("platform", ""), [platform.value for platform in Platform])
        problems.choice("region", args.get("region", DEFAULT_REGION), regions())
    problems.raise_if_any("DataCenter")
    platform = Platform(args["platform"])
    layers = _layers(problems, args, platform)
    environment = args.get("environment", environment)
    around = None
    if platform is Platform.AWS:
        check_name(problems, "environment", environment, room=_ROOM, host=True)
        around = _around(problems, args, environment)
    problems.raise_if_any("DataCenter")
    sections = {family: _section(args, family, platform, layers) for family in FAMILIES}
    plans, composition = _planned_sections(problems, sections, around)
    composition |= {"sections": {**sections, "priority_classes": cast(Section, args.get("priority_classes", {}))}}
    made = Composition(
        platform=platform,
        layers=layers,
        environment=environment,
        region=args.get("region", DEFAULT_REGION),
        namespaces={str(each.get("namespace", name)): name for name, each in sections["tenants"].items()},
        claims=dict(_claims(sections, plans)),
        **composition,
    )
    check_together(
        problems,
        made.sections,
        plans,
        namespaces=made.namespaces,
        claims=made.claims,
        has_platform=Layer.PLATFORM in layers,
    )
    if around is not None:
        check_on_aws(problems, made.sections, plans, around, layers=layers, tags=args.get("tags", {}))
    problems.raise_if_any("DataCenter")
    return made


def component_path(family: str, name: str) -> str:
    """Return the path of a component in the settings."""
    return f"{camel_case(family)}.{name}" if name else camel_case(family)


def _planned_sections(
    problems: Problems, sections: dict[str, Section], around: Surroundings | None
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Plan every component; return the plans, and what one component's plan says to others.

    What a component's settings get from the plans of others goes into `sections`.
    """
    plans: dict[str, dict[str, Any]] = {}
    told: dict[str, Any] = {}
    for family, kind in FAMILIES.items():
        plans[family] = {}
        sections[family] = with_plans(family, sections[family], plans)
        for name, own in sections[family].items():
            complete = own if around is None else filled({**_STAND_INS.get(family, {}), **own}, kind.args, around)
            called = name or kind.name("environment" if around is None else around.environment)
            with problems.under(component_path(family, name)):
                try:
                    plans[family][name] = kind.plan(with_stand_in(family, complete), called)
                except InvalidInput as invalid:
                    problems.extend(invalid.problems)
                    plans[family][name] = None
            if family == "cluster" and plans[family][name] is not None and around is not None:
                told["managed_addons"] = sorted(plans[family][name].addons)
                around = replace(around, managed_addons=told["managed_addons"])
    return plans, told


def _section(args: DataCenterArgs, family: str, platform: Platform, layers: Sequence[Layer]) -> Section:
    """Return the components of a family, with what depends on the platform filled in."""
    given = cast(Mapping[str, Any] | None, args.get(family))
    is_here = platform is Platform.AWS and layer_of(family) in layers
    if FAMILIES[family].is_single:
        if given is None and family == "karpenter" and (args.get("cluster") or {}).get("auto_mode"):
            return {}
        if given is None and not (is_here and family in _ALWAYS):
            return {}
        if family in _FROM_POOLS:
            return {"": _FROM_POOLS[family](given or {}, args)}
        return {"": given or {}}
    if family == "encryption_keys" and is_here:
        keys: dict[str, Mapping[str, Any]] = {purpose.value: dict[str, Any]() for purpose in KeyPurpose}
        keys |= given or {}
        return {purpose: {"purpose": purpose, **own} for purpose, own in sorted(keys.items())}
    if family == "images" and platform is Platform.AWS:
        return with_repositories(given or {})
    return {name: _on_platform(family, each, args, platform) for name, each in sorted((given or {}).items())}


def _on_platform(family: str, own: Mapping[str, Any], args: DataCenterArgs, platform: Platform) -> Mapping[str, Any]:
    if family not in _POOLS:
        return own
    more: dict[str, Any] = {
        "provisioner": _PROVISIONERS[platform][0].value,
        "region": args.get("region", DEFAULT_REGION),
    }
    if args.get("zones"):
        more["zones"] = args.get("zones")
    return {**more, **own}


def _layers(problems: Problems, args: DataCenterArgs, platform: Platform) -> tuple[Layer, ...]:
    """Return the layers of this stack; refuse settings of other layers and platforms."""
    chosen: object = args.get("layer")
    if chosen is not None:
        problems.choice("layer", str(chosen), [each.value for each in Layer])
    problems.raise_if_any("DataCenter")
    _check_provisioners(problems, args, platform)
    if platform is not Platform.AWS:
        own = [family for family, kind in FAMILIES.items() if kind.is_aws]
        for key in (*_OF_AWS, *own):
            if key in args:
                problems.add(camel_case(key), f"belongs to the platform aws, and this is {platform}; leave it out")
        return tuple(Layer)
    layers = tuple(Layer) if chosen is None else (Layer(str(chosen)),)
    _check_layer_sections(problems, args, layers)
    needs_beneath = layers[0] is not Layer.FOUNDATION
    if needs_beneath and "beneath" not in args:
        problems.add("beneath", f"missing; name the stack of the layer that {layers[0]} stands on")
    if not needs_beneath and "beneath" in args:
        problems.add("beneath", "the foundation stands on nothing; leave it out")
    for key in ("kubeconfig", "kube_context"):
        if key in args:
            problems.add(camel_case(key), "on AWS the cluster gives it; leave it out")
    return layers


def _check_layer_sections(problems: Problems, args: DataCenterArgs, layers: Sequence[Layer]) -> None:
    for layer, families in SECTIONS.items():
        for family in families:
            if family in args and layer not in layers:
                problems.add(camel_case(family), f"belongs to the layer {layer}; put it into the settings of its stack")
            elif family in _NEEDED and family not in args and layer in layers:
                problems.add(camel_case(family), f"missing; the layer {layer} makes it")


def _check_provisioners(problems: Problems, args: DataCenterArgs, platform: Platform) -> None:
    allowed = [each.value for each in _PROVISIONERS[platform]]
    for family in _POOLS:
        for name, own in cast(Section, args.get(family, {})).items():
            wanted = own.get("provisioner")
            if wanted is not None and str(wanted) not in allowed:
                problems.add(
                    f"{camel_case(family)}.{name}.provisioner",
                    f"'{wanted}' is none of the platform {platform}; give {' or '.join(allowed)}, or leave it out",
                )


def _around(problems: Problems, args: DataCenterArgs, environment: str) -> Surroundings:
    """Check what all components on AWS have in common; return stand-ins for what is not there yet."""
    region, zones = args.get("region", DEFAULT_REGION), args.get("zones", [])
    if not zones:
        problems.add("zones", f"missing; name 2 to 6 of {region}, such as {region}a")
    for index, zone in enumerate(zones):
        if not zone.startswith(region):
            problems.add(f"zones[{index}]", f"'{zone}' is not in {region}; give zones of one region")
    account = args.get("account")
    if account is not None and not _ACCOUNT.fullmatch(account):
        problems.add("account", f"'{account}' is no account; give its 12 digits, in quotes")
    known = cluster_settings(args, region)
    problems.choice("gpuSoftware", known["gpu_software"], [each.value for each in GpuSoftware])
    problems.choice("amiFamily", known["ami_family"], [each.value for each in AmiFamily])
    named = {"repositories": stand_in_repositories(args.get("images", {}))}
    return replace(stand_ins(environment, region, zones), named=named, **known)


def _claims(
    sections: Mapping[str, Section], plans: Mapping[str, Mapping[str, Any]]
) -> Iterable[tuple[tuple[str, str], tuple[str, str]]]:
    for family in ("shared_filesystems", "dataset_volumes"):
        for name, args in sections[family].items():
            plan, namespace = plans[family][name], args.get("namespace", "")
            # What is wrong with a volume is said already: its claim is not missing as well.
            claim = str(args.get("claim_name", name)) if plan is None else plan.claim_name
            if is_known(namespace):
                yield (str(namespace), claim), (family, name)
