"""Logs as lines of JSON."""

import logging
import sys

from ..inference.logs import JsonFormatter


def configure_logs(level: str) -> None:
    """Send all logs to standard output as JSON: ours from `level`, those of libraries from warnings on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aidc").setLevel(level.upper())
