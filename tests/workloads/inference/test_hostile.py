"""Requests that nobody should send."""

from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase

ENDPOINTS = ("/v1/completions", "/v1/chat/completions", "/v1/predict")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("server", ["text_server", "digits_server"])
def test_generated_requests_are_answered_without_an_error_inside(server, path, request):
    running = request.getfixturevalue(server)
    schema = schemathesis.openapi.from_url(f"{running.address}/openapi.json")
    operation = schema[path]["POST"]

    @hypothesis.settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    )
    def answered(case: Any) -> None:
        answer = case.call(timeout=20)
        # 429 and 503 would be honest answers too, but nothing else is asked at the time.
        assert answer.status_code < 500, answer.text

    answered()


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 30_000,
        b'{"prompt":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"prompt": "a", "seed": ' + b"9" * 5_000 + b"}",
        b'{"prompt": "a", "max_tokens": 1e400}',
        b'{"prompt": "\x00\x00"}',
        b'{"prompt": "a", "prompt": 5}',
        b"\x00" * 1000,
        b'{"inputs": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
@pytest.mark.parametrize("path", ENDPOINTS)
def test_hostile_bodies_are_refused(text_server, path, content):
    with text_server.client() as client:
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"}, timeout=20)
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["error"]["message"]
        assert client.get("/livez").status_code == 200


def test_hostile_headers_and_methods_are_refused(text_server):
    with text_server.client() as client:
        assert client.post("/v1/completions", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 400
        assert client.get("/v1/completions").status_code == 405
        assert client.post("/v1/models").status_code == 405
        assert client.get("/v1/../../etc/passwd").status_code == 404
        assert client.get("/v1/models/" + "x" * 5000).status_code == 404


@pytest.mark.parametrize("path", ["/", "/docs.json", "/static_content/index.css", "/v1/embeddings", "/nothing"])
def test_what_is_not_ours_is_not_there(text_server, path):
    with text_server.client() as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"
