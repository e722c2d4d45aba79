"""Kubeflow Trainer: TrainJobs and the runtimes that they name."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

from .certificates import Authority
from .controller import Controller, Setting, namespace, webhooks
from .manifests import read_manifests
from .objects import Object
from .processes import Program
from .programs import Place
from .state import write_atomically

_NAMESPACE = "kubeflow-system"
_SERVICE = "kubeflow-trainer-controller-manager"


def _authority(place: Place) -> Authority:
    # Trainer wants the authority's key in a Secret of the cluster, so it gets an authority of its own, and
    # finds everything valid: it has no reason to rotate. It reads RSA keys only.
    return Authority(place.folder / "pki" / "trainer", "kubeflow-trainer-ca", rsa=True)


def _programs(setting: Setting) -> Sequence[Program]:
    place = setting.place
    certificate, key = _authority(place).server("tls", [f"{_SERVICE}.{_NAMESPACE}.svc"])
    # Where its webhook server looks, below the temporary folder.
    folder = setting.temporary("trainer") / "k8s-webhook-server" / "serving-certs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(folder / "tls.crt", certificate.read_bytes())
    write_atomically(folder / "tls.key", key.read_bytes())
    command = [
        place.binary("trainer"),
        f"--kubeconfig={place.kubeconfig}",
        f"--webhook-server-port={place.ports['trainer-webhook']}",
        f"--health-probe-bind-address=127.0.0.1:{place.ports['trainer-health']}",
        "--metrics-bind-address=0",
    ]
    return [
        Program(
            name="trainer",
            command=command,
            environment={"POD_NAMESPACE": _NAMESPACE},
            inputs=[place.kubeconfig, certificate],
        )
    ]


def _health(place: Place) -> Mapping[str, str]:
    return {"trainer": f"http://127.0.0.1:{place.ports['trainer-health']}/readyz"}


def _before(setting: Setting) -> Sequence[Object]:
    authority = _authority(setting.place)
    certificate, key = authority.server("tls", [f"{_SERVICE}.{_NAMESPACE}.svc"])
    files = {
        "ca.crt": authority.certificate,
        "ca.key": authority.key,
        "tls.crt": certificate,
        "tls.key": key,
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "kubeflow-trainer-webhook-cert", "namespace": _NAMESPACE},
        "data": {name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()},
    }
    hooks = webhooks(
        setting.manifests["trainer"] / "webhook",
        setting.place.ports["trainer-webhook"],
        authority.certificate,
    )
    return [namespace(_NAMESPACE), secret, *hooks]


def _after(setting: Setting) -> Sequence[Object]:
    folder = setting.manifests["trainer"] / "runtimes"
    return [thing for thing in read_manifests(folder) if thing["kind"] == "ClusterTrainingRuntime"]


TRAINER = Controller(
    name="trainer",
    tools=["trainer"],
    needs=["jobset"],
    ports=["trainer-webhook", "trainer-health"],
    programs=_programs,
    health=_health,
    before=_before,
    after=_after,
    # A constant in its code, whatever TMPDIR says: only that the file exists is checked, and only at start.
    outside=[Path("/tmp/k8s-webhook-server/serving-certs/tls.crt")],
)
