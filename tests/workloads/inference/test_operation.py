"""Probes, bounds, overload and the end of the real server."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

HANG = """
import os, threading, time

def hang():
    while not os.path.exists({flag!r}):
        time.sleep(0.05)
    from aidc.workloads.models import generation
    generation.Generator.step = lambda self: time.sleep(3600)

threading.Thread(target=hang, daemon=True).start()
"""


def metrics(client: httpx.Client) -> dict[str, float]:
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_probes_and_metrics(text_server):
    with text_server.client() as client:
        assert [client.get(path).status_code for path in ("/livez", "/readyz", "/startupz")] == [200] * 3
        before = metrics(client)
        client.post("/v1/completions", json={"prompt": "abc", "max_tokens": 5, "ignore_eos": True})
        client.post("/v1/completions", json={"prompt": ""})
        after = metrics(client)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more('aidc_inference_requests_total{endpoint="/v1/completions",outcome="ok"}') == 1
    assert more('aidc_inference_requests_total{endpoint="/v1/completions",outcome="invalid"}') == 1
    assert more('aidc_inference_tokens_total{kind="prompt"}') == 3
    assert more('aidc_inference_tokens_total{kind="generation"}') == 5
    for name in ("queue_seconds", "time_to_first_token_seconds", "time_per_output_token_seconds"):
        assert more(f"aidc_inference_{name}_count") == 1
    assert more("aidc_inference_batch_size_count") == 5
    assert after["aidc_inference_model_load_seconds"] > 0
    assert after["aidc_inference_ready"] == 1


def test_a_request_has_an_id_in_the_answer_and_in_the_log(text_server):
    with text_server.client() as client:
        given = client.get("/v1/models", headers={"X-Request-ID": "one.two-3"})
        made = client.get("/v1/models", headers={"X-Request-ID": "no id\u00e9".encode("latin-1")})
    assert given.headers["x-request-id"] == "one.two-3"
    assert len(made.headers["x-request-id"]) == 32
    lines = [json.loads(line) for line in text_server.log.read_text().splitlines() if line.startswith("{")]
    logged = next(line for line in lines if line.get("request_id") == "one.two-3")
    assert (logged["path"], logged["status"]) == ("/v1/models", 200)


def test_a_body_that_is_too_large_is_refused(text_server):
    with text_server.client() as client:
        said = client.post("/v1/completions", content=b"x" * 70_000)
        unsaid = client.post("/v1/completions", content=(b"x" * 1000 for _ in range(70)))
    assert [said.status_code, unsaid.status_code] == [413, 413]


def test_what_is_too_much_is_refused_at_once_and_the_rest_is_answered(text_server):
    def ask(_: int) -> tuple[int, float, str | None]:
        started = time.monotonic()
        with text_server.client() as client:
            body = {"prompt": "a", "max_tokens": 60, "ignore_eos": True, "n": 4}
            answer = client.post("/v1/completions", json=body)
        return answer.status_code, time.monotonic() - started, answer.headers.get("retry-after")

    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(ask, range(24)))
    assert {status for status, _, _ in found} == {200, 429}
    assert all(after is not None and int(after) >= 1 for status, _, after in found if status == 429)
    with text_server.client() as client:
        assert client.post("/v1/completions", json={"prompt": "a"}).status_code == 200


def test_work_of_a_client_that_leaves_is_given_up(exports, start):
    server = start(exports / "lstm", "context=200000", "maximum_tokens=190000", "batch=1")
    body = {"prompt": "a", "max_tokens": 150_000, "ignore_eos": True}
    with server.client() as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/completions", json=body, timeout=2)
        with client.stream("POST", "/v1/completions", json=body | {"stream": True}) as stream:
            next(stream.iter_lines())
        end = time.monotonic() + 30
        while metrics(client)["aidc_inference_requests_running"] and time.monotonic() < end:
            time.sleep(0.1)
        found = metrics(client)
    assert found["aidc_inference_requests_running"] == 0
    assert found['aidc_inference_requests_total{endpoint="/v1/completions",outcome="cancelled"}'] == 2
    assert server.stop() == 0


def test_a_request_that_takes_too_long_is_given_up(exports, start):
    server = start(exports / "lstm", "context=200000", "maximum_tokens=190000", "request_seconds=1")
    with server.client() as client:
        body = {"prompt": "a", "max_tokens": 150_000, "ignore_eos": True}
        answer = client.post("/v1/completions", json=body)
        assert answer.status_code == 504
        assert answer.json()["error"]["message"] == "no answer within 1 s"


def test_a_drain_under_load_loses_no_request(exports, start):
    # One thread: two that wait for each other are slow where other tests have the cores.
    server = start(exports / "text", "drain_seconds=1", "queue=1000", "batch=4", "threads=1")
    outcomes: list[Any] = []
    unready = threading.Event()
    stop = threading.Event()

    def ask() -> None:
        with server.client() as client:
            while not stop.is_set():
                try:
                    answer = client.post("/v1/completions", json={"prompt": "a", "max_tokens": 40, "ignore_eos": True})
                    outcomes.append((answer.status_code, answer.json()["usage"]["completion_tokens"]))
                except httpx.ConnectError:
                    return
                except httpx.TransportError as error:
                    outcomes.append(error)
                    return

    def probe() -> None:
        with server.client() as client:
            while not stop.is_set():
                try:
                    if client.get("/readyz").status_code == 503:
                        unready.set()
                except httpx.TransportError:
                    return
                time.sleep(0.02)

    threads = [threading.Thread(target=ask) for _ in range(8)] + [threading.Thread(target=probe)]
    for thread in threads:
        thread.start()
    # There have been answers and all ask again, however slow the machine is.
    deadline = time.monotonic() + 120
    while len(outcomes) < 8 and time.monotonic() < deadline:
        time.sleep(0.05)
    code = server.stop()
    stop.set()
    for thread in threads:
        thread.join()
    assert code == 0
    assert len(outcomes) > 8
    assert set(outcomes) == {(200, 40)}
    assert unready.is_set()


def test_a_hung_engine_fails_the_liveness_probe(exports, start, tmp_path):
    flag = tmp_path / "hang"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(HANG.format(flag=str(flag)))
    server = start(exports / "text", "hang_seconds=2", path=tmp_path / "site")
    with server.client() as client:
        assert client.get("/livez").status_code == 200
        flag.touch()
        time.sleep(0.5)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/completions", json={"prompt": "a", "max_tokens": 50, "ignore_eos": True}, timeout=1)
        time.sleep(3)
        answer = client.get("/livez")
    assert answer.status_code == 503
    assert "has not moved" in answer.text
    for process in [*psutil.Process(server.process.pid).children(recursive=True), server.process]:
        process.kill()


def test_the_server_waits_for_an_export_that_is_still_to_come(exports, start, tmp_path):
    server = start(tmp_path / "later", "wait_seconds=300", ready=False)
    with server.client() as client:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                startup = client.get("/startupz")
                if startup.text != "starting\n":
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        assert startup.status_code == 503
        assert f"waiting for an export at {tmp_path / 'later'}" in startup.text
        assert client.get("/livez").status_code == 200
        assert client.post("/v1/completions", json={"prompt": "a"}).status_code == 503
        (tmp_path / "later").symlink_to(exports / "text")
        server.wait_until_ready()
    assert server.stop() == 0


def refused(*arguments: str) -> str:
    command = [sys.executable, "-m", "aidc.workloads.inference", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_is_asked_wrongly_is_refused_before_anything_starts(exports, tmp_path):
    assert "does not exist" in refused("--model", str(tmp_path / "nothing"))
    assert f"did you mean '{exports / 'digits'}'" in refused("--model", str(exports))
    assert "model: missing" in refused()
    assert "65535 or less" in refused("--model", "x", "--port", "70000")
    assert "did you mean 'batch'?" in refused("--model", "x", "--set", "batches=3")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = refused("--model", str(exports / "text"), "--host", "127.0.0.1", "--port", port)
    assert f"port: {port} is in use" in said


def test_an_export_that_was_damaged_ends_the_server(exports, tmp_path):
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in (exports / "text").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert "SHA-256" in refused("--model", str(folder), "--host", "127.0.0.1", "--port", "18473")


@pytest.mark.parametrize(
    ("model", "settings", "said"),
    [
        ("text", ["context=65"], "context: 65 tokens are too much; the model looks back 64 at most"),
        ("s3://models/chat", [], "s3://models/chat: 1 problem\n  - cannot be read: Unable to locate credentials"),
    ],
)
def test_what_shows_when_the_model_is_loaded_ends_the_server(exports, tmp_path, model, settings, said):
    place = model if "://" in model else str(exports / model)
    sets = [part for each in (*settings, "host=127.0.0.1", "port=18971") for part in ("--set", each)]
    # Neither keys nor the machine's own identity.
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | nobody
    done = subprocess.run(
        [sys.executable, "-m", "aidc.workloads.inference", "--model", place, *sets],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment,
    )
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
