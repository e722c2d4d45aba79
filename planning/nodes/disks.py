"""Disks of EBS, as node classes, launch templates and storage classes declare them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...evaluation.quantities import quantity
from ..values import mapping, mappings, number, section, text, whole

_GIB: Final = 2**30
_FREE_IOPS: Final = 3000
_FREE_THROUGHPUT: Final = 125
"""What the price of gp3 storage holds already: IOPS, and MB/s. Amazon EBS User Guide, General Purpose SSD volumes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """One disk."""

    type: str
    """`gp3`, `gp2`, `io1`, `io2`, `st1` or `sc1`."""

    gib: float
    """GiB."""

    iops: int = 0
    """IOPS that are asked for; 0 for what the type has."""

    throughput: int = 0
    """MB/s that are asked for; 0 for what the type has."""

    @property
    def charges(self) -> Mapping[str, float]:
        """What is paid for it in a month, by the name of the price: GB, IOPS and MB/s."""
        found: dict[str, float] = {f"ebs-{self.type}": self.gib}
        if self.type == "gp3":
            found["ebs-gp3-iops"] = max(0, self.iops - _FREE_IOPS)
            found["ebs-gp3-throughput"] = max(0, self.throughput - _FREE_THROUGHPUT)
        elif self.type in ("io1", "io2"):
            found[f"ebs-{self.type}-iops"] = self.iops
        return {name: amount for name, amount in found.items() if amount}


def disks_of_node_class(content: Mapping[str, Any]) -> Sequence[Disk]:
    """Return the disks of an EC2NodeClass; none where it leaves them to the machine image."""
    listed = mappings(section(content, "spec").get("blockDeviceMappings"))
    return [_disk(ebs, gib_of(ebs.get("volumeSize"))) for each in listed if (ebs := mapping(each.get("ebs")))]


def disks_of_template(inputs: Mapping[str, Any]) -> Sequence[Disk]:
    """Return the disks of a launch template of EC2."""
    listed = mappings(inputs.get("blockDeviceMappings"))
    return [_disk(ebs, number(ebs.get("volumeSize")) or 0.0) for each in listed if (ebs := mapping(each.get("ebs")))]


def disk_of_volume(inputs: Mapping[str, Any]) -> Disk:
    """Return the disk that a volume of EBS is."""
    return Disk(
        type=text(inputs.get("type")) or "gp2",
        gib=number(inputs.get("size")) or 0.0,
        iops=whole(inputs.get("iops")) or 0,
        throughput=whole(inputs.get("throughput")) or 0,
    )


def disk_of_claim(parameters: Mapping[str, Any], gib: float) -> Disk:
    """Return the disk that a claim of a storage class gets; the CSI driver's default type is gp3."""
    return Disk(
        type=text(parameters.get("type")) or "gp3",
        gib=gib,
        iops=whole(parameters.get("iops")) or 0,
        throughput=whole(parameters.get("throughput")) or 0,
    )


def gib_of(amount: object) -> float:
    """Return a Kubernetes quantity of storage in GiB; 0 where it is none, or not known."""
    try:
        return float(quantity(str(amount))) / _GIB
    except ValueError:
        return 0.0


def _disk(ebs: Mapping[str, Any], gib: float) -> Disk:
    return Disk(
        type=text(ebs.get("volumeType")) or "gp3",
        gib=gib,
        iops=whole(ebs.get("iops")) or 0,
        throughput=whole(ebs.get("throughput")) or 0,
    )
