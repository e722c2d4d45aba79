"""Values of charts: the files beside this module, and what depends on the cluster."""

import json
import pkgutil
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final, cast

from ...planning.catalog import accelerators, all_instance_types
from ..labels import ACCELERATOR_LABEL
from ..versions import VERTICAL_POD_AUTOSCALER
from .addon import AddonContext
from .gpu_software import GpuOwner
from .settings import AddonSettings
from .statements import CLUSTER_TAG

DEFAULT_STORAGE_SIZE: Final = "50Gi"
"""Of each volume of Prometheus: above the 40 GB at which our values let old data go."""

_ALERTS_SIZE: Final = "5Gi"

_ALL_GPUS: Final = "all-gpus"

_WHOLE: Final = "whole"
"""The device plugin's configuration of nodes that carry no label for another."""

_MIG_STRATEGY: Final = "mixed"
"""Every instance is offered under its own name, as the pools expect."""


def file_values(addon: str, *, monitored: bool = False) -> dict[str, Any]:
    """Return the values of an add-on's file; `monitored`, with those that show its metrics to Prometheus."""
    values = merged(_read(addon), _read(f"{addon}.monitored")) if monitored else _read(addon)
    return deepcopy(values)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `under` with the values of `over`: maps are merged, all else is replaced."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(cast(Mapping[str, Any], below), cast(Mapping[str, Any], value)) if both else value
    return result


def at(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return `value` below nested keys."""
    for key in reversed(path):
        value = {key: value}
    return cast(dict[str, Any], value)


def load_balancer_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the cluster, so that the controller need not ask the instance metadata, and what it must not ask for.

    In a network without a way out no load balancer would be made while the controller waits for WAF: EKS User Guide,
    Deploy private clusters with limited internet access.
    """
    del settings
    cluster = {"clusterName": context.cluster_name, "region": context.region, "vpcId": context.vpc_id}
    return {**cluster, "enableWafv2": False} if context.is_isolated else cluster


def efs_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the tag of what the driver makes, on which its permissions depend."""
    del settings
    return {"controller": {"tags": {CLUSTER_TAG: context.cluster_name}}}


def fsx_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the region, and the tag of what the driver makes, on which its permissions depend."""
    del settings
    return {"controller": {"region": context.region, "extraTags": {CLUSTER_TAG: context.cluster_name}}}


def external_dns_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the domains, and the owner's name on records, so that two clusters leave each other's alone."""
    values: dict[str, Any] = {
        "txtOwnerId": context.cluster_name,
        "env": [{"name": "AWS_DEFAULT_REGION", "value": context.region}],
    }
    return {**values, "domainFilters": sorted(settings.get("domains", []))}


def keda_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the cluster's name, which KEDA's metrics carry, and the region of its triggers."""
    del settings
    return {"clusterName": context.cluster_name, "env": [{"name": "AWS_REGION", "value": context.region}]}


def device_plugin_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the nodes of the device plugin, and how it shares GPUs on pools that ask for it.

    The chart looks for labels of Node Feature Discovery, which is not there; our pools label their nodes.
    """
    del context
    shared = _sharing(settings)
    sharing = {"config": {"map": shared, "default": _WHOLE}} if shared else {"migStrategy": _MIG_STRATEGY}
    return {"affinity": _nvidia_nodes(), **sharing}


def gpu_operator_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return how the operator's device plugin shares GPUs on pools that ask for it."""
    del context
    shared = _sharing(settings)
    config = {"create": True, "name": "device-plugin", "default": _WHOLE, "data": shared}
    return {"mig": {"strategy": _MIG_STRATEGY}, **({"devicePlugin": {"config": config}} if shared else {})}


def dra_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the nodes of the DRA driver's plugin of the kubelet."""
    del context, settings
    return {"kubeletPlugin": {"affinity": _nvidia_nodes()}}


def dcgm_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the nodes of the exporter, whether GPUs are told apart by resource claims, and its way to the GPUs."""
    del settings
    ownership = context.ownership
    by_claims = ownership is not None and ownership.dra_driver is GpuOwner.DRA_DRIVER
    values: dict[str, Any] = {"affinity": _nvidia_nodes(), "kubernetesDRA": {"enabled": by_claims}}
    if ownership is not None and ownership.guards_gpus:
        # The mount that asks the container toolkit for all GPUs, beside the mounts that the chart has already.
        mounts = file_values("dcgm-exporter")["extraVolumeMounts"]
        values["extraHostVolumes"] = [{"name": _ALL_GPUS, "hostPath": "/dev/null"}]
        values["extraVolumeMounts"] = [
            *mounts,
            {"name": _ALL_GPUS, "mountPath": "/var/run/nvidia-container-devices/all"},
        ]
    return values


def neuron_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the nodes of the device plugin: every instance type of the catalog with a Neuron accelerator."""
    del context, settings
    types = [
        each
        for each in all_instance_types().values()
        if each.accelerator is not None and each.accelerator.vendor == "aws"
    ]
    return {"neuronInstances": sorted(each.name for each in types)}


def monitoring_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the volumes of Prometheus and Alertmanager, where a StorageClass is given."""
    del context
    storage_class = settings.get("storage_class")
    if storage_class is None:
        return {}
    return {
        "prometheus": {
            "prometheusSpec": {"storageSpec": _claim(storage_class, settings.get("storage_size", DEFAULT_STORAGE_SIZE))}
        },
        "alertmanager": {"alertmanagerSpec": {"storage": _claim(storage_class, _ALERTS_SIZE)}},
    }


def vertical_pod_autoscaler_values(context: AddonContext, settings: AddonSettings) -> Mapping[str, Any]:
    """Return the version of the three programs: charts of one version have been tagged with two of the programs."""
    del context, settings
    parts = ("admissionController", "recommender", "updater")
    return {part: {"image": {"tag": VERTICAL_POD_AUTOSCALER.number}} for part in parts}


def _sharing(settings: AddonSettings) -> dict[str, str]:
    """Return the device plugin's configurations by name; nodes choose one by the label of their pool."""
    numbers = sorted({int(each) for each in settings.get("time_slicing_replicas", [])})
    if not numbers:
        return {}
    whole: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": _MIG_STRATEGY}}
    configurations = {_WHOLE: whole}
    for replicas in numbers:
        sliced = {
            "renameByDefault": True,
            "failRequestsGreaterThanOne": True,
            "resources": [{"name": "nvidia.com/gpu", "replicas": replicas}],
        }
        configurations[f"time-slicing-{replicas}"] = {**whole, "sharing": {"timeSlicing": sliced}}
    # JSON is YAML, and its text is the same on every machine.
    return {name: json.dumps(each, sort_keys=True) for name, each in configurations.items()}


def _claim(storage_class: str, size: str) -> dict[str, Any]:
    spec = {
        "storageClassName": storage_class,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
    }
    return {"volumeClaimTemplate": {"spec": spec}}


def _nvidia_nodes() -> dict[str, Any]:
    models = sorted(each.name for each in accelerators().values() if each.vendor == "nvidia")
    here = {"key": ACCELERATOR_LABEL, "operator": "In", "values": models}
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}
        }
    }


@cache
def _read(name: str) -> dict[str, Any]:
    # Reading YAML costs start-up time, which only those pay who install add-ons.
    import yaml

    content = pkgutil.get_data(__name__, f"values/{name}.yaml")
    assert content is not None, "the package's loader can read its data"
    # The parser in C, where there is one: 22 files take it 4 ms instead of 60.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(dict[str, Any], yaml.load(content, Loader=loader))
