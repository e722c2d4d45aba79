import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aidc.workloads.models.export import LoadedModel, load_model
from aidc.workloads.models.generation import generate
from aidc.workloads.models.sampling import Sampling


@pytest.fixture(scope="module")
def loaded(exports: Path) -> LoadedModel:
    return load_model(exports / "text")


def own(loaded: LoadedModel, prompt: str, **sampling: Any) -> Any:
    return generate(loaded.model, loaded.encoding, prompt, Sampling(**sampling))


def events(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_greedy_completion_is_what_the_model_generates(text_server, loaded):
    row = own(loaded, "hello", maximum_tokens=24, temperature=0)
    with text_server.client() as client:
        answer = client.post("/v1/completions", json={"prompt": "hello", "max_tokens": 24, "temperature": 0})
    document = answer.json()
    assert answer.status_code == 200, document
    assert document["choices"][0]["text"] == row.text
    assert document["choices"][0]["finish_reason"] == row.finish
    assert document["usage"] == {
        "prompt_tokens": 5,
        "completion_tokens": len(row.tokens),
        "total_tokens": 5 + len(row.tokens),
    }
    assert document["model"] == "text"


def test_a_seed_gives_what_the_model_generates_with_it(text_server, loaded):
    rows = [own(loaded, "hello", maximum_tokens=16, temperature=0.9, top_p=0.8, seed=seed) for seed in (3, 4)]
    body = {"prompt": "hello", "max_tokens": 16, "temperature": 0.9, "top_p": 0.8, "seed": 3, "n": 2}
    with text_server.client() as client:
        choices = client.post("/v1/completions", json=body).json()["choices"]
    assert [choice["text"] for choice in choices] == [row.text for row in rows]


def test_chunks_of_a_stream_join_to_the_whole(text_server):
    body = {"prompt": "abc", "max_tokens": 30, "temperature": 0}
    with text_server.client() as client:
        whole = client.post("/v1/completions", json=body).json()
        options = {"stream": True, "stream_options": {"include_usage": True}}
        answer = client.post("/v1/completions", json=body | options)
    assert answer.headers["content-type"].startswith("text/event-stream")
    chunks = events(answer.text)
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == whole["choices"][0]["text"]
    assert chunks[-1]["usage"] == whole["usage"]
    finishes = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
    assert finishes[-1] == whole["choices"][0]["finish_reason"]
    assert set(finishes[:-1]) <= {None}


def test_texts_generated_together_are_those_generated_alone(text_server, loaded):
    prompts = [chr(97 + place) * (1 + 3 * place) for place in range(12)]
    rows = [own(loaded, prompt, maximum_tokens=20, temperature=0) for prompt in prompts]

    def ask(prompt: str) -> str:
        with text_server.client() as client:
            body = {"prompt": prompt, "max_tokens": 20, "temperature": 0}
            return client.post("/v1/completions", json=body).json()["choices"][0]["text"]

    with ThreadPoolExecutor(len(prompts)) as pool:
        assert list(pool.map(ask, prompts)) == [row.text for row in rows]


def test_a_stop_text_ends_the_answer_and_is_not_part_of_it(text_server, loaded):
    text = own(loaded, "stop here", maximum_tokens=40, temperature=0).text
    stop = text[3:5]
    body = {"prompt": "stop here", "max_tokens": 40, "temperature": 0, "stop": stop}
    with text_server.client() as client:
        choice = client.post("/v1/completions", json=body).json()["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["text"] == text[: text.index(stop)]


def test_a_chat_is_a_completion_of_its_turns(text_server, loaded):
    prompt = "system: be kind\nuser: hi\nassistant:"
    row = own(loaded, prompt, maximum_tokens=8, temperature=0, stop=("\nuser:",))
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    body = {"messages": messages, "max_tokens": 8, "temperature": 0}
    with text_server.client() as client:
        document = client.post("/v1/chat/completions", json=body).json()
        chunks = events(client.post("/v1/chat/completions", json=body | {"stream": True}).text)
    assert document["choices"][0]["message"]["content"] == row.text
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == row.text


def test_values_that_ask_for_nothing_are_taken(text_server):
    body = {"prompt": "a", "max_tokens": 2, "seed": 3}
    nulls = dict.fromkeys(("n", "stream", "temperature", "top_p", "stop", "stream_options", "reasoning_effort"))
    zeros = {
        "presence_penalty": 0.0,
        "frequency_penalty": 0,
        "best_of": 1,
        "logit_bias": {},
        "parallel_tool_calls": True,
    }
    with text_server.client() as client:
        plain = client.post("/v1/completions", json=body).json()["choices"]
        answer = client.post("/v1/completions", json=body | nulls | zeros)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"] == plain


def test_an_answer_may_be_sent_back_as_a_turn(text_server):
    question = {"role": "user", "content": "hi"}
    body = {"max_tokens": 2, "temperature": 0}
    with text_server.client() as client:
        first = client.post("/v1/chat/completions", json=body | {"messages": [question]}).json()
        message = first["choices"][0]["message"] | {"tool_calls": None, "function_call": None, "audio": None}
        second = client.post("/v1/chat/completions", json=body | {"messages": [question, message, question]})
        wrong = client.post(
            "/v1/chat/completions", json=body | {"messages": [question, message | {"tool_calls": [{"id": "a"}]}]}
        )
    assert second.status_code == 200, second.text
    assert wrong.status_code == 400
    assert "'tool_calls' is not supported here" in wrong.json()["error"]["message"]


def test_the_model_is_listed_and_another_one_is_not_found(text_server):
    with text_server.client() as client:
        assert [each["id"] for each in client.get("/v1/models").json()["data"]] == ["text"]
        refused = client.post("/v1/completions", json={"prompt": "a", "model": "gpt-9"})
        assert refused.status_code == 404
        assert refused.json()["error"]["code"] == "model_not_found"
        assert client.get("/v1/models/gpt-9").status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": []}, "the list of prompts is empty"),
        ({"prompt": "a" * 64}, "64 tokens; 63 at most"),
        ({"prompt": [300]}, "not from 0 to 255"),
        ({"prompt": "a", "logprobs": 1}, "'logprobs' is not supported here"),
        ({"prompt": "a", "logprobs": 0}, "'logprobs' is not supported here"),
        ({"prompt": "a", "presence_penalty": False}, "'presence_penalty' is not supported here"),
        ({"prompt": "a", "max_tokns": 1}, "did you mean 'max_tokens'?"),
        ({"prompt": "a", "max_tokens": 5000}, "ask for 4096 at most"),
        ({"prompt": "a", "n": 5}, "ask for 4 at most"),
        ({"prompt": "a", "temperature": -1}, "temperature"),
        ({"prompt": "a", "stop": [""]}, "stop"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_reason(text_server, body, said):
    with text_server.client() as client:
        answer = client.post("/v1/completions", json=body)
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["error"]["message"]
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_half_a_character_and_no_json_are_refused(text_server):
    with text_server.client() as client:
        for content in (
            b'{"prompt": "\\ud800"}',
            b"{",
            b"",
            b"[]",
            b"\xff\xfe",
            b'{"prompt": "a", "temperature": NaN}',
        ):
            answer = client.post("/v1/completions", content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, (content, answer.text)


def test_an_lstm_is_served_too(exports, start):
    loaded = load_model(exports / "lstm")
    row = own(loaded, "abc", maximum_tokens=10, temperature=0)
    server = start(exports / "lstm")
    with server.client() as client:
        body = {"prompt": "abc", "max_tokens": 10, "temperature": 0}
        assert client.post("/v1/completions", json=body).json()["choices"][0]["text"] == row.text
    assert server.stop() == 0
