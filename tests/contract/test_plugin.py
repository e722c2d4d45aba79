"""The plugin as Pulumi runs it: a process of its own, spoken to over gRPC, that registers with a monitor over gRPC."""

import json
import select
import subprocess
import sys
from collections.abc import Generator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    errors_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2_grpc,
    status_pb2,
)

import aidc
from aidc.evaluation import evaluate
from aidc.evaluation.monitor import RecordingMonitor

_ROOT = Path(__file__).parents[2]
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_STACK = "urn:pulumi:dev::project::pulumi:pulumi:Stack::project-dev"


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Our recording monitor behind gRPC, in the place of the engine's."""

    def __init__(self) -> None:
        self.recording = RecordingMonitor(project="project", stack="dev", preview=False)

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        return self.recording.GetDeploymentInfo(request)

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return self.recording.SupportsFeature(request)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        return self.recording.RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return self.recording.RegisterResourceOutputs(request)

    def Invoke(self, request: Any, context: Any) -> Any:
        return self.recording.Invoke(request)


class Engine(engine_pb2_grpc.EngineServicer):
    """Takes the log and drops it."""

    def Log(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


@pytest.fixture(scope="module")
def monitor() -> Generator[tuple[Monitor, str]]:
    # One thread, since the recording monitor is made for one.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    servicer = Monitor()
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(servicer, server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer, f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


@pytest.fixture(scope="module")
def plugin(monitor: tuple[Monitor, str]) -> Generator[provider_pb2_grpc.ResourceProviderStub]:
    process = subprocess.Popen(
        [sys.executable, str(_ROOT), monitor[1]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    )
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], 30)
        line = process.stdout.readline() if ready else b""
        assert line.strip().isdigit(), process.stderr.read() if process.stderr and process.poll() else line
        with grpc.insecure_channel(f"127.0.0.1:{int(line)}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def construct(
    plugin: provider_pb2_grpc.ResourceProviderStub, monitor: str, component: str, name: str, inputs: Mapping[str, Any]
) -> Any:
    struct = struct_pb2.Struct()
    struct.update(inputs)
    return plugin.Construct(
        provider_pb2.ConstructRequest(
            project="project",
            stack="dev",
            monitorEndpoint=monitor,
            type=f"aidc:index:{component}",
            name=name,
            parent=_STACK,
            inputs=struct,
        ),
        timeout=30,
    )


def test_it_answers_with_the_recorded_interface(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    answer = plugin.GetSchema(provider_pb2.GetSchemaRequest(), timeout=30)
    recorded = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    assert json.loads(answer.schema) == {**recorded, "version": aidc.__version__}
    assert plugin.GetPluginInfo(empty_pb2.Empty(), timeout=30).version == aidc.__version__


def test_it_makes_the_same_resources(
    example: Any, plugin: provider_pb2_grpc.ResourceProviderStub, monitor: tuple[Monitor, str]
) -> None:
    servicer, address = monitor
    servicer.recording.resources.clear()
    answer = construct(plugin, address, example.component, "thing", example.inputs)
    in_process = evaluate(lambda: example.kind("thing", example.args))
    made = servicer.recording.resources
    assert answer.urn == in_process.named("thing", f"aidc:index:{example.component}").urn
    assert {urn: made[urn].inputs for urn in sorted(made) if made[urn].custom} == {
        each.urn: each.inputs for each in sorted(in_process, key=lambda each: each.urn) if each.custom
    }


def output(value: Any = None, *, secret: bool = False, dependencies: tuple[str, ...] = ()) -> dict[str, Any]:
    """An Output as the engine sends it to a plugin that takes outputs; without a value it is not known yet."""
    sent: dict[str, Any] = {_SIGNATURE: _OUTPUT, "secret": secret, "dependencies": list(dependencies)}
    return sent if value is None else {**sent, "value": value}


def test_outputs_of_other_resources_arrive_inside_objects(
    plugin: provider_pb2_grpc.ResourceProviderStub, monitor: tuple[Monitor, str]
) -> None:
    servicer, address = monitor
    servicer.recording.resources.clear()
    service = "urn:pulumi:dev::project::kubernetes:core/v1:Service::chat"
    backend = {"service": output("chat", dependencies=(service,)), "port": 8000.0}
    inputs = {
        "namespace": output(),
        "existingGateway": {"name": "edge"},
        "rules": {"all": {"backends": {"stable": backend}}},
    }
    construct(plugin, address, "GatewayRoute", "thing", inputs)
    (route,) = [each for each in servicer.recording.resources.values() if each.custom]
    assert route.dependencies == (service,)
    assert route.inputs["spec"]["rules"][0]["backendRefs"][0]["name"] == "chat"
    assert "metadata.namespace" in route.unknowns


def test_secrets_stay_secret(plugin: provider_pb2_grpc.ResourceProviderStub, monitor: tuple[Monitor, str]) -> None:
    servicer, address = monitor
    servicer.recording.resources.clear()
    keys = {"accessKeyId": output("example", secret=True), "secretAccessKey": output("not a key", secret=True)}
    inputs = {"namespace": "ai", "kind": "existing", "endpoint": "https://s3.example.org", "credentials": keys}
    construct(plugin, address, "ObjectStore", "thing", inputs)
    by_type = {each.type: each for each in servicer.recording.resources.values()}
    secret = by_type["kubernetes:core/v1:Secret"]
    assert any(path.startswith("stringData") for path in secret.secrets)
    assert by_type["aidc:index:ObjectStore"].secrets


def test_an_error_comes_back_by_property(
    plugin: provider_pb2_grpc.ResourceProviderStub, monitor: tuple[Monitor, str]
) -> None:
    inputs = {"quota": {"gpu": "8"}, "podSecurity": "restrict"}
    with pytest.raises(grpc.RpcError) as caught:
        construct(plugin, monitor[1], "Tenancy", "thing", inputs)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Traceback" not in error.details()
    assert "File" not in error.details()
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    listed = errors_pb2.InputPropertiesError()
    assert status_pb2.Status.FromString(details).details[0].Unpack(listed)
    assert [each.property_path for each in listed.errors] == ["quota.gpu"]


def test_the_plugin_file_names_what_installs_it() -> None:
    document = yaml.safe_load((_ROOT / "PulumiPlugin.yaml").read_text(encoding="utf-8"))
    assert document == {"runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}}
