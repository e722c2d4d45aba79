"""An AWS account on this machine: moto's server, and before it a server that answers what moto cannot, as AWS does."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from aidc.evaluation import evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.preflight import CheckResult, Finding, account_demands, run_account_checks
from aidc.preflight.account import Account

REGION = "us-east-1"
ACCOUNT = "123456789012"
_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


@dataclass(frozen=True)
class Answer:
    """What AWS answers to one operation."""

    body: str
    status: int = 200
    kind: str = "application/json"


def refusal(code: str, message: str = "no", *, status: int = 403) -> Answer:
    """A refusal in the form of the query protocols of EC2 and STS, which both read."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<Response><Errors>{error}</Errors>{error}<RequestId>1</RequestId></Response>"
    return Answer(body, status, "text/xml")


def json_refusal(code: str, message: str = "no", *, status: int = 400) -> Answer:
    return Answer(json.dumps({"__type": code, "message": message}), status, "application/x-amz-json-1.1")


@dataclass
class Front:
    """The server before moto's."""

    url: str
    answers: dict[str, Answer | Callable[[dict[str, Any]], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def quotas(self, **values: float) -> None:
        """Give quotas by code (with _ for -); the others are as moto has them, or 1,000."""
        by_code = {code.replace("_", "-"): value for code, value in values.items()}

        def answer(body: dict[str, Any]) -> Answer:
            code = body["QuotaCode"]
            return Answer(json.dumps({"Quota": {"QuotaCode": code, "Value": by_code.get(code, 1_000.0)}}))

        self.answers["GetServiceQuota"] = answer


class _Handler(BaseHTTPRequestHandler):
    front: Front
    moto: str

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation, given = self._operation(body)
        self.front.asked.append(operation)
        found = self.front.answers.get(operation)
        if found is None:
            self._pass_on(body)
            return
        answer = found(given) if callable(found) else found
        self._send(answer.status, {"Content-Type": answer.kind}, answer.body.encode())

    do_GET = do_POST = do_HEAD = do_PUT = _answer

    def _operation(self, body: bytes) -> tuple[str, dict[str, Any]]:
        target = self.headers.get("X-Amz-Target", "")
        if target:
            return target.rpartition(".")[2], json.loads(body or b"{}")
        form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
        if "Action" in form:
            return form["Action"][0], {key: values[0] for key, values in form.items()}
        path = urllib.parse.urlparse(self.path)
        return f"{self.command} {path.path}", {k: v[0] for k, v in urllib.parse.parse_qs(path.query).items()}

    def _pass_on(self, body: bytes) -> None:
        headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP}
        request = urllib.request.Request(
            f"{self.moto}{self.path}", data=body or None, headers=headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                self._send(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                self._send(refused.code, dict(refused.headers), refused.read())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for key, value in headers.items():
            if key.lower() not in _HOP:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def front(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Front]:
    """An account that lets everything be asked, with credentials for it in the environment."""
    made = Front("")
    handler = type("Handler", (_Handler,), {"front": made, "moto": moto})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    for key in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(key, raising=False)
    for key, value in {
        "AWS_ENDPOINT_URL": made.url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(key, value)
    versions = [
        {"clusterVersion": "1.36", "versionStatus": "STANDARD_SUPPORT", "endOfStandardSupportDate": 4102444800},
        {"clusterVersion": "1.33", "versionStatus": "EXTENDED_SUPPORT"},
    ]
    made.answers["GET /cluster-versions"] = Answer(json.dumps({"clusterVersions": versions}))
    made.quotas()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class Report:
    """What a run of the checks found."""

    results: list[CheckResult]

    def of(self, check: str) -> list[Finding]:
        return list(next(result for result in self.results if result.check == check).findings)

    def one(self, check: str, about: str = "") -> Finding:
        found = [finding for finding in self.of(check) if about in finding.subject]
        assert len(found) == 1, self.of(check)
        return found[0]


@pytest.fixture
def checked(front: Front) -> Callable[..., Report]:
    """Run the checks against the account, for a program."""

    def run(program: Callable[[], Any], *, region: str = "", default: str = "", skip: tuple[str, ...] = ()) -> Report:
        demands = account_demands(evaluate(program), default_region=default)
        with closing(Account(region or demands.region, profile=demands.profile, role_arn=demands.role_arn)) as account:
            return Report(run_account_checks(account, demands, skip))

    return run


def provider(**given: Any) -> pulumi.ResourceOptions:
    import pulumi_aws

    return pulumi.ResourceOptions(provider=pulumi_aws.Provider("aws", **{"region": REGION, **given}))


def node_class(name: str = "default", **spec: Any) -> None:
    KubernetesObject(
        f"class-{name}",
        {
            "apiVersion": "karpenter.k8s.aws/v1",
            "kind": "EC2NodeClass",
            "metadata": {"name": name},
            "spec": spec,
        },
    )


def node_pool(
    name: str,
    types: list[str],
    *,
    zones: list[str] | None = None,
    capacity: list[str] | None = None,
    limits: dict[str, Any] | None = None,
    replicas: int | None = None,
    node_class: str = "default",
) -> None:
    """A pool of Karpenter, as its users write it."""
    wanted = {
        "node.kubernetes.io/instance-type": types,
        "karpenter.sh/capacity-type": capacity or ["on-demand"],
        **({"topology.kubernetes.io/zone": zones} if zones else {}),
    }
    requirements = [{"key": key, "operator": "In", "values": values} for key, values in wanted.items()]
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class}
    spec: dict[str, Any] = {"template": {"spec": {"requirements": requirements, "nodeClassRef": reference}}}
    spec |= {"limits": limits} if limits else {}
    spec |= {"replicas": replicas} if replicas is not None else {}
    KubernetesObject(
        f"pool-{name}", {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": spec}
    )


@pytest.fixture(scope="session")
def aws() -> SimpleNamespace:
    """What tests write programs and answers with; test folders are no packages that could be imported."""
    return SimpleNamespace(
        Answer=Answer,
        account=ACCOUNT,
        json_refusal=json_refusal,
        node_class=node_class,
        node_pool=node_pool,
        provider=provider,
        refusal=refusal,
        region=REGION,
    )
