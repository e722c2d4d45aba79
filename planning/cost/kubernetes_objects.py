"""What Kubernetes objects cost on AWS: claims on block storage, and load balancers. Pods cost nothing beside nodes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...evaluation.graph import Resource
from ...evaluation.manifests import Manifest
from ..nodes.disks import disk_of_claim, gib_of
from ..span import Span
from ..values import mapping, mappings, number, section, text
from .aws_resources import balancer_lines
from .counter import UNKNOWN_SIZE, Counter, Entry
from .lines import Unpriced

_BLOCK_DRIVERS: Final = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
_FILE_DRIVERS: Final = ("efs.csi.aws.com", "fsx.csi.aws.com", "s3.csi.aws.com")
_NETWORK_CLASSES: Final = ("service.k8s.aws/nlb", "eks.amazonaws.com/nlb")
_ANNOTATION: Final = "service.beta.kubernetes.io/aws-load-balancer-"
_GROUP: Final = "alb.ingress.kubernetes.io/group.name"
_SCHEME: Final = "alb.ingress.kubernetes.io/scheme"
_PUBLIC: Final = "internet-facing"
_GATEWAYS: Final = {
    "gateway.k8s.aws/alb": "application-load-balancer",
    "gateway.k8s.aws/nlb": "network-load-balancer",
}


def object_lines(counter: Counter, manifests: Sequence[Manifest], zones: int) -> Iterator[Entry]:
    """Write what the objects of a cluster on AWS cost.

    Args:
        counter: where lines are written.
        manifests: all objects.
        zones: zones that a load balancer is in, and has an address of the internet in each if it is public.
    """
    classes = {each.name: each for each in manifests if each.kind == "StorageClass"}
    default = next((each for each in classes.values() if _is_default(each)), None)
    gateways = {each.name: text(section(each.content, "spec").get("controllerName")) for each in manifests
                if each.kind == "GatewayClass"}  # fmt: skip
    groups: set[str] = set()
    for manifest in manifests:
        match manifest.kind:
            case "PersistentVolumeClaim":
                yield from _claim(counter, manifest.resource, section(manifest.content, "spec"), 1, classes, default)
            case "StatefulSet":
                spec = section(manifest.content, "spec")
                count = number(spec.get("replicas", 1)) or 0.0
                for template in mappings(spec.get("volumeClaimTemplates")):
                    claim = section(template, "spec")
                    yield from _claim(counter, manifest.resource, claim, count, classes, default)
            case "Service":
                yield from _service(counter, manifest, zones)
            case "Ingress":
                yield from _ingress(counter, manifest, zones, groups)
            case "Gateway":
                yield from _gateway(counter, manifest, gateways)
            case _:
                pass


def _claim(
    counter: Counter,
    resource: Resource,
    claim: Mapping[str, Any],
    count: float,
    classes: Mapping[str, Manifest],
    default: Manifest | None,
) -> Iterator[Entry]:
    name: object = claim.get("storageClassName")
    if claim.get("volumeName") or name == "":
        # A volume that is there already: what is behind it has a line of its own, or is not ours.
        return
    chosen = classes.get(str(name)) if name else default
    owner = counter.owner(resource)
    gib = gib_of(mapping(section(claim, "resources").get("requests")).get("storage"))
    what = f"a claim of {gib:,.0f} GiB"
    if not gib:
        yield Unpriced(owner=owner, what="a claim", reason=UNKNOWN_SIZE)
        return
    if chosen is None:
        shown = f"its storage class {name}" if name else "the default storage class"
        yield Unpriced(owner=owner, what=what, reason=f"{shown} is not in the program")
        return
    driver = text(chosen.content.get("provisioner"))
    if driver in _BLOCK_DRIVERS:
        disk = disk_of_claim(mapping(chosen.content.get("parameters")), gib)
        yield from counter.several(owner, disk.charges, counter.regions.main, Span.of(count))
    elif driver not in _FILE_DRIVERS:
        yield Unpriced(owner=owner, what=what, reason=f"what {driver or 'its storage class'} charges is not known")


def _service(counter: Counter, manifest: Manifest, zones: int) -> Iterator[Entry]:
    spec = section(manifest.content, "spec")
    if spec.get("type") != "LoadBalancer":
        return
    notes = _annotations(manifest)
    kind = text(notes.get(f"{_ANNOTATION}type"))
    network = text(spec.get("loadBalancerClass")) in _NETWORK_CLASSES or kind in ("nlb", "external", "nlb-ip")
    price = "network-load-balancer" if network else "classic-load-balancer"
    yield from balancer_lines(counter, manifest.resource, price, region=counter.regions.main)
    if notes.get(f"{_ANNOTATION}scheme") == _PUBLIC:
        yield from _addresses(counter, manifest.resource, zones)


def _ingress(counter: Counter, manifest: Manifest, zones: int, groups: set[str]) -> Iterator[Entry]:
    notes = _annotations(manifest)
    chosen = text(section(manifest.content, "spec").get("ingressClassName")) or notes.get("kubernetes.io/ingress.class")
    if chosen != "alb" and not any(key.startswith("alb.ingress.kubernetes.io/") for key in notes):
        return
    group = text(notes.get(_GROUP))
    if group:
        if group in groups:
            return
        groups.add(group)
    yield from balancer_lines(counter, manifest.resource, "application-load-balancer", region=counter.regions.main)
    if notes.get(_SCHEME) == _PUBLIC:
        yield from _addresses(counter, manifest.resource, zones)


def _gateway(counter: Counter, manifest: Manifest, gateways: Mapping[str, str]) -> Iterator[Entry]:
    if not str(manifest.content["apiVersion"]).startswith("gateway.networking.k8s.io/"):
        return
    name = text(section(manifest.content, "spec").get("gatewayClassName"))
    price = _GATEWAYS.get(gateways.get(name, ""))
    if price is None:
        reason = f"what stands behind the gateway class {name or '(none)'} is not known"
        yield Unpriced(owner=counter.owner(manifest.resource), what="a gateway", reason=reason)
        return
    yield from balancer_lines(counter, manifest.resource, price, region=counter.regions.main)


def _addresses(counter: Counter, resource: Resource, zones: int) -> Iterator[Entry]:
    yield from counter.there(counter.owner(resource), "public-ipv4", counter.regions.main, zones)


def _annotations(manifest: Manifest) -> Mapping[str, Any]:
    return section(manifest.content, "metadata", "annotations")


def _is_default(storage_class: Manifest) -> bool:
    return _annotations(storage_class).get("storageclass.kubernetes.io/is-default-class") == "true"
