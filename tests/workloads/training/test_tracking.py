import os
import socket
from pathlib import Path
from typing import Any

import pytest

from aidc.problems import InvalidInput
from aidc.workloads.training.events import Events
from aidc.workloads.training.tracking.listener import TrackingListener
from aidc.workloads.training.tracking.settings import MlflowSettings, NoTrackingSettings, WandbSettings
from aidc.workloads.training.tracking.trackers import flat, open_tracker

PARAMETERS: dict[str, Any] = {"steps": 3, "optimizer": {"kind": "sgd", "learning_rate": 0.1}}
PROGRESS = [{"step": 1, "steps": 3, "loss": 2.5, "note": "text"}, {"step": 2, "steps": 3, "loss": 1.5}]


class Recorder:
    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def hear(self, event: str, values: dict[str, Any]) -> None:
        self.heard.append((event, values))


def test_settings_are_logged_by_their_paths() -> None:
    assert flat(PARAMETERS) == {"steps": 3, "optimizer.kind": "sgd", "optimizer.learning_rate": 0.1}


def test_none_is_none(tmp_path: Path) -> None:
    assert open_tracker(NoTrackingSettings(), "run", tmp_path, PARAMETERS) is None


def test_mlflow_keeps_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    tracker = open_tracker(MlflowSettings(), "run", tmp_path, PARAMETERS)
    assert tracker is not None
    listener = TrackingListener(tracker, Events())
    for values in PROGRESS:
        listener.hear("progress", values)
    listener.hear("evaluation", {"step": 2, "loss": 1.75})
    listener.close()
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("aidc")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.params == {"steps": "3", "optimizer.kind": "sgd", "optimizer.learning_rate": "0.1"}
    assert run.data.metrics == {"training/loss": 1.5, "evaluation/loss": 1.75}
    history = client.get_metric_history(run.info.run_id, "training/loss")
    assert [(each.step, each.value) for each in history] == [(1, 2.5), (2, 1.5)]
    assert run.info.status == "FINISHED"


def test_weights_and_biases_writes_without_a_network(tmp_path: Path) -> None:
    tracker = open_tracker(WandbSettings(), "run", tmp_path, PARAMETERS)
    assert tracker is not None
    listener = TrackingListener(tracker, Events())
    for values in PROGRESS:
        listener.hear("progress", values)
    listener.close()
    (file,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    assert b"training/loss" in file.read_bytes()


def test_a_tracker_that_fails_later_is_reported_once_and_left_alone() -> None:
    class Broken:
        calls = 0

        def log(self, step: int, values: dict[str, float]) -> None:
            self.calls += 1
            raise ConnectionError("no route")

        def close(self) -> None:
            raise AssertionError("it is left alone")

    recorder, tracker = Recorder(), Broken()
    listener = TrackingListener(tracker, Events([recorder]))
    for values in PROGRESS:
        listener.hear("progress", values)
    listener.close()
    assert tracker.calls == 1
    assert recorder.heard == [("tracking_failed", {"reason": "ConnectionError: no route"})]


def test_a_tracker_that_cannot_start_is_a_problem_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="tracking: mlflow cannot be started"):
        open_tracker(MlflowSettings(address="nowhere://host"), "run", tmp_path, PARAMETERS)


def test_a_server_that_does_not_answer_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        # What is set in the test is taken back after it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(InvalidInput, match="tracking: mlflow cannot be started"):
            open_tracker(MlflowSettings(address=address), "run", tmp_path, PARAMETERS)
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"
