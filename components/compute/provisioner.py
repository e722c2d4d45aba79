"""Where the nodes of a pool come from, and which inputs belong to whom."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast

from ...problems import Problems, camel_case


class NodeProvisioner(StrEnum):
    """Where the nodes of a pool come from."""

    KARPENTER_KWOK = "karpenter-kwok"
    EXISTING_NODES = "existing-nodes"
    KARPENTER_AWS = "karpenter-aws"
    MANAGED_NODE_GROUP = "managed-node-group"


_KWOK: Final = NodeProvisioner.KARPENTER_KWOK
_EXISTING: Final = NodeProvisioner.EXISTING_NODES
_KARPENTER: Final = NodeProvisioner.KARPENTER_AWS
_GROUP: Final = NodeProvisioner.MANAGED_NODE_GROUP

_BELONGS: Final = {
    "node_class": (_KWOK, _KARPENTER),
    "nodes": (_EXISTING,),
    "contract_namespace": (_EXISTING, _GROUP),
    "aws": (_KARPENTER, _GROUP),
}
"""Inputs that only some provisioners have a use for."""

_SCALING_BELONGS: Final = {
    "consolidate_after": (_KWOK, _EXISTING, _KARPENTER),
    "expire_after": (_KWOK, _EXISTING, _KARPENTER),
    "termination_grace_period": (_KWOK, _EXISTING, _KARPENTER),
    "weight": (_KWOK, _EXISTING, _KARPENTER),
    "static_nodes": (_KARPENTER, _GROUP),
}
"""The same for what is under `scaling`. What Karpenter would do is recorded for nodes that exist, too."""


def check_provisioner(problems: Problems, args: Mapping[str, Any]) -> bool:
    """Require a known provisioner; return whether its nodes are there already."""
    provisioner = args["provisioner"]
    problems.choice("provisioner", provisioner, [each.value for each in NodeProvisioner])
    return provisioner == _EXISTING.value


def is_on_aws(args: Mapping[str, Any]) -> bool:
    """Whether the nodes of a pool are made on EC2."""
    return args["provisioner"] in (_KARPENTER.value, _GROUP.value)


def check_belonging(problems: Problems, args: Mapping[str, Any]) -> None:
    """Refuse inputs that the chosen provisioner has no use for."""
    _check(problems, args, args["provisioner"], _BELONGS)
    with problems.under("scaling"):
        _check(problems, cast(Mapping[str, Any], args["scaling"]), args["provisioner"], _SCALING_BELONGS)


def _check(
    problems: Problems,
    args: Mapping[str, Any],
    provisioner: str,
    belongs: Mapping[str, tuple[NodeProvisioner, ...]],
) -> None:
    for key, owners in belongs.items():
        if key in args and provisioner not in [each.value for each in owners]:
            named = " or ".join(owners)
            problems.add(camel_case(key), f"belongs to the provisioner {named}; leave it out")
