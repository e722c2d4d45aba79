"""What the cluster must know of a real node: who is placed there, and how its pods reach the API server."""

import time
from collections.abc import Sequence
from typing import Any, Final

from ..client import Client
from ..failure import ApiError, ControlPlaneFailure
from ..objects import Object, entries, spec
from ..programs import Place
from .kubelet import POOL_LABEL, TAINT
from .layout import NODE, Layout

_NAME: Final = "tolerate-real-node"
_SECONDS: Final = 30.0


def placement() -> Sequence[Object]:
    """Return what lets pods onto the node that select its pool, as they are declared, and no others."""
    toleration = f'Object.spec.tolerations{{key: "{TAINT}", operator: "Exists", effect: "NoSchedule"}}'
    group = "admissionregistration.k8s.io/v1"
    policy: Object = {
        "apiVersion": group,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": _NAME},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
                ]
            },
            "matchConditions": [
                {
                    "name": "selects-the-pool",
                    "expression": "has(object.spec.nodeSelector)"
                    f' && "{POOL_LABEL}" in object.spec.nodeSelector'
                    f' && object.spec.nodeSelector["{POOL_LABEL}"] == "{NODE}"',
                }
            ],
            "mutations": [
                {
                    "patchType": "JSONPatch",
                    "jsonPatch": {
                        # There are some by now: every pod tolerates a node that is away for a while.
                        "expression": f'[JSONPatch{{op: "add", path: "/spec/tolerations/-", value: {toleration}}}]'
                    },
                }
            ],
        },
    }
    binding: Object = {
        "apiVersion": group,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": _NAME},
        "spec": {"policyName": _NAME},
    }
    return [policy, binding]


def api_endpoints(place: Place, layout: Layout) -> Object:
    """Return where pods find the API server under the name that every pod knows, `kubernetes.default`."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "https", "port": place.ports["api-server"], "protocol": "TCP"}],
        "endpoints": [{"addresses": [layout.host], "conditions": {"ready": True}}],
    }


def wait_placed(client: Client) -> None:
    """Wait until a pod that selects the pool would tolerate the node: a policy works a moment after it is made.

    Raises:
        ControlPlaneFailure: it does not in time.
    """
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe-of-placement", "namespace": "default"},
        "spec": {"nodeSelector": {POOL_LABEL: NODE}, "containers": [{"name": "probe", "image": "none"}]},
    }
    deadline, reason = time.monotonic() + _SECONDS, ""
    while time.monotonic() < deadline:
        try:
            seen = client.apply(pod, dry_run=True)
            if any(each.get("key") == TAINT for each in entries(spec(seen).get("tolerations"))):
                return
        except ApiError as error:
            # The service account of the namespace may not be there yet.
            reason = f": {error}"
        time.sleep(0.1)
    raise ControlPlaneFailure(f"pods do not tolerate the real node after {_SECONDS:.0f} s{reason}")
