"""The external scaler of KEDA: its messages on the wire, and its answers through a real connection."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from aidc.workloads.autoscaler.answers import Answer
from aidc.workloads.autoscaler.scaler import METRIC, ExternalScaler, message_types
from aidc.workloads.autoscaler.settings import TargetSettings

TYPES = message_types()


class Called:
    """Calls the service as KEDA does."""

    def __init__(self, port: int, counted: list[str]) -> None:
        self.counted = counted
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def call(self, method: str, request: Any, answer: str) -> Any:
        path = f"/externalscaler.ExternalScaler/{method}"
        called = self.channel.unary_unary(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=TYPES[answer].FromString,
        )
        return called(request, timeout=5)

    def stream(self, request: Any) -> Any:
        called = self.channel.unary_stream(
            "/externalscaler.ExternalScaler/StreamIsActive",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=TYPES["IsActiveResponse"].FromString,
        )
        return called(request, timeout=5)


@pytest.fixture
def answer() -> Answer:
    return Answer(lasts=60)


@pytest.fixture
def keda(answer: Answer) -> Iterator[Called]:
    counted: list[str] = []
    target = TargetSettings(namespace="ai", name="chat")
    scaler = ExternalScaler("127.0.0.1", 0, target, answer, count=counted.append)
    called = Called(scaler.port, counted)
    yield called
    called.channel.close()
    scaler.close()


def scaled(namespace: str = "ai", **metadata: str) -> Any:
    return TYPES["ScaledObjectRef"](name="chat", namespace=namespace, scalerMetadata=metadata)


def test_messages_are_those_of_the_interface_on_the_wire() -> None:
    """Written by hand from the interface: field numbers and types of protobuf's wire format."""
    value = TYPES["MetricValue"](metricName="m", metricValue=3, metricValueFloat=3.0)
    one = b"\x0a\x01m" + b"\x10\x03" + b"\x19" + b"\x00\x00\x00\x00\x00\x00\x08\x40"
    assert value.SerializeToString() == one
    assert TYPES["GetMetricsResponse"](metricValues=[value]).SerializeToString() == b"\x0a" + bytes([len(one)]) + one
    entry = b"\x0a\x01a\x12\x01b"
    wire = b"\x0a\x04chat\x12\x02ai\x1a" + bytes([len(entry)]) + entry
    assert scaled(a="b").SerializeToString() == wire
    request = TYPES["GetMetricsRequest"].FromString(b"\x0a" + bytes([len(wire)]) + wire + b"\x12\x01m")
    assert (request.scaledObjectRef.namespace, request.metricName) == ("ai", "m")
    assert dict(request.scaledObjectRef.scalerMetadata) == {"a": "b"}
    assert TYPES["IsActiveResponse"](result=True).SerializeToString() == b"\x08\x01"


def test_it_tells_the_decision_as_one_for_each_pod(keda: Called, answer: Answer) -> None:
    answer.set(7)
    (spec,) = keda.call("GetMetricSpec", scaled(target="chat"), "GetMetricSpecResponse").metricSpecs
    assert (spec.metricName, spec.targetSize, spec.targetSizeFloat) == (METRIC, 1, 1.0)
    request = TYPES["GetMetricsRequest"](scaledObjectRef=scaled(), metricName=METRIC)
    (value,) = keda.call("GetMetrics", request, "GetMetricsResponse").metricValues
    assert (value.metricName, value.metricValue, value.metricValueFloat) == (METRIC, 7, 7.0)
    assert keda.call("IsActive", scaled(), "IsActiveResponse").result is True
    answer.set(0)
    assert keda.call("IsActive", scaled(), "IsActiveResponse").result is False
    assert keda.counted == ["given"] * 3


def test_without_a_decision_it_refuses_and_does_not_say_zero(keda: Called, answer: Answer) -> None:
    request = TYPES["GetMetricsRequest"](scaledObjectRef=scaled(), metricName=METRIC)
    for replicas in (None, 5):
        if replicas is not None:
            answer.set(replicas)
            answer.set(None)
        with pytest.raises(grpc.RpcError) as refused:
            keda.call("GetMetrics", request, "GetMetricsResponse")
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert keda.counted == ["refused", "refused"]
    # KEDA makes its autoscaler from this, which must not wait for a decision.
    assert keda.call("GetMetricSpec", scaled(), "GetMetricSpecResponse").metricSpecs


@pytest.mark.parametrize("asked", [scaled(namespace="other"), scaled(target="search")])
def test_whoever_asks_about_another_workload_is_refused(keda: Called, answer: Answer, asked: Any) -> None:
    answer.set(7)
    with pytest.raises(grpc.RpcError) as refused:
        keda.call("IsActive", asked, "IsActiveResponse")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "this one knows ai/chat" in refused.value.details()


def test_a_stream_tells_changes(keda: Called, answer: Answer) -> None:
    stream = keda.stream(scaled())
    answer.set(2)
    assert next(stream).result is True
    answer.set(3)
    answer.set(0)
    assert next(stream).result is False
    stream.cancel()


def test_an_old_decision_is_none() -> None:
    now = [0.0]
    answer = Answer(lasts=10, clock=lambda: now[0])
    assert answer.replicas is None
    answer.set(4)
    now[0] = 10
    assert answer.replicas == 4
    now[0] = 10.1
    assert answer.replicas is None
