"""Whether an address is reachable from outside, as each platform wants to be told."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from ...infra.addresses import check_cidr
from ...infra.labels import check_label_key
from ...problems import Problems

PRIVATE_NETWORKS: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Addresses that are never routed on the internet: RFC 1918."""

_AWS: Final = "service.beta.kubernetes.io/aws-load-balancer-scheme"


class LoadBalancerScheme(StrEnum):
    """Where the address of a load balancer is."""

    INTERNAL = "internal"
    """In the private network of the cluster."""

    INTERNET_FACING = "internet-facing"
    """On the internet."""


# Sources, read 2026-11: AWS Load Balancer Controller, guide/service/annotations; GKE, "LoadBalancer Service
# parameters"; GKE on Azure, "Network load balancing"; cloud-provider-openstack, examples/loadbalancers. Every platform
# reads its own key and leaves the others alone, so one manifest is right on all of them.
_ANNOTATIONS: Final[Mapping[LoadBalancerScheme, Mapping[str, str]]] = {
    LoadBalancerScheme.INTERNAL: {
        _AWS: "internal",
        "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
        "networking.gke.io/load-balancer-type": "Internal",
        "service.beta.kubernetes.io/openstack-internal-load-balancer": "true",
    },
    LoadBalancerScheme.INTERNET_FACING: {_AWS: "internet-facing"},
}
_OWNED: Final = frozenset(_ANNOTATIONS[LoadBalancerScheme.INTERNAL])


def plan_scheme(problems: Problems, scheme: str) -> LoadBalancerScheme:
    """Read the scheme; a wrong one becomes a problem and counts as internal."""
    problems.choice("scheme", scheme, [each.value for each in LoadBalancerScheme])
    return LoadBalancerScheme(scheme) if scheme in list(LoadBalancerScheme) else LoadBalancerScheme.INTERNAL


def plan_source_ranges(problems: Problems, given: Sequence[str] | None, scheme: LoadBalancerScheme) -> Sequence[str]:
    """Check who may connect, and apply the default: private networks, and nobody from the internet unasked."""
    if given is None:
        if scheme is LoadBalancerScheme.INTERNET_FACING:
            problems.add(
                "sourceRanges",
                "missing; say who may connect from the internet, such as 203.0.113.0/24, or 0.0.0.0/0 for everybody",
            )
        return PRIVATE_NETWORKS
    if not given:
        problems.add("sourceRanges", "lets nobody connect; name a network, or leave it out for the private ones")
    for index, cidr in enumerate(given):
        check_cidr(problems, f"sourceRanges[{index}]", cidr)
    return sorted(set(given))


def scheme_annotations(scheme: LoadBalancerScheme) -> Mapping[str, str]:
    """What tells each platform the scheme."""
    return _ANNOTATIONS[scheme]


def check_annotations(problems: Problems, annotations: Mapping[str, object]) -> None:
    """Refuse keys that no annotation has, and annotations that the scheme writes: one owner for every value."""
    for key in sorted(annotations):
        # Of annotations alone, the API server takes capitals before the slash too.
        check_label_key(problems, f"annotations.{key}", key.lower())
    for key in sorted(_OWNED & annotations.keys()):
        problems.add(f"annotations.{key}", "is written from scheme; set scheme in its place")
