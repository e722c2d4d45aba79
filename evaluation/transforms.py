"""Transforms of a program, run on what it registers: in this process, where the engine would call back by gRPC."""

from collections.abc import Awaitable, Iterable
from typing import Any, Final, cast

from pulumi.runtime._callbacks import _CallbackServicer  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime.proto import resource_pb2

# Each option that a transform may change: its name in a registration, and in what a transform is given.
_OPTIONS: Final = {
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "deleteBeforeReplace": "delete_before_replace",
    "deletedWith": "deleted_with",
    "dependencies": "depends_on",
    "ignoreChanges": "ignore_changes",
    "pluginDownloadURL": "plugin_download_url",
    "protect": "protect",
    "provider": "provider",
    "replaceOnChanges": "replace_on_changes",
    "replace_with": "replace_with",
    "retainOnDelete": "retain_on_delete",
    "version": "version",
}


async def transform_registration(request: Any, callbacks: Iterable[Any]) -> None:
    """Run transforms on a registration, one after the other, and change it in place."""
    for callback in callbacks:
        asked = resource_pb2.TransformRequest(
            type=request.type, name=request.name, custom=request.custom, parent=request.parent
        )
        asked.properties.CopyFrom(request.object)
        for wire, option in _OPTIONS.items():
            _copy(request, wire, asked.options, option)
        done = await _called_back(callback, asked)
        request.object.CopyFrom(done.properties)
        if done.HasField("options"):
            for wire, option in _OPTIONS.items():
                _copy(done.options, option, request, wire)


async def transformed_arguments(request: Any, callbacks: Iterable[Any]) -> Any:
    """Run transforms on the arguments of a provider function, and return the last ones."""
    args = request.args
    for callback in callbacks:
        asked = resource_pb2.TransformInvokeRequest(token=request.tok, args=args)
        args = (await _called_back(callback, asked)).args
    return args


def _copy(source: Any, name: str, target: Any, other: str) -> None:
    """Give one message's field the value of another's; what is not said there is not said here."""
    target.ClearField(other)
    if name not in {field.name for field, _ in source.ListFields()}:
        return
    value = getattr(source, name)
    if isinstance(value, (str, bool)):
        setattr(target, other, value)
    else:
        getattr(target, other).extend(value)


def _called_back(callback: Any, request: Any) -> Awaitable[Any]:
    """Call a transform where the SDK keeps it, in this process, instead of through its gRPC server."""
    for servicer in cast(Any, _CallbackServicer)._servicers:
        found = servicer._callbacks.get(callback.token)
        if found is not None:
            return found(request.SerializeToString())
    raise LookupError(f"no callback {callback.token}")
