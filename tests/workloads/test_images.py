"""Dockerfiles of the programs: linted, alike where layers are shared, and starting what is tested."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aidc.workloads import programs

ROOT = Path(__file__).parents[2]
PROGRAMS = (programs.TRAINING, programs.INFERENCE, programs.PREPROCESSING, programs.AUTOSCALER)


def dockerfile(program: programs.Program) -> str:
    return (ROOT / "workloads" / program.name / "Dockerfile").read_text()


def instruction(text: str, name: str) -> str:
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)[-1]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_hadolint_finds_nothing(program: programs.Program) -> None:
    path = ROOT / "workloads" / program.name / "Dockerfile"
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, path], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_an_image_starts_its_program_as_nobody(program: programs.Program) -> None:
    text = dockerfile(program)
    command = [*json.loads(instruction(text, "ENTRYPOINT")), *json.loads(instruction(text, "CMD"))]
    start = "torchrun" if program is programs.TRAINING else "python"
    assert command == [start, *program.arguments, "--config", programs.SETTINGS_PATH]
    assert instruction(text, "USER") == "65532:65532"
    assert re.search(r"^ARG BASE=\S+:[\w.-]+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert str(program.metrics_port) in instruction(text, "EXPOSE").split()


def test_training_and_inference_share_the_layer_of_pytorch() -> None:
    shared = [re.search(r"^FROM \S+ AS torch\n.*?\n\n", dockerfile(one), re.M | re.S) for one in PROGRAMS[:2]]
    assert shared[0]
    assert shared[1]
    assert shared[0][0] == shared[1][0]
