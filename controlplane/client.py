"""The Kubernetes API over HTTP: exactly what applying, waiting and showing need."""

import json
import ssl
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from .failure import ApiError, ApiUnreachable
from .objects import Object

FIELD_MANAGER = "aidc"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object, and where the API server serves it."""

    api_version: str
    name: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of the collection, in a namespace or in all, or of one object."""
        root = "/api" if "/" not in self.api_version else "/apis"
        parts = [root, self.api_version]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)


class Client:
    """A connection to one API server."""

    def __init__(self, server: str, context: ssl.SSLContext, token: str = "", seconds: float = 30) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Proxy settings of the user's shell are for the outside; the API server of a cluster is near.
        self._http = httpx.Client(base_url=server, verify=context, headers=headers, timeout=seconds, trust_env=False)
        self._kinds: dict[tuple[str, str], Kind] = {}
        self.server = server
        """The address of the API server."""

    @classmethod
    def of_kubeconfig(cls, path: Path, seconds: float = 30) -> "Client":
        """Connect as the current context of a kubeconfig says (certificates or token inside the file)."""
        config = yaml.safe_load(path.read_text())
        contexts = {entry["name"]: entry["context"] for entry in config["contexts"]}
        context = contexts[config["current-context"]]
        cluster = {entry["name"]: entry["cluster"] for entry in config["clusters"]}[context["cluster"]]
        user = {entry["name"]: entry["user"] for entry in config["users"]}[context["user"]]
        authority = b64decode(cluster["certificate-authority-data"]).decode()
        tls = ssl.create_default_context(cadata=authority)
        if "client-certificate-data" in user:
            # The ssl module reads client certificates from files only.
            with tempfile.NamedTemporaryFile() as pair:
                pair.write(b64decode(user["client-certificate-data"]) + b64decode(user["client-key-data"]))
                pair.flush()
                tls.load_cert_chain(pair.name)
        return cls(cluster["server"], tls, str(user.get("token", "")), seconds)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        parameters: Mapping[str, str | int] | None = None,
        seconds: float | None = None,
    ) -> Any:
        """Send one request and return what the answer's JSON holds, or its text.

        Raises:
            ApiUnreachable: there was no answer.
            ApiError: the answer is a refusal.
        """
        try:
            response = self._http.request(
                method,
                path,
                content=None if body is None else json.dumps(body),
                headers={"Content-Type": content_type, "Accept": accept},
                params=parameters,
                timeout=httpx.USE_CLIENT_DEFAULT if seconds is None else seconds,
            )
        except httpx.TransportError as error:
            raise ApiUnreachable(f"{self._http.base_url}: {error or type(error).__name__}") from None
        if response.is_success:
            is_json = response.headers.get("content-type", "").startswith("application/json")
            return response.json() if is_json else response.text
        raise _error_of(response)

    def kind(self, api_version: str, name: str, refresh: bool = False) -> Kind:
        """Return how the API server serves a kind.

        Raises:
            ApiError: it does not (code 404, reason NoKind).
        """
        if refresh or not self._kinds:
            self._kinds = self._discover()
        found = self._kinds.get((api_version, name))
        if found is None and not refresh:
            return self.kind(api_version, name, refresh=True)
        if found is None:
            message = f"the cluster has no kind {name} in {api_version}; its CRDs are missing"
            raise ApiError(404, "NoKind", message)
        return found

    def serves(self, api_version: str, name: str) -> bool:
        """Tell whether the API server serves a kind now."""
        try:
            self.kind(api_version, name)
        except ApiError:
            return False
        return True

    def kind_of(self, thing: Object) -> Kind:
        """Return how the API server serves the kind of an object."""
        return self.kind(thing["apiVersion"], thing["kind"])

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """Return one object, or None where there is none."""
        try:
            return self.request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(
        self, api_version: str, name: str, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> list[Object]:
        """Return all objects of a kind; none where the cluster does not know the kind."""
        try:
            kind = self.kind(api_version, name)
        except ApiError as error:
            if error.reason == "NoKind":
                return []
            raise
        # From the watch cache, which is at most a moment old and spares etcd.
        parameters: dict[str, str | int] = {"resourceVersion": "0"}
        if labels:
            parameters["labelSelector"] = labels
        if fields:
            parameters["fieldSelector"] = fields
        answer = self.request("GET", kind.path(namespace), parameters=parameters)
        return [{"apiVersion": api_version, "kind": name, **item} for item in answer["items"] or ()]

    def apply(self, thing: Object, *, force: bool = False, dry_run: bool = False) -> Object:
        """Apply one object server-side and strictly, and return it as it is then, or would be in a dry run."""
        metadata = thing["metadata"]
        path = self.kind_of(thing).path(metadata.get("namespace", "default"), metadata["name"])
        return self.request(
            "PATCH",
            path,
            body=thing,
            content_type="application/apply-patch+yaml",
            parameters={
                "fieldManager": FIELD_MANAGER,
                "fieldValidation": "Strict",
                "force": "true" if force else "false",
                **({"dryRun": "All"} if dry_run else {}),
            },
        )

    def apply_patiently(self, thing: Object, seconds: float = 20) -> Object:
        """Apply one object with force, again and again while the cluster cannot take it yet."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.apply(thing, force=True)
            except ApiError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def create(self, thing: Object) -> Object:
        """Create one object."""
        path = self.kind_of(thing).path(thing["metadata"].get("namespace", "default"))
        return self.request("POST", path, body=thing, parameters={"fieldManager": FIELD_MANAGER})

    def merge(self, kind: Kind, name: str, namespace: str | None, patch: Object, part: str = "") -> Object:
        """Change one object (or a subresource: `part`) by a JSON merge patch."""
        path = kind.path(namespace, name) + (f"/{part}" if part else "")
        return self.request("PATCH", path, body=patch, content_type="application/merge-patch+json")

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> bool:
        """Delete one object, its dependents in the background; return whether it was there."""
        try:
            self.request("DELETE", kind.path(namespace, name), body={"propagationPolicy": "Background"})
        except ApiError as error:
            if error.code == 404:
                return False
            raise
        return True

    def delete_all(self, kind: Kind, namespace: str) -> None:
        """Delete every object of a kind in a namespace."""
        self.request("DELETE", kind.path(namespace))

    def _discover(self) -> dict[tuple[str, str], Kind]:
        accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        kinds: dict[tuple[str, str], Kind] = {}
        for root in ("/api", "/apis"):
            for group in self.request("GET", root, accept=accept)["items"]:
                prefix = f"{group['metadata']['name']}/" if group["metadata"].get("name") else ""
                for version in group["versions"]:
                    kinds.update(_kinds_of(prefix + version["version"], version.get("resources", ())))
        return kinds


def _kinds_of(api_version: str, resources: Iterable[Mapping[str, Any]]) -> Iterable[tuple[tuple[str, str], Kind]]:
    for resource in resources:
        name = resource["responseKind"].get("kind") or ""
        if name:
            kind = Kind(api_version, name, resource["resource"], resource["scope"] == "Namespaced")
            yield (api_version, name), kind


def _error_of(response: httpx.Response) -> ApiError:
    try:
        status = response.json()
        return ApiError(response.status_code, str(status.get("reason", "")), str(status["message"]))
    except (ValueError, KeyError, AttributeError):
        return ApiError(response.status_code, "", response.text.strip() or f"HTTP {response.status_code}")
