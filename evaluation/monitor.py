"""The resource monitor that a program talks to while it is evaluated: it records, and answers like a provider."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import resource_pb2

from .answers import Answer, physical_id
from .aws_answers import REGION, aws_answer, aws_call
from .docker_answers import docker_answer
from .graph import STACK_TYPE, Resource, ResourceGraph
from .kubernetes_answers import is_namespaced, kubernetes_answer, kubernetes_call, kubernetes_preview
from .properties import Properties, read_properties
from .state import add_outputs, is_open, to_wire, with_outputs
from .transforms import transform_registration, transformed_arguments

# Everything that the engine offers and that recording needs; output values are left out, so that inputs are plain.
FEATURES: Final = frozenset(
    {
        resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
        resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
        resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
        resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
        resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
        resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    }
)

_OK: Final = empty_pb2.Empty()
_STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
_GET_RESOURCE: Final = "pulumi:pulumi:getResource"


class DuplicateName(ValueError):
    """Two resources of one type have the same name under the same parent."""


class RecordingMonitor:
    """Answers each request of Pulumi's SDK in process and keeps what was asked for."""

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        preview: bool,
        region: str = "",
        namespace: str = "",
        answers: Sequence[Answer] = (),
        calls: Mapping[str, Mapping[str, Any]] | None = None,
        stack_outputs: Mapping[str, Mapping[str, Any] | ResourceGraph] | None = None,
    ) -> None:
        """Take what `evaluate` is given; `region` and `namespace` are those of the default providers."""
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, Properties] = {}
        self.called: set[str] = set()
        self._prefix = f"urn:pulumi:{stack}::{project}::"
        self._preview = preview
        self._answers = (*answers, kubernetes_answer, docker_answer)
        self._region = region or REGION
        self._namespace = namespace
        self._calls = calls or {}
        self._stack_outputs = stack_outputs or {}
        self._states: dict[str, struct_pb2.Struct] = {}
        self._transforms: dict[str, Sequence[Any]] = {}
        self._stack_transforms: list[Any] = []
        self._invoke_transforms: list[Any] = []

    # The names below are those of the gRPC service that stands behind Pulumi's SDK.

    def GetDeploymentInfo(self, request: Any) -> resource_pb2.DeploymentInfo:
        """Say what this monitor can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def SupportsFeature(self, request: Any) -> resource_pb2.SupportsFeatureResponse:
        """Answer an older SDK; output values are kept out of the inputs."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")

    def RegisterResource(self, request: Any) -> Any:
        """Record a resource; run transforms first, where there are any."""
        transforms = self._transforms_of(request)
        if transforms:
            return self._transform_and_register(request, transforms)
        return self._register(request)

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:
        """Record a resource that is only read."""
        urn = self._urn(request.parent, request.type, request.name)
        state = struct_pb2.Struct()
        state.CopyFrom(request.properties)
        if request.type == _STACK_REFERENCE:
            state.MergeFrom(self._referenced_stack(request.id))
        self._record(urn, request, request.properties, custom=True, read=True)
        self._states[urn] = state
        # As below: what nobody answers is unknown, not None.
        return resource_pb2.ReadResourceResponse(urn=urn, properties=state, unknown=True)

    def ExistsResource(self, request: Any) -> resource_pb2.ExistsResourceResponse:
        """Nothing exists before the deployment."""
        return resource_pb2.ExistsResourceResponse(exists=False)

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:
        """Keep the outputs of a component or of the stack."""
        self.outputs[request.urn] = read_properties(request.outputs)
        return _OK

    def Invoke(self, request: Any) -> Any:
        """Answer a provider function from the given results; without one, with nothing."""
        if self._invoke_transforms:
            return self._transform_and_invoke(request)
        return self._invoke(request.tok, request.args, request.provider)

    def Call(self, request: Any) -> Any:
        """Answer a method of a resource like a provider function."""
        return self._invoke(request.tok, request.args, request.provider)

    def RegisterStackTransform(self, request: Any) -> empty_pb2.Empty:
        """Run this transform on every resource from now on."""
        self._stack_transforms.append(request)
        return _OK

    def RegisterStackInvokeTransform(self, request: Any) -> empty_pb2.Empty:
        """Run this transform on every provider function from now on."""
        self._invoke_transforms.append(request)
        return _OK

    def RegisterResourceHook(self, request: Any) -> empty_pb2.Empty:
        """Hooks run around real operations only."""
        return _OK

    def RegisterErrorHook(self, request: Any) -> empty_pb2.Empty:
        """Hooks run around real operations only."""
        return _OK

    def RegisterPackage(self, request: Any) -> resource_pb2.RegisterPackageResponse:
        """Give a parameterised package a reference of its own."""
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def SignalAndWaitForShutdown(self, request: Any) -> empty_pb2.Empty:
        """Nothing is left to wait for."""
        return _OK

    def _urn(self, parent: str, type: str, name: str) -> str:
        parents = parent.removeprefix(self._prefix).partition("::")[0]
        if parents and parents != STACK_TYPE:
            type = f"{parents}${type}"
        return f"{self._prefix}{type}::{name}"

    def _register(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        urn = self._urn(request.parent, request.type, request.name)
        if urn in self.resources:
            raise DuplicateName(
                f"two resources named '{request.name}' of type {request.type} under the same parent; "
                "give each a name of its own"
            )
        if is_namespaced(request.type):
            self._fill_namespace(request)
        resource = self._record(urn, request, request.object, custom=request.custom)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if self._preview:
            unknown = kubernetes_preview(resource.type, resource.inputs)
            state, id = with_outputs(resource, request.object, unknown), ""
        else:
            state, id = self._answered(resource, request.object)
            id = request.importId or id
        self._states[urn] = state
        # `unknown` leaves what no answer gives unknown instead of None, which no provider would return.
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=state, unknown=True)

    def _answered(self, resource: Resource, inputs: struct_pb2.Struct) -> tuple[struct_pb2.Struct, str]:
        """Return the state and the id that the provider would answer."""
        outputs = next(self._answers_to(resource), None)
        if outputs is None:
            return inputs, physical_id(resource.type, resource.name, resource.inputs)
        id = str(outputs.get("id") or physical_id(resource.type, resource.name, resource.inputs))
        return with_outputs(resource, inputs, outputs), id

    def _answers_to(self, resource: Resource) -> Iterator[Mapping[str, Any]]:
        for answer in self._answers:
            outputs = answer(resource.type, resource.name, resource.inputs)
            if outputs is not None:
                yield outputs
        outputs = aws_answer(resource.type, resource.name, resource.inputs, self._region_of(resource.provider))
        if outputs is not None:
            yield outputs

    def _fill_namespace(self, request: Any) -> None:
        """Put an object that names no namespace into that of its provider, as the provider does."""
        provider = self.resources.get(request.provider.rpartition("::")[0])
        namespace = self._namespace if provider is None else provider.inputs.get("namespace")
        if isinstance(namespace, str) and namespace and is_open(request.object, "metadata", "namespace"):
            add_outputs(request.object, {"metadata": {"namespace": namespace}}, ())

    def _region_of(self, provider: str) -> str:
        """Return the region of an AWS provider; of the default one where there is no other."""
        region = self.resources[provider].inputs.get("region") if provider in self.resources else None
        return region if isinstance(region, str) else self._region

    def _record(self, urn: str, request: Any, struct: Any, *, custom: bool, read: bool = False) -> Resource:
        properties = read_properties(struct)
        of_registration = () if read else request.propertyDependencies.items()
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=custom,
            read=read,
            inputs=properties.values,
            secrets=frozenset(properties.secrets | _declared_secrets(request, properties)),
            unknowns=frozenset(properties.unknowns),
            dependencies=tuple(sorted(request.dependencies)),
            property_dependencies={key: tuple(sorted(found.urns)) for key, found in of_registration},
            provider=request.provider.rpartition("::")[0],
            protect=not read and request.protect,
            retain_on_delete=not read and _is_retained(request, self.resources.get(request.parent)),
            deleted_with="" if read else request.deletedWith or self._deleted_with(request.parent),
            ignore_changes=() if read else tuple(request.ignoreChanges),
            replace_on_changes=() if read else tuple(request.replaceOnChanges),
            aliases=() if read else tuple(alias.urn or alias.spec.name for alias in request.aliases),
        )
        self.resources[urn] = resource
        return resource

    def _deleted_with(self, parent: str) -> str:
        return self.resources[parent].deleted_with if parent in self.resources else ""

    def _referenced_stack(self, name: str) -> struct_pb2.Struct:
        known = self._stack_outputs.get(name)
        if known is None:
            known = self._stack_outputs.get(name.rpartition("/")[2])
        state = struct_pb2.Struct()
        is_graph = isinstance(known, ResourceGraph)
        secret = sorted({path.partition(".")[0] for path in known.root.secret_outputs}) if is_graph else []
        state.update({"secretOutputNames": secret})
        if known is not None:
            state.update({"outputs": to_wire(known.outputs if is_graph else known)})
        return state

    def _invoke(self, token: str, args: struct_pb2.Struct, provider: str) -> resource_pb2.ResourceInvokeResponse:
        result = struct_pb2.Struct()
        if token == _GET_RESOURCE:
            urn = args.fields["urn"].string_value
            result.update({"urn": urn, "id": physical_id(self[urn].type, self[urn].name, self[urn].inputs)})
            result.fields["state"].struct_value.CopyFrom(self._states.get(urn, struct_pb2.Struct()))
        else:
            self.called.add(token)
            known = self._calls.get(token)
            if known is None:
                asked = read_properties(args).values
                known = kubernetes_call(token, asked) or aws_call(
                    token, asked, self._region_of(provider.rpartition("::")[0])
                )
            result.update(to_wire(known or {}))
        fields: dict[str, Any] = {"return": result}
        return resource_pb2.ResourceInvokeResponse(**fields)

    def __getitem__(self, urn: str) -> Resource:
        return self.resources[urn]

    def _transforms_of(self, request: Any) -> list[Any]:
        urn = self._urn(request.parent, request.type, request.name)
        if request.transforms:
            self._transforms[urn] = tuple(request.transforms)
        if not self._transforms and not self._stack_transforms:
            return []
        found = list(request.transforms)
        parent = self.resources.get(request.parent)
        while parent is not None:
            found.extend(self._transforms.get(parent.urn, ()))
            parent = self.resources.get(parent.parent)
        return found if request.type == STACK_TYPE else [*found, *self._stack_transforms]

    async def _transform_and_register(self, request: Any, callbacks: Iterable[Any]) -> Any:
        await transform_registration(request, callbacks)
        return self._register(request)

    async def _transform_and_invoke(self, request: Any) -> Any:
        return self._invoke(
            request.tok, await transformed_arguments(request, self._invoke_transforms), request.provider
        )


def _declared_secrets(request: Any, properties: Properties) -> set[str]:
    names = getattr(request, "additionalSecretOutputs", ())
    return {name for name in names if name in properties.values}


def _is_retained(request: Any, parent: Resource | None) -> bool:
    # The engine hands it down, and `deletedWith` too, where a child says nothing: pulumi/pulumi pull request 18836.
    return request.retainOnDelete if request.HasField("retainOnDelete") else bool(parent and parent.retain_on_delete)
