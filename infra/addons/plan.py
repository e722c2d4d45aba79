"""What `ClusterAddons` makes, worked out before anything is made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NotRequired, TypedDict

import pulumi

from ...planning.catalog import TIME_SLICING_REPLICAS
from ...problems import Problems, camel_case
from ..arguments import check_keys
from ..identity import IdentityMethod, Statement
from ..quantities import check_quantity
from ..versions import ADDON_CHARTS, EKS_KUBERNETES, Chart
from .addon import Addon, PodSecurityStandard
from .catalog import ADDONS, MONITORS
from .gpu_software import AmiFamily, GpuOwner, GpuOwnership, GpuSoftware, check_kubernetes, gpu_ownership
from .graph import ResolvedAddons, resolve_addons
from .settings import COMMON_SETTINGS, AddonSettings

_PATH: Final = "addons"
_MINOR: Final = re.compile(r"[1-9]\d{0,2}\.\d{1,3}")
_CHART_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+([-+.0-9A-Za-z]{1,40})?")
_SECRET_PREFIX: Final = re.compile(r"[A-Za-z0-9/_+=.@-]{1,256}")
"""Characters of a secret's name: Secrets Manager API Reference, CreateSecret."""


class ClusterAddonsArgs(TypedDict):
    """Inputs of `ClusterAddons`."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    region: str
    """AWS region of the cluster."""

    vpc_id: pulumi.Input[str]
    """VPC of the cluster."""

    addons: dict[str, AddonSettings]
    """The add-ons by name, each with how it differs from its defaults. What they need comes along."""

    gpu_software: NotRequired[GpuSoftware]
    """Who brings what NVIDIA GPUs need beside the driver: `ami` (the image, and on AL2023 the device plugin),
    `gpu-operator`, or `dra` (resource claims). Its add-on comes along. Default: none; the cluster has no such GPUs."""

    ami_family: NotRequired[AmiFamily]
    """Operating system of the nodes with GPUs: `bottlerocket` or `al2023`; as for their pools. Default:
    `bottlerocket`."""

    isolated_network: NotRequired[bool]
    """Whether pods reach no service of AWS that has no endpoint in the VPC, such as WAF and Route 53. Default:
    false."""

    kubernetes_version: NotRequired[str]
    """Minor version of the cluster, such as `1.36`. Default: that of `EKS_KUBERNETES`."""

    managed_addons: NotRequired[list[str]]
    """Names of EKS's own add-ons that the cluster has. One of the same name is refused here, and comes along with none
    that needs it. Default: none."""

    identity_method: NotRequired[IdentityMethod]
    """How add-ons get AWS credentials: `pod-identity` or `service-account` (IRSA). Default: `pod-identity`."""

    oidc_provider_arn: NotRequired[pulumi.Input[str]]
    """ARN of the cluster's identity provider. Only for `service-account`, and needed there."""

    oidc_issuer: NotRequired[pulumi.Input[str]]
    """Address of the cluster's issuer, with https://. Only for `service-account`, and needed there."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the add-ons' roles. Default: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddonRelease:
    """One Helm release."""

    addon: Addon
    """What is installed."""

    chart: Chart
    """From which chart."""

    settings: AddonSettings
    """How it differs from its defaults."""

    is_monitored: bool
    """Whether it shows its metrics to Prometheus."""

    before: tuple[str, ...]
    """Names of the releases that are installed first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterAddonsPlan:
    """The releases of a cluster."""

    releases: tuple[AddonRelease, ...]
    """In the order in which they are installed."""

    added: Mapping[str, tuple[str, ...]]
    """Add-ons that nobody asked for, and who needs each: other add-ons, or `gpuSoftware`."""

    namespaces: Mapping[str, PodSecurityStandard]
    """Namespaces that are made, and what each enforces."""

    ownership: GpuOwnership | None
    """Who owns what of the NVIDIA GPUs' software; none in a cluster without them."""


def plan_cluster_addons(args: ClusterAddonsArgs, name: str) -> ClusterAddonsPlan:
    """Check the inputs; return the releases in order. Raises `InvalidInput`."""
    del name
    problems = Problems()
    if not check_keys(problems, args, ClusterAddonsArgs):
        problems.raise_if_any("ClusterAddons")
    version = args.get("kubernetes_version", EKS_KUBERNETES.number)
    if not _MINOR.fullmatch(version):
        problems.add("kubernetesVersion", f"'{version}' is no minor version; write it like {EKS_KUBERNETES.number}")
        problems.raise_if_any("ClusterAddons")
    _check_identity(problems, args)
    ownership = _ownership(problems, args, version)
    wanted = set(args["addons"])
    brought = ownership.addon if ownership is not None else None
    asked = {*wanted, *([brought] if brought else [])}
    resolved = resolve_addons(problems, _PATH, asked, ADDONS, present=args.get("managed_addons", []))
    added = dict(resolved.added)
    if brought is not None and brought not in wanted:
        added[brought] = (*added.get(brought, ()), "gpuSoftware")
    is_gpu_problem = any(problem.path == "gpuSoftware" for problem in problems)
    for addon in resolved.order:
        _check_addon(problems, args, addon, version)
        if addon.needs_gpus and not is_gpu_problem:
            _check_gpu_addon(problems, addon, ownership)
    problems.raise_if_any("ClusterAddons")
    return ClusterAddonsPlan(
        releases=tuple(_release(addon, args, resolved) for addon in resolved.order),
        added=dict(sorted(added.items())),
        namespaces={
            addon.namespace: addon.pod_security
            for addon in sorted(resolved.order, key=lambda addon: addon.namespace)
            if addon.has_own_namespace
        },
        ownership=ownership,
    )


def _release(addon: Addon, args: ClusterAddonsArgs, resolved: ResolvedAddons) -> AddonRelease:
    settings = args["addons"].get(addon.name, AddonSettings())
    chart = _chart(addon)
    version = settings.get("version")
    if version is not None:
        chart = replace(chart, number=version.removeprefix("v"), is_tagged=version.startswith("v"))
    return AddonRelease(
        addon=addon,
        chart=chart,
        settings=settings,
        is_monitored=any(each.name == MONITORS for each in resolved.order),
        before=resolved.before(addon),
    )


def _ownership(problems: Problems, args: ClusterAddonsArgs, version: str) -> GpuOwnership | None:
    if "gpu_software" in args:
        family = args.get("ami_family", AmiFamily.BOTTLEROCKET)
        return gpu_ownership(problems, args["gpu_software"], family, kubernetes_version=version)
    if "ami_family" in args:
        problems.add("amiFamily", "belongs to gpuSoftware; give that too, or leave it out")
    return None


def _check_identity(problems: Problems, args: ClusterAddonsArgs) -> None:
    method = args.get("identity_method", IdentityMethod.POD_IDENTITY)
    problems.choice("identityMethod", method, [each.value for each in IdentityMethod])
    is_needed = method == IdentityMethod.SERVICE_ACCOUNT.value
    for key in ("oidc_provider_arn", "oidc_issuer"):
        if is_needed != (key in args):
            problems.add(
                camel_case(key), "missing; IRSA needs it" if is_needed else "belongs to service-account; leave it out"
            )


def _check_gpu_addon(problems: Problems, addon: Addon, ownership: GpuOwnership | None) -> None:
    path = f"{_PATH}.{addon.name}"
    if ownership is None:
        problems.add(path, "is for NVIDIA GPUs; give gpuSoftware too, or leave it out")
    elif addon.name in list(GpuOwner) and addon.name != ownership.addon:
        owner = ownership.device_plugin or ownership.dra_driver
        problems.add(path, f"is not what gpuSoftware and amiFamily choose: pods get GPUs from '{owner}'; leave it out")


def _chart(addon: Addon) -> Chart:
    return ADDON_CHARTS[addon.name]


def _check_statements(problems: Problems, addon: Addon, settings: AddonSettings) -> None:
    if settings.get("statements") and not addon.identities:
        problems.add("statements", f"'{addon.name}' has nothing to do in AWS; leave them out")
    for index, each in enumerate(settings.get("statements", [])):
        try:
            Statement(**each)
        except ValueError as error:
            problems.add(f"statements[{index}]", str(error))


def _check_addon(problems: Problems, args: ClusterAddonsArgs, addon: Addon, version: str) -> None:
    settings = args["addons"].get(addon.name, AddonSettings())
    with problems.under(f"{_PATH}.{addon.name}"):
        for key in sorted(settings.keys() - addon.settings - COMMON_SETTINGS):
            problems.add(camel_case(key), f"is not for '{addon.name}'; leave it out")
        for key in sorted(addon.required_settings):
            if not settings.get(key):
                problems.add(camel_case(key), f"missing; '{addon.name}' needs it")
        _check_statements(problems, addon, settings)
        chart_version = settings.get("version")
        if chart_version is not None and not _CHART_VERSION.fullmatch(chart_version):
            problems.add(
                "version", f"'{chart_version}' is no version of a chart; write it like {_chart(addon).version}"
            )
        prefix = settings.get("secret_prefix")
        if prefix and not _SECRET_PREFIX.fullmatch(prefix):
            problems.add("secretPrefix", f"'{prefix}' begins no secret's name; give letters, digits and /_+=.@-")
        if "storage_size" in settings:
            check_quantity(problems, "storageSize", settings["storage_size"], unit="bytes")
        if "storage_size" in settings and "storage_class" not in settings:
            problems.add("storageSize", "belongs to storageClass; give that too, or leave it out")
        for index, replicas in enumerate(settings.get("time_slicing_replicas", [])):
            problems.between(f"timeSlicingReplicas[{index}]", replicas, *TIME_SLICING_REPLICAS, unit="pods")
        if addon.kubernetes:
            check_kubernetes(problems, "", f"'{addon.name}'", version, addon.kubernetes)
        if addon.needs_internet and args.get("isolated_network", False):
            problems.add("", f"{addon.needs_internet}, which the network has no way to; leave it out")
        if addon.name in args.get("managed_addons", []):
            problems.add("", "EKS has an add-on of this name in the cluster already; leave one of them out")
