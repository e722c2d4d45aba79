"""JobSet: several Jobs as one, with its webhooks."""

from collections.abc import Mapping, Sequence

import yaml

from .controller import Controller, Setting, webhooks
from .objects import Object
from .processes import Program
from .programs import Place
from .state import write_atomically


def _programs(setting: Setting) -> Sequence[Program]:
    place = setting.place
    certificate, key = place.authority.server("jobset", [])
    folder = setting.temporary("jobset") / "serving-certs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(folder / "tls.crt", certificate.read_bytes())
    write_atomically(folder / "tls.key", key.read_bytes())
    configuration = folder.parent / "configuration.yaml"
    content = {
        "apiVersion": "config.jobset.x-k8s.io/v1alpha1",
        "kind": "Configuration",
        "leaderElection": {"leaderElect": False},
        # Its certificate rotation overwrites the certificate authority that our webhooks name.
        "internalCertManagement": {"enable": False},
        "webhook": {
            "host": "127.0.0.1",
            "port": place.ports["jobset-webhook"],
            "certDir": str(folder),
        },
        "health": {"healthProbeBindAddress": f"127.0.0.1:{place.ports['jobset-health']}"},
        "metrics": {"bindAddress": f"127.0.0.1:{place.ports['jobset-metrics']}"},
    }
    write_atomically(configuration, yaml.safe_dump(content))
    command = [
        place.binary("jobset"),
        f"--config={configuration}",
        f"--kubeconfig={place.kubeconfig}",
        "--zap-log-level=info",
    ]
    return [Program(name="jobset", command=command, inputs=[place.kubeconfig, configuration])]


def _health(place: Place) -> Mapping[str, str]:
    return {"jobset": f"http://127.0.0.1:{place.ports['jobset-health']}/readyz"}


def _after(setting: Setting) -> Sequence[Object]:
    place = setting.place
    found = webhooks(
        setting.manifests["jobset"] / "webhook", place.ports["jobset-webhook"], place.authority.certificate
    )
    for configuration in found:
        configuration["metadata"]["name"] = f"jobset-{configuration['metadata']['name']}"
    return found


JOBSET = Controller(
    name="jobset",
    tools=["jobset"],
    ports=["jobset-webhook", "jobset-health", "jobset-metrics"],
    programs=_programs,
    health=_health,
    after=_after,
)
