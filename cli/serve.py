"""`aidc serve`: an exported model behind HTTP, on this machine."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..problems import InvalidInput, Problem

if TYPE_CHECKING:
    from ..workloads.inference.settings import ServingSettings

_LOOK_SECONDS = 0.1


def serve(
    folder: Annotated[str, typer.Argument(help="Folder of an export, or its address, such as s3://models/chat.")],
    port: Annotated[int, typer.Option("--port", min=1024, max=65_535, help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option("--host", help="IP address to listen on. 0.0.0.0: all.")] = "127.0.0.1",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting of the server.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the address and the model as one line of JSON.")
    ] = False,
) -> None:
    """Serve what training exported: text generation in OpenAI's form, or classification of images.

    It is the program that an InferenceService runs. Ctrl+C ends it once it has answered what it accepted.
    """
    from ..workloads.inference.launch import arguments
    from ..workloads.inference.settings import serving_settings
    from ..workloads.inference.supervisor import check
    from ..workloads.settings import override

    # Nobody but the one at the terminal uses it: there is no load balancer to wait for.
    defaults = {"drain_seconds": 0, "log": "warning"}
    chosen = override({"model": folder, "host": host, "port": port}, settings or [])
    found = serving_settings(defaults, chosen, title="settings of the inference server")
    _check_packages()
    check(found)
    more = found.model_dump(exclude_defaults=True, exclude={"model", "port"})
    overrides = [f"{name}={json.dumps(value)}" for name, value in more.items()]
    command = [sys.executable, *arguments(found.model, port=found.port, overrides=overrides)]
    # Standard output is for the answer of this command.
    server = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_stop, server))
    model = _wait(server, found)
    if model is not None:
        _show(found, model, as_json)
    raise typer.Exit(server.wait())


def _stop(server: "subprocess.Popen[bytes]", *_: object) -> None:
    server.terminate()


def _check_packages() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("bentoml", "fastapi", "torch") if find_spec(name) is None]
    if missing:
        reason = f"{', '.join(missing)} is missing; install aidc[inference]"
        raise InvalidInput("aidc serve", [Problem("", reason)])


def _wait(server: "subprocess.Popen[bytes]", settings: "ServingSettings") -> "dict[str, Any] | None":
    """Return the model once the server is ready; None where it ended before."""
    import httpx

    with httpx.Client(base_url=_address(settings), timeout=5, trust_env=False) as client:
        while server.poll() is None:
            try:
                answer = client.get("/v1/models")
                if answer.status_code == 200:
                    return answer.json()["data"][0]
            except httpx.TransportError:
                pass
            time.sleep(_LOOK_SECONDS)
    return None


def _show(settings: "ServingSettings", model: dict[str, Any], as_json: bool) -> None:
    address = _address(settings)
    if model["task"] == "text-generation":
        path, body = "/v1/completions", {"prompt": "The", "max_tokens": 32}
    else:
        path, body = "/v1/predict", {"inputs": ["<base64 of a PNG file>"]}
    curl = f"curl {address}{path} -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    if as_json:
        typer.echo(json.dumps({"address": address, "model": model["id"], "task": model["task"], "curl": curl}))
        return
    typer.echo(f"serving {model['id']} at {address} (Ctrl+C ends it)")
    typer.echo(f"try: {curl}")


def _address(settings: "ServingSettings") -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}"
