from pathlib import Path

import pytest

from aidc.problems import InvalidInput
from aidc.workloads.training.launch import arguments, environment
from aidc.workloads.training.publication import export_location, output_folder
from aidc.workloads.training.recipes import read_training, recipes

GOOD = "model: {kind: gpt2}\nbatch: {batch_size: 4, context: 64}\nsteps: 10\n"


@pytest.mark.parametrize("name", sorted(recipes()))
def test_every_recipe_is_valid_and_has_its_name(name: str) -> None:
    settings = read_training(name, environment={})
    assert settings.name == name
    assert recipes()[name].read_text().startswith("# ")


def test_a_file_is_read_with_overrides(tmp_path: Path) -> None:
    path = tmp_path / "my run.yaml"
    path.write_text(GOOD)
    settings = read_training(str(path), ["steps=20", "optimizer={kind: momentum, learning_rate: 0.1}"], {})
    assert (settings.name, settings.steps, settings.optimizer.kind) == ("my-run", 20, "momentum")
    assert settings.checkpoint.location is None
    assert settings.metrics.port is None


def test_what_settings_leave_open_the_environment_says(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(GOOD)
    variables = {"CHECKPOINT_PATH": "/checkpoints/run", "METRICS_PORT": "9400"}
    settings = read_training(str(path), (), variables)
    assert (settings.checkpoint.location, settings.metrics.port) == ("/checkpoints/run", 9400)
    assert output_folder(settings) == Path("/checkpoints/run/output")
    chosen = read_training(str(path), ["metrics.port=1", "checkpoint.location=/other"], variables)
    assert (chosen.checkpoint.location, chosen.metrics.port) == ("/other", 1)


def test_results_of_a_training_with_checkpoints_in_a_bucket_go_there(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(GOOD)
    settings = read_training(str(path), (), {"CHECKPOINT_PATH": "s3://bucket/run"})
    assert export_location(settings) == "s3://bucket/run/output/model"
    assert export_location(read_training(str(path), ["export=/models/mine"], {})) == "/models/mine"
    assert export_location(read_training(str(path), [], {})) == "runs/run/model"


def test_a_recipe_comes_before_a_file_and_neither_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").write_text(GOOD)
    assert read_training("digits", environment={}).model.kind == "convolutional"
    with pytest.raises(InvalidInput, match="is neither a recipe nor a file; did you mean 'gpt2-tiny'"):
        read_training("gpt2-tiney", environment={})


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("optimizer.kind=adamx", "optimizer: kind 'adamx' is not one of sgd, momentum, adam, adamw; did you mean"),
        ("optimizer.learningrate=1", "optimizer.learningrate: unknown key; did you mean 'learning_rate'?"),
        ("steps=0", "steps: 0 steps is too little; give 1 step or more"),
        ("batch.micro_batch_size=3", "batch.micro_batch_size: 3 samples do not divide the batch of 16"),
        ("batch.context=512", "batch.context: 512 tokens are too much; the model looks back 256 tokens at most"),
        ("schedule.warmup_steps=300", "schedule.warmup_steps: 300 steps leave nothing of 300 steps"),
        (
            "schedule={kind: warmup_stable_decay, warmup_steps: 20, decay_steps: 290}",
            "schedule.decay_steps: 290 steps and the warm-up are more than 300 steps",
        ),
        ("schedule.decay_steps=29", "schedule.decay_steps: cosine has no fall of its own; leave it out, or choose"),
        ("data={kind: digits}", "model.kind: gpt2 takes text; choose convolutional for images"),
        ("model={kind: convolutional}", "model.kind: convolutional takes images; choose gpt2 or lstm for text"),
        ("precision=float16", "precision: 'float16' is not one of float32, bfloat16; did you mean"),
        ("metrics.port=70000", "metrics.port: 70000 is too much; give 65535 or less"),
        ("tracking.kind=wandbb", "tracking: kind 'wandbb' is not one of none, tensorboard, wandb, mlflow; did you"),
        ("name=../escape", "name: '../escape'"),
        ("model.head=4", "model.head: unknown key; did you mean 'heads'"),
        ("seed=-1", "seed: -1 is too little; give 0 or more"),
    ],
)
def test_wrong_settings_are_refused_by_their_path(override: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_training("gpt2-tiny", [override], {})
    assert said in str(caught.value)


def test_pods_and_this_machine_get_the_same_arguments() -> None:
    assert arguments("gpt2-tiny", ["steps=5", "seed=1"]) == [
        "-m",
        "aidc.workloads.training",
        "--config",
        "gpt2-tiny",
        "--set",
        "steps=5",
        "--set",
        "seed=1",
    ]
    assert environment(2, 8, 3)["OMP_NUM_THREADS"] == "4"
    assert environment(4, 2, 0)["OMP_NUM_THREADS"] == "1"
