"""CoreDNS, which knows the Services and pods of the cluster by name."""

from collections.abc import Sequence
from typing import Final

from ..objects import Object
from ..processes import Program
from ..programs import Place
from ..state import write_atomically
from .kubelet import client_kubeconfig
from .layout import Layout

_USER: Final = "system:coredns"
_READY: Final = 8181


def coredns(place: Place, layout: Layout) -> Program:
    """Return CoreDNS, as it runs inside the node."""
    kubeconfig = client_kubeconfig(place, layout, "coredns", _USER)
    configuration = layout.configuration / "Corefile"
    write_atomically(configuration, _corefile(layout, str(kubeconfig)))
    command = [place.binary("coredns"), f"-conf={configuration}"]
    return Program(name="coredns", command=command, inputs=[configuration, kubeconfig])


def health(layout: Layout) -> dict[str, str]:
    """Return the URL that tells whether it is ready."""
    return {"coredns": f"http://{layout.address}:{_READY}/ready"}


def permissions() -> Sequence[Object]:
    """Return what lets it read Services and pods."""
    group = "rbac.authorization.k8s.io"
    role: Object = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": _USER},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        ],
    }
    binding: Object = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _USER},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": _USER},
        "subjects": [{"apiGroup": group, "kind": "User", "name": _USER}],
    }
    return [role, binding]


def _corefile(layout: Layout, kubeconfig: str) -> str:
    # Names outside the cluster do not exist: nothing leads from the pods to the internet. Without that answer, whoever
    # asks for one would ask again and again.
    return f"""cluster.local in-addr.arpa {{
    bind {layout.address}
    errors
    ready {layout.address}:{_READY}
    kubernetes {{
        kubeconfig {kubeconfig}
        ttl 5
    }}
}}
. {{
    bind {layout.address}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""
