"""The Kubernetes API, as far as the autoscaler needs it: a few objects by name."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import httpx

from ...problems import InvalidInput, Problem

_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MERGE_PATCH: Final = "application/merge-patch+json"

Object = Mapping[str, Any]


class ApiFailure(Exception):
    """The API server refused, or did not answer."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status, 0 where there was no answer."""
        super().__init__(message)
        self.status = status


class ClusterApi:
    """A connection to the API server, for several threads."""

    def __init__(self, server: str, context: ssl.SSLContext | bool, token: Path | str = "") -> None:
        """Connect to `server`; a token in a file is read again for each request, since it is renewed there."""
        # Proxy settings are for the outside; the API server is near.
        self._http = httpx.Client(base_url=server, verify=context, timeout=10, trust_env=False)
        self._token = token

    @classmethod
    def of_settings(cls, kubeconfig: str | None) -> "ClusterApi":
        """Connect as a kubeconfig says, or as the pod's service account.

        Raises:
            InvalidInput: There is neither, or the kubeconfig asks for a program that logs in.
        """
        if kubeconfig is not None:
            return cls._of_kubeconfig(Path(kubeconfig))
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        if host is None or not (_ACCOUNT / "ca.crt").is_file():
            reason = "this is no pod with a service account; give the path of a kubeconfig"
            raise InvalidInput("settings of the autoscaler", [Problem("kubeconfig", reason)])
        address = f"[{host}]" if ":" in host else host
        context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
        return cls(f"https://{address}:{port}", context, _ACCOUNT / "token")

    @classmethod
    def _of_kubeconfig(cls, path: Path) -> "ClusterApi":
        from ..settings import read_file

        config = read_file(path)
        try:
            context = _entry(config, "contexts", config["current-context"])["context"]
            cluster = _entry(config, "clusters", context["cluster"])["cluster"]
            user = _entry(config, "users", context["user"])["user"]
            tls = ssl.create_default_context()
            authority = _pem(cluster, "certificate-authority", path)
            if authority is not None:
                tls = ssl.create_default_context(cadata=authority)
            certificate, key = _pem(user, "client-certificate", path), _pem(user, "client-key", path)
            if certificate is not None and key is not None:
                # The ssl module reads client certificates from files only.
                with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
                    pair.write(f"{certificate}\n{key}\n")
                    pair.flush()
                    tls.load_cert_chain(pair.name)
            if "exec" in user:
                raise InvalidInput(str(path), [Problem("users", "asks for a program that logs in; give a token")])
            token: Path | str = path.parent / user["tokenFile"] if "tokenFile" in user else str(user.get("token", ""))
            return cls(str(cluster["server"]), tls, token)
        except (KeyError, TypeError, StopIteration, OSError, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput(str(path), [Problem("", f"is no kubeconfig that can be used: {error!r}")]) from error

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        seconds: float | None = None,
    ) -> tuple[Object, httpx.Headers]:
        """Send one request; return the object in the answer and the headers.

        Raises:
            ApiFailure: It was refused, or there was no answer in time.
        """
        headers = {"Accept": "application/json", "User-Agent": "aidc-autoscaler"}
        try:
            token = self._token.read_text().strip() if isinstance(self._token, Path) else self._token
            if token:
                headers["Authorization"] = f"Bearer {token}"
            timeout = httpx.USE_CLIENT_DEFAULT if seconds is None else seconds
            if body is None:
                answer = self._http.request(method, path, headers=headers, timeout=timeout)
            else:
                headers["Content-Type"] = content_type
                answer = self._http.request(method, path, json=body, headers=headers, timeout=timeout)
            document: object = answer.json()
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise ApiFailure(0, f"{method} {path}: {error or type(error).__name__}") from error
        found: Object = cast(Object, document) if isinstance(document, dict) else dict[str, Any]()
        if not answer.is_success:
            raise ApiFailure(answer.status_code, f"{method} {path}: {found.get('message', answer.status_code)}")
        return found, answer.headers

    def get(self, path: str) -> Object:
        """Return one object; raises `ApiFailure`."""
        return self.request("GET", path)[0]

    def merge(self, path: str, patch: object, *, seconds: float | None = None) -> Object:
        """Change one object by a JSON merge patch; raises `ApiFailure`."""
        return self.request("PATCH", path, patch, content_type=MERGE_PATCH, seconds=seconds)[0]


def _entry(config: Mapping[str, Any], section: str, name: object) -> Mapping[str, Any]:
    return next(each for each in config[section] if each["name"] == name)


def _pem(section: Mapping[str, Any], key: str, path: Path) -> str | None:
    if f"{key}-data" in section:
        return base64.b64decode(section[f"{key}-data"]).decode()
    return (path.parent / section[key]).read_text() if key in section else None
