"""Settings of the inference server."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ..settings import Settings, Unit, read_settings

ENVIRONMENT_PREFIX: Final = "AIDC_INFERENCE_"
"""What stands before the name of a setting in an environment variable: `AIDC_INFERENCE_MODEL`."""

SETTINGS_VARIABLE: Final = "AIDC_SERVED_SETTINGS"
"""Environment variable by which the supervisor gives the settings, as JSON, to the worker."""

FAILURE_VARIABLE: Final = "AIDC_SERVED_FAILURE"
"""Environment variable with the file in which the worker tells the supervisor why it cannot serve."""

Seconds = Annotated[float, Field(ge=0, le=86_400), Unit("seconds")]


class ServingSettings(Settings):
    """What is served, where, and within which bounds."""

    model: Annotated[str, Field(min_length=1)]
    """Folder of an export, or its address, such as `s3://models/chat`."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Name by which requests ask for the model. Default: the one that the export has."""

    host: Annotated[str, Field(min_length=1)] = "0.0.0.0"
    """IP address to listen on. Default: all of the machine, or of the container."""

    port: Annotated[int, Field(ge=1024, le=65_535)] = 8000
    """Port to listen on. Default: 8000."""

    wait_seconds: Seconds = 0
    """Seconds to wait for an export that is not there yet, such as one that a training job is still to write.
    Default: 0, which refuses to start without it."""

    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    """Where the model runs: `cpu`, `cuda`, `cuda:1`, or `auto`: a GPU where there is one. Default: `auto`."""

    threads: Annotated[int, Field(ge=1, le=1024), Unit("threads")] | None = None
    """Threads of one computation on the CPU. Default: as many cores as the process may use, one at least."""

    batch: Annotated[int, Field(ge=1, le=4096), Unit("rows")] = 16
    """Texts or images that are computed at once. Default: 16."""

    context: Annotated[int, Field(ge=2, le=1_048_576), Unit("tokens")] | None = None
    """Tokens of a text at most, prompt included; memory for all of them is taken at start. Default: the model's
    context; 4,096 where the model has none."""

    maximum_tokens: Annotated[int, Field(ge=1, le=1_048_576), Unit("tokens")] = 4096
    """Tokens that a request may ask for. Default: 4,096."""

    choices: Annotated[int, Field(ge=1, le=256), Unit("texts")] = 8
    """Texts or images of one request at most. Default: 8."""

    queue: Annotated[int, Field(ge=1, le=100_000), Unit("rows")] = 64
    """Texts or images that may wait; what comes then is refused with status 429. Default: 64."""

    queue_seconds: Seconds = 30
    """Wait that a request may have to expect, by what the last ones took; more is refused with 429. Default: 30."""

    request_seconds: Annotated[float, Field(gt=0, le=86_400), Unit("seconds")] = 300
    """Seconds after which a request is given up with status 504. Default: 300."""

    body_seconds: Annotated[float, Field(gt=0, le=3_600), Unit("seconds")] = 20
    """Seconds in which the body of a request must have come. Default: 20."""

    body_bytes: Annotated[int, Field(ge=1024, le=1 << 30), Unit("bytes")] = 8 << 20
    """Size of a request's body at most. Default: 8 MiB."""

    drain_seconds: Seconds = 2
    """Seconds after SIGTERM in which new requests are still served, while `/readyz` fails, so that those who send
    them notice. Default: 2."""

    termination_seconds: Annotated[float, Field(ge=1, le=86_400), Unit("seconds")] = 45
    """Seconds that requests which run then have to finish. Default: 45."""

    hang_seconds: Annotated[float, Field(ge=1, le=3_600), Unit("seconds")] = 60
    """Seconds that one step of the engine may take before `/livez` fails. Default: 60."""

    log: Literal["debug", "info", "warning", "error"] = "info"
    """Least level of what is logged; each request is logged at `info`. Default: `info`."""


def from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in environment variables; what looks like a number is one."""
    found: dict[str, Any] = {}
    for name, value in variables.items():
        if name.startswith(ENVIRONMENT_PREFIX):
            field = name.removeprefix(ENVIRONMENT_PREFIX).lower()
            found[field] = _number(value) if field not in ("model", "name", "host", "device", "log") else value
    return found


def serving_settings(*layers: Mapping[str, Any], title: str) -> ServingSettings:
    """Return the settings of several layers, the last of which wins; raises `InvalidInput` about `title`."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer)
    return read_settings(ServingSettings, merged, title)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
