"""What the managed add-ons are told: pure, one function an add-on."""

from collections.abc import Mapping
from typing import Any, Final

from .arguments import ClusterIpFamily

BEFORE_NODES: Final = frozenset({"eks-pod-identity-agent", "kube-proxy", "vpc-cni"})
"""Add-ons without which no node becomes ready; the others need a node to become active."""

SERVICE_ACCOUNTS: Final[Mapping[str, str]] = {"aws-ebs-csi-driver": "ebs-csi-controller-sa", "vpc-cni": "aws-node"}
"""Service accounts of the add-ons that call AWS, in kube-system."""

_SYSTEM_NODES: Final = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
_ZONE: Final = "topology.kubernetes.io/zone"


def addon_settings(
    name: str,
    *,
    ip_family: ClusterIpFamily,
    pod_subnets: Mapping[str, str],
    security_group: str,
) -> dict[str, Any]:
    """Return an add-on's configuration values; empty where its own defaults do.

    `pod_subnets` has the pods' subnet of each zone, and `security_group` is that of their network interfaces.
    """
    settings: dict[str, dict[str, Any]] = {
        "coredns": _coredns(),
        "metrics-server": {"tolerations": _SYSTEM_NODES},
        "snapshot-controller": {"tolerations": _SYSTEM_NODES},
        "vpc-cni": _vpc_cni(ip_family, pod_subnets, security_group),
    }
    return settings.get(name, {})


def _coredns() -> dict[str, Any]:
    return {
        "autoScaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 10},
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        # No limit of cores: a throttled resolver slows the whole cluster down.
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": _ZONE,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
    }


def _vpc_cni(ip_family: ClusterIpFamily, pod_subnets: Mapping[str, str], security_group: str) -> dict[str, Any]:
    # Prefixes of 16 addresses in the place of single ones: IPv6 needs them, and with IPv4 a node holds more pods.
    environment = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    if ip_family is ClusterIpFamily.IPV6:
        environment |= {"ENABLE_IPv4": "false", "ENABLE_IPv6": "true"}
    settings: dict[str, Any] = {"enableNetworkPolicy": "true", "env": environment}
    if pod_subnets:
        environment |= {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": _ZONE}
        settings["eniConfig"] = {
            "create": True,
            "subnets": {
                zone: {"id": subnet, "securityGroups": [security_group]} for zone, subnet in sorted(pod_subnets.items())
            },
        }
    return settings
