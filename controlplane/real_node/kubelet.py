"""The kubelet and kube-proxy of a real node."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...infra.labels import NODE_POOL_LABEL
from ..kubeconfig import write_kubeconfig
from ..processes import Program
from ..programs import Place
from ..state import write_atomically
from .layout import NODE, Layout
from .runtime import SOCKET

POOL_LABEL: Final = NODE_POOL_LABEL
TAINT: Final = "aidc.dev/real"
"""Keeps away from the node whatever does not ask for it."""

_KUBELET: Final = 10250
_KUBELET_HEALTH: Final = 10248
_PROXY_HEALTH: Final = 10256


def kubelet(place: Place, layout: Layout, labels: Mapping[str, str]) -> Program:
    """Return the kubelet, as it runs inside the node."""
    certificate, key = place.authority.server(f"kubelet-{layout.address}", [NODE, layout.address])
    kubeconfig = _kubeconfig(place, layout, "kubelet", f"system:node:{NODE}", ["system:nodes"])
    names = layout.configuration / "resolv.conf"
    write_atomically(names, f"nameserver {layout.address}\n", mode=0o644)
    settings: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": layout.address,
        "port": _KUBELET,
        "healthzBindAddress": layout.address,
        "healthzPort": _KUBELET_HEALTH,
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(place.authority.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDNS": [layout.address],
        "clusterDomain": "cluster.local",
        "resolvConf": str(names),
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        # Its pods share the machine with whatever else runs there, so nothing is set aside for that.
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        # Images come from files and cannot be pulled again: none is ever cleared away to gain space.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "512Mi", "imagefs.available": "512Mi"},
        "serializeImagePulls": False,
        "registerWithTaints": [{"key": TAINT, "effect": "NoSchedule"}],
        # As often as the metrics server asks.
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
    }
    configuration = _written(layout, "kubelet.json", settings)
    command = [
        place.binary("kubelet"),
        f"--config={configuration}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={NODE}",
        f"--node-ip={layout.address}",
        f"--node-labels={','.join(f'{key}={value}' for key, value in sorted(labels.items()))}",
        "--v=1",
    ]
    return Program(name="kubelet", command=command, inputs=[configuration, kubeconfig, names])


def kube_proxy(place: Place, layout: Layout) -> Program:
    """Return kube-proxy, as it runs inside the node."""
    kubeconfig = _kubeconfig(place, layout, "kube-proxy", "system:kube-proxy", [])
    settings: dict[str, Any] = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "bindAddress": layout.address,
        "healthzBindAddress": f"{layout.address}:{_PROXY_HEALTH}",
        "metricsBindAddress": "127.0.0.1:10249",
        "clusterCIDR": layout.pods,
        "hostnameOverride": NODE,
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        # Limits of the whole machine, which are not a node's to set.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        # A pod that went is out of its Services soon after.
        "iptables": {"minSyncPeriod": "0.2s"},
    }
    configuration = _written(layout, "kube-proxy.json", settings)
    command = [place.binary("kube-proxy"), f"--config={configuration}"]
    return Program(name="kube-proxy", command=command, inputs=[configuration, kubeconfig])


def gateway(place: Place, layout: Layout) -> Program:
    """Return the way from the node to the API server, which listens on 127.0.0.1 of this machine alone."""
    port = place.ports["api-server"]
    command = [
        place.binary("etcd"),
        "gateway",
        "start",
        f"--listen-addr={layout.host}:{port}",
        f"--endpoints=127.0.0.1:{port}",
        "--retry-delay=1s",
    ]
    return Program(name="node-gateway", command=command)


def health(layout: Layout) -> dict[str, str]:
    """Return the URL that tells whether each program is ready."""
    return {
        "kubelet": f"http://{layout.address}:{_KUBELET_HEALTH}/healthz",
        "kube-proxy": f"http://{layout.address}:{_PROXY_HEALTH}/healthz",
    }


def client_kubeconfig(place: Place, layout: Layout, name: str, user: str) -> Path:
    """Return the kubeconfig of a user inside the node, without groups."""
    return _kubeconfig(place, layout, name, user, [])


def _kubeconfig(place: Place, layout: Layout, name: str, user: str, groups: Sequence[str]) -> Path:
    path = layout.configuration / f"{name}.kubeconfig"
    credentials = place.authority.client(f"node-{name}", user, groups)
    server = f"https://{layout.host}:{place.ports['api-server']}"
    # Its certificate is for the name by which this machine reaches it.
    write_kubeconfig(path, name, server, place.authority.certificate, credentials, certified_as="localhost")
    return path


def _written(layout: Layout, name: str, settings: Mapping[str, Any]) -> Path:
    path = layout.configuration / name
    write_atomically(path, json.dumps(settings, indent=1))
    return path
