"""Kubeconfig files."""

import base64
from pathlib import Path

import yaml

from .state import write_atomically


def write_kubeconfig(
    path: Path, name: str, server: str, authority: Path, credentials: tuple[Path, Path], certified_as: str = ""
) -> None:
    """Write a kubeconfig that holds everything itself, so that it works wherever it is copied.

    Nothing is written where the content would be the same.

    Args:
        path: the file.
        name: of its context, cluster and user.
        server: address of the API server.
        authority: certificate of who signed the server's.
        credentials: certificate and key of the user.
        certified_as: name in the server's certificate. Default: that in the address.
    """
    certificate, key = credentials
    content = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "clusters": [
                {
                    "name": name,
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": _encoded(authority),
                        **({"tls-server-name": certified_as} if certified_as else {}),
                    },
                }
            ],
            "users": [
                {
                    "name": name,
                    "user": {
                        "client-certificate-data": _encoded(certificate),
                        "client-key-data": _encoded(key),
                    },
                }
            ],
        },
        sort_keys=False,
    )
    if not path.exists() or path.read_text() != content:
        write_atomically(path, content)


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
