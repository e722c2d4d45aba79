"""The Vertical Pod Autoscaler: recommendations from the use of pods, and pods that get them."""

from collections.abc import Mapping, Sequence

from .controller import Controller, Setting
from .processes import Program
from .programs import Place

_SECONDS = 10
"""Seconds between two looks; the published default is a minute, and a simulation has no time to lose."""

_ADMISSION = "vpa-admission-controller"


def _programs(setting: Setting) -> Sequence[Program]:
    place = setting.place
    certificate, key = place.authority.server(_ADMISSION, [])
    common = [f"--kubeconfig={place.kubeconfig}", "--v=2"]
    recommender = [
        place.binary("vpa-recommender"),
        *common,
        f"--address={_address(place, 'recommender')}",
        f"--recommender-interval={_SECONDS}s",
    ]
    updater = [
        place.binary("vpa-updater"),
        *common,
        f"--address={_address(place, 'updater')}",
        f"--updater-interval={_SECONDS}s",
    ]
    # It registers its webhook itself, ten seconds after its start, and lets pods pass while it is not there.
    admission = [
        place.binary(_ADMISSION),
        *common,
        f"--address={_address(place, 'admission')}",
        f"--port={place.ports['vpa-webhook']}",
        "--register-by-url=true",
        "--webhook-address=https://127.0.0.1",
        f"--webhook-port={place.ports['vpa-webhook']}",
        f"--client-ca-file={place.authority.certificate}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key={key}",
    ]
    inputs = [place.kubeconfig]
    return [
        Program(name="vpa-recommender", command=recommender, inputs=inputs),
        Program(name="vpa-updater", command=updater, inputs=inputs),
        Program(name=_ADMISSION, command=admission, inputs=inputs),
    ]


def _address(place: Place, part: str) -> str:
    return f"127.0.0.1:{place.ports[f'vpa-{part}']}"


def _health(place: Place) -> Mapping[str, str]:
    parts = {"vpa-recommender": "recommender", "vpa-updater": "updater", _ADMISSION: "admission"}
    return {name: f"http://{_address(place, part)}/health-check" for name, part in parts.items()}


VERTICAL_POD_AUTOSCALER = Controller(
    name="vertical-pod-autoscaler",
    tools=["vpa-recommender", "vpa-updater", _ADMISSION],
    ports=["vpa-recommender", "vpa-updater", "vpa-admission", "vpa-webhook"],
    programs=_programs,
    health=_health,
)
