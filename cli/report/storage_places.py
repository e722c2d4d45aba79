"""What keeps data in a graph: file systems, buckets and volumes of AWS, and claims that stand on none of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...evaluation.graph import Resource, ResourceGraph
from ...evaluation.manifests import Manifest
from ...planning.values import mapping, section, text

_KINDS: Final[Mapping[str, str]] = {
    "aws:fsx/lustreFileSystem:LustreFileSystem": "FSx for Lustre",
    "aws:efs/fileSystem:FileSystem": "EFS",
    "aws:s3/bucket:Bucket": "S3 bucket",
    "aws:ebs/volume:Volume": "EBS volume",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StoragePlace:
    """One thing that keeps data."""

    key: str
    """URN of the resource that is it."""

    kind: str
    name: str
    size: str
    """As the program says it; empty for what grows with what is kept in it."""

    claims: tuple[tuple[str, str], ...]
    """Namespace and name of the claims through which pods reach it."""


def storage_places(graph: ResourceGraph, manifests: Sequence[Manifest]) -> list[StoragePlace]:
    """Return all that keeps data: what is made on AWS first, then claims on what is there or made at deployment."""
    volumes = {each.name: each for each in manifests if each.kind == "PersistentVolume"}
    behind: dict[str, list[tuple[str, str]]] = {}
    others: list[StoragePlace] = []
    for claim in manifests:
        if claim.kind != "PersistentVolumeClaim":
            continue
        volume = volumes.get(text(section(claim.content, "spec").get("volumeName")))
        urns = [each.urn for each in _behind(graph, volume.resource)] if volume else []
        for urn in urns:
            behind.setdefault(urn, []).append((claim.namespace, claim.name))
        if not urns:
            others.append(_claimed(claim, volume))
    made = [
        StoragePlace(
            key=each.urn,
            kind=_KINDS[each.type],
            name=each.name,
            size=_size(each),
            claims=tuple(behind.get(each.urn, ())),
        )
        for each in graph
        if each.type in _KINDS and not each.read
    ]
    return [*made, *others]


def _behind(graph: ResourceGraph, volume: Resource) -> Iterator[Resource]:
    """Yield what a volume stands on: what its own fields come from, not what merely comes before it."""
    for urn in dict.fromkeys(volume.property_dependencies.get("spec", ())):
        if urn in graph.resources and graph[urn].type in _KINDS:
            yield graph[urn]


def _claimed(claim: Manifest, volume: Manifest | None) -> StoragePlace:
    spec = section((volume or claim).content, "spec")
    amounts = spec.get("capacity") if volume else section(spec, "resources").get("requests")
    return StoragePlace(
        key=claim.resource.urn,
        kind=_volume_kind(spec) if volume else f"volume of class {text(spec.get('storageClassName')) or 'default'}",
        name=claim.name,
        size=text(mapping(amounts).get("storage")),
        claims=((claim.namespace, claim.name),),
    )


def _volume_kind(spec: Mapping[str, object]) -> str:
    if "nfs" in spec:
        return f"NFS of {text(mapping(spec['nfs']).get('server')) or 'a server that is there'}"
    if "csi" in spec:
        return f"volume of {text(mapping(spec['csi']).get('driver'))}"
    return "folder of nodes" if "hostPath" in spec or "local" in spec else "volume that is there"


def _size(resource: Resource) -> str:
    inputs = resource.inputs
    size = inputs.get("storageCapacity", inputs.get("size"))
    return f"{size:,.0f} GiB" if isinstance(size, int | float) else ""
