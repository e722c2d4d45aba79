"""The command lines of the programs that every cluster has."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .certificates import Authority
from .processes import Program

CORE_PORTS = (
    "etcd",
    "etcd-peer",
    "api-server",
    "controller-manager",
    "scheduler",
    "kwok",
    "metrics-server",
)
# One address a Service, and one public address made from each by its last two octets.
SERVICE_RANGE = "10.96.0.0/23"
_LOCAL = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a cluster lives: its folder, certificates, ports and binaries."""

    folder: Path
    authority: Authority
    ports: Mapping[str, int]
    binaries: Mapping[str, Path]
    kubeconfig: Path

    @property
    def server(self) -> str:
        """The address of the API server."""
        return f"https://{_LOCAL}:{self.ports['api-server']}"

    def binary(self, name: str) -> str:
        """Return the path of a program."""
        return str(self.binaries[name])


def etcd(place: Place) -> Program:
    """Return etcd with one member; TLS both ways, since every user of the machine reaches 127.0.0.1."""
    certificate, key = place.authority.server("etcd", [])
    client = f"https://{_LOCAL}:{place.ports['etcd']}"
    peer = f"https://{_LOCAL}:{place.ports['etcd-peer']}"
    command = [
        place.binary("etcd"),
        "--name=node",
        f"--data-dir={place.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=node={peer}",
        f"--cert-file={certificate}",
        f"--key-file={key}",
        "--client-cert-auth=true",
        f"--trusted-ca-file={place.authority.certificate}",
        f"--peer-cert-file={certificate}",
        f"--peer-key-file={key}",
        "--peer-client-cert-auth=true",
        f"--peer-trusted-ca-file={place.authority.certificate}",
        "--auto-compaction-retention=10m",
        "--log-level=warn",
        # A killed process loses nothing by it, only a power failure does; writes are many times faster.
        "--unsafe-no-fsync=true",
    ]
    return Program(name="etcd", command=command)


def api_server(place: Place) -> Program:
    """Return the API server, with RBAC, admission, aggregation and strict certificates as in production."""
    authority = place.authority
    hosts = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1"]
    certificate, key = authority.server("api-server", hosts)
    etcd_certificate, etcd_key = authority.client("api-server-etcd", "api-server-etcd")
    kubelet_certificate, kubelet_key = authority.client("kubelet-client", "kubelet-client", ["system:masters"])
    proxy_certificate, proxy_key = authority.client("front-proxy", "front-proxy")
    public, private = authority.key_pair("service-accounts")
    command = [
        place.binary("kube-apiserver"),
        f"--etcd-servers=https://{_LOCAL}:{place.ports['etcd']}",
        f"--etcd-cafile={authority.certificate}",
        f"--etcd-certfile={etcd_certificate}",
        f"--etcd-keyfile={etcd_key}",
        f"--bind-address={_LOCAL}",
        f"--advertise-address={_LOCAL}",
        # 127.0.0.1 cannot be an endpoint, and no simulated pod ever calls the API server; a real node says its own way.
        "--endpoint-reconciler-type=none",
        f"--secure-port={place.ports['api-server']}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--client-ca-file={authority.certificate}",
        f"--service-account-key-file={public}",
        f"--service-account-signing-key-file={private}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--requestheader-client-ca-file={authority.certificate}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={proxy_certificate}",
        f"--proxy-client-key-file={proxy_key}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={authority.certificate}",
        f"--kubelet-client-certificate={kubelet_certificate}",
        f"--kubelet-client-key={kubelet_key}",
        "--profiling=false",
    ]
    return Program(name="kube-apiserver", command=command)


def controller_manager(place: Place) -> Program:
    """Return the controller manager; its autoscaler looks every 5 s, since a simulation has no time to lose."""
    _, private = place.authority.key_pair("service-accounts")
    command = [
        place.binary("kube-controller-manager"),
        *_serving(place, "controller-manager"),
        f"--kubeconfig={place.kubeconfig}",
        f"--authentication-kubeconfig={place.kubeconfig}",
        f"--authorization-kubeconfig={place.kubeconfig}",
        f"--root-ca-file={place.authority.certificate}",
        f"--service-account-private-key-file={private}",
        "--use-service-account-credentials=true",
        f"--cluster-signing-cert-file={place.authority.certificate}",
        f"--cluster-signing-key-file={place.authority.key}",
        "--leader-elect=false",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]
    return Program(name="kube-controller-manager", command=command, inputs=[place.kubeconfig])


def scheduler(place: Place) -> Program:
    """Return the scheduler."""
    command = [
        place.binary("kube-scheduler"),
        *_serving(place, "scheduler"),
        f"--kubeconfig={place.kubeconfig}",
        f"--authentication-kubeconfig={place.kubeconfig}",
        f"--authorization-kubeconfig={place.kubeconfig}",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]
    return Program(name="kube-scheduler", command=command, inputs=[place.kubeconfig])


def kwok(place: Place, configuration: Path) -> Program:
    """Return KWOK, which plays the kubelets of the simulated nodes and of no others."""
    certificate, key = place.authority.server("kwok", [])
    port = place.ports["kwok"]
    command = [
        place.binary("kwok"),
        f"--kubeconfig={place.kubeconfig}",
        f"--config={configuration}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--node-ip={_LOCAL}",
        f"--node-port={port}",
        f"--server-address={_LOCAL}:{port}",
        "--node-lease-duration-seconds=40",
    ]
    return Program(name="kwok", command=command, inputs=[place.kubeconfig, configuration])


def metrics_server(place: Place) -> Program:
    """Return metrics-server, which reads the usage of simulated pods from KWOK."""
    command = [
        place.binary("metrics-server"),
        *_serving(place, "metrics-server"),
        f"--kubeconfig={place.kubeconfig}",
        f"--authentication-kubeconfig={place.kubeconfig}",
        f"--authorization-kubeconfig={place.kubeconfig}",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        f"--kubelet-certificate-authority={place.authority.certificate}",
        # The shortest that it accepts.
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
    ]
    return Program(name="metrics-server", command=command, inputs=[place.kubeconfig])


def health(place: Place) -> Mapping[str, str]:
    """Return the URL that tells whether each program is ready."""
    return {
        "kube-apiserver": f"{place.server}/readyz",
        "kube-controller-manager": f"https://{_LOCAL}:{place.ports['controller-manager']}/healthz",
        "kube-scheduler": f"https://{_LOCAL}:{place.ports['scheduler']}/healthz",
        "kwok": f"https://{_LOCAL}:{place.ports['kwok']}/healthz",
        "metrics-server": f"https://{_LOCAL}:{place.ports['metrics-server']}/livez",
    }


def _serving(place: Place, role: str) -> list[str]:
    certificate, key = place.authority.server(role, [f"{role}.kube-system.svc"])
    return [
        f"--bind-address={_LOCAL}",
        f"--secure-port={place.ports[role]}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
    ]
