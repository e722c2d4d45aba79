"""containerd, which runs the pods of a real node, and the network that it gives them."""

import json
from typing import Final

from ...tools.packages import plugin_folder, system_program
from ..processes import Program
from ..programs import Place
from ..state import write_atomically
from .layout import Layout

SOCKET: Final = "/run/containerd/containerd.sock"
"""Where it listens, inside the node."""

PAUSE_IMAGE: Final = "aidc.dev/pause:1"
"""The image of the process that holds a pod's namespaces."""


def containerd(place: Place, layout: Layout) -> Program:
    """Return containerd, as it runs inside the node."""
    plugins = layout.configuration / "network"
    plugins.mkdir(mode=0o755, parents=True, exist_ok=True)
    network = plugins / "10-pods.conflist"
    write_atomically(network, json.dumps(_network(layout), indent=1))
    configuration = layout.configuration / "containerd.toml"
    write_atomically(configuration, _configuration(place, layout))
    return Program(
        name="containerd",
        command=[place.binary("containerd"), f"--config={configuration}", "--log-level=warn"],
        inputs=[configuration, network],
    )


def _network(layout: Layout) -> dict[str, object]:
    """Each pod has a cable of its own to the node, so whatever it sends is routed, and seen by kube-proxy."""
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    # On a file system that is emptied with the node's namespaces: no address outlives its pod.
                    "dataDir": "/run/pod-addresses",
                    "ranges": [[{"subnet": layout.pods}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _configuration(place: Place, layout: Layout) -> str:
    """Return containerd's configuration. Values are written as JSON, which is TOML as well."""
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    sections: dict[str, dict[str, object]] = {
        "": {"version": 3, "root": "/var/lib/containerd", "state": "/run/containerd", "oom_score": 0},
        "grpc": {"address": SOCKET},
        runtime: {
            # Without CAP_SYS_RESOURCE, as in a container, a process cannot be made less likely to be killed.
            "restrict_oom_score_adj": True,
            # An unprivileged user may listen on port 80 of its own pod, as with Docker.
            "enable_unprivileged_ports": True,
        },
        f"{runtime}.cni": {
            "bin_dirs": [str(plugin_folder())],
            "conf_dir": str(layout.configuration / "network"),
        },
        f"{runtime}.containerd": {"default_runtime_name": "runc"},
        f"{runtime}.containerd.runtimes.runc": {
            "runtime_type": "io.containerd.runc.v2",
            "runtime_path": place.binary("containerd-shim-runc-v2"),
        },
        f"{runtime}.containerd.runtimes.runc.options": {
            "BinaryName": str(system_program("runc")),
            "SystemdCgroup": False,
        },
        "plugins.'io.containerd.cri.v1.images'": {"snapshotter": "overlayfs"},
        "plugins.'io.containerd.cri.v1.images'.pinned_images": {"sandbox": PAUSE_IMAGE},
        "plugins.'io.containerd.nri.v1.nri'": {"disable": True},
    }
    lines: list[str] = []
    for section, values in sections.items():
        lines += [f"[{section}]"] if section else []
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
