"""The autoscaler as an external scaler of KEDA, by gRPC.

The interface is that of KEDA's documentation, "External Scalers" (keda.sh, version 2.21, read 2026-11): its messages
are described here, and made by protobuf at run time.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from ...problems import InvalidInput, Problem
from .answers import Answer
from .settings import TargetSettings

METRIC: Final = "aidc-replicas"
"""Name of the metric: pods that there are to be, with a target of 1 for each pod."""

_PACKAGE: Final = "externalscaler"
_TYPES: Final = {
    "text": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "flag": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "whole": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "number": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
}
_MESSAGES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ScaledObjectRef": (("name", "text"), ("namespace", "text"), ("scalerMetadata", "{text}")),
    "IsActiveResponse": (("result", "flag"),),
    "MetricSpec": (("metricName", "text"), ("targetSize", "whole"), ("targetSizeFloat", "number")),
    "GetMetricSpecResponse": (("metricSpecs", "[MetricSpec]"),),
    "GetMetricsRequest": (("scaledObjectRef", "ScaledObjectRef"), ("metricName", "text")),
    "MetricValue": (("metricName", "text"), ("metricValue", "whole"), ("metricValueFloat", "number")),
    "GetMetricsResponse": (("metricValues", "[MetricValue]"),),
}
"""The messages; each field has the number of its place. `[x]` is a list, `{text}` a map of text."""


def message_types() -> dict[str, Any]:
    """Return the classes of the messages by name."""
    file = descriptor_pb2.FileDescriptorProto(name="aidc/externalscaler.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, 1):
            _add_field(message, field, kind, number)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }


def _add_field(message: Any, name: str, kind: str, number: int) -> None:
    proto = descriptor_pb2.FieldDescriptorProto
    many = kind[0] in "[{"
    label = proto.LABEL_REPEATED if many else proto.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    inner = kind.strip("[]{}")
    if kind.startswith("{"):
        entry = f"{name[0].upper()}{name[1:]}Entry"
        nested = message.nested_type.add(name=entry)
        nested.options.map_entry = True
        _add_field(nested, "key", "text", 1)
        _add_field(nested, "value", inner, 2)
        inner = f"{message.name}.{entry}"
    if inner in _TYPES:
        field.type = _TYPES[inner]
    else:
        field.type, field.type_name = proto.TYPE_MESSAGE, f".{_PACKAGE}.{inner}"


class ExternalScaler:
    """A gRPC server that answers KEDA.

    Where there is no decision to tell, it answers with the status UNAVAILABLE: to KEDA that is a failed trigger, whose
    fallback holds the pods, and the other triggers go on. Its fixed answers would look like a load.
    """

    def __init__(
        self, host: str, port: int, target: TargetSettings, answer: Answer, *, count: Callable[[str], None]
    ) -> None:
        """Listen; raises `InvalidInput` where that is not possible.

        Args:
            host: IP address to listen on.
            port: Port to listen on; 0 takes any free one.
            target: The workload that the answers are about.
            answer: The number.
            count: Takes `given` or `refused` for each answer.
        """
        self._target, self._answer, self._count = target, answer, count
        self._types = message_types()
        self._stopping = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8, thread_name_prefix="scaler"))
        self._server.add_generic_rpc_handlers((self._handlers(),))
        address = f"[{host}]" if ":" in host else host
        try:
            self.port = self._server.add_insecure_port(f"{address}:{port}")
        except RuntimeError as error:
            reason = f"{host}:{port} cannot be listened at: is something else there?"
            raise InvalidInput("settings of the autoscaler", [Problem("acting.port", reason)]) from error
        self._server.start()

    def close(self) -> None:
        """Answer what was asked, and stop."""
        self._stopping.set()
        self._answer.wait(0)
        self._server.stop(grace=2).wait()

    def _handlers(self) -> Any:
        def one(method: Callable[[Any, Any], Any], request: str, response: str) -> Any:
            return grpc.unary_unary_rpc_method_handler(
                method,
                request_deserializer=self._types[request].FromString,
                response_serializer=self._types[response].SerializeToString,
            )

        stream = grpc.unary_stream_rpc_method_handler(
            self._stream_is_active,
            request_deserializer=self._types["ScaledObjectRef"].FromString,
            response_serializer=self._types["IsActiveResponse"].SerializeToString,
        )
        return grpc.method_handlers_generic_handler(
            f"{_PACKAGE}.ExternalScaler",
            {
                "IsActive": one(self._is_active, "ScaledObjectRef", "IsActiveResponse"),
                "StreamIsActive": stream,
                "GetMetricSpec": one(self._metric_spec, "ScaledObjectRef", "GetMetricSpecResponse"),
                "GetMetrics": one(self._metrics, "GetMetricsRequest", "GetMetricsResponse"),
            },
        )

    def _is_active(self, request: Any, context: Any) -> Any:
        return self._types["IsActiveResponse"](result=self._told(request, context) > 0)

    def _stream_is_active(self, request: Any, context: Any) -> Iterator[Any]:
        """Tell at once, and whenever it changes."""
        told: bool | None = None
        self._check(request, context)
        while context.is_active() and not self._stopping.is_set():
            replicas = self._answer.replicas
            if replicas is not None and (replicas > 0) is not told:
                told = replicas > 0
                yield self._types["IsActiveResponse"](result=told)
            self._answer.wait(1)

    def _metric_spec(self, request: Any, context: Any) -> Any:
        # Known before the first decision too: KEDA makes its HorizontalPodAutoscaler from it.
        self._check(request, context)
        spec = self._types["MetricSpec"](metricName=METRIC, targetSize=1, targetSizeFloat=1.0)
        return self._types["GetMetricSpecResponse"](metricSpecs=[spec])

    def _metrics(self, request: Any, context: Any) -> Any:
        replicas = self._told(request.scaledObjectRef, context)
        value = self._types["MetricValue"](metricName=METRIC, metricValue=replicas, metricValueFloat=float(replicas))
        return self._types["GetMetricsResponse"](metricValues=[value])

    def _told(self, scaled: Any, context: Any) -> int:
        self._check(scaled, context)
        replicas = self._answer.replicas
        if replicas is None:
            self._count("refused")
            context.abort(grpc.StatusCode.UNAVAILABLE, "there is no decision")
        self._count("given")
        return int(replicas or 0)

    def _check(self, scaled: Any, context: Any) -> None:
        """Refuse whoever asks about another workload: a wrong address must not scale it by this one's load."""
        named = scaled.scalerMetadata.get("target", self._target.name)
        if (scaled.namespace, named) != (self._target.namespace, self._target.name):
            self._count("refused")
            wanted = f"{self._target.namespace}/{self._target.name}"
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"asked about {scaled.namespace}/{named}; this one knows {wanted}"
            )
