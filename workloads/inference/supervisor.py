"""The process that starts the server: it checks what can be checked, and hands over to BentoML."""

import contextlib
import errno
import ipaddress
import os
import socket
import sys
import tempfile
from pathlib import Path

from ...problems import Problems
from ..addresses import is_address
from .locations import check_folder
from .settings import FAILURE_VARIABLE, SETTINGS_VARIABLE, ServingSettings


def check(settings: ServingSettings) -> None:
    """Refuse what cannot work, before anything is started.

    Raises:
        InvalidInput: The folder holds no export, or the port is taken.
    """
    if not is_address(settings.model) and not settings.wait_seconds:
        check_folder(settings.model)
    problems = Problems()
    try:
        ipaddress.ip_address(settings.host)
    except ValueError:
        problems.add("host", f"'{settings.host}' is no IP address; give one such as 127.0.0.1, or 0.0.0.0 for all")
    problems.raise_if_any("settings of the inference server")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                problems.add("port", f"{settings.port} is in use; stop what listens there, or give another one")
            else:
                problems.add("host", f"'{settings.host}' cannot be listened on: {error.strerror or error}")
    problems.raise_if_any("settings of the inference server")


def serve(settings: ServingSettings) -> int:
    """Serve until told to stop, and return the exit code: 0 after a drain, 2 where the model cannot be used."""
    check(settings)
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="aidc-inference-"))
        failure = Path(home, "failure")
        os.environ |= {
            # BentoML reports its use to its makers unless told not to, and writes into the home folder.
            "BENTOML_DO_NOT_TRACK": "True",
            "BENTOML_HOME": home,
            # Nobody collects its traces, and it would make a span of each request.
            "OTEL_SDK_DISABLED": "true",
            SETTINGS_VARIABLE: settings.model_dump_json(),
            FAILURE_VARIABLE: str(failure),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        # The service takes its settings from the environment when it is imported.
        from .service import Inference

        Inference.serve_http(host=settings.host, port=settings.port)
        if failure.is_file():
            code, _, message = failure.read_text(encoding="utf-8").partition("\n")
            print(f"error: {message}", file=sys.stderr)
            return int(code)
    return 0
