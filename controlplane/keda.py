"""KEDA: scaling by events, and external metrics for the HPA."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from .controller import Controller, Setting, api_service, local_service, namespace
from .objects import Object
from .processes import Program
from .programs import Place
from .state import write_atomically

_NAMESPACE = "keda"
_HOSTS = ["keda-operator.keda.svc", "keda-metrics-apiserver.keda.svc"]
_ENVIRONMENT = {
    "POD_NAMESPACE": _NAMESPACE,
    "KEDA_CLUSTER_OBJECT_NAMESPACE": _NAMESPACE,
    # Set but empty: every namespace.
    "WATCH_NAMESPACE": "",
}


def _certificates(setting: Setting) -> Path:
    """Write the one folder that operator and adapter read, and return it."""
    certificate, key = setting.place.authority.server("keda", _HOSTS)
    folder = setting.temporary("keda-operator") / "certs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(folder / "ca.crt", setting.place.authority.certificate.read_bytes())
    write_atomically(folder / "tls.crt", certificate.read_bytes())
    write_atomically(folder / "tls.key", key.read_bytes())
    return folder


def _programs(setting: Setting) -> Sequence[Program]:
    place, folder = setting.place, _certificates(setting)
    ports = place.ports
    operator = [
        place.binary("keda-operator"),
        f"--kubeconfig={place.kubeconfig}",
        f"--cert-dir={folder}",
        "--enable-cert-rotation=false",
        f"--metrics-service-bind-address=127.0.0.1:{ports['keda-grpc']}",
        f"--metrics-bind-address=127.0.0.1:{ports['keda-metrics']}",
        f"--health-probe-bind-address=127.0.0.1:{ports['keda-health']}",
    ]
    adapter = [
        place.binary("keda-adapter"),
        f"--kubeconfig={place.kubeconfig}",
        f"--lister-kubeconfig={place.kubeconfig}",
        f"--authentication-kubeconfig={place.kubeconfig}",
        f"--authorization-kubeconfig={place.kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports['keda-adapter']}",
        f"--tls-cert-file={folder / 'tls.crt'}",
        f"--tls-private-key-file={folder / 'tls.key'}",
        f"--cert-dir={folder}",
        f"--metrics-service-address=localhost:{ports['keda-grpc']}",
        f"--port={ports['keda-adapter-metrics']}",
    ]
    inputs = [place.kubeconfig]
    return [
        Program(name="keda-operator", command=operator, environment=_ENVIRONMENT, inputs=inputs),
        Program(name="keda-adapter", command=adapter, environment=_ENVIRONMENT, inputs=inputs),
    ]


def _health(place: Place) -> Mapping[str, str]:
    return {
        "keda-operator": f"http://127.0.0.1:{place.ports['keda-health']}/readyz",
        "keda-adapter": f"https://127.0.0.1:{place.ports['keda-adapter']}/readyz",
    }


def _before(setting: Setting) -> Sequence[Object]:
    return [namespace(_NAMESPACE)]


def _after(setting: Setting) -> Sequence[Object]:
    place = setting.place
    service = local_service("keda-metrics-apiserver", _NAMESPACE, place.ports["keda-adapter"])
    entry = api_service("external.metrics.k8s.io", "v1beta1", service, place.authority.certificate)
    reader = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "keda-external-metrics-reader"},
        "rules": [{"apiGroups": ["external.metrics.k8s.io"], "resources": ["*"], "verbs": ["*"]}],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "keda-hpa-controller-external-metrics"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "keda-external-metrics-reader",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "horizontal-pod-autoscaler", "namespace": "kube-system"}],
    }
    return [service, entry, reader, binding]


KEDA = Controller(
    name="keda",
    tools=["keda-operator", "keda-adapter"],
    ports=["keda-grpc", "keda-metrics", "keda-health", "keda-adapter", "keda-adapter-metrics"],
    programs=_programs,
    health=_health,
    before=_before,
    after=_after,
)
